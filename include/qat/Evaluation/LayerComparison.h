//===- LayerComparison.h - where a quantized network loses it --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three networks that ought to compute the same - the float network, the
// fake-quantized one that stands for it, and the integer one that runs on the
// device - layer by layer over a data set. The noise of a layer is told apart
// from what it inherits: *accumulated* noise is that of the layer in its own
// network, *local* noise that of the layer fed with what the other network's
// layers computed before it.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EVALUATION_LAYERCOMPARISON_H
#define QAT_EVALUATION_LAYERCOMPARISON_H

#include "qat/Execution/CompiledNetwork.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

namespace mlir::qat {

/// The sums behind a signal-to-noise ratio.
struct NoiseSums {
  /// Sums of squares, in double: of the reference, and of the difference.
  double signal = 0, noise = 0;

  /// 10 log10(signal / noise) in dB: infinite without noise, minus infinity
  /// for noise without a signal.
  double getDecibels() const;
  NoiseSums &operator+=(const NoiseSums &other);
};

/// How the integers of a layer differ from the fake-quantized numbers.
struct StepDifference {
  int64_t elements = 0, differing = 0;
  /// The largest difference, in steps of the layer's grid.
  int64_t largest = 0;

  StepDifference &operator+=(const StepDifference &other);
};

/// One layer over all images.
struct LayerFigures {
  std::string name;
  /// Fake-quantized against float; absent for layers that the float network
  /// does not have (the grid of the input, a requantization).
  std::optional<NoiseSums> fakeLocal, fakeAccumulated;
  NoiseSums integerLocal, integerAccumulated;
  StepDifference stepsLocal, stepsAccumulated;
  /// Of the elements that the layer's quantizer saw, those beyond its bounds;
  /// no elements where there is none. What a ReLU cuts off is not counted.
  int64_t quantized = 0, saturated = 0;
  /// Channels whose integers are the same everywhere in every image.
  int64_t channels = 0, deadChannels = 0;
};

/// Where the integer network first differs from the fake-quantized one.
struct FirstDifference {
  /// The place of the image, and of the layer.
  size_t image = 0, layer = 0;
  /// The place of the element in the layer's output.
  int64_t element = 0;
  /// Stored integers: what the fake-quantized number stands for, and what the
  /// integer network has.
  int64_t fake = 0, integer = 0;
};

struct ComparisonReport {
  size_t images = 0;
  std::vector<LayerFigures> layers;
  std::optional<FirstDifference> first;
};

class LayerComparison {
public:
  ~LayerComparison();

  /// Prepares the comparison of form Q as `module` is, with its parameters;
  /// `reference`, if not null, is the float network to compare with in place
  /// of the one that `module` stands for. Neither is changed. Fails where a
  /// network cannot be frozen or compiled.
  static llvm::Expected<std::unique_ptr<LayerComparison>>
  create(ModuleOp module, ModuleOp reference, const CompileOptions &options);

  /// Gives one sample as an input of a network.
  using InputMaker =
      llvm::function_ref<llvm::Expected<NdArray>(const TensorInfo &)>;

  /// Compares the networks on image `index` of those that are judged. Several
  /// threads may call this at once, with different indices.
  llvm::Error add(size_t index, InputMaker makeInput);

  /// The figures of all images so far, which do not depend on the order in
  /// which they came.
  ComparisonReport getReport() const;

private:
  struct Networks;
  struct ImageFigures;

  LayerComparison();

  std::unique_ptr<Networks> networks;
  mutable std::mutex mutex;
  std::vector<ImageFigures> images;
  /// Smallest and largest integer of each channel of each layer.
  std::vector<std::vector<std::pair<int32_t, int32_t>>> channelRanges;
  std::optional<FirstDifference> first;
};

/// A table of `report` for people; `imageName` names an image by its place.
void printReport(const ComparisonReport &report,
                 llvm::function_ref<std::string(size_t)> imageName,
                 llvm::raw_ostream &os);

/// The same as JSON: "layers" with a member a figure, null where the float
/// network has no such layer, "inf" without noise, and "first_difference".
llvm::json::Object toJson(const ComparisonReport &report,
                          llvm::function_ref<std::string(size_t)> imageName);

} // namespace mlir::qat

#endif // QAT_EVALUATION_LAYERCOMPARISON_H
