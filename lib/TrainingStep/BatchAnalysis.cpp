//===- BatchAnalysis.cpp - how each op of a step treats the batch ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchAnalysis.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::qat;

static constexpr llvm::StringLiteral combineName = "qat.combine";

bool mlir::qat::isElementwiseLoop(linalg::LinalgOp op) {
  if (op.getNumLoops() != op.getNumParallelLoops())
    return false;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return false;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!op.getMatchingIndexingMap(&init).isIdentity())
      return false;
  return true;
}

bool BatchAnalysis::isCombine(Operation *op) {
  return op->hasAttr(combineName);
}

SmallVector<Value> BatchAnalysis::getReads(Operation *op) {
  llvm::SetVector<Value> reads(op->operand_begin(), op->operand_end());
  if (op->getNumRegions() != 0)
    getUsedValuesDefinedAbove(op->getRegions(), reads);
  return reads.takeVector();
}

bool BatchAnalysis::isHeavy(Operation *op) {
  if (isa<ContractionOp>(op))
    return true;
  auto loops = dyn_cast<linalg::LinalgOp>(op);
  return !loops ||
         !llvm::all_of(loops.getIndexingMapsArray(), [](AffineMap map) {
           return map.isProjectedPermutation(/*allowZeroInResults=*/true);
         });
}

std::optional<unsigned>
BatchAnalysis::getBatchLoop(linalg::LinalgOp op,
                            function_ref<bool(Value)> isBatched) {
  std::optional<unsigned> loop;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isBatched(operand.get()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(0));
    if (!dim || (loop && *loop != dim.getPosition()))
      return std::nullopt;
    for (AffineExpr other : map.getResults().drop_front())
      if (other.isFunctionOfDim(dim.getPosition()))
        return std::nullopt;
    loop = dim.getPosition();
  }
  return loop;
}

/// Whether `value` is a fill with, or a constant of, zeros.
static bool isZeros(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs()[0];
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

/// Whether each result is a sum: the yielded value adds to the init.
static bool addsToInits(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  auto yield = cast<linalg::YieldOp>(body->getTerminator());
  unsigned inputs = op.getNumDpsInputs();
  for (auto [index, value] : llvm::enumerate(yield.getOperands())) {
    Operation *add = value.getDefiningOp();
    BlockArgument old = body->getArgument(inputs + index);
    if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add) ||
        !old.hasOneUse() || *old.user_begin() != add)
      return false;
  }
  return true;
}

/// Loops over the batch that read nothing of it: each value of the batch is
/// computed from its index and from whole tensors that are the same for all.
bool BatchAnalysis::isFreeOverBatch(linalg::LinalgOp op) const {
  if (batch == 0 || !isElementwiseLoop(op) || op->getNumResults() != 1 ||
      op.getNumLoops() == 0)
    return false;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getRank() == 0 || type.getDimSize(0) != batch)
    return false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!isa<RankedTensorType>(input->get().getType()))
      continue;
    Operation *producer = input->get().getDefiningOp();
    if (producer && classOf(producer) == OpClass::Free)
      continue;
    if (op.getMatchingIndexingMap(input).isFunctionOfDim(0))
      return false;
  }
  return true;
}

/// A constant of several values: it cannot be made for a part of the batch, it
/// has to be in memory for a part of it to be read.
static bool isTable(Operation *op) {
  DenseElementsAttr values;
  return matchPattern(op, m_Constant(&values)) && !values.isSplat();
}

OpClass BatchAnalysis::classifyLinalg(linalg::LinalgOp op) {
  auto inBatch = [&](Value value) { return isBatched(value); };
  if (!op.hasPureTensorSemantics())
    return OpClass::Outer;
  if (isa<linalg::FillOp>(op))
    return OpClass::Free;
  if (llvm::none_of(op->getOperands(), inBatch)) {
    if (isFreeOverBatch(op))
      return OpClass::Free;
    return OpClass::Outer;
  }
  std::optional<unsigned> loop = getBatchLoop(op, inBatch);
  if (!loop || op.getStaticLoopRanges()[*loop] != batch)
    return OpClass::Outer;
  for (OpOperand &operand : op->getOpOperands()) {
    if (inBatch(operand.get()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!map.isFunctionOfDim(*loop))
      continue;
    // Only what can be computed for a part of the batch may be cut.
    Operation *producer = operand.get().getDefiningOp();
    if (!producer ||
        (classOf(producer) != OpClass::Free && !isTable(producer)) ||
        map.getResult(0) != getAffineDimExpr(*loop, op->getContext()))
      return OpClass::Outer;
  }
  bool isSum =
      op.getIteratorTypesArray()[*loop] == utils::IteratorType::reduction;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    if (isSum
            ? map.isFunctionOfDim(*loop)
            : map.getNumResults() == 0 ||
                  map.getResult(0) != getAffineDimExpr(*loop, op->getContext()))
      return OpClass::Outer;
    if (isSum && !isZeros(init.get()))
      return OpClass::Outer;
  }
  if (isSum) {
    if (isHeavy(op) || !addsToInits(op))
      return OpClass::Outer;
    return OpClass::Partial;
  }
  batched.insert(op->result_begin(), op->result_end());
  return isElementwiseLoop(op) ? OpClass::Floating : OpClass::Root;
}

OpClass BatchAnalysis::classify(Operation *op) {
  if (isa<bufferization::ToTensorOp>(op))
    return OpClass::Leaf;
  if (op->getNumResults() == 0)
    return OpClass::Sink;
  if (auto loops = dyn_cast<linalg::LinalgOp>(op))
    return classifyLinalg(loops);
  if (isTable(op))
    return OpClass::Outer;
  bool anyBatched = llvm::any_of(op->getOperands(),
                                 [&](Value value) { return isBatched(value); });
  bool scalar = llvm::none_of(op->getResultTypes(),
                              [](Type type) { return isa<TensorType>(type); });
  if ((scalar && !anyBatched) || isa<tensor::EmptyOp, tensor::SplatOp>(op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return OpClass::Free;
  if (!anyBatched || op->getNumResults() != 1)
    return OpClass::Outer;

  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (auto contraction = dyn_cast<ContractionOp>(op)) {
    bool a = isBatched(contraction.getA()), b = isBatched(contraction.getB());
    if (contraction.getKind() == ContractionKind::WeightGradient)
      return a && b ? OpClass::Partial : OpClass::Outer;
    if (!a || b)
      return OpClass::Outer;
    batched.insert(result);
    return OpClass::Root;
  }
  if (!type || type.getRank() == 0 || type.getDimSize(0) != batch)
    return OpClass::Outer;
  // Views and copies that leave the batch as it is.
  bool keepsBatch = false;
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
    keepsBatch = true;
  } else if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    keepsBatch = pad.getStaticLow()[0] == 0 && pad.getStaticHigh()[0] == 0 &&
                 pad.getLow().empty() && pad.getHigh().empty();
  } else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    keepsBatch = slice.getStaticOffsets()[0] == 0 &&
                 slice.getStaticStrides()[0] == 1 &&
                 slice.getSourceType().getDimSize(0) == batch &&
                 slice.getSourceType().getRank() == type.getRank() &&
                 slice->getNumOperands() == 1;
  } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    Operation *into = insert.getDest().getDefiningOp();
    keepsBatch = insert.getStaticOffsets()[0] == 0 &&
                 insert.getStaticStrides()[0] == 1 &&
                 insert.getSourceType().getRank() == type.getRank() &&
                 insert.getSourceType().getDimSize(0) == batch &&
                 insert->getNumOperands() == 2 &&
                 isBatched(insert.getSource()) &&
                 (isBatched(insert.getDest()) ||
                  (into && classOf(into) == OpClass::Free));
  }
  if (!keepsBatch)
    return OpClass::Outer;
  batched.insert(result);
  return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)
             ? OpClass::Floating
             : OpClass::Root;
}

/// Users of a sum over the batch read a copy of it, which stands for the sum of
/// its tiles.
void BatchAnalysis::addCombine(Operation *op) {
  OpBuilder b(op->getContext());
  b.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    Value init = tensor::EmptyOp::create(b, op->getLoc(), type.getShape(),
                                         type.getElementType());
    SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> iterators(type.getRank(),
                                               utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        b, op->getLoc(), type, result, init, maps, iterators,
        [](OpBuilder &nested, Location loc, ValueRange values) {
          linalg::YieldOp::create(nested, loc, values[0]);
        });
    copy->setAttr(combineName, b.getUnitAttr());
    result.replaceAllUsesExcept(copy.getResult(0), copy);
    classes[init.getDefiningOp()] = OpClass::Free;
    classes[copy] = OpClass::Outer;
  }
}

/// What an op on whole tensors reads has to be in memory.
void BatchAnalysis::materializeForOuter(Operation *op) {
  for (Value value : getReads(op)) {
    Operation *producer = value.getDefiningOp();
    if (!producer)
      continue;
    if (classOf(producer) == OpClass::Floating)
      classes[producer] = OpClass::Root;
    else if (classOf(op) == OpClass::Sink &&
             classOf(producer) == OpClass::Free &&
             isa<TensorType>(value.getType()))
      classes[producer] = OpClass::Outer;
  }
}

/// An elementwise op of several tensors with several readers is computed once:
/// else a chain of residual additions would be computed anew from its start.
void BatchAnalysis::keepJoins(func::FuncOp function) {
  llvm::DenseMap<Value, llvm::SmallDenseSet<Value, 4>> sources;
  for (Operation &op : function.getBody().front()) {
    OpClass kind = classOf(&op);
    for (Value result : op.getResults()) {
      if (!isBatched(result))
        continue;
      llvm::SmallDenseSet<Value, 4> &own = sources[result];
      if (kind == OpClass::Floating)
        for (Value read : op.getOperands())
          if (auto found = sources.find(read); found != sources.end()) {
            llvm::SmallDenseSet<Value, 4> copy = found->second;
            sources[result].insert(copy.begin(), copy.end());
          }
      if (kind != OpClass::Floating)
        own.insert(result);
    }
    if (kind != OpClass::Floating || op.getNumResults() != 1 ||
        op.getResult(0).hasOneUse() ||
        isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      continue;
    Value result = op.getResult(0);
    if (sources[result].size() < 2)
      continue;
    classes[&op] = OpClass::Root;
    sources[result].clear();
    sources[result].insert(result);
  }
}

BatchAnalysis::BatchAnalysis(func::FuncOp function) {
  auto roleOf = [&](BlockArgument argument) {
    auto role = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "qat.role");
    return role ? role.getValue() : StringRef();
  };
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (type && type.getRank() > 0 && roleOf(argument) == "input")
      batch = type.getDimSize(0);
  }
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front())
    ops.push_back(&op);
  for (Operation *op : ops) {
    if (auto read = dyn_cast<bufferization::ToTensorOp>(op)) {
      auto argument = dyn_cast<BlockArgument>(read.getBuffer());
      StringRef role = argument ? roleOf(argument) : StringRef();
      auto type = cast<RankedTensorType>(read.getType());
      if (batch && type.getRank() > 0 && type.getDimSize(0) == batch &&
          llvm::StringSwitch<bool>(role)
              .Cases({"input", "label", "target", "teacher"}, true)
              .Default(false))
        batched.insert(read.getResult());
    }
    classes[op] = classify(op);
    if (classOf(op) == OpClass::Partial)
      addCombine(op);
  }
  for (Operation &op : function.getBody().front())
    if (classOf(&op) == OpClass::Outer || classOf(&op) == OpClass::Sink ||
        (classOf(&op) == OpClass::Free && !isa<linalg::LinalgOp>(op)))
      materializeForOuter(&op);
  keepJoins(function);
}
