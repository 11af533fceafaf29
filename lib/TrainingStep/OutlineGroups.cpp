//===- OutlineGroups.cpp - a function for every group of a step -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/MemoryPlan.h"
#include "qat/TrainingStep/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATOUTLINEGROUPS
#include "qat/TrainingStep/Passes.h.inc"

#include <map>
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Cache lines, and vectors of 512 bits.
static constexpr int64_t alignment = 64;

static int64_t bytesOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  unsigned bits = shaped.getElementTypeBitWidth();
  return shaped.getNumElements() * ((bits + 7) / 8);
}

static MemRefType getBufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

namespace {
/// Where a tensor between groups lies: an argument of the step, or the arena.
struct Place {
  int64_t argument = -1;
  unsigned buffer = 0; ///< of the plan, without an argument
};

/// One operand of a launch: a buffer, and how far apart the parts of blocks and
/// of tiles are.
struct Operand {
  Value value; ///< null: the number of the part
  int64_t blockBytes = 0, tileBytes = 0;
  int64_t zeroBytes = 0; ///< to zero before the first block of a tile
};

struct Launch {
  Operation *op = nullptr; ///< qat.fused, or a materialization: a copy
  std::string callee;
  SmallVector<Operand> operands;
  int64_t phase = 0;
};

class FunctionOutliner {
public:
  FunctionOutliner(func::FuncOp function, SymbolTable &symbols)
      : function(function), symbols(symbols), b(function.getContext()) {}

  LogicalResult run();

private:
  bool mayUpdate(FusedOp fused, unsigned result, Value old) const;
  void chooseDestinations();
  void orderPhases();
  LogicalResult outline(FusedOp fused, unsigned number);
  void shareCode(Launch &launch);
  void yieldSum(FusedOp fused, Value value, Value buffer);
  void planMemory();
  Attribute describe(const Launch &launch);

  func::FuncOp function;
  SymbolTable &symbols;
  OpBuilder b;
  /// The argument that a result of a group is written to.
  llvm::DenseMap<Value, unsigned> destinations;
  llvm::DenseMap<Operation *, unsigned> launchOf;
  SmallVector<Launch> launches;
  /// The functions of groups so far, by their type.
  llvm::DenseMap<Type, SmallVector<func::FuncOp, 2>> groups;
  SmallVector<bufferization::MaterializeInDestinationOp> copies;
  llvm::DenseMap<Value, int64_t> offsets;
  int64_t arenaBytes = 0;
};
} // namespace

static BlockArgument getArgument(Value tensor) {
  auto read = tensor.getDefiningOp<bufferization::ToTensorOp>();
  return read ? dyn_cast<BlockArgument>(read.getBuffer()) : BlockArgument();
}

/// The op of the region that computes a result.
static OpResult getYielded(FusedOp fused, unsigned result) {
  auto yield = cast<FusedYieldOp>(fused.getBody().front().getTerminator());
  return dyn_cast<OpResult>(yield.getValues()[result]);
}

/// Whether `fused` may write its result over the argument whose value `old` it
/// reads: each element only after it was read for the last time.
bool FunctionOutliner::mayUpdate(FusedOp fused, unsigned result,
                                 Value old) const {
  OpResult value = getYielded(fused, result);
  if (!value || fused.getPartial()[result])
    return false;
  auto writer = dyn_cast<linalg::LinalgOp>(value.getOwner());
  if (!writer)
    return false;
  AffineMap written = writer.getIndexingMapMatchingResult(value);
  for (auto [index, operand] : llvm::enumerate(fused->getOperands())) {
    if (operand != old)
      continue;
    // Cut as the result is cut.
    if (fused.getNumParts() > 1 && index >= fused.getBatched().size())
      return false;
    Value inside = fused.getBody().getArgument(1 + index);
    for (OpOperand &use : inside.getUses()) {
      if (use.getOwner() == writer) {
        if (writer.getMatchingIndexingMap(&use) != written)
          return false;
      } else if (!use.getOwner()->isBeforeInBlock(writer) ||
                 use.getOwner()->getBlock() != writer->getBlock() ||
                 !isa<linalg::LinalgOp, tensor::ExtractOp>(use.getOwner())) {
        return false;
      }
    }
  }
  return true;
}

/// A group's result goes straight to the argument that it is meant for where
/// everybody else has read the old value before.
void FunctionOutliner::chooseDestinations() {
  llvm::DenseMap<Value, Operation *> taken;
  for (auto write : function.getBody()
                        .front()
                        .getOps<bufferization::MaterializeInDestinationOp>()) {
    Value source = write.getSource();
    auto target = dyn_cast<BlockArgument>(write.getDest());
    auto fused = source.getDefiningOp<FusedOp>();
    bool direct = target && fused && !destinations.contains(source) &&
                  !taken.contains(target) &&
                  cast<MemRefType>(target.getType()).getShape() ==
                      cast<RankedTensorType>(source.getType()).getShape();
    if (direct)
      for (Operation *user : target.getUsers()) {
        auto read = dyn_cast<bufferization::ToTensorOp>(user);
        if (!read)
          continue;
        for (Operation *reader : read->getUsers()) {
          if (reader == fused)
            direct &= mayUpdate(fused, cast<OpResult>(source).getResultNumber(),
                                read);
          else
            direct &= reader->isBeforeInBlock(fused);
        }
      }
    if (!direct) {
      copies.push_back(write);
      continue;
    }
    destinations[source] = target.getArgNumber();
    taken[target] = fused;
  }
}

/// Launches of one phase do not depend on each other.
void FunctionOutliner::orderPhases() {
  auto after = [&](Launch &launch, Operation *op) {
    auto found = launchOf.find(op);
    if (found != launchOf.end() && op != launch.op)
      launch.phase = std::max(launch.phase, launches[found->second].phase + 1);
  };
  for (Launch &launch : launches) {
    for (Value operand : launch.op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        after(launch, producer);
    // Who reads the old value of an argument comes before who writes it.
    SmallVector<BlockArgument> written;
    if (auto copy =
            dyn_cast<bufferization::MaterializeInDestinationOp>(launch.op))
      written.push_back(cast<BlockArgument>(copy.getDest()));
    for (Value result : launch.op->getResults())
      if (auto found = destinations.find(result); found != destinations.end())
        written.push_back(function.getArgument(found->second));
    for (BlockArgument argument : written)
      for (Operation *user : argument.getUsers())
        if (auto read = dyn_cast<bufferization::ToTensorOp>(user))
          for (Operation *reader : read->getUsers())
            after(launch, reader);
  }
}

/// Adds `value`, a sum over the part, to `buffer`.
void FunctionOutliner::yieldSum(FusedOp fused, Value value, Value buffer) {
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  auto old = bufferization::ToTensorOp::create(b, loc, type, buffer,
                                               /*restrict=*/true,
                                               /*writable=*/true);
  auto result = cast<OpResult>(value);
  Value sum = value;
  if (auto loops = dyn_cast<linalg::LinalgOp>(result.getOwner())) {
    old->moveBefore(loops);
    loops.getDpsInitsMutable()[result.getResultNumber()].set(old);
  } else if (auto product = dyn_cast<ContractionOp>(result.getOwner());
             product && product.getKind() == ContractionKind::WeightGradient) {
    old->moveBefore(product);
    product.getInitMutable().set(old);
    product.setAccumulate(true);
  } else {
    SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> iterators(type.getRank(),
                                               utils::IteratorType::parallel);
    sum = linalg::GenericOp::create(
              b, loc, type, value, old.getResult(), maps, iterators,
              [](OpBuilder &nested, Location loc, ValueRange v) {
                linalg::YieldOp::create(
                    nested, loc,
                    arith::AddFOp::create(nested, loc, v[1], v[0]).getResult());
              })
              .getResult(0);
  }
  auto write =
      bufferization::MaterializeInDestinationOp::create(b, loc, sum, buffer);
  write.setWritable(true);
}

/// Gives every use of an empty or filled tensor one of its own. Of a shared one
/// bufferization makes one buffer and copies; and where it lets that be the
/// buffer of a result, a second user computes in it after the result was
/// written.
static void separateInits(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (!isa<tensor::EmptyOp, linalg::FillOp>(op))
      continue;
    OpBuilder b(&op);
    while (!op.use_empty() && !op.hasOneUse())
      op.getUses().begin()->set(b.clone(op)->getResult(0));
  }
}

LogicalResult FunctionOutliner::outline(FusedOp fused, unsigned number) {
  Location loc = fused.getLoc();
  Launch &launch = launches[launchOf[fused]];
  launch.callee = (function.getName() + "_group_" + Twine(number)).str();
  Block &old = fused.getBody().front();
  unsigned batched = fused.getBatched().size();

  SmallVector<Type> types;
  auto indexType = MemRefType::get({1}, b.getI64Type());
  bool usesPart = !old.getArgument(0).use_empty();
  if (usesPart) {
    types.push_back(indexType);
    launch.operands.push_back({});
  }
  SmallVector<unsigned> inputs, outputs;
  for (auto [index, operand] : llvm::enumerate(fused->getOperands())) {
    Type part = old.getArgument(1 + index).getType();
    inputs.push_back(types.size());
    types.push_back(getBufferType(part));
    Operand described{operand};
    if (index < batched) {
      described.blockBytes = bytesOf(part);
      described.tileBytes = described.blockBytes * fused.getBlocks();
    }
    launch.operands.push_back(described);
  }
  auto yield = cast<FusedYieldOp>(old.getTerminator());
  for (auto [index, result] : llvm::enumerate(fused.getResults())) {
    Value value = yield.getValues()[index];
    // A result over an operand: one buffer.
    std::optional<unsigned> shared;
    if (auto found = destinations.find(result); found != destinations.end())
      for (auto [operand, position] :
           llvm::zip_equal(fused->getOperands(), inputs))
        if (BlockArgument argument = getArgument(operand))
          if (argument.getArgNumber() == found->second)
            shared = position;
    if (shared) {
      outputs.push_back(*shared);
      continue;
    }
    outputs.push_back(types.size());
    types.push_back(getBufferType(value.getType()));
    Operand described{result};
    bool partial = fused.getPartial()[index];
    if (partial) {
      described.tileBytes = bytesOf(value.getType());
      if (fused.getBlocks() > 1 ||
          !isa<ContractionOp>(getYielded(fused, index).getOwner()))
        described.zeroBytes = described.tileBytes;
    } else {
      described.blockBytes = bytesOf(value.getType());
      described.tileBytes = described.blockBytes * fused.getBlocks();
    }
    launch.operands.push_back(described);
  }

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(function);
  auto group =
      func::FuncOp::create(b, loc, launch.callee, b.getFunctionType(types, {}));
  symbols.insert(group);
  launch.callee = group.getName().str();
  Block *body = group.addEntryBlock();
  b.setInsertionPointToStart(body);
  IRMapping mapping;
  if (usesPart) {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value wide = memref::LoadOp::create(b, loc, body->getArgument(0), zero);
    mapping.map(
        old.getArgument(0),
        arith::IndexCastOp::create(b, loc, b.getIndexType(), wide).getResult());
  }
  llvm::SmallDenseSet<unsigned> written(outputs.begin(), outputs.end());
  for (auto [index, position] : llvm::enumerate(inputs))
    mapping.map(old.getArgument(1 + index),
                bufferization::ToTensorOp::create(
                    b, loc, old.getArgument(1 + index).getType(),
                    body->getArgument(position), /*restrict=*/true,
                    /*writable=*/written.contains(position))
                    .getResult());
  for (Operation &op : old.without_terminator())
    b.clone(op, mapping);
  for (auto [index, position] : llvm::enumerate(outputs)) {
    Value value = mapping.lookup(yield.getValues()[index]);
    Value buffer = body->getArgument(position);
    if (fused.getPartial()[index] && launch.operands[position].zeroBytes > 0) {
      yieldSum(fused, value, buffer);
      continue;
    }
    bool updates = llvm::is_contained(inputs, position);
    if (updates) {
      // The writer's own init: then nothing is copied.
      auto result = cast<OpResult>(value);
      auto loops = dyn_cast<linalg::GenericOp>(result.getOwner());
      OpOperand *init =
          loops ? loops.getDpsInitOperand(result.getResultNumber()) : nullptr;
      if (init && init->get().getDefiningOp<tensor::EmptyOp>())
        for (auto [operand, other] : llvm::enumerate(inputs))
          if (other == position)
            init->set(mapping.lookup(old.getArgument(1 + operand)));
    }
    auto write = bufferization::MaterializeInDestinationOp::create(
        b, loc, value, buffer);
    write.setWritable(true);
    write.setRestrict(!updates);
  }
  func::ReturnOp::create(b, loc);
  separateInits(*body);
  shareCode(launch);
  return success();
}

/// Layers of equal shapes have equal groups: one function serves them.
void FunctionOutliner::shareCode(Launch &launch) {
  auto group = symbols.lookup<func::FuncOp>(launch.callee);
  SmallVector<func::FuncOp, 2> &others = groups[group.getFunctionType()];
  for (func::FuncOp other : others)
    if (OperationEquivalence::isRegionEquivalentTo(
            &group.getBody(), &other.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      launch.callee = other.getName().str();
      symbols.erase(group);
      return;
    }
  others.push_back(group);
}

void FunctionOutliner::planMemory() {
  llvm::DenseMap<Value, unsigned> index;
  SmallVector<Value> values;
  SmallVector<BufferLifetime> lifetimes;
  for (Launch &launch : launches) {
    for (Operand &operand : launch.operands) {
      Value value = operand.value;
      if (!value || getArgument(value) || destinations.contains(value) ||
          isa<BlockArgument>(value))
        continue;
      auto [entry, isNew] = index.try_emplace(value, values.size());
      if (isNew) {
        values.push_back(value);
        lifetimes.push_back(
            {bytesOf(value.getType()), alignment, launch.phase, launch.phase});
      }
      BufferLifetime &lifetime = lifetimes[entry->second];
      lifetime.first = std::min(lifetime.first, launch.phase);
      lifetime.last = std::max(lifetime.last, launch.phase);
    }
  }
  MemoryPlan plan = qat::planMemory(lifetimes);
  arenaBytes = plan.size;
  for (auto [value, offset] : llvm::zip_equal(values, plan.offsets))
    offsets[value] = offset;
}

/// {callee, tiles, blocks, phase, operands = [[argument or -1, offset, bytes
/// between blocks, between tiles, bytes to zero], ..]}; an operand without
/// numbers is the number of the part.
Attribute FunctionOutliner::describe(const Launch &launch) {
  SmallVector<Attribute> operands;
  for (const Operand &operand : launch.operands) {
    if (!operand.value) {
      operands.push_back(b.getDenseI64ArrayAttr({}));
      continue;
    }
    int64_t argument = -1, offset = 0;
    BlockArgument direct = dyn_cast<BlockArgument>(operand.value);
    if (!direct)
      direct = getArgument(operand.value);
    if (direct)
      argument = direct.getArgNumber();
    else if (auto found = destinations.find(operand.value);
             found != destinations.end())
      argument = found->second;
    else
      offset = offsets.lookup(operand.value);
    operands.push_back(
        b.getDenseI64ArrayAttr({argument, offset, operand.blockBytes,
                                operand.tileBytes, operand.zeroBytes}));
  }
  auto fused = dyn_cast<FusedOp>(launch.op);
  NamedAttrList attributes;
  attributes.append("callee", b.getStringAttr(launch.callee));
  std::string label;
  llvm::raw_string_ostream os(label);
  if (auto name = dyn_cast<NameLoc>(launch.op->getLoc()))
    os << name.getName().getValue() << " ";
  if (fused)
    fused.getBody().walk([&](Operation *op) {
      if (auto contraction = dyn_cast<ContractionOp>(op))
        os << (contraction.getDepthwise() ? "depthwise_" : "")
           << stringifyContractionKind(contraction.getKind()) << " ";
    });
  attributes.append("label", b.getStringAttr(StringRef(label).rtrim()));
  attributes.append("tiles", b.getI64IntegerAttr(fused ? fused.getTiles() : 1));
  attributes.append("blocks",
                    b.getI64IntegerAttr(fused ? fused.getBlocks() : 1));
  attributes.append("phase", b.getI64IntegerAttr(launch.phase));
  attributes.append("operands", b.getArrayAttr(operands));
  if (!fused)
    attributes.append("copy", b.getI64IntegerAttr(
                                  bytesOf(launch.op->getOperand(0).getType())));
  return attributes.getDictionary(b.getContext());
}

LogicalResult FunctionOutliner::run() {
  Block &body = function.getBody().front();
  for (Operation &op : body.without_terminator())
    if (!isa<bufferization::ToTensorOp, FusedOp,
             bufferization::MaterializeInDestinationOp>(op))
      return op.emitError("is in no group of the training step");
  chooseDestinations();
  for (auto fused : body.getOps<FusedOp>()) {
    launchOf[fused] = launches.size();
    launches.push_back({fused, "", {}, 0});
  }
  for (auto copy : copies) {
    auto target = dyn_cast<BlockArgument>(copy.getDest());
    if (!target)
      return copy.emitError("writes to no argument of the training step");
    launchOf[copy] = launches.size();
    launches.push_back({copy, "", {}, 0});
    launches.back().operands = {{copy.getSource()}, {target}};
  }
  orderPhases();
  unsigned number = 0;
  for (auto fused : body.getOps<FusedOp>())
    if (failed(outline(fused, number++)))
      return failure();
  planMemory();
  std::multimap<int64_t, Launch> byPhase;
  for (Launch &launch : launches)
    byPhase.emplace(launch.phase, std::move(launch));
  SmallVector<Attribute> table;
  for (const auto &[phase, launch] : byPhase)
    table.push_back(describe(launch));
  function->setAttr("qat.launches", b.getArrayAttr(table));
  function->setAttr("qat.arena_bytes", b.getI64IntegerAttr(arenaBytes));
  while (&body.front() != body.getTerminator()) {
    body.getTerminator()->getPrevNode()->dropAllUses();
    body.getTerminator()->getPrevNode()->erase();
  }
  return success();
}

namespace {
struct OutlineGroups : qat::impl::QatOutlineGroupsBase<OutlineGroups> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (function.isExternal() || function.isPrivate() ||
          !function.getBody().hasOneBlock() || function.getNumResults() != 0)
        continue;
      if (failed(FunctionOutliner(function, symbols).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
