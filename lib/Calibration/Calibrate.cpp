//===- Calibrate.cpp - qat-calibrate ----------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataRun.h"
#include "Parameters.h"

#include "qat/Calibration/BoundSearch.h"
#include "qat/Calibration/Histogram.h"
#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Dialect/Qat/Transforms/GivenParameters.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSwitch.h"

#include <mutex>

namespace mlir::qat {
#define GEN_PASS_DEF_QATCALIBRATE
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// The least and the greatest value that was seen.
struct SeenRange {
  float minimum = std::numeric_limits<float>::infinity();
  float maximum = -std::numeric_limits<float>::infinity();

  /// Takes `other` in; NaN, which no comparison holds for, sticks.
  void include(const SeenRange &other) {
    if (std::isnan(minimum) || std::isnan(other.minimum)) {
      minimum = maximum = std::numeric_limits<float>::quiet_NaN();
      return;
    }
    minimum = std::min(minimum, other.minimum);
    maximum = std::max(maximum, other.maximum);
  }
  bool isFinite() const {
    return std::isfinite(minimum) && std::isfinite(maximum);
  }
};

/// What was seen of one tensor; the histogram stays empty where only the range
/// is asked for.
struct SeenValues {
  SeenRange range;
  Histogram histogram;
};

/// How bounds follow from values.
enum class Method { MinMax, Percentile, MSE };

struct Calibrate : qat::impl::QatCalibrateBase<Calibrate> {
  using QatCalibrateBase::QatCalibrateBase;

  void runOnOperation() override;

private:
  func::FuncOp getNetwork();
  llvm::Expected<std::unique_ptr<CompiledNetwork>>
  compileObserved(OwningOpRef<ModuleOp> &clone);
  llvm::Error observe(const CompiledNetwork &network, SeenRange &input,
                      std::vector<SeenValues> &values);
  std::optional<Method> parseMethod();
  FailureOr<SmallVector<float>> chooseBounds(ActivationQuantizerOpInterface op,
                                             const SeenValues &values);
  LogicalResult setBounds(func::FuncOp network, const SeenRange &input,
                          ArrayRef<SeenValues> values);
};
} // namespace

/// Whether calibration leaves `bound` of `op` as it is: it was given, or it is
/// that of a clipped activation.
static bool isFixed(ActivationQuantizerOpInterface op, Value bound) {
  auto pact = dyn_cast<PactOp>(op.getOperation());
  return (pact && pact.getActivationType() != ActivationType::Learned) ||
         isGiven(bound);
}

/// The quantizers that calibration sets, in the order of the function.
static SmallVector<ActivationQuantizerOpInterface>
getCalibrated(func::FuncOp function) {
  SmallVector<ActivationQuantizerOpInterface> quantizers;
  function.walk([&](ActivationQuantizerOpInterface op) {
    if (llvm::any_of(op.getBounds(),
                     [&](Value bound) { return !isFixed(op, bound); }))
      quantizers.push_back(op);
  });
  return quantizers;
}

/// Clips what `function` computes where bounds are fixed, so that what lies
/// behind is calibrated on the values that come there.
static LogicalResult clipWhereFixed(func::FuncOp function) {
  Parameters parameters(function->getParentOfType<ModuleOp>());
  OpBuilder builder(function.getContext());
  WalkResult result = function.walk([&](ActivationQuantizerOpInterface op) {
    SmallVector<Value> bounds = op.getBounds();
    if (bounds.empty() ||
        llvm::any_of(bounds, [&](Value bound) { return !isFixed(op, bound); }))
      return WalkResult::advance();
    SmallVector<float> values;
    for (Value bound : bounds) {
      std::optional<std::vector<float>> value = parameters.get(bound);
      if (!value || value->size() != 1 || !std::isfinite(value->front()))
        return WalkResult(op->emitError("expects bounds that are finite "
                                        "parameters"));
      values.push_back(value->front());
    }
    float lo = values.size() == 1 ? 0.0f : std::min(values[0], 0.0f);
    float hi = std::max(values.back(), 0.0f);
    if (lo == hi) // freezing says what is wrong with it
      return WalkResult::advance();
    builder.setInsertionPointAfter(op);
    Value result = op->getResult(0);
    auto clamp = tosa::ClampOp::create(builder, op.getLoc(), result.getType(),
                                       result, builder.getF32FloatAttr(lo),
                                       builder.getF32FloatAttr(hi));
    result.replaceAllUsesExcept(clamp.getOutput(), clamp);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static Rounding toRounding(RoundingMode mode) {
  return mode == RoundingMode::Floor ? Rounding::Floor : Rounding::Nearest;
}

static SeenRange rangeOf(ArrayRef<float> values) {
  SeenRange range;
  for (float value : values) {
    // A NaN, which no comparison holds for, must not go unnoticed.
    if (std::isnan(value))
      return {value, value};
    range.minimum = std::min(range.minimum, value);
    range.maximum = std::max(range.maximum, value);
  }
  return range;
}

func::FuncOp Calibrate::getNetwork() {
  auto function = getOperation().lookupSymbol<func::FuncOp>("main");
  if (!function)
    getOperation().emitError("expects a function @main to calibrate");
  return function;
}

/// Compiles the float network with the inputs of its quantizers as results.
llvm::Expected<std::unique_ptr<CompiledNetwork>>
Calibrate::compileObserved(OwningOpRef<ModuleOp> &clone) {
  clone = getOperation().clone();
  auto function = clone->lookupSymbol<func::FuncOp>("main");
  if (failed(clipWhereFixed(function)))
    return llvm::createStringError("the float network cannot be prepared");
  SmallVector<Value> observed;
  for (ActivationQuantizerOpInterface op : getCalibrated(function))
    observed.push_back(op.getQuantizedInput());
  Operation *terminator = function.getBody().front().getTerminator();
  terminator->setOperands(observed);
  function.setFunctionType(FunctionType::get(&getContext(),
                                             function.getArgumentTypes(),
                                             ValueRange(observed).getTypes()));
  function.removeResAttrsAttr();

  PassManager manager(&getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatRemoveQuantizers());
  manager.addPass(createQatBindParameters());
  if (failed(manager.run(*clone)))
    return llvm::createStringError("the float network cannot be prepared");
  return CompiledNetwork::compile(*clone);
}

llvm::Error Calibrate::observe(const CompiledNetwork &network, SeenRange &input,
                               std::vector<SeenValues> &values) {
  bool wantsHistograms = *parseMethod() != Method::MinMax;
  std::mutex mutex;
  bool hasPictures = false;
  llvm::Error error = forEachInput(
      getOperation(), network.inputs(), {dataset, path, images, threads},
      [&](RunInput sample) -> llvm::Error {
        std::vector<NdArray> outputs(network.outputs().size());
        const NdArray *inputs[] = {&sample.real};
        if (llvm::Error error = network.run(inputs, outputs))
          return error;
        SeenRange seen = rangeOf(sample.real.data<float>());
        for (auto [all, output] : llvm::zip_equal(values, outputs)) {
          // Neither ranges nor histograms depend on the order.
          SeenRange range = rangeOf(output.data<float>());
          Histogram histogram;
          if (wantsHistograms)
            histogram.add(output.data<float>());
          std::lock_guard<std::mutex> lock(mutex);
          all.range.include(range);
          all.histogram.merge(histogram);
        }
        std::lock_guard<std::mutex> lock(mutex);
        hasPictures |= sample.isPicture;
        input.include(seen);
        return llvm::Error::success();
      });
  if (error)
    return error;
  if (hasPictures) {
    llvm::Expected<std::optional<Preprocessing>> stored =
        getPreprocessing(getOperation());
    if (!stored)
      return stored.takeError();
    auto [lo, hi] = stored->value_or(Preprocessing())
                        .realRange(network.inputs()[0].shape.back());
    input = {static_cast<float>(lo), static_cast<float>(hi)};
  }
  return llvm::Error::success();
}

std::optional<Method> Calibrate::parseMethod() {
  return llvm::StringSwitch<std::optional<Method>>(method)
      .Case("minmax", Method::MinMax)
      .Case("percentile", Method::Percentile)
      .Case("mse", Method::MSE)
      .Default(std::nullopt);
}

FailureOr<SmallVector<float>>
Calibrate::chooseBounds(ActivationQuantizerOpInterface op,
                        const SeenValues &values) {
  SeenRange range = values.range;
  auto pact = dyn_cast<PactOp>(op.getOperation());
  auto bounded = dyn_cast<BoundedOp>(op.getOperation());
  Method chosen = *parseMethod();
  if (chosen == Method::MinMax)
    return op.getCalibratedBounds(range.minimum, range.maximum);
  if (!pact && !bounded)
    return op->emitError("has bounds that only minimum and maximum can "
                         "calibrate; use method minmax");
  if (chosen == Method::Percentile) {
    double share = percentile / 100.0;
    // What lies outside is spread over the ends that the quantizer has.
    double tail = pact ? share : 0.5 + share / 2;
    float high = values.histogram.upperQuantile(tail);
    // A ReLU that is hardly ever active keeps what it has.
    if (!pact || high > 0)
      range.maximum = high;
    if (bounded)
      range.minimum = values.histogram.lowerQuantile(tail);
    return op.getCalibratedBounds(range.minimum, range.maximum);
  }
  std::vector<WeightedPoint> points = values.histogram.points();
  if (pact) {
    float bound = pact.getFloatBound() ? pact.getFloatBound()->convertToFloat()
                                       : std::numeric_limits<float>::max();
    range.maximum = findPactBound(points, op.getGridBits(),
                                  toRounding(pact.getRounding()), bound);
  } else {
    BoundPair found = findTwoBounds(points, op.getGridBits(),
                                    toRounding(bounded.getRounding()));
    range = {found.lo, found.hi};
  }
  return op.getCalibratedBounds(range.minimum, range.maximum);
}

LogicalResult Calibrate::setBounds(func::FuncOp network, const SeenRange &input,
                                   ArrayRef<SeenValues> values) {
  SymbolTable symbols(getOperation());
  for (auto [op, seen] : llvm::zip_equal(getCalibrated(network), values)) {
    if (!seen.range.isFinite())
      return op->emitError("the float network gives values that are not "
                           "finite; look for overflow in the model or the "
                           "preprocessing");
    FailureOr<SmallVector<float>> bounds = chooseBounds(op, seen);
    if (failed(bounds))
      return failure();
    for (auto [bound, value] : llvm::zip_equal(op.getBounds(), *bounds)) {
      if (isFixed(op, bound))
        continue;
      auto load = bound.getDefiningOp<ml_program::GlobalLoadOp>();
      auto global = load ? symbols.lookup<ml_program::GlobalOp>(
                               load.getGlobal().getLeafReference())
                         : nullptr;
      if (!global)
        return op->emitError("expects bounds that are parameters; run "
                             "qat-calibrate before qat-bind-parameters");
      global.setValueAttr(DenseElementsAttr::get(
          cast<RankedTensorType>(bound.getType()), ArrayRef(value)));
    }
  }
  if (keepInputRange)
    return success();
  // Padding is real zero, so the range has to hold it.
  float lo = std::min(input.minimum, 0.0f), hi = std::max(input.maximum, 0.0f);
  if (!(lo < hi) || !std::isfinite(lo) || !std::isfinite(hi))
    return network.emitError("the data set's inputs span no range");
  Builder builder(&getContext());
  network.walk([&](QuantizeInputOp op) {
    op.setMinimumAttr(builder.getF32FloatAttr(lo));
    op.setMaximumAttr(builder.getF32FloatAttr(hi));
  });
  return success();
}

void Calibrate::runOnOperation() {
  func::FuncOp network = getNetwork();
  if (!network)
    return signalPassFailure();
  if (!parseMethod()) {
    getOperation().emitError("unknown calibration method '")
        << method << "'; expected minmax, percentile or mse";
    return signalPassFailure();
  }
  if (!(percentile > 50 && percentile <= 100)) {
    getOperation().emitError("the percentile must be above 50 and at most 100, "
                             "but is ")
        << static_cast<double>(percentile);
    return signalPassFailure();
  }
  std::vector<SeenValues> values(getCalibrated(network).size());
  SeenRange input;
  OwningOpRef<ModuleOp> clone;
  auto compiled = compileObserved(clone);
  llvm::Error error =
      compiled ? observe(**compiled, input, values) : compiled.takeError();
  if (error) {
    getOperation().emitError("cannot calibrate: ")
        << llvm::toString(std::move(error));
    return signalPassFailure();
  }
  if (failed(setBounds(network, input, values)))
    return signalPassFailure();
}
