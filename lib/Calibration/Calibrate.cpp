//===- Calibrate.cpp - qat-calibrate ----------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/NetworkInput.h"
#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

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

  void include(const SeenRange &other) {
    minimum = std::min(minimum, other.minimum);
    maximum = std::max(maximum, other.maximum);
  }
  bool isFinite() const {
    return std::isfinite(minimum) && std::isfinite(maximum);
  }
};

struct Calibrate : qat::impl::QatCalibrateBase<Calibrate> {
  using QatCalibrateBase::QatCalibrateBase;

  void runOnOperation() override;

private:
  func::FuncOp getNetwork();
  llvm::Expected<std::unique_ptr<CompiledNetwork>>
  compileObserved(OwningOpRef<ModuleOp> &clone);
  llvm::Error observe(const CompiledNetwork &network, SeenRange &input,
                      std::vector<SeenRange> &ranges);
  LogicalResult setBounds(func::FuncOp network, const SeenRange &input,
                          ArrayRef<SeenRange> ranges);
};
} // namespace

/// The quantizers that calibration sets, in the order of the function.
static SmallVector<ActivationQuantizerOpInterface>
getCalibrated(func::FuncOp function) {
  SmallVector<ActivationQuantizerOpInterface> quantizers;
  function.walk([&](ActivationQuantizerOpInterface op) {
    if (!op.getBounds().empty())
      quantizers.push_back(op);
  });
  return quantizers;
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
                               std::vector<SeenRange> &ranges) {
  if (llvm::Error error = checkSingleInput(network.inputs()))
    return error;
  llvm::Expected<std::optional<Preprocessing>> stored =
      getPreprocessing(getOperation());
  if (!stored)
    return stored.takeError();
  Preprocessing preprocessing = stored->value_or(Preprocessing());
  const TensorInfo &info = network.inputs()[0];
  unsigned channels = info.shape.back();
  if (llvm::Error error = preprocessing.verify(channels))
    return error;

  // Calibration looks at what training would: the first half of a data set.
  llvm::Expected<std::unique_ptr<Dataset>> data =
      openDataset(dataset, path, {DataSplit::Train});
  if (!data)
    return data.takeError();
  if ((*data)->size() == 0)
    return llvm::createStringError("the data set '" + path + "' is empty");
  std::vector<size_t> indices = spreadIndices((*data)->size(), images);

  std::mutex mutex;
  bool hasPixels = false;
  BadSampleLog log(llvm::errs());
  llvm::Error error = forEachSample(
      **data, indices, threads, log, [&](size_t, Sample sample) -> llvm::Error {
        llvm::Expected<NdArray> real =
            makeRealInput(sample, preprocessing, info);
        if (!real)
          return real.takeError();
        std::vector<NdArray> outputs(network.outputs().size());
        const NdArray *inputs[] = {&*real};
        if (llvm::Error error = network.run(inputs, outputs))
          return error;
        SeenRange seen = rangeOf(real->data<float>());
        std::vector<SeenRange> local;
        for (const NdArray &output : outputs)
          local.push_back(rangeOf(output.data<float>()));
        std::lock_guard<std::mutex> lock(mutex);
        hasPixels |= sample.pixels.kind() == ElementKind::U8;
        input.include(seen);
        for (auto [range, more] : llvm::zip_equal(ranges, local)) {
          // Minimum and maximum do not depend on the order; NaN sticks.
          if (std::isnan(more.minimum) || std::isnan(range.minimum))
            range.minimum = range.maximum =
                std::numeric_limits<float>::quiet_NaN();
          else
            range.include(more);
        }
        return llvm::Error::success();
      });
  if (error)
    return error;
  if (hasPixels) {
    auto [lo, hi] = preprocessing.realRange(channels);
    input = {static_cast<float>(lo), static_cast<float>(hi)};
  }
  return log.finish();
}

LogicalResult Calibrate::setBounds(func::FuncOp network, const SeenRange &input,
                                   ArrayRef<SeenRange> ranges) {
  SymbolTable symbols(getOperation());
  for (auto [op, range] : llvm::zip_equal(getCalibrated(network), ranges)) {
    if (!range.isFinite())
      return op->emitError("the float network gives values that are not "
                           "finite; look for overflow in the model or the "
                           "preprocessing");
    SmallVector<float> bounds =
        op.getCalibratedBounds(range.minimum, range.maximum);
    for (auto [bound, value] : llvm::zip_equal(op.getBounds(), bounds)) {
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
  std::vector<SeenRange> ranges(getCalibrated(network).size());
  SeenRange input;
  OwningOpRef<ModuleOp> clone;
  auto compiled = compileObserved(clone);
  llvm::Error error =
      compiled ? observe(**compiled, input, ranges) : compiled.takeError();
  if (error) {
    getOperation().emitError("cannot calibrate: ")
        << llvm::toString(std::move(error));
    return signalPassFailure();
  }
  if (failed(setBounds(network, input, ranges)))
    return signalPassFailure();
}
