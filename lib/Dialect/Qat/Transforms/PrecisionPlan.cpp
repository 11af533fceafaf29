//===- PrecisionPlan.cpp - bits of a network by the memory there is -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/Transforms/PrecisionPlan.h"

#include "LayerChoices.h"
#include "LayerGroup.h"

#include "qat/Assignment/ExplainAssignment.h"
#include "qat/Assignment/MemorySizes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Describes one function to the assignment. What brings its input to a grid
/// of its own is a step; what keeps the grid (pools, zero pads) makes a tensor
/// only, and what moves nothing (reshapes, crops that no window reaches) not
/// even that.
class NetworkBuilder {
public:
  NetworkBuilder(func::FuncOp function, LayerChoices &choices,
                 PrecisionPlan &plan)
      : function(function), choices(choices), plan(plan),
        network(plan.network) {}

  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult addStep(Operation *op, ValueRange inputs);
  LogicalResult readEntry(Operation *op, PrecisionNetwork::Grid &grid,
                          PrecisionNetwork::Step &step);
  LogicalResult requireTensor(Operation *op, Value value);
  void addTensor(StringRef name, Value value, unsigned grid, Operation *maker);
  void addLiveTensors();
  void alias(Value value, Value source) {
    tensorOf[value] = tensorOf.lookup(source);
  }

  func::FuncOp function;
  LayerChoices &choices;
  PrecisionPlan &plan;
  PrecisionNetwork &network;
  LayerNamer names;
  /// The tensor that a value is, or is a view of.
  DenseMap<Value, unsigned> tensorOf;
  /// Where in the block each tensor is made.
  SmallVector<Operation *> makers;
};
} // namespace

static int64_t getElements(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// `value` has to have the elements of the tensor. `maker` is null for the
/// network's input.
void NetworkBuilder::addTensor(StringRef name, Value value, unsigned grid,
                               Operation *maker) {
  tensorOf[value] = network.tensors.size();
  network.tensors.push_back({name.str(), getElements(value), grid});
  makers.push_back(maker);
}

LogicalResult NetworkBuilder::requireTensor(Operation *op, Value value) {
  if (tensorOf.contains(value))
    return success();
  InFlightDiagnostic diagnostic =
      op->emitError("has an operand that cannot be put on an integer grid");
  if (Operation *producer = value.getDefiningOp())
    appendProducer(diagnostic, producer);
  return diagnostic;
}

LogicalResult NetworkBuilder::readEntry(Operation *op,
                                        PrecisionNetwork::Grid &grid,
                                        PrecisionNetwork::Step &step) {
  FailureOr<const LayerOverride *> found = choices.findEntry(op, step.name);
  if (failed(found))
    return failure();
  const LayerOverride *entry = *found;
  if (!entry)
    return success();
  if (entry->activationBits) {
    grid.bits = *entry->activationBits;
    grid.isPinned = true;
    grid.mayBeCut = false;
  }
  if (!step.weights)
    return success();
  step.weights->pinnedBits = entry->weightBits;
  step.weights->pinnedScheme = entry->scheme;
  step.weights->pinnedFold = entry->foldType;
  bool isChannels = entry->scheme ? isPerChannel(*entry->scheme)
                                  : plan.options.mode == AssignmentMode::MixPC;
  if (isChannels && entry->foldType == FoldType::FoldingWeights)
    return op->emitError("the entry of layer '")
           << step.name
           << "' of the per-layer configuration has fold type folding_weights, "
              "which PerChannelsAsymMinMax weights cannot take"
           << (entry->scheme ? ""
                             : "; MixPC gives them unless 'quant_type' "
                               "says otherwise");
  return success();
}

LogicalResult NetworkBuilder::addStep(Operation *op, ValueRange inputs) {
  for (Value input : inputs)
    if (failed(requireTensor(op, input)))
      return failure();
  PrecisionNetwork::Step step;
  step.name = names.getName(op);
  for (Value input : inputs)
    step.inputs.push_back(tensorOf.lookup(input));
  LayerGroup group = LayerGroup::get(op);
  PrecisionNetwork::Grid grid;
  grid.name = step.name;
  if (isWeightedLayer(op)) {
    step.weights.emplace();
    step.weights->elements = getElements(getWeightOperand(op).get());
    step.weights->channels =
        cast<ShapedType>(op->getResult(0).getType()).getShape().back();
    step.weights->isLast = group.isLast();
    // Logits have no grid of less.
    if (group.isLast())
      grid.takesBits = grid.mayBeCut = grid.mayBeCutUnpinned = false;
  }
  if (failed(readEntry(op, grid, step)))
    return failure();
  bool isChannels =
      step.weights &&
      (step.weights->pinnedScheme ? isPerChannel(*step.weights->pinnedScheme)
                                  : plan.options.mode == AssignmentMode::MixPC);
  if (isChannels && group.isLast() && group.batchNorm)
    return op->emitError("the last layer's batch norm has to be folded into "
                         "its weights, which MixPC's per-channel ones do not "
                         "take; give this layer a 'quant_type' of a per-layer "
                         "scheme, or ask for MixPL");
  step.output = network.tensors.size();
  addTensor(step.name, group.end, network.grids.size(), op);
  network.grids.push_back(grid);
  // The batch norm and the activation work on the accumulators.
  for (Value value = op->getResult(0); value != group.end;
       value = value.user_begin()->getResult(0))
    alias(value, group.end);
  network.steps.push_back(std::move(step));
  plan.layers.push_back(op);
  return success();
}

LogicalResult NetworkBuilder::visit(Operation *op) {
  // A part of a layer that was visited.
  if (op->getNumResults() == 1 && tensorOf.contains(op->getResult(0)))
    return success();
  if (isWeightedLayer(op))
    return addStep(op, op->getOperands().take_front(1));
  if (isa<tosa::AddOp, tosa::ConcatOp>(op))
    return addStep(op, op->getOperands());
  if (auto pad = dyn_cast<tosa::PadOp>(op)) {
    std::optional<float> value = getPadValue(pad);
    if (!value)
      return pad.emitError("expects a constant to pad with");
    // The grid of the input need not hold another value than zero.
    if (*value != 0)
      return addStep(pad, pad->getOperands().take_front(1));
  }
  if (isa<tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::PadOp>(op)) {
    Value input = op->getOperand(0);
    if (failed(requireTensor(op, input)))
      return failure();
    std::string name = getLayerName(op);
    addTensor(name.empty() ? op->getName().stripDialect() : StringRef(name),
              op->getResult(0), network.tensors[tensorOf.lookup(input)].grid,
              op);
    return success();
  }
  auto slice = dyn_cast<tosa::SliceOp>(op);
  if (isa<tosa::ReshapeOp>(op) || (slice && isUnreachedCrop(slice)) ||
      (isa<SoftmaxOp>(op) && feedsOnlyResults(op->getResult(0)))) {
    if (tensorOf.contains(op->getOperand(0)))
      alias(op->getResult(0), op->getOperand(0));
    return success();
  }
  if (auto clamp = dyn_cast<tosa::ClampOp>(op)) {
    if (clamp->use_empty())
      return success();
    if (isRelu(clamp) && tensorOf.contains(clamp.getInput()))
      return addStep(clamp, clamp.getInput());
    return op->emitError("expects a clamp that starts at 0 on a quantized "
                         "tensor; this one has no integer form");
  }
  if (isa<SoftmaxOp>(op))
    return op->emitError("a softmax within the network has no integer form");
  if (isa<BatchNormOp>(op))
    return op->emitError("batch norm does not follow a convolution or dense "
                         "layer, alone; it has no integer form");
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<ml_program::GlobalLoadOp, tosa::ConstShapeOp, func::ReturnOp>(op))
    return success();
  return op->emitError() << "'" << op->getName() << "' has no integer form";
}

/// A tensor is live from the op that makes it to the last that reads it.
void NetworkBuilder::addLiveTensors() {
  DenseMap<Operation *, int64_t> order;
  for (auto [index, op] : llvm::enumerate(function.getBody().front()))
    order[&op] = index;
  SmallVector<int64_t> last(network.tensors.size(), -1);
  auto readUntil = [&](Value value, unsigned tensor) {
    for (Operation *user : value.getUsers()) {
      PrecisionNetwork::Grid &grid =
          network.grids[network.tensors[tensor].grid];
      if (isa<func::ReturnOp>(user))
        grid.mayBeCut = grid.mayBeCutUnpinned = false;
      last[tensor] = std::max(last[tensor], order.lookup(user));
    }
  };
  // Views among the users are values of the same tensor, whose readers count;
  // that they come before these changes nothing.
  for (auto [value, tensor] : tensorOf)
    readUntil(value, tensor);
  for (auto [step, op] : llvm::zip_equal(network.steps, plan.layers)) {
    int64_t at = order.lookup(op);
    for (unsigned tensor = 0; tensor < network.tensors.size(); ++tensor) {
      int64_t first = makers[tensor] ? order.lookup(makers[tensor]) : -1;
      if (first <= at && at <= std::max(first, last[tensor]))
        step.live.push_back(tensor);
    }
  }
}

LogicalResult NetworkBuilder::run() {
  PrecisionNetwork::Grid input;
  input.name = "input";
  input.mayBeCut = input.mayBeCutUnpinned = input.takesBits = false;
  network.grids.push_back(input);
  addTensor("input", function.getArgument(0), 0, nullptr);
  for (Operation &op : function.getBody().front())
    if (failed(visit(&op)))
      return failure();
  addLiveTensors();
  return choices.checkAllUsed(function);
}

/// The options as numbers, or an error on `module`.
static FailureOr<AssignmentOptions>
readOptions(ModuleOp module, const QatAssignPrecisionOptions &options) {
  AssignmentOptions result;
  for (auto [name, text, bytes] :
       {std::tuple("rom", StringRef(options.rom), &result.romBytes),
        {"ram", options.ram, &result.ramBytes}}) {
    llvm::Expected<int64_t> size = parseMemorySize(text);
    if (!size)
      return module.emitError(name) << ": " << llvm::toString(size.takeError());
    *bytes = *size;
  }
  auto mode = symbolizeAssignmentMode(options.mode);
  if (!mode)
    return module.emitError("unknown mode '")
           << options.mode << "'; expected MixPL or MixPC";
  auto policy = symbolizeAssignmentPolicy(options.policy);
  if (!policy)
    return module.emitError("unknown policy '")
           << options.policy << "'; expected consistent or reference";
  if (options.memoryModel != "reference")
    return module.emitError("memory model '")
           << options.memoryModel
           << "' is not built; reference charges the live tensors, and `qat "
              "deploy --ram` holds the planned arena against a limit";
  result.mode = *mode;
  result.policy = *policy;
  return result;
}

FailureOr<PrecisionPlan>
mlir::qat::planPrecision(ModuleOp module,
                         const QatAssignPrecisionOptions &options) {
  FailureOr<AssignmentOptions> budget = readOptions(module, options);
  if (failed(budget) || failed(checkIsFloatNetwork(module)))
    return failure();
  QatInsertQuantizersOptions common;
  common.layerConfig = options.layerConfig;
  FailureOr<LayerChoices> choices = getLayerChoices(module, common);
  if (failed(choices))
    return failure();
  auto functions = module.getOps<func::FuncOp>();
  if (!llvm::hasSingleElement(functions))
    return module.emitError("expects one function, the network");
  PrecisionPlan plan;
  plan.options = *budget;
  if (failed(NetworkBuilder(*functions.begin(), *choices, plan).run()))
    return failure();
  plan.assignment = assignPrecision(plan.network, plan.options);
  return plan;
}
