//===- CalibrationOptions.cpp - data that quantization looks at -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationOptions.h"

#include "qat/Calibration/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

CalibrationOptions::CalibrationOptions(cl::OptionCategory &category,
                                       bool trains)
    : trains(trains),
      calibrate("calibrate", cl::value_desc("path"), cl::cat(category),
                cl::desc("Set the ranges of activations by running the float "
                         "network on this data set")),
      dataset("dataset", cl::cat(category),
              cl::desc(trains ? "Kind of the data: cifar10, mnist, imagenet, "
                                "folder, npy or digits (default: told by the "
                                "path)"
                              : "Kind of the calibration data: cifar10, mnist, "
                                "imagenet, folder, npy or digits (default: "
                                "told by the path)")),
      images("calibrate-images", cl::init(512), cl::cat(category),
             cl::desc("How many images to calibrate on, at most, spread evenly "
                      "over the data set (default 512)")),
      method("calibrate-method", cl::init("minmax"), cl::cat(category),
             cl::desc("How ranges follow from activations: minmax (default), "
                      "percentile, or mse (least squared error of the "
                      "quantizer)")),
      percentile("calibrate-percentile", cl::init(99.99),
                 cl::value_desc("percent"), cl::cat(category),
                 cl::desc("Percent of the activations that method percentile "
                          "holds (default 99.99)")),
      repair("repair", cl::CommaSeparated, cl::value_desc("names"),
             cl::cat(category),
             cl::desc("Repairs without labels, any of: equalize (ranges of "
                      "channels across layers), clip (weights, at least "
                      "squared error), bias (means of channels; needs "
                      "--calibrate), gain (with bias: their variances)")),
      repairImages("repair-images", cl::init(64), cl::cat(category),
                   cl::desc("How many images of the calibration data repairs "
                            "look at, at most (default 64)")),
      repairRelu6("repair-relu6", cl::init("keep"), cl::cat(category),
                  cl::desc("What equalize does with bounded activations: keep "
                           "(default; needs --calibrate) or replace them by "
                           "ReLU")) {}

Error CalibrationOptions::check() const {
  if (method != "minmax" && method != "percentile" && method != "mse")
    return wrongUsage(
        "expects '--calibrate-method' to be minmax, percentile or "
        "mse, but got '" +
        method + "'");
  if (!(percentile > 50 && percentile <= 100))
    return wrongUsage("expects '--calibrate-percentile' above 50 and at most "
                      "100, but got " +
                      Twine(std::to_string(percentile)));
  for (StringRef name : repair)
    if (name != "equalize" && name != "clip" && name != "bias" &&
        name != "gain")
      return wrongUsage("expects '--repair' to be any of equalize, clip, bias "
                        "and gain, but got '" +
                        name + "'");
  if (repairRelu6 != "keep" && repairRelu6 != "replace")
    return wrongUsage("expects '--repair-relu6' to be keep or replace, but got "
                      "'" +
                      repairRelu6 + "'");
  if (images == 0 || repairImages == 0)
    return wrongUsage(Twine("expects '--") +
                      (images == 0 ? "calibrate" : "repair") +
                      "-images' of at least 1");
  for (const cl::Option *option : {static_cast<const cl::Option *>(&method),
                                   static_cast<const cl::Option *>(&percentile),
                                   static_cast<const cl::Option *>(&images),
                                   static_cast<const cl::Option *>(&dataset)})
    if (option->getNumOccurrences() && calibrate.empty() &&
        !(trains && option == &dataset))
      return wrongUsage("'--" + option->ArgStr +
                        "' says how to calibrate; give --calibrate too");
  if (percentile.getNumOccurrences() && method != "percentile")
    return wrongUsage("'--calibrate-percentile' goes with --calibrate-method "
                      "percentile");
  if (repairRelu6.getNumOccurrences() && !repairs("equalize"))
    return wrongUsage("'--repair-relu6' goes with --repair equalize");
  if (repairs("bias") && calibrate.empty())
    return wrongUsage("'--repair bias' runs the network on data; give "
                      "--calibrate");
  if (repairs("gain") && !repairs("bias"))
    return wrongUsage(
        "'--repair gain' goes with bias; give --repair bias,gain");
  return checkDatasetName(dataset);
}

std::string CalibrationOptions::getKind() const {
  if (calibrate.empty() || !dataset.empty())
    return dataset;
  return guessDataset(calibrate);
}

void CalibrationOptions::addFloatPasses(OpPassManager &manager,
                                        WeightScheme scheme) const {
  if (!repairs("equalize"))
    return;
  QatEqualizeLayersOptions options;
  options.granularity = isPerChannel(scheme) ? "channel" : "layer";
  options.relu6 = repairRelu6;
  options.dataset = getKind();
  options.path = calibrate;
  options.images = repairImages;
  manager.addPass(createQatEqualizeLayers(options));
}

void CalibrationOptions::addQuantizedPasses(OpPassManager &manager,
                                            bool keepInputRange) const {
  auto setData = [&](auto options) {
    options.dataset = getKind();
    options.path = calibrate;
    options.images = repairImages;
    return options;
  };
  if (hasData()) {
    QatCalibrateOptions options = setData(QatCalibrateOptions());
    options.images = images;
    options.method = method;
    options.percentile = percentile;
    options.keepInputRange = keepInputRange;
    manager.addPass(createQatCalibrate(options));
  }
  // Biases are compared with the float network, whose weights are not clipped.
  if (repairs("bias") && repairs("clip"))
    manager.addPass(
        createQatRecordFloatMoments(setData(QatRecordFloatMomentsOptions())));
  if (repairs("clip"))
    manager.addPass(createQatClipWeights(setData(QatClipWeightsOptions())));
  if (repairs("bias")) {
    QatCorrectBiasesOptions options = setData(QatCorrectBiasesOptions());
    options.gains = repairs("gain");
    manager.addPass(createQatCorrectBiases(options));
  }
}
