//===- QuantizeCommand.cpp - qat quantize -----------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationOptions.h"
#include "Command.h"
#include "LayerConfigOption.h"
#include "MemoryOptions.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/GivenParameters.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
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

int mlir::qat::runQuantize(CommandLine &line) {
  cl::OptionCategory &category = line.category();
  cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("M.mlir"),
                             cl::cat(category));
  cl::opt<std::string> output(
      "o", cl::Required, cl::value_desc("file"), cl::cat(category),
      cl::desc("Where form Q goes: .mlir text, .mlirbc bytecode, - stdout"));
  cl::opt<std::string> scheme(
      "type-quant", cl::init("PerChannelsAsymMinMax"), cl::cat(category),
      cl::desc("Weight scheme: PerLayerAsymPACT, PerLayerAsymMinMax, "
               "PerChannelsAsymMinMax (default) or PerLayerSymPACT"));
  cl::opt<std::string> fold(
      "batch-fold-type", cl::cat(category),
      cl::desc("Where batch norms go: folding_weights (default of per-layer "
               "schemes), ICN (default of per-channel) or folding_thresh"));
  cl::opt<unsigned> weightBits(
      "weight-bits", cl::init(8), cl::cat(category),
      cl::desc("Bits of a weight, 2 to 8 (default 8)"));
  cl::opt<unsigned> activationBits(
      "activ-bits", cl::init(8), cl::cat(category),
      cl::desc("Bits of an activation, 2 to 8 (default 8)"));
  cl::opt<std::string> rounding(
      "activ-rounding", cl::init("nearest"), cl::cat(category),
      cl::desc("Rounding of activations: nearest (default) or floor"));
  cl::opt<std::string> activationType(
      "activ-type", cl::init("learned"), cl::cat(category),
      cl::desc("Where bounds of activations come from: learned (default; "
               "calibrated, then trained), clipped (6, or what is given) or "
               "relu6 (as clipped, not quantized while it trains)"));
  cl::opt<unsigned> biasBits(
      "bias-bits", cl::init(32), cl::cat(category),
      cl::desc("Bits to which integer biases saturate, 2 to 32 (default 32)"));
  cl::opt<int> batchFoldDelay(
      "batch-fold-delay", cl::init(-1), cl::value_desc("epoch"),
      cl::cat(category),
      cl::desc("Epoch of a training at which batch norms are frozen (default: "
               "the training's)"));
  cl::opt<std::string> inputRange(
      "input-range", cl::value_desc("lo,hi"), cl::cat(category),
      cl::desc(
          "Range of the real input (default: that of pixels 0 to 255 under "
          "the preprocessing given at import; else what calibration "
          "sees; else -1,1)"));
  LayerConfigOption layerConfig(category);
  MemoryOptions memory(category);
  CalibrationOptions calibration(category);
  cl::opt<std::string> parameters(
      "parameters", cl::value_desc("F.safetensors"), cl::cat(category),
      cl::desc("Values of any parameters by name: LAYER.weight, LAYER.bias, "
               "LAYER.bn.*, and bounds such as LAYER.alpha, which are then not "
               "calibrated"));
  if (!line.parse("puts quantizers into a float network and calibrates their "
                  "ranges"))
    return kWrongUsage;

  if (Error error = checkOptions(
          {scheme, fold, rounding, activationType, inputRange, biasBits,
           batchFoldDelay},
          {{"weight-bits", weightBits}, {"activ-bits", activationBits}}))
    return line.finish(std::move(error));
  if (Error error = calibration.check())
    return line.finish(std::move(error));
  Expected<std::string> config = layerConfig.read();
  if (!config)
    return line.finish(config.takeError());
  QatAssignPrecisionOptions budgets;
  if (!memory.areGiven()) {
    if (Error error = memory.checkUnused())
      return line.finish(std::move(error));
  } else {
    Expected<QatAssignPrecisionOptions> read = memory.read(*config);
    if (!read)
      return line.finish(read.takeError());
    budgets = std::move(*read);
    for (const cl::Option *option :
         {static_cast<cl::Option *>(&scheme), static_cast<cl::Option *>(&fold),
          static_cast<cl::Option *>(&weightBits),
          static_cast<cl::Option *>(&activationBits)})
      if (option->getNumOccurrences() > 0 && !line.isQuiet())
        errs() << "qat quantize: remark: --mem-constraint assigns what '--"
               << option->ArgStr << "' says, which is not used\n";
    // What equalization looks at.
    scheme =
        budgets.mode == "MixPL" ? "PerLayerAsymPACT" : "PerChannelsAsymMinMax";
  }
  Expected<GivenParameters> given = GivenParameters::read(parameters);
  if (!given)
    return line.finish(given.takeError());
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(input);
  if (!module)
    return line.finish(module.takeError());
  bool hasPreprocessing =
      (*module)->getOperation()->hasAttr("qat.preprocessing");
  Error error = line.runPasses(**module, [&](OpPassManager &manager) {
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
    options.layerConfig = *config;
    manager.addPass(createQatInsertQuantizers(options));
    // Only now there are bounds to set.
    set.complete = true;
    if (!parameters.empty())
      manager.addPass(createQatSetParameters(set));
    calibration.addQuantizedPasses(manager,
                                   !inputRange.empty() || hasPreprocessing);
    if (!parameters.empty())
      manager.addPass(createQatClearGiven());
  });
  if (!error && !line.onlyPrintsPipeline())
    error = line.writeModule(**module, output);
  if (!error && !calibration.hasData() && !given->haveBounds() &&
      !line.isQuiet() && !line.onlyPrintsPipeline())
    errs() << "qat quantize: remark: the ranges of activations are initial "
              "values; --calibrate sets them from data\n";
  return line.finish(std::move(error));
}
