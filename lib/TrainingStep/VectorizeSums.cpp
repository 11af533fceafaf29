//===- VectorizeSums.cpp - sums over the pixels of a part in vectors ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler's own vectorizer goes by the widest type, f64, and keeps the
// sums in memory: half a vector at a time, and every pixel waits for the one
// before.
//
//===----------------------------------------------------------------------===//

#include "PartSizes.h"

#include "qat/TrainingStep/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATVECTORIZESUMS
#include "qat/TrainingStep/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Pixels that are added in f32 before their sum is added in f64.
static constexpr int64_t longestRun = 64;

/// How the loops over pixels and channels read or write an operand.
enum class Access { Elements, Channels, Number, Other };

static Access getAccess(AffineMap map, Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer)
    return map.getNumResults() == 0 ? Access::Number : Access::Other;
  if (!buffer.hasStaticShape() || !buffer.getLayout().isIdentity())
    return Access::Other;
  if (map.isIdentity())
    return Access::Elements;
  if (map.getNumResults() == 0)
    return Access::Number;
  if (map.getNumResults() == 1 &&
      map.getResult(0) ==
          getAffineDimExpr(map.getNumDims() - 1, map.getContext()))
    return Access::Channels;
  return Access::Other;
}

/// Whether the body computes in f32, and uses f64 to add and multiply what it
/// has computed, only.
static bool hasNarrowBody(linalg::GenericOp op) {
  for (Operation &inside : op.getBlock()->without_terminator()) {
    if (isa<arith::ConstantOp, arith::ExtFOp>(inside))
      continue;
    if (!OpTrait::hasElementwiseMappableTraits(&inside) ||
        inside.getNumResults() != 1)
      return false;
    bool isWide = llvm::any_of(inside.getOperandTypes(),
                               [](Type type) { return type.isF64(); });
    if (isWide && !isa<arith::AddFOp, arith::MulFOp, arith::SubFOp>(inside))
      return false;
    Type type = inside.getResult(0).getType();
    if (!type.isF32() && !type.isF64() && !type.isInteger(1))
      return false;
  }
  return true;
}

/// Whether result `index` is the sum over all pixels of each channel.
static bool isSum(linalg::GenericOp op, OpOperand &init) {
  if (getAccess(op.getMatchingIndexingMap(&init), init.get().getType()) !=
          Access::Channels ||
      !getElementTypeOrSelf(init.get().getType()).isF64())
    return false;
  BlockArgument old = op.getMatchingBlockArgument(&init);
  Operation *add = op.getMatchingYieldValue(&init)->get().getDefiningOp();
  return isa_and_nonnull<arith::AddFOp>(add) && old.hasOneUse() &&
         *old.user_begin() == add;
}

static bool isSupported(linalg::GenericOp op, int64_t width) {
  if (!op.hasPureBufferSemantics() || op.getNumLoops() < 2 ||
      op.hasIndexSemantics() || !hasNarrowBody(op))
    return false;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  if (ShapedType::isDynamicShape(ranges) || ranges.back() % width != 0 ||
      op.getIteratorTypesArray().back() != utils::IteratorType::parallel)
    return false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Type type = input->get().getType();
    if (!getElementTypeOrSelf(type).isF32() ||
        getAccess(op.getMatchingIndexingMap(input), type) == Access::Other)
      return false;
  }
  bool anySum = false;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (isSum(op, init)) {
      anySum = true;
      continue;
    }
    Type type = init.get().getType();
    if (!getElementTypeOrSelf(type).isF32() ||
        getAccess(op.getMatchingIndexingMap(&init), type) != Access::Elements ||
        !op.getMatchingBlockArgument(&init).use_empty())
      return false;
  }
  return anySum;
}

namespace {
class SumLoops {
public:
  SumLoops(linalg::GenericOp op, int64_t width)
      : op(op), b(op.getLoc(), op), width(width) {}

  void build() {
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    channels = ranges.pop_back_val();
    int64_t pixels = 1;
    for (int64_t range : ranges)
      pixels *= range;
    int64_t run = largestDivisor(pixels, longestRun);
    for (OpOperand &operand : op->getOpOperands())
      buffers.push_back(flatten(operand.get()));
    Value zero = constant(0), one = constant(1);
    auto blocks = scf::ForOp::create(b, zero, constant(pixels), constant(run));
    b.setInsertionPointToStart(blocks.getBody());
    auto chunks =
        scf::ForOp::create(b, zero, constant(channels), constant(width));
    b.setInsertionPointToStart(chunks.getBody());
    buildRun(blocks.getInductionVar(), chunks.getInductionVar(), run, one);
  }

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  VectorType getVector(Type element) {
    return VectorType::get({width},
                           element.isF64() ? Type(b.getF32Type()) : element);
  }

  Value flatten(Value operand) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type || type.getRank() < 2)
      return operand;
    ReassociationIndices all;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      all.push_back(dim);
    return memref::CollapseShapeOp::create(b, operand,
                                           ArrayRef<ReassociationIndices>{all});
  }

  /// A number in all lanes.
  Value spread(Value number) {
    if (number.getType().isF64())
      number = arith::TruncFOp::create(b, b.getF32Type(), number);
    return vector::BroadcastOp::create(b, getVector(number.getType()), number);
  }

  void buildRun(Value first, Value channel, int64_t run, Value one) {
    // What is the same for all pixels.
    SmallVector<Value> fixed(buffers.size());
    for (OpOperand *input : op.getDpsInputOperands()) {
      unsigned index = input->getOperandNumber();
      Value buffer = buffers[index];
      switch (
          getAccess(op.getMatchingIndexingMap(input), input->get().getType())) {
      case Access::Channels:
        fixed[index] = vector::LoadOp::create(b, getVector(b.getF32Type()),
                                              buffer, ValueRange{channel});
        break;
      case Access::Number:
        if (isa<MemRefType>(buffer.getType()))
          buffer = memref::LoadOp::create(b, buffer);
        fixed[index] = spread(buffer);
        break;
      default:
        break;
      }
    }
    IRMapping outside;
    for (Operation &inside : op.getBlock()->getOperations())
      for (Value value : inside.getOperands())
        if (value.getParentRegion() != &op.getRegion() &&
            !outside.contains(value))
          outside.map(value, spread(value));

    SmallVector<Value> sums;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (isSum(op, init))
        sums.push_back(arith::ConstantOp::create(
            b, b.getZeroAttr(getVector(b.getF32Type()))));
    auto pixels = scf::ForOp::create(
        b, constant(0), constant(run), one, sums,
        [&](OpBuilder &nested, Location loc, Value pixel, ValueRange carried) {
          ImplicitLocOpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(nested.getInsertionBlock());
          buildPixel(first, channel, pixel, carried, fixed, outside);
        });
    unsigned next = 0;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      if (!isSum(op, init))
        continue;
      auto wide = VectorType::get({width}, b.getF64Type());
      Value buffer = buffers[init.getOperandNumber()];
      Value old = vector::LoadOp::create(b, wide, buffer, ValueRange{channel});
      Value sum = arith::ExtFOp::create(b, wide, pixels.getResult(next++));
      vector::StoreOp::create(b, arith::AddFOp::create(b, old, sum), buffer,
                              ValueRange{channel});
    }
  }

  void buildPixel(Value first, Value channel, Value pixel, ValueRange carried,
                  ArrayRef<Value> fixed, const IRMapping &outside) {
    Value row = arith::MulIOp::create(b, arith::AddIOp::create(b, first, pixel),
                                      constant(channels));
    Value place = arith::AddIOp::create(b, row, channel);
    IRMapping mapping = outside;
    for (OpOperand *input : op.getDpsInputOperands()) {
      Value value = fixed[input->getOperandNumber()];
      if (!value)
        value = vector::LoadOp::create(b, getVector(b.getF32Type()),
                                       buffers[input->getOperandNumber()],
                                       ValueRange{place});
      mapping.map(op.getMatchingBlockArgument(input), value);
    }
    unsigned next = 0;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (isSum(op, init))
        mapping.map(op.getMatchingBlockArgument(&init), carried[next++]);
    for (Operation &inside : op.getBlock()->without_terminator())
      mapping.map(inside.getResult(0), cloneWide(inside, mapping));
    SmallVector<Value> yielded;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      Value value = mapping.lookup(op.getMatchingYieldValue(&init)->get());
      if (isSum(op, init))
        yielded.push_back(value);
      else
        vector::StoreOp::create(b, value, buffers[init.getOperandNumber()],
                                ValueRange{place});
    }
    scf::YieldOp::create(b, yielded);
  }

  /// `inside` on vectors, and on f32 where it is on f64.
  Value cloneWide(Operation &inside, IRMapping &mapping) {
    if (isa<arith::ExtFOp>(inside))
      return mapping.lookup(inside.getOperand(0));
    VectorType type = getVector(inside.getResult(0).getType());
    Attribute value;
    if (matchPattern(&inside, m_Constant(&value))) {
      if (auto number = dyn_cast<FloatAttr>(value))
        value =
            b.getFloatAttr(type.getElementType(), number.getValueAsDouble());
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(type, ArrayRef<Attribute>{value}));
    }
    OperationState state(inside.getLoc(), inside.getName());
    for (Value operand : inside.getOperands())
      state.addOperands(mapping.lookup(operand));
    state.addAttributes(inside.getAttrs());
    state.addTypes(type);
    return b.create(state)->getResult(0);
  }

  linalg::GenericOp op;
  ImplicitLocOpBuilder b;
  int64_t width, channels = 0;
  SmallVector<Value> buffers;
};

struct VectorizeSums : qat::impl::QatVectorizeSumsBase<VectorizeSums> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> loops;
    getOperation().walk([&](linalg::GenericOp op) { loops.push_back(op); });
    for (linalg::GenericOp op : loops)
      for (int64_t width : {16, 8})
        if (isSupported(op, width)) {
          SumLoops(op, width).build();
          op.erase();
          break;
        }
  }
};
} // namespace
