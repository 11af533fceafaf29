//===- FormGroups.cpp - qat.fused ops of a training step ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchAnalysis.h"
#include "GroupGraph.h"
#include "PartSizes.h"

#include "qat/TrainingStep/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFORMGROUPS
#include "qat/TrainingStep/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Writes the qat.fused op of one group.
class GroupBuilder {
public:
  GroupBuilder(ArrayRef<Operation *> group, const BatchAnalysis &analysis,
               IRMapping &outside, int64_t partBytes, int64_t maxTiles)
      : group(group), analysis(analysis), outside(outside),
        members(group.begin(), group.end()), partBytes(partBytes),
        maxTiles(maxTiles) {}

  /// Before `before`; the group's results that are read elsewhere are mapped
  /// to those of the new op.
  LogicalResult build(Operation *before);

private:
  bool isOuter() const {
    return analysis.classOf(group.front()) == OpClass::Outer;
  }
  bool isReadOutside(Value value) const;
  void collect(Operation *op, bool tile);
  void collect(Value value, bool tile);
  bool treatsPixelsAlike() const;
  SmallVector<bool> getTiledOperands(Operation *op) const;

  RankedTensorType getTileType(Type type) const;
  Value get(Value value, bool tile);
  Value clone(Operation *op, bool tile, unsigned result);
  Operation *cutConstant(arith::ConstantOp constant, RankedTensorType type);
  void cloneCombine(Operation *op);
  void offsetIndices(Operation *clone, unsigned batchLoop);

  ArrayRef<Operation *> group;
  const BatchAnalysis &analysis;
  IRMapping &outside;
  llvm::DenseSet<Operation *> members;
  int64_t partBytes, maxTiles;

  /// What the region will hold: (op, in tile form).
  llvm::SetVector<std::pair<Operation *, unsigned>> needed;
  SetVector<Value> batchedInputs, wholeInputs;
  SmallVector<Value> exported;
  PartSizes sizes;

  OpBuilder b{static_cast<MLIRContext *>(nullptr)};
  Value part;
  llvm::DenseMap<std::pair<Value, unsigned>, Value> values;
};
} // namespace

bool GroupBuilder::isReadOutside(Value value) const {
  // A floating or free reader is cloned by groups that are not known here.
  SmallVector<Operation *> stack(value.user_begin(), value.user_end());
  llvm::DenseSet<Operation *> seen;
  Block *block = value.getParentBlock();
  while (!stack.empty()) {
    Operation *user = block->findAncestorOpInBlock(*stack.pop_back_val());
    if (!seen.insert(user).second)
      continue;
    OpClass kind = analysis.classOf(user);
    if (kind == OpClass::Floating || kind == OpClass::Free)
      stack.append(user->user_begin(), user->user_end());
    else if (!members.contains(user))
      return true;
  }
  return false;
}

/// For each operand of an op over the batch, whether a part of it is read.
SmallVector<bool> GroupBuilder::getTiledOperands(Operation *op) const {
  SmallVector<bool> tiled;
  auto loops = dyn_cast<linalg::LinalgOp>(op);
  std::optional<unsigned> loop;
  if (loops) {
    loop = BatchAnalysis::getBatchLoop(
        loops, [&](Value value) { return analysis.isBatched(value); });
    if (!loop)
      loop = 0; // free over the batch: identity results
  }
  auto contraction = dyn_cast<ContractionOp>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      tiled.push_back(false);
    else if (loops)
      tiled.push_back(
          loops.getMatchingIndexingMap(&operand).isFunctionOfDim(*loop));
    else if (contraction)
      tiled.push_back(
          analysis.isBatched(operand.get()) ||
          (operand.get() == contraction.getInit() &&
           contraction.getKind() != ContractionKind::WeightGradient));
    else
      tiled.push_back(true); // views and copies
  }
  return tiled;
}

void GroupBuilder::collect(Value value, bool tile) {
  Operation *op = value.getDefiningOp();
  if (!op) // an argument of the function: a buffer
    return;
  OpClass kind = analysis.classOf(op);
  if (members.contains(op))
    return;
  if (kind == OpClass::Floating || kind == OpClass::Free)
    return collect(op, tile);
  if (tile)
    batchedInputs.insert(value);
  else
    wholeInputs.insert(value);
}

void GroupBuilder::collect(Operation *op, bool tile) {
  if (!needed.insert({op, tile}))
    return;
  SmallVector<bool> tiled(op->getNumOperands(), false);
  if (tile)
    tiled = getTiledOperands(op);
  for (auto [operand, cut] : llvm::zip_equal(op->getOperands(), tiled))
    collect(operand, cut);
  for (Value read : BatchAnalysis::getReads(op))
    if (!llvm::is_contained(op->getOperands(), read))
      collect(read, false);
}

/// Whether all that is cut are images of one size, whose pixels no op tells
/// apart.
bool GroupBuilder::treatsPixelsAlike() const {
  ArrayRef<int64_t> image;
  auto fits = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() != 4)
      return false;
    if (image.empty())
      image = type.getShape().take_front(3);
    return image == type.getShape().take_front(3);
  };
  for (auto [op, tile] : needed) {
    if (!tile)
      continue;
    auto loops = dyn_cast<linalg::LinalgOp>(op);
    if (auto contraction = dyn_cast<ContractionOp>(op)) {
      if (!contraction.getGeometry().isPointwise())
        return false;
    } else if (loops) {
      bool hasIndex = false;
      op->walk([&](linalg::IndexOp) { hasIndex = true; });
      if (hasIndex)
        return false;
    } else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (!isa<SplatElementsAttr>(constant.getValue()))
        return false;
    } else if (!isa<tensor::EmptyOp>(op)) {
      return false;
    }
    SmallVector<bool> tiled = getTiledOperands(op);
    SmallVector<AffineExpr> pixel;
    for (auto [operand, cut] : llvm::zip_equal(op->getOpOperands(), tiled)) {
      if (cut && !fits(operand.get()))
        return false;
      if (!cut || !loops)
        continue;
      AffineMap map = loops.getMatchingIndexingMap(&operand);
      if (!map.isProjectedPermutation())
        return false;
      ArrayRef<AffineExpr> own = map.getResults().take_front(3);
      if (pixel.empty())
        pixel.assign(own.begin(), own.end());
      if (ArrayRef<AffineExpr>(pixel) != own)
        return false;
    }
    if (!loops || pixel.empty())
      continue;
    for (auto [operand, cut] : llvm::zip_equal(op->getOpOperands(), tiled))
      if (!cut)
        for (AffineExpr dim : pixel)
          if (loops.getMatchingIndexingMap(&operand).isFunctionOfDim(
                  cast<AffineDimExpr>(dim).getPosition()))
            return false;
  }
  return !image.empty();
}

RankedTensorType GroupBuilder::getTileType(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  if (sizes.pixels) {
    // As images of one row: kernels start anew with every image.
    int64_t row = largestDivisor(sizes.size, longestRow);
    shape = {sizes.size / row, 1, row, shape.back()};
  } else {
    shape[0] = sizes.size;
  }
  return tensor.clone(shape);
}

/// linalg.index of the batch's loop counts from the part's first sample.
void GroupBuilder::offsetIndices(Operation *clone, unsigned batchLoop) {
  SmallVector<linalg::IndexOp> indices;
  clone->walk([&](linalg::IndexOp index) {
    if (index.getDim() == batchLoop)
      indices.push_back(index);
  });
  for (linalg::IndexOp index : indices) {
    OpBuilder nested(index->getContext());
    nested.setInsertionPointAfter(index);
    Location loc = index.getLoc();
    Value size = arith::ConstantIndexOp::create(nested, loc, sizes.size);
    Value first = arith::MulIOp::create(nested, loc, part, size);
    Value sum = arith::AddIOp::create(nested, loc, first, index);
    index.getResult().replaceUsesWithIf(sum, [&](OpOperand &use) {
      return use.getOwner() != sum.getDefiningOp();
    });
  }
}

/// The sum over the tiles of what a Partial of another group computed.
void GroupBuilder::cloneCombine(Operation *op) {
  Location loc = op->getLoc();
  Value tiles = values.lookup({op->getOperand(0), false});
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned rank = type.getRank();
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(type.getElementType()));
  Value empty =
      tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  Value init = linalg::FillOp::create(b, loc, zero, empty)->getResult(0);
  SmallVector<AffineExpr> results;
  for (unsigned dim = 0; dim < rank; ++dim)
    results.push_back(b.getAffineDimExpr(dim + 1));
  SmallVector<utils::IteratorType> iterators(rank + 1,
                                             utils::IteratorType::parallel);
  iterators[0] = utils::IteratorType::reduction;
  auto sum = linalg::GenericOp::create(
      b, loc, type, tiles, init,
      {b.getMultiDimIdentityMap(rank + 1),
       AffineMap::get(rank + 1, 0, results, b.getContext())},
      iterators, [](OpBuilder &nested, Location loc, ValueRange v) {
        Value added =
            isa<FloatType>(v[0].getType())
                ? arith::AddFOp::create(nested, loc, v[1], v[0]).getResult()
                : arith::AddIOp::create(nested, loc, v[1], v[0]).getResult();
        linalg::YieldOp::create(nested, loc, added);
      });
  values[{op->getResult(0), false}] = sum.getResult(0);
}

Value GroupBuilder::get(Value value, bool tile) {
  auto found = values.find({value, tile});
  if (found != values.end())
    return found->second;
  auto result = cast<OpResult>(value);
  return clone(result.getOwner(), tile, result.getResultNumber());
}

/// The part of a constant that has an element, or more, a sample.
Operation *GroupBuilder::cutConstant(arith::ConstantOp constant,
                                     RankedTensorType type) {
  Location loc = constant.getLoc();
  if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return arith::ConstantOp::create(b, loc, splat.resizeSplat(type));
  Value whole = b.clone(*constant)->getResult(0);
  SmallVector<OpFoldResult> first(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(type.getRank(), b.getIndexAttr(1));
  first[0] =
      arith::MulIOp::create(b, loc, part,
                            arith::ConstantIndexOp::create(b, loc, sizes.size))
          .getResult();
  return tensor::ExtractSliceOp::create(
      b, loc, type, whole, first,
      getAsIndexOpFoldResult(b.getContext(), type.getShape()), ones);
}

Value GroupBuilder::clone(Operation *op, bool tile, unsigned result) {
  SmallVector<bool> tiled(op->getNumOperands(), false);
  if (tile)
    tiled = getTiledOperands(op);
  IRMapping mapping;
  SmallVector<Value> operands;
  for (auto [operand, cut] : llvm::zip_equal(op->getOperands(), tiled))
    operands.push_back(get(operand, cut));
  for (Value read : BatchAnalysis::getReads(op))
    if (!llvm::is_contained(op->getOperands(), read))
      mapping.map(read, get(read, false));

  Location loc = op->getLoc();
  auto typeOf = [&](unsigned index) -> Type {
    Type type = op->getResult(index).getType();
    return tile && isa<RankedTensorType>(type) ? getTileType(type) : type;
  };
  Operation *made = nullptr;
  if (!tile) {
    for (auto [from, to] : llvm::zip_equal(op->getOperands(), operands))
      mapping.map(from, to);
    made = b.clone(*op, mapping);
  } else if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    auto type = cast<RankedTensorType>(typeOf(0));
    made =
        tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  } else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    made = cutConstant(constant, cast<RankedTensorType>(typeOf(0)));
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    made = tensor::CollapseShapeOp::create(b, loc, typeOf(0), operands[0],
                                           collapse.getReassociationIndices());
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    made = tensor::ExpandShapeOp::create(b, loc, typeOf(0), operands[0],
                                         expand.getReassociationIndices());
  } else {
    for (auto [from, to] : llvm::zip_equal(op->getOperands(), operands))
      mapping.map(from, to);
    made = b.clone(*op, mapping);
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(made)) {
      SmallVector<int64_t> shape(slice.getStaticSizes());
      shape[0] = sizes.size;
      slice.setStaticSizes(shape);
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(made)) {
      SmallVector<int64_t> shape(insert.getStaticSizes());
      shape[0] = sizes.size;
      insert.setStaticSizes(shape);
    }
    bool sums = analysis.classOf(op) == OpClass::Partial;
    for (unsigned index = 0; index < made->getNumResults() && !sums; ++index)
      made->getResult(index).setType(typeOf(index));
    if (auto loops = dyn_cast<linalg::LinalgOp>(op)) {
      std::optional<unsigned> loop = BatchAnalysis::getBatchLoop(
          loops, [&](Value value) { return analysis.isBatched(value); });
      offsetIndices(made, loop.value_or(0));
    }
  }
  bool sums = analysis.classOf(op) == OpClass::Partial;
  for (unsigned index = 0; index < made->getNumResults(); ++index)
    values[{op->getResult(index), tile && !sums}] = made->getResult(index);
  return made->getResult(result);
}

LogicalResult GroupBuilder::build(Operation *before) {
  bool tile = !isOuter();
  for (Operation *op : group)
    collect(op, tile);
  int64_t partialBytes = 0, batchedBytes = 0;
  auto bytesOf = [](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return tensor.getNumElements() *
           ((tensor.getElementTypeBitWidth() + 7) / 8);
  };
  SmallVector<bool> partial;
  for (Operation *op : group)
    for (Value result : op->getResults()) {
      if (!isa<RankedTensorType>(result.getType()))
        return op->emitError("a scalar of the whole batch is not supported");
      bool sums = analysis.classOf(op) == OpClass::Partial;
      if (sums)
        partialBytes += bytesOf(result.getType());
      else
        batchedBytes += bytesOf(result.getType());
      if (isReadOutside(result)) {
        exported.push_back(result);
        partial.push_back(sums);
      }
    }
  for (Value input : batchedInputs)
    batchedBytes += bytesOf(input.getType());
  if (tile) {
    PartRequest request;
    request.batch = analysis.getBatch();
    request.batchedBytes = batchedBytes;
    request.partialBytes = partialBytes;
    request.partBytes = partBytes;
    for (Operation *op : group)
      if (auto contraction = dyn_cast<ContractionOp>(op))
        request.weightBytes = std::max(
            request.weightBytes, bytesOf(contraction.getWeights().getType()));
    request.maxTiles = maxTiles;
    if (treatsPixelsAlike()) {
      for (auto [op, cut] : needed)
        if (cut && isa<linalg::LinalgOp, ContractionOp>(op)) {
          for (auto [operand, part] :
               llvm::zip_equal(op->getOperands(), getTiledOperands(op)))
            if (part) {
              auto shape = cast<RankedTensorType>(operand.getType()).getShape();
              request.pixels = shape[0] * shape[1] * shape[2];
            }
        }
    }
    sizes = chooseParts(request);
  }

  b = OpBuilder(before);
  Location loc = group.front()->getLoc();
  for (Operation *op : group)
    if (BatchAnalysis::isHeavy(op))
      loc = op->getLoc();
  SmallVector<Value> batched, whole;
  SmallVector<Type> results;
  for (Value input : batchedInputs)
    batched.push_back(outside.lookupOrDefault(input));
  for (Value input : wholeInputs)
    whole.push_back(outside.lookupOrDefault(input));
  for (auto [value, sums] : llvm::zip_equal(exported, partial)) {
    auto type = cast<RankedTensorType>(value.getType());
    if (sums) {
      SmallVector<int64_t> shape = {sizes.tiles};
      llvm::append_range(shape, type.getShape());
      type = type.clone(shape);
    }
    results.push_back(type);
  }
  auto fused = FusedOp::create(b, loc, results, batched, whole, sizes.tiles,
                               sizes.blocks, partial);
  Block &block = fused.getBody().emplaceBlock();
  part = block.addArgument(b.getIndexType(), loc);
  for (Value input : batchedInputs)
    values[{input, true}] =
        block.addArgument(getTileType(input.getType()), loc);
  for (auto [input, value] : llvm::zip_equal(wholeInputs, whole))
    values[{input, false}] = block.addArgument(value.getType(), loc);
  b.setInsertionPointToStart(&block);
  for (Operation *op : group) {
    if (BatchAnalysis::isCombine(op))
      cloneCombine(op);
    else if (!values.contains({op->getResult(0), tile && analysis.classOf(op) !=
                                                             OpClass::Partial}))
      clone(op, tile, 0);
  }
  SmallVector<Value> yielded;
  for (auto [value, sums] : llvm::zip_equal(exported, partial))
    yielded.push_back(values.lookup({value, tile && !sums}));
  FusedYieldOp::create(b, loc, yielded);
  for (auto [value, result] : llvm::zip_equal(exported, fused.getResults()))
    outside.map(value, result);
  return success();
}

namespace {
struct FormGroups : qat::impl::QatFormGroupsBase<FormGroups> {
  using QatFormGroupsBase::QatFormGroupsBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getBody().hasOneBlock() ||
        llvm::none_of(function.getArgumentTypes(), llvm::IsaPred<MemRefType>))
      return;
    BatchAnalysis analysis(function);
    GroupGraph graph(function, analysis);
    Block &body = function.getBody().front();
    SmallVector<Operation *> old, leaves, sinks;
    for (Operation &op : body) {
      OpClass kind = analysis.classOf(&op);
      (kind == OpClass::Leaf   ? leaves
       : kind == OpClass::Sink ? sinks
                               : old)
          .push_back(&op);
    }
    for (Operation *leaf : llvm::reverse(leaves))
      leaf->moveBefore(&body, body.begin());
    IRMapping outside;
    for (ArrayRef<Operation *> group : graph.getGroups()) {
      GroupBuilder builder(group, analysis, outside, partBytes, maxTiles);
      if (failed(builder.build(body.getTerminator())))
        return signalPassFailure();
    }
    for (Operation *sink : sinks) {
      sink->moveBefore(body.getTerminator());
      for (OpOperand &operand : sink->getOpOperands())
        operand.set(outside.lookupOrDefault(operand.get()));
    }
    for (Operation *op : llvm::reverse(old)) {
      if (!op->use_empty()) {
        op->emitError("an op of the training step belongs to no group");
        return signalPassFailure();
      }
      op->erase();
    }
  }
};
} // namespace
