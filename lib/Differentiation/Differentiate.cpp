//===- Differentiate.cpp - from a network to its training step --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Differentiation/Differentiate.h"

#include "Backward.h"
#include "StepFunction.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/TrainingBuilders.h"
#include "qat/Differentiation/SetBatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::qat;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A bound of a quantizer, by its name (docs/Overview.md).
static bool isBound(StringRef name) {
  return name.ends_with(".alpha") || name.ends_with(".lo") ||
         name.ends_with(".hi");
}

static bool isStatistic(StringRef name) {
  return name.ends_with(".bn.mean") || name.ends_with(".bn.var");
}

namespace {
/// A parameter that the network reads.
struct Parameter {
  std::string name;
  StepRole role;
  unsigned order;
  Value tensor;
};

class Differentiator {
public:
  Differentiator(ModuleOp module, const DifferentiateSettings &settings,
                 ModuleOp teacher)
      : module(module), settings(settings), teacher(teacher),
        step(module.getLoc(), "step"),
        backward(step.builder, settings.boundScale, settings.batch) {}

  LogicalResult run();

private:
  static Value getHyper(StepFunction &function, Hyper which) {
    return function.getHyper(static_cast<unsigned>(which));
  }
  Value getHyper(Hyper which) { return getHyper(step, which); }
  Value getLabels();
  Value loadParameter(StringRef prefix, ml_program::GlobalLoadOp load,
                      ModuleOp owner);
  FailureOr<Value> cloneForward(ModuleOp network, StringRef prefix);
  LogicalResult cloneBatchNorm(BatchNormOp op, IRMapping &map);
  void insertDropout();
  LogicalResult buildLoss(Value output);
  LogicalResult buildCrossEntropy(Value logits);
  LogicalResult buildMeanSquaredError(Value output);
  void buildMetrics(Value norm);
  void buildUpdate();
  void buildOptimizer(StepFunction &function, const Parameter &parameter,
                      Value tensor, Value gradient, Value apply, Value scale);

  ModuleOp module;
  const DifferentiateSettings &settings;
  ModuleOp teacher;
  StepFunction step;
  Backward backward;
  std::vector<Parameter> parameters;
  /// Running statistics and what they become.
  SmallVector<std::pair<Value, Value>> statistics;
  /// The ops of the network in `step`.
  SmallVector<Operation *> forward;
  Value input;
  LossValues loss;
};
} // namespace

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Value Differentiator::getLabels() {
  return step.getTensor(
      StepRole::Label, "",
      RankedTensorType::get(settings.batch, step.builder.getI32Type()));
}

/// The tensor of the parameter that `load` reads.
Value Differentiator::loadParameter(StringRef prefix,
                                    ml_program::GlobalLoadOp load,
                                    ModuleOp owner) {
  StringRef symbol = load.getGlobal().getLeafReference();
  // Whose order is that of the module.
  unsigned order = prefix.empty() ? 0 : 1u << 20;
  for (auto global : owner.getOps<ml_program::GlobalOp>()) {
    if (global.getSymName() == symbol)
      break;
    ++order;
  }
  std::string name = (prefix + symbol).str();
  for (const Parameter &parameter : parameters)
    if (parameter.name == name)
      return parameter.tensor;
  StepRole role = prefix.empty() && isStatistic(name) ? StepRole::Statistic
                                                      : StepRole::Parameter;
  Value tensor =
      step.getTensor(role, name, cast<RankedTensorType>(load.getType()), order);
  parameters.push_back({name, role, order, tensor});
  if (prefix.empty())
    backward.want(tensor);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Forward
//===----------------------------------------------------------------------===//

/// A batch norm by the statistics of the batch, and what the running ones
/// become.
LogicalResult Differentiator::cloneBatchNorm(BatchNormOp op, IRMapping &map) {
  OpBuilder &builder = step.builder;
  Value y = map.lookup(op.getInput());
  int64_t count =
      getTensorType(y).getNumElements() / getTensorType(y).getShape().back();
  if (count < 2)
    return op.emitError("cannot train the batch norm of layer '")
           << getLayerName(op)
           << "' on one value a channel; freeze it or raise the batch";
  auto moments = ChannelMomentsOp::create(builder, op.getLoc(), y);
  auto batch = BatchStatisticsOp::create(builder, op.getLoc(), moments.getSum(),
                                         moments.getSquares(), count);
  auto result = BatchNormOp::create(
      builder, op.getLoc(), y.getType(), y, map.lookup(op.getGamma()),
      map.lookup(op.getBeta()), batch.getMean(), batch.getVariance(),
      op.getEpsilonAttr(), /*fold_type=*/BatchNormFoldAttr(),
      /*frozen=*/UnitAttr());
  forward.append({moments, batch, result});
  map.map(op.getResult(), result.getResult());

  Value mean = map.lookup(op.getMean()),
        variance = map.lookup(op.getVariance());
  auto updated = UpdateStatisticsOp::create(
      builder, op.getLoc(), TypeRange{mean.getType(), variance.getType()}, mean,
      variance, batch.getMean(), batch.getVariance(),
      getHyper(Hyper::BatchNormMomentum), builder.getI64IntegerAttr(count));
  statistics.push_back({mean, updated.getUpdatedMean()});
  statistics.push_back({variance, updated.getUpdatedVariance()});

  // The mean of the batch takes a constant out again.
  Value producer = y;
  while (producer.hasOneUse() || producer == y) {
    Operation *layer = producer.getDefiningOp();
    if (isa_and_nonnull<tosa::Conv2DOp, tosa::DepthwiseConv2DOp,
                        GroupedConv2DOp>(layer) &&
        llvm::hasSingleElement(op.getInput().getUsers())) {
      backward.skip(layer->getOpOperand(2));
      break;
    }
    if (!isa_and_nonnull<tosa::ReshapeOp>(layer))
      break;
    producer = layer->getOperand(0);
  }
  return success();
}

/// Copies the body of `@main` of `network` into the step, with `prefix` to the
/// names of its parameters; the student's batch norms become live.
FailureOr<Value> Differentiator::cloneForward(ModuleOp network,
                                              StringRef prefix) {
  auto main = network.lookupSymbol<func::FuncOp>("main");
  IRMapping map;
  map.map(main.getArgument(0), input);
  bool isStudent = prefix.empty();
  for (Operation &op : main.getBody().front().without_terminator()) {
    if (auto load = dyn_cast<ml_program::GlobalLoadOp>(op)) {
      map.map(load.getResult(), loadParameter(prefix, load, network));
      continue;
    }
    auto batchNorm = dyn_cast<BatchNormOp>(op);
    if (isStudent && batchNorm && !batchNorm.getFrozen()) {
      if (failed(cloneBatchNorm(batchNorm, map)))
        return failure();
      continue;
    }
    Operation *copy = step.builder.clone(op, map);
    if (isStudent)
      forward.push_back(copy);
  }
  return map.lookup(main.getBody().front().getTerminator()->getOperand(0));
}

/// Leaves out inputs of the last layer with weights.
void Differentiator::insertDropout() {
  auto last = llvm::find_if(llvm::reverse(forward), [](Operation *op) {
    return isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, GroupedConv2DOp>(op);
  });
  if (last == forward.rend())
    return;
  OpBuilder builder(*last);
  Value x = (*last)->getOperand(0);
  Location loc = (*last)->getLoc();
  Value seed = step.getTensor(StepRole::Seed, "",
                              RankedTensorType::get(2, builder.getI32Type()));
  Value samples = buildSampleIndices(builder, loc, settings.batch);
  auto dropout = DropoutOp::create(builder, loc, x.getType(), x, seed, samples,
                                   builder.getF64FloatAttr(settings.dropout),
                                   builder.getI32IntegerAttr(0));
  (*last)->setOperand(0, dropout.getResult());
  forward.insert(last.base() - 1, dropout);
}

//===----------------------------------------------------------------------===//
// Loss
//===----------------------------------------------------------------------===//

/// What a softmax at the end, if there is one, takes: the logits, NxC.
static FailureOr<Value> getLogits(OpBuilder &builder, Value output) {
  Value value = output;
  while (auto reshape = value.getDefiningOp<tosa::ReshapeOp>())
    value = reshape.getInput1();
  if (auto softmax = value.getDefiningOp<SoftmaxOp>())
    value = softmax.getInput();
  else
    value = output;
  RankedTensorType type = getTensorType(value);
  int64_t batch = type.getDimSize(0);
  int64_t classes = type.getNumElements() / batch;
  if (type.getShape().back() != classes)
    return emitError(output.getLoc(), "cannot take the cross-entropy of '")
           << getLayerName(output.getLoc())
           << "': expects one score a class, but a sample has the shape ["
           << type.getShape().drop_front() << "]; mse is the other loss";
  if (type.getRank() == 2)
    return value;
  Value shape = tosa::ConstShapeOp::create(
      builder, output.getLoc(), tosa::shapeType::get(builder.getContext(), 2),
      builder.getIndexTensorAttr({batch, classes}));
  return tosa::ReshapeOp::create(builder, output.getLoc(),
                                 type.clone({batch, classes}), value, shape)
      .getResult();
}

LogicalResult Differentiator::buildCrossEntropy(Value output) {
  OpBuilder &builder = step.builder;
  Location loc = output.getLoc();
  FailureOr<Value> logits = getLogits(builder, output);
  if (failed(logits))
    return failure();
  // Backward goes through the reshape as well, where there is one.
  if (Operation *op = logits->getDefiningOp();
      op && !llvm::is_contained(forward, op))
    forward.push_back(op);

  std::optional<Distillation> distillation;
  if (teacher) {
    FailureOr<Value> result = cloneForward(teacher, "teacher.");
    if (failed(result))
      return failure();
    FailureOr<Value> scores = getLogits(builder, *result);
    if (failed(scores))
      return failure();
    if (scores->getType() != logits->getType())
      return teacher.emitError(
                 "cannot distill from a network whose scores are ")
             << scores->getType() << " into one of " << logits->getType();
    distillation = {*scores, getHyper(Hyper::DistillationWeight),
                    getHyper(Hyper::Temperature)};
  }
  loss = buildClassificationLoss(builder, loc, *logits, getLabels(),
                                 getHyper(Hyper::LabelSmoothing), distillation);
  backward.add(*logits, loss.gradient);
  return success();
}

LogicalResult Differentiator::buildMeanSquaredError(Value output) {
  OpBuilder &builder = step.builder;
  Location loc = output.getLoc();
  if (teacher)
    return teacher.emitError("distillation goes with the loss cross-entropy");
  if (output.getType() != input.getType())
    return emitError(loc, "cannot compare the result, ")
           << output.getType() << ", with the input, " << input.getType()
           << ", for the loss mse";
  loss = buildReconstructionLoss(builder, loc, output, input);
  backward.add(output, loss.gradient);
  return success();
}

LogicalResult Differentiator::buildLoss(Value output) {
  return settings.loss == LossKind::CrossEntropy
             ? buildCrossEntropy(output)
             : buildMeanSquaredError(output);
}

/// (mean loss, right, right in five, norm of the gradient)
void Differentiator::buildMetrics(Value norm) {
  OpBuilder &builder = step.builder;
  Location loc = module.getLoc();
  auto type = RankedTensorType::get(kMetricCount, builder.getF32Type());
  Value zero;
  Value metrics = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
  for (auto [index, value] : llvm::enumerate(
           SmallVector<Value>{loss.loss, loss.top1, loss.top5, norm})) {
    if (!value && !zero)
      zero = buildNumber(builder, loc, builder.getF32Type(), 0.0);
    SmallVector<OpFoldResult> offset = {
        builder.getIndexAttr(static_cast<int64_t>(index))};
    SmallVector<OpFoldResult> one = {builder.getIndexAttr(1)};
    metrics = tensor::InsertSliceOp::create(builder, loc, value ? value : zero,
                                            metrics, offset, one, one);
  }
  step.store(StepRole::Metrics, "", metrics);
}

//===----------------------------------------------------------------------===//
// Optimizer
//===----------------------------------------------------------------------===//

void Differentiator::buildOptimizer(StepFunction &function,
                                    const Parameter &parameter, Value tensor,
                                    Value gradient, Value apply, Value scale) {
  OpBuilder &builder = function.builder;
  RankedTensorType type = getTensorType(tensor);
  Location loc = NameLoc::get(builder.getStringAttr(parameter.name));
  bool bound = isBound(parameter.name);
  Value rate = getHyper(function, bound ? Hyper::BoundRate : Hyper::WeightRate);
  Value decay =
      getHyper(function, bound ? Hyper::BoundDecay : Hyper::WeightDecay);
  Value moment1 = function.getTensor(StepRole::Moment1, parameter.name, type,
                                     parameter.order);
  if (settings.optimizer == OptimizerKind::Sgd) {
    auto update = SgdOp::create(builder, loc, type, type, tensor, gradient,
                                moment1, apply, scale, rate, decay,
                                getHyper(function, Hyper::SgdMomentum));
    function.store(parameter.role, parameter.name, update.getNewParameter(),
                   parameter.order);
    function.store(StepRole::Moment1, parameter.name, update.getNewMoment(),
                   parameter.order);
    return;
  }
  Value moment2 = function.getTensor(StepRole::Moment2, parameter.name, type,
                                     parameter.order);
  auto update = AdamOp::create(
      builder, loc, type, type, type, tensor, gradient, moment1, moment2, apply,
      scale, rate, decay, getHyper(function, Hyper::Beta1),
      getHyper(function, Hyper::Beta2), getHyper(function, Hyper::Correction1),
      getHyper(function, Hyper::Correction2),
      getHyper(function, Hyper::AdamEpsilon));
  function.store(parameter.role, parameter.name, update.getNewParameter(),
                 parameter.order);
  function.store(StepRole::Moment1, parameter.name, update.getNewMoment1(),
                 parameter.order);
  function.store(StepRole::Moment2, parameter.name, update.getNewMoment2(),
                 parameter.order);
}

/// The norm of `gradients` and what to multiply them by.
static std::pair<Value, Value> buildClipFactor(OpBuilder &builder, Location loc,
                                               ArrayRef<Value> gradients,
                                               Value limit, Value factor) {
  Value squares = SquaredNormOp::create(
      builder, loc, RankedTensorType::get({}, builder.getF64Type()), gradients);
  auto clip = ClipFactorOp::create(builder, loc, limit.getType(),
                                   limit.getType(), squares, limit, factor);
  return {clip.getNorm(), clip.getScale()};
}

/// What the gradients change.
void Differentiator::buildUpdate() {
  OpBuilder &builder = step.builder;
  Location loc = module.getLoc();
  SmallVector<Value> gradients;
  SmallVector<const Parameter *> trained;
  // Orders differ.
  llvm::sort(parameters, [](const Parameter &a, const Parameter &b) {
    return a.order < b.order;
  });
  for (const Parameter &parameter : parameters)
    if (Value gradient = backward.get(parameter.tensor)) {
      gradients.push_back(gradient);
      trained.push_back(&parameter);
    }

  auto getNumber = [&](StepFunction &function, double value) {
    return buildNumber(function.builder, loc, builder.getF32Type(), value);
  };
  auto getLimit = [&](StepFunction &function) {
    return settings.clip ? getHyper(function, Hyper::ClipNorm)
                         : getNumber(function, 0);
  };
  auto [norm, scale] =
      settings.accumulate
          ? buildClipFactor(builder, loc, gradients, getNumber(step, 0),
                            getNumber(step, 1))
          : buildClipFactor(builder, loc, gradients, getLimit(step),
                            getHyper(Hyper::GradientFactor));
  Value apply = AreFiniteOp::create(
      builder, loc, RankedTensorType::get({}, builder.getI1Type()),
      ValueRange{loss.loss, norm});
  buildMetrics(norm);

  for (auto [old, updated] : statistics)
    for (const Parameter &parameter : parameters)
      if (parameter.tensor == old)
        step.store(
            parameter.role, parameter.name,
            SelectOp::create(builder, loc, old.getType(), apply, updated, old),
            parameter.order);

  if (!settings.accumulate) {
    for (auto [parameter, gradient] : llvm::zip_equal(trained, gradients))
      buildOptimizer(step, *parameter, parameter->tensor, gradient, apply,
                     scale);
    step.finish(module);
    return;
  }

  StepFunction update(loc, "update");
  SmallVector<Value> sums;
  for (auto [parameter, gradient] : llvm::zip_equal(trained, gradients)) {
    RankedTensorType type = getTensorType(gradient);
    Value sum = step.getTensor(StepRole::Gradient, parameter->name, type,
                               parameter->order);
    step.store(StepRole::Gradient, parameter->name,
               AccumulateOp::create(builder, loc, type, sum, gradient, apply),
               parameter->order);
    sums.push_back(update.getTensor(StepRole::Gradient, parameter->name, type,
                                    parameter->order));
  }
  auto [sumNorm, sumScale] =
      buildClipFactor(update.builder, loc, sums, getLimit(update),
                      getHyper(update, Hyper::GradientFactor));
  Value applySums = AreFiniteOp::create(update.builder, loc, apply.getType(),
                                        ValueRange{sumNorm});
  // Not a constant, which would take the memory of the gradient once more.
  Value zero = arith::ConstantOp::create(update.builder, loc,
                                         update.builder.getF32FloatAttr(0.0f));
  for (auto [parameter, sum] : llvm::zip_equal(trained, sums)) {
    RankedTensorType type = getTensorType(sum);
    Value tensor = update.getTensor(parameter->role, parameter->name, type,
                                    parameter->order);
    buildOptimizer(update, *parameter, tensor, sum, applySums, sumScale);
    update.store(StepRole::Gradient, parameter->name,
                 tensor::SplatOp::create(update.builder, loc, zero, type),
                 parameter->order);
  }
  step.finish(module);
  update.finish(module);
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// Checks that `@main` of `module` takes one tensor and gives one.
static FailureOr<func::FuncOp> getMain(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || !llvm::hasSingleElement(main.getBody()))
    return module.emitError("expects a function '@main' of one block");
  auto isTensor = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getElementType().isF32() && tensor.getRank() > 0;
  };
  if (main.getNumArguments() != 1 || main.getNumResults() != 1 ||
      !isTensor(main.getArgumentTypes()[0]) ||
      !isTensor(main.getResultTypes()[0]))
    return main.emitError("expects one tensor of f32 and to give another to be "
                          "trained, but has type ")
           << main.getFunctionType();
  return main;
}

LogicalResult Differentiator::run() {
  FailureOr<func::FuncOp> main = getMain(module);
  if (failed(main) || failed(setBatch(module, settings.batch)))
    return failure();
  auto type = cast<RankedTensorType>(main->getArgumentTypes()[0]);
  if (teacher) {
    FailureOr<func::FuncOp> other = getMain(teacher);
    if (failed(other) || failed(setBatch(teacher, settings.batch)))
      return failure();
    if (other->getArgumentTypes()[0] != type)
      return other->emitError("cannot distill from a network that takes ")
             << other->getArgumentTypes()[0] << " into one that takes " << type;
  }
  auto name = main->getArgAttrOfType<StringAttr>(0, "qat.name");
  input =
      step.getTensor(StepRole::Input, name ? name.getValue() : "input", type);

  FailureOr<Value> output = cloneForward(module, /*prefix=*/"");
  if (failed(output))
    return failure();
  if (settings.dropout > 0)
    insertDropout();
  if (failed(buildLoss(*output)) || failed(backward.run(forward)))
    return failure();
  buildUpdate();

  main->erase();
  for (auto global :
       llvm::make_early_inc_range(module.getOps<ml_program::GlobalOp>()))
    global.erase();
  return success();
}

LogicalResult mlir::qat::differentiate(ModuleOp module,
                                       const DifferentiateSettings &settings,
                                       ModuleOp teacher) {
  return Differentiator(module, settings, teacher).run();
}
