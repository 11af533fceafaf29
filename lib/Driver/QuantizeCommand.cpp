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
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/LayerConfig.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// The configuration that `given` is, or names, on one line; errors are
/// reported where the layers are known.
static Expected<std::string> readLayerConfig(StringRef given) {
  StringRef text = given.trim();
  std::unique_ptr<MemoryBuffer> buffer;
  if (!text.empty() && !text.starts_with("[") && !text.starts_with("{")) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> file =
        MemoryBuffer::getFile(given, /*IsText=*/true);
    if (!file)
      return createStringError("cannot read '" + given +
                               "': " + file.getError().message());
    buffer = std::move(*file);
    text = buffer->getBuffer();
  }
  if (given.empty())
    return std::string();
  Expected<std::vector<LayerOverride>> config = parseLayerConfig(text);
  if (!config)
    return config.takeError();
  return printLayerConfig(*config);
}

namespace {
/// Options that are words or numbers in one string.
struct TextOptions {
  StringRef scheme, fold, rounding, inputRange;
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
    return wrongUsage("expects '--batch-fold-type' to be folding_weights or "
                      "ICN, but got '" +
                      options.fold + "'");
  if (!symbolizeRoundingMode(options.rounding))
    return wrongUsage("expects '--activ-rounding' to be nearest or floor, but "
                      "got '" +
                      options.rounding + "'");
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
  cl::opt<std::string> layerConfig(
      "quant-add-config", cl::value_desc("file|JSON"), cl::cat(category),
      cl::desc("What single layers are given instead: a JSON list of objects "
               "{\"layer\": index or name, \"w_bits\", \"a_bits\", "
               "\"quant_type\", \"fold_type\"}"));
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

  if (Error error = checkOptions(
          {scheme, fold, rounding, inputRange},
          {{"weight-bits", weightBits}, {"activ-bits", activationBits}}))
    return line.finish(std::move(error));
  if (Error error = checkDatasetName(dataset))
    return line.finish(std::move(error));
  Expected<std::string> config = readLayerConfig(layerConfig);
  if (!config)
    return line.finish(config.takeError());
  for (StringRef repair : repairs)
    if (repair != "equalize" && repair != "clip" && repair != "bias")
      return line.finish(wrongUsage("unknown repair '" + repair +
                                    "'; expected equalize, clip or bias"));
  if (is_contained(repairs, "bias") && calibrate.empty())
    return line.finish(
        wrongUsage("--repair bias runs the network on data; give --calibrate"));
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(input);
  if (!module)
    return line.finish(module.takeError());
  bool hasPreprocessing =
      (*module)->getOperation()->hasAttr("qat.preprocessing");
  Error error = line.runPasses(**module, [&](OpPassManager &manager) {
    std::string kind = dataset.empty() && !calibrate.empty()
                           ? guessDataset(calibrate)
                           : dataset;
    auto setData = [&](auto &passOptions) {
      passOptions.dataset = kind;
      passOptions.path = calibrate;
      passOptions.images = repairImages;
    };
    if (is_contained(repairs, "equalize")) {
      QatEqualizeLayersOptions equalize;
      std::optional<WeightScheme> known = symbolizeWeightScheme(scheme);
      equalize.granularity =
          known && isPerChannel(*known) ? "channel" : "layer";
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
    options.layerConfig = *config;
    manager.addPass(createQatInsertQuantizers(options));
    bool clips = is_contained(repairs, "clip");
    if (calibrate.empty()) {
      if (clips)
        manager.addPass(createQatClipWeights());
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
    // Biases are compared with the float network, whose weights are not
    // clipped.
    bool corrects = is_contained(repairs, "bias");
    if (corrects && clips) {
      QatRecordFloatMeansOptions means;
      setData(means);
      manager.addPass(createQatRecordFloatMeans(means));
    }
    if (clips)
      manager.addPass(createQatClipWeights());
    if (corrects) {
      QatCorrectBiasesOptions biases;
      setData(biases);
      manager.addPass(createQatCorrectBiases(biases));
    }
  });
  if (!error && !line.onlyPrintsPipeline())
    error = line.writeModule(**module, output);
  if (!error && calibrate.empty() && !line.isQuiet() &&
      !line.onlyPrintsPipeline())
    errs() << "qat quantize: remark: the ranges of activations are initial "
              "values; --calibrate sets them from data\n";
  return line.finish(std::move(error));
}
