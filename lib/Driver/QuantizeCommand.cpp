//===- QuantizeCommand.cpp - qat quantize -----------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

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
               "schemes) or ICN (default of per-channel)"));
  cl::opt<unsigned> weightBits(
      "weight-bits", cl::init(8), cl::cat(category),
      cl::desc("Bits of a weight, 2 to 8 (default 8)"));
  cl::opt<unsigned> activationBits(
      "activ-bits", cl::init(8), cl::cat(category),
      cl::desc("Bits of an activation, 2 to 8 (default 8)"));
  cl::opt<std::string> rounding(
      "activ-rounding", cl::init("nearest"), cl::cat(category),
      cl::desc("Rounding of activations: nearest (default) or floor"));
  cl::opt<std::string> inputRange(
      "input-range", cl::value_desc("lo,hi"), cl::cat(category),
      cl::desc(
          "Range of the real input (default: that of pixels 0 to 255 under "
          "the preprocessing given at import; else what calibration "
          "sees; else -1,1)"));
  cl::opt<std::string> calibrate(
      "calibrate", cl::value_desc("path"), cl::cat(category),
      cl::desc("Set the ranges of activations by running the float network on "
               "this data set"));
  cl::opt<std::string> dataset(
      "dataset", cl::cat(category),
      cl::desc("Kind of the calibration data: cifar10, mnist, imagenet, "
               "folder, npy or digits (default: told by the path)"));
  cl::opt<unsigned> images(
      "calibrate-images", cl::init(512), cl::cat(category),
      cl::desc("How many images to calibrate on, at most, spread evenly over "
               "the data set (default 512)"));
  cl::opt<std::string> method(
      "calibrate-method", cl::init("minmax"), cl::cat(category),
      cl::desc("How ranges follow from activations: minmax (default), "
               "percentile, or mse (least squared error of the quantizer)"));
  cl::opt<double> percentile(
      "calibrate-percentile", cl::init(99.99), cl::value_desc("percent"),
      cl::cat(category),
      cl::desc("Percent of the activations that method percentile holds "
               "(default 99.99)"));
  cl::list<std::string> repairs(
      "repair", cl::CommaSeparated, cl::value_desc("equalize,clip,bias"),
      cl::cat(category),
      cl::desc("Repairs without labels, any of: equalize (ranges of channels "
               "across layers), clip (weights, least squared error), bias "
               "(means of channels; needs --calibrate)"));
  cl::opt<unsigned> repairImages(
      "repair-images", cl::init(64), cl::cat(category),
      cl::desc("How many images of the calibration data repairs look at, at "
               "most (default 64)"));
  cl::opt<std::string> repairRelu6(
      "repair-relu6", cl::init("keep"), cl::cat(category),
      cl::desc("What equalize does with bounded activations: keep (default; "
               "needs --calibrate) or replace them by ReLU"));
  if (!line.parse("puts quantizers into a float network and calibrates their "
                  "ranges"))
    return kWrongUsage;

  for (StringRef repair : repairs)
    if (repair != "equalize" && repair != "clip" && repair != "bias")
      return line.finish(createStringError(
          "unknown repair '" + repair + "'; expected equalize, clip or bias"));
  if (is_contained(repairs, "bias") && calibrate.empty())
    return line.finish(createStringError(
        "--repair bias runs the network on data; give --calibrate"));
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(input);
  if (!module)
    return line.finish(module.takeError());
  if (calibrate.empty() && !line.isQuiet() && !line.onlyPrintsPipeline())
    errs() << "qat quantize: remark: the ranges of activations are initial "
              "values; --calibrate sets them from data\n";
  bool hasPreprocessing =
      (*module)->getOperation()->hasAttr("qat.preprocessing");
  Error error = line.runPasses(**module, [&](OpPassManager &manager) {
    std::string kind =
        dataset.empty() && !calibrate.empty() ? guessDataset(calibrate) : dataset;
    auto setData = [&](auto &passOptions) {
      passOptions.dataset = kind;
      passOptions.path = calibrate;
      passOptions.images = repairImages;
    };
    if (is_contained(repairs, "equalize")) {
      QatEqualizeLayersOptions equalize;
      std::optional<WeightScheme> known = symbolizeWeightScheme(scheme);
      equalize.granularity = known && isPerChannel(*known) ? "channel" : "layer";
      equalize.relu6 = repairRelu6;
      setData(equalize);
      manager.addPass(createQatEqualizeLayers(equalize));
    }
    QatInsertQuantizersOptions options;
    options.weightScheme = scheme;
    options.foldType = fold;
    options.weightBits = weightBits;
    options.activationBits = activationBits;
    options.rounding = rounding;
    options.inputRange = inputRange;
    manager.addPass(createQatInsertQuantizers(options));
    bool clips = is_contained(repairs, "clip");
    QatClipWeightsOptions clipping;
    setData(clipping);
    if (calibrate.empty()) {
      if (clips)
        manager.addPass(createQatClipWeights(clipping));
      return;
    }
    QatCalibrateOptions calibration;
    calibration.dataset = kind;
    calibration.path = calibrate;
    calibration.images = images;
    calibration.method = method;
    calibration.percentile = percentile;
    calibration.keepInputRange = !inputRange.empty() || hasPreprocessing;
    manager.addPass(createQatCalibrate(calibration));
    // Biases are compared with the float network, whose weights are not clipped.
    bool corrects = is_contained(repairs, "bias");
    if (corrects && clips) {
      QatRecordFloatMeansOptions means;
      setData(means);
      manager.addPass(createQatRecordFloatMeans(means));
    }
    if (clips)
      manager.addPass(createQatClipWeights(clipping));
    if (corrects) {
      QatCorrectBiasesOptions biases;
      setData(biases);
      manager.addPass(createQatCorrectBiases(biases));
    }
  });
  if (!error && !line.onlyPrintsPipeline())
    error = line.writeModule(**module, output);
  return line.finish(std::move(error));
}
