//===- IntegerForward.cpp - qat-integer-forward ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATINTEGERFORWARD
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Rewrites the forward layers of one function. What gradients read of a layer,
/// its real sums, stays there.
class ForwardRewriter {
public:
  explicit ForwardRewriter(func::FuncOp function)
      : function(function), builder(function) {}

  void run();

private:
  void rewriteLayer(Operation *layer);
  void rewriteAdd(tosa::AddOp add);
  void rewriteConcat(tosa::ConcatOp concat);
  void rewriteMove(ActivationQuantizerOpInterface quantizer);

  /// The quantizer on whose grid `value` lies, or null.
  ActivationQuantizerOpInterface getGrid(Value value);
  /// The step of `quantizer`, of f32 or f64, before the op where `builder`
  /// stands.
  Value buildStep(ActivationQuantizerOpInterface quantizer, Type element);
  /// `inputs`, one or two, on the grid of `quantizer`.
  Value requantize(ValueRange inputs, Type type,
                   ActivationQuantizerOpInterface quantizer, Location location);
  /// `result` takes the place of what `quantizer` gives.
  void replace(ActivationQuantizerOpInterface quantizer, Value result);

  func::FuncOp function;
  OpBuilder builder;
  /// The quantizers whose results were replaced, by what replaces them.
  DenseMap<Value, ActivationQuantizerOpInterface> origins;
};

struct IntegerForward : qat::impl::QatIntegerForwardBase<IntegerForward> {
  using QatIntegerForwardBase::QatIntegerForwardBase;

  void checkSums();
  void runOnOperation() override {
    checkSums();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && function.getBody().hasOneBlock())
        ForwardRewriter(function).run();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Grids
//===----------------------------------------------------------------------===//

ActivationQuantizerOpInterface ForwardRewriter::getGrid(Value value) {
  while (true) {
    if (auto found = origins.find(value); found != origins.end())
      return found->second;
    Operation *op = value.getDefiningOp();
    if (!op)
      return {};
    if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op)) {
      // A ReLU6 that is not frozen is no quantizer.
      auto pact = dyn_cast<PactOp>(op);
      if (pact && pact.getActivationType() == ActivationType::ReLU6)
        return {};
      return quantizer;
    }
    if (!isa<tosa::MaxPool2dOp, tosa::SliceOp, tosa::ReshapeOp, tosa::PadOp,
             RoundedAvgPool2DOp>(op))
      return {};
    if (auto pad = dyn_cast<tosa::PadOp>(op);
        pad && getPadValue(pad).value_or(1) != 0)
      return {};
    value = op->getOperand(0);
  }
}

Value ForwardRewriter::buildStep(ActivationQuantizerOpInterface quantizer,
                                 Type element) {
  auto type = RankedTensorType::get({}, element);
  Location location = quantizer.getLoc();
  if (auto pact = dyn_cast<PactOp>(quantizer.getOperation()))
    return PactStepOp::create(builder, location, type, pact.getAlpha(),
                              pact.getBitsAttr());
  if (auto bounded = dyn_cast<BoundedOp>(quantizer.getOperation()))
    return BoundedStepOp::create(builder, location, type, bounded.getLo(),
                                 bounded.getHi(), bounded.getBitsAttr());
  double step = quantizer.getFrozenType({}).getScale();
  auto value = element.isF64()
                   ? DenseElementsAttr::get(type, step)
                   : DenseElementsAttr::get(type, static_cast<float>(step));
  return arith::ConstantOp::create(builder, location, value);
}

Value ForwardRewriter::requantize(ValueRange inputs, Type type,
                                  ActivationQuantizerOpInterface quantizer,
                                  Location location) {
  auto mode = RoundingMode::Nearest;
  if (auto pact = dyn_cast<PactOp>(quantizer.getOperation()))
    mode = pact.getRounding();
  if (auto bounded = dyn_cast<BoundedOp>(quantizer.getOperation()))
    mode = bounded.getRounding();
  SmallVector<Value> steps;
  for (Value input : inputs)
    steps.push_back(buildStep(getGrid(input), builder.getF64Type()));
  Value step = buildStep(quantizer, builder.getF64Type());
  return RequantizeLevelsOp::create(
      builder, location, type, inputs, steps, step, quantizer.getBounds(),
      builder.getI32IntegerAttr(quantizer.getGridBits()),
      RoundingModeAttr::get(builder.getContext(), mode));
}

void ForwardRewriter::replace(ActivationQuantizerOpInterface quantizer,
                              Value result) {
  quantizer->getResult(0).replaceAllUsesWith(result);
  origins[result] = quantizer;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// The quantizer that reads `value`, if it is alone; gradients read it too.
static ActivationQuantizerOpInterface getQuantizer(Value value) {
  ActivationQuantizerOpInterface found;
  for (Operation *user : value.getUsers())
    if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(user)) {
      if (found)
        return {};
      found = quantizer;
    }
  return found;
}

void ForwardRewriter::rewriteLayer(Operation *layer) {
  OpOperand &weight = getWeightOperand(layer), &bias = getBiasOperand(layer);
  Operation *source = bias.get().getDefiningOp();
  // Dropout leaves the grid: such a layer stays as it is.
  if (!isa_and_present<QuantizeChannelsOp, QuantizeFoldedBiasOp,
                       QuantizeLogitBiasOp>(source) ||
      !getGrid(layer->getOperand(0)))
    return;
  Value weightStep, inputStep, outputStep, integerBias, multiplier;
  if (auto channels = dyn_cast<QuantizeChannelsOp>(source)) {
    weightStep = channels.getWeightStep();
    inputStep = channels.getInputStep();
    outputStep = channels.getOutputStep();
    integerBias = channels.getIntegerBias();
    multiplier = channels.getMultiplier();
  } else if (auto folded = dyn_cast<QuantizeFoldedBiasOp>(source)) {
    weightStep = folded.getWeightStep();
    inputStep = folded.getInputStep();
    outputStep = folded.getOutputStep();
    integerBias = folded.getIntegerBias();
    multiplier = folded.getMultiplier();
  } else {
    auto logits = cast<QuantizeLogitBiasOp>(source);
    weightStep = logits.getWeightStep();
    inputStep = logits.getInputStep();
    outputStep = logits.getLogitStep();
    integerBias = logits.getIntegerBias();
    multiplier = logits.getMultiplier();
  }

  // The quantizer behind the layer, through reshapes and the scale.
  ActivationQuantizerOpInterface quantizer;
  SmallVector<Operation *> reshapes;
  if (!isa<QuantizeLogitBiasOp>(source)) {
    Value value = layer->getResult(0);
    while (!(quantizer = getQuantizer(value))) {
      Operation *next = nullptr;
      for (Operation *user : value.getUsers())
        if (isa<tosa::ReshapeOp, ScaleChannelsOp>(user) &&
            user->getOperand(0) == value)
          next = user;
      if (!next)
        return;
      if (isa<tosa::ReshapeOp>(next))
        reshapes.push_back(next);
      value = next->getResult(0);
    }
  }

  builder.setInsertionPointAfter(layer);
  Location location = layer->getLoc();
  auto weightType = cast<RankedTensorType>(weight.get().getType());
  bool isPerChannel =
      cast<RankedTensorType>(weightStep.getType()).getRank() == 1;
  Value inputLevels =
      LevelsOp::create(builder, location, layer->getOperand(0).getType(),
                       layer->getOperand(0), inputStep, DenseI64ArrayAttr());
  Value weightLevels = LevelsOp::create(
      builder, location, weightType, weight.get(), weightStep,
      isPerChannel ? builder.getDenseI64ArrayAttr(getChannelAxes(layer))
                   : DenseI64ArrayAttr());
  auto biasType = cast<RankedTensorType>(bias.get().getType());
  Value none = arith::ConstantOp::create(
      builder, location, DenseElementsAttr::get(biasType, 0.0f));
  Operation *sums = builder.clone(*layer);
  sums->setOperand(0, inputLevels);
  sums->setOperand(1, weightLevels);
  sums->setOperand(2, none);
  sums->removeAttr(kFoldTypeAttribute);
  Value sum = sums->getResult(0);
  SmallVector<Value> bounds;
  auto bits = builder.getI32IntegerAttr(8);
  if (quantizer) {
    bounds = quantizer.getBounds();
    bits = builder.getI32IntegerAttr(quantizer.getGridBits());
  }
  // Bounds may be read behind the layer.
  if (quantizer)
    builder.setInsertionPoint(quantizer);
  Value result = RequantizeSumsOp::create(
      builder, quantizer ? quantizer.getLoc() : location, sum.getType(), sum,
      integerBias, multiplier, outputStep, bounds, bits);
  if (!quantizer) {
    layer->getResult(0).replaceAllUsesWith(result);
    return;
  }
  for (Operation *reshape : reshapes) {
    Operation *clone = builder.clone(*reshape);
    clone->setOperand(0, result);
    result = clone->getResult(0);
  }
  replace(quantizer, result);
  // What gradients are masked by.
  builder.setInsertionPointAfter(sums);
  Value real = DequantizeSumsOp::create(builder, location, sum.getType(), sum,
                                        weightStep, inputStep, bias.get());
  layer->getResult(0).replaceAllUsesWith(real);
}

void ForwardRewriter::rewriteAdd(tosa::AddOp add) {
  ActivationQuantizerOpInterface quantizer = getQuantizer(add.getOutput());
  Value lhs = add.getInput1(), rhs = add.getInput2();
  if (!quantizer || lhs.getType() != add.getType() ||
      rhs.getType() != add.getType() || !getGrid(lhs) || !getGrid(rhs))
    return;
  builder.setInsertionPoint(quantizer);
  replace(quantizer,
          requantize({lhs, rhs}, add.getType(), quantizer, quantizer.getLoc()));
}

void ForwardRewriter::rewriteConcat(tosa::ConcatOp concat) {
  ActivationQuantizerOpInterface quantizer = getQuantizer(concat.getOutput());
  if (!quantizer || !llvm::all_of(concat.getInput1(),
                                  [&](Value input) { return getGrid(input); }))
    return;
  builder.setInsertionPoint(quantizer);
  SmallVector<Value> moved;
  for (Value input : concat.getInput1())
    moved.push_back(
        requantize(input, input.getType(), quantizer, concat.getLoc()));
  replace(quantizer,
          tosa::ConcatOp::create(builder, quantizer.getLoc(), concat.getType(),
                                 moved, concat.getAxisAttr()));
}

/// A quantizer of what lies on a grid already (a ReLU behind a pool).
void ForwardRewriter::rewriteMove(ActivationQuantizerOpInterface quantizer) {
  Value input = quantizer.getQuantizedInput();
  if (isa<QuantizeInputOp>(quantizer.getOperation()) || !getGrid(input))
    return;
  builder.setInsertionPoint(quantizer);
  replace(quantizer,
          requantize(input, input.getType(), quantizer, quantizer.getLoc()));
}

void ForwardRewriter::run() {
  Block &body = function.getBody().front();
  SmallVector<Operation *> operations;
  for (Operation &op : body)
    operations.push_back(&op);
  for (Operation *op : operations) {
    if (isWeightedLayer(op))
      rewriteLayer(op);
    else if (auto add = dyn_cast<tosa::AddOp>(op))
      rewriteAdd(add);
    else if (auto concat = dyn_cast<tosa::ConcatOp>(op))
      rewriteConcat(concat);
    else if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op);
             quantizer && !op->use_empty())
      rewriteMove(quantizer);
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

//===----------------------------------------------------------------------===//
// Sums that f32 does not hold
//===----------------------------------------------------------------------===//

/// Says which layers have sums beyond 2^24 for the weights of now. A training
/// step has no weights of now: there the network it was made from is asked.
void IntegerForward::checkSums() {
  ModuleOp module = getOperation();
  if (!module.lookupSymbol<func::FuncOp>("main"))
    return;
  OwningOpRef<ModuleOp> integer = module.clone();
  // What cannot become integers is said elsewhere.
  auto isRemark = [](Diagnostic &diagnostic) {
    return success(!StringRef(diagnostic.str()).contains("float32"));
  };
  ScopedDiagnosticHandler handler(&getContext(), isRemark);
  PassManager manager(&getContext());
  manager.addPass(createQatBindParameters());
  manager.addPass(createQatFoldBatchNorm());
  manager.addPass(createQatFreezeRanges());
  QatCheckAccumulatorsOptions options;
  options.floatSums = true;
  manager.addPass(createQatCheckAccumulators(options));
  (void)manager.run(*integer);
}
