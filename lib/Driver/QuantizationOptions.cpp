//===- QuantizationOptions.cpp - options that quantize a network ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizationOptions.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// Options that are words or numbers in one string.
struct TextOptions {
  StringRef scheme, fold, rounding, activationType, inputRange;
  unsigned biasBits;
  int batchFoldDelay;
};
} // namespace

/// What the passes would refuse as well, but as a fault of the network.
static Error checkOptions(const TextOptions &options,
                          ArrayRef<std::pair<StringRef, unsigned>> bits) {
  for (auto [option, value] : bits)
    if (value < 2 || value > 8)
      return wrongUsage("expects '--" + option + "' from 2 to 8, but got " +
                        Twine(value));
  if (!symbolizeWeightScheme(options.scheme))
    return wrongUsage("expects '--type-quant' to be PerLayerAsymPACT, "
                      "PerLayerAsymMinMax, PerChannelsAsymMinMax or "
                      "PerLayerSymPACT, but got '" +
                      options.scheme + "'");
  if (!options.fold.empty() && !symbolizeFoldType(options.fold))
    return wrongUsage("expects '--batch-fold-type' to be folding_weights, "
                      "ICN or folding_thresh, but got '" +
                      options.fold + "'");
  if (!symbolizeRoundingMode(options.rounding))
    return wrongUsage("expects '--activ-rounding' to be nearest or floor, but "
                      "got '" +
                      options.rounding + "'");
  if (!symbolizeActivationType(options.activationType))
    return wrongUsage("expects '--activ-type' to be learned, clipped or relu6, "
                      "but got '" +
                      options.activationType + "'");
  if (options.biasBits < 2 || options.biasBits > 32)
    return wrongUsage("expects '--bias-bits' from 2 to 32, but got " +
                      Twine(options.biasBits));
  if (options.batchFoldDelay < -1)
    return wrongUsage("expects '--batch-fold-delay' to be an epoch of at least "
                      "0, but got " +
                      Twine(options.batchFoldDelay));
  if (options.inputRange.empty())
    return Error::success();
  Expected<SmallVector<double>> range = parseNumberList(options.inputRange);
  if (!range)
    return wrongUsage("--input-range: " + toString(range.takeError()));
  if (range->size() != 2 ||
      !((*range)[0] <= 0 && (*range)[1] >= 0 && (*range)[0] < (*range)[1]))
    return wrongUsage("expects '--input-range' to be lo,hi with lo <= 0 <= hi "
                      "that differ, but got '" +
                      options.inputRange + "'");
  return Error::success();
}

QuantizationOptions::QuantizationOptions(cl::OptionCategory &category,
                                         CalibrationOptions &calibration)
    : calibration(calibration),
      scheme("type-quant", cl::init("PerChannelsAsymMinMax"), cl::cat(category),
             cl::desc("Weight scheme: PerLayerAsymPACT, PerLayerAsymMinMax, "
                      "PerChannelsAsymMinMax (default) or PerLayerSymPACT")),
      fold("batch-fold-type", cl::cat(category),
           cl::desc(
               "Where batch norms go: folding_weights (default of per-layer "
               "schemes), ICN (default of per-channel) or folding_thresh")),
      weightBits("weight-bits", cl::init(8), cl::cat(category),
                 cl::desc("Bits of a weight, 2 to 8 (default 8)")),
      activationBits("activ-bits", cl::init(8), cl::cat(category),
                     cl::desc("Bits of an activation, 2 to 8 (default 8)")),
      rounding("activ-rounding", cl::init("nearest"), cl::cat(category),
               cl::desc("Rounding of activations: nearest (default) or floor")),
      activationType(
          "activ-type", cl::init("learned"), cl::cat(category),
          cl::desc(
              "Where bounds of activations come from: learned (default; "
              "calibrated, then trained), clipped (6, or what is given) or "
              "relu6 (as clipped, not quantized while it trains)")),
      biasBits(
          "bias-bits", cl::init(32), cl::cat(category),
          cl::desc(
              "Bits to which integer biases saturate, 2 to 32 (default 32)")),
      batchFoldDelay(
          "batch-fold-delay", cl::init(-1), cl::value_desc("epoch"),
          cl::cat(category),
          cl::desc(
              "Epoch of a training at which batch norms are frozen (default: "
              "the training's)")),
      inputRange(
          "input-range", cl::value_desc("lo,hi"), cl::cat(category),
          cl::desc(
              "Range of the real input (default: that of pixels 0 to 255 under "
              "the preprocessing given at import; else what calibration "
              "sees; else -1,1)")),
      layerConfig(category), memory(category),
      parameters(
          "parameters", cl::value_desc("F.safetensors"), cl::cat(category),
          cl::desc(
              "Values of any parameters by name: LAYER.weight, LAYER.bias, "
              "LAYER.bn.*, and bounds such as LAYER.alpha, which are then not "
              "calibrated")) {}

Error QuantizationOptions::read(CommandLine &line) {
  if (Error error = checkOptions(
          {scheme, fold, rounding, activationType, inputRange, biasBits,
           batchFoldDelay},
          {{"weight-bits", weightBits}, {"activ-bits", activationBits}}))
    return error;
  if (Error error = calibration.check())
    return error;
  Expected<std::string> given = layerConfig.read();
  if (!given)
    return given.takeError();
  config = std::move(*given);
  if (!memory.areGiven()) {
    if (Error error = memory.checkUnused())
      return error;
  } else {
    Expected<QatAssignPrecisionOptions> assigned = memory.read(config);
    if (!assigned)
      return assigned.takeError();
    budgets = std::move(*assigned);
    for (const cl::Option *option :
         {static_cast<cl::Option *>(&scheme), static_cast<cl::Option *>(&fold),
          static_cast<cl::Option *>(&weightBits),
          static_cast<cl::Option *>(&activationBits)})
      if (option->getNumOccurrences() > 0 && !line.isQuiet())
        errs() << "qat " << line.getName()
               << ": remark: --mem-constraint assigns what '--"
               << option->ArgStr << "' says, which is not used\n";
    // What equalization looks at.
    scheme =
        budgets.mode == "MixPL" ? "PerLayerAsymPACT" : "PerChannelsAsymMinMax";
  }
  Expected<GivenParameters> values = GivenParameters::read(parameters);
  if (!values)
    return values.takeError();
  givesBounds = values->haveBounds();
  return Error::success();
}

void QuantizationOptions::addFloatPasses(OpPassManager &manager) const {
  if (parameters.empty())
    return;
  QatSetParametersOptions set;
  set.file = parameters;
  set.complete = true;
  manager.addPass(createQatSetParameters(set));
  manager.addPass(createQatClearGiven());
}

void QuantizationOptions::addPasses(OpPassManager &manager,
                                    ModuleOp module) const {
  bool hasPreprocessing = module->hasAttr(kPreprocessingAttrName);
  QatSetParametersOptions set;
  set.file = parameters;
  if (!parameters.empty())
    manager.addPass(createQatSetParameters(set));
  calibration.addFloatPasses(manager, *symbolizeWeightScheme(scheme));
  if (memory.areGiven())
    manager.addPass(createQatAssignPrecision(budgets));
  QatInsertQuantizersOptions options;
  options.weightScheme = scheme;
  // An assignment says them for every layer.
  if (!memory.areGiven())
    options.foldType = fold;
  options.weightBits = weightBits;
  options.activationBits = activationBits;
  options.rounding = rounding;
  options.inputRange = inputRange;
  options.activationType = activationType;
  options.biasBits = biasBits;
  options.batchFoldDelay = batchFoldDelay;
  options.layerConfig = config;
  manager.addPass(createQatInsertQuantizers(options));
  // Only now there are bounds to set.
  set.complete = true;
  if (!parameters.empty())
    manager.addPass(createQatSetParameters(set));
  calibration.addQuantizedPasses(manager,
                                 !inputRange.empty() || hasPreprocessing);
  if (!parameters.empty())
    manager.addPass(createQatClearGiven());
}

void QuantizationOptions::remarkInitialBounds(CommandLine &line) const {
  if (!calibration.hasData() && !givesBounds && !line.isQuiet())
    errs() << "qat " << line.getName()
           << ": remark: the ranges of activations are initial values; "
              "--calibrate sets them from data\n";
}

StringRef QuantizationOptions::findGiven() const {
  for (const cl::Option *option :
       {static_cast<const cl::Option *>(&scheme),
        static_cast<const cl::Option *>(&fold),
        static_cast<const cl::Option *>(&weightBits),
        static_cast<const cl::Option *>(&activationBits),
        static_cast<const cl::Option *>(&rounding),
        static_cast<const cl::Option *>(&activationType),
        static_cast<const cl::Option *>(&biasBits),
        static_cast<const cl::Option *>(&inputRange)})
    if (option->getNumOccurrences() > 0)
      return option->ArgStr;
  if (!config.empty())
    return "quant-add-config";
  return memory.areGiven() ? "mem-constraint" : "";
}
