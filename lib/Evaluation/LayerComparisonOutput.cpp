//===- LayerComparisonOutput.cpp - the comparison for people and tools ----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Evaluation/LayerComparison.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static std::string formatDecibels(const std::optional<NoiseSums> &sums) {
  if (!sums)
    return "-";
  double decibels = sums->getDecibels();
  if (std::isinf(decibels))
    return decibels > 0 ? "equal" : "-inf";
  return formatv("{0:F1}", decibels);
}

static std::string formatShare(int64_t part, int64_t whole) {
  if (whole == 0)
    return "-";
  return formatv("{0:F2}", 100.0 * static_cast<double>(part) /
                               static_cast<double>(whole));
}

static std::string formatSteps(const StepDifference &steps) {
  if (steps.elements == 0)
    return "-";
  if (steps.differing == 0)
    return "0";
  return formatv("{0} (by {1})", steps.differing, steps.largest);
}

void mlir::qat::printReport(const ComparisonReport &report,
                            llvm::function_ref<std::string(size_t)> imageName,
                            raw_ostream &os) {
  size_t width = StringRef("layer").size();
  for (const LayerFigures &layer : report.layers)
    width = std::max(width, layer.name.size());
  auto row = [&](StringRef name, ArrayRef<std::string> cells) {
    os << left_justify(name, width);
    constexpr unsigned widths[] = {8, 8, 9, 8, 14, 14, 10, 12};
    for (auto [cell, cellWidth] : zip_equal(cells, widths))
      os << ' ' << right_justify(cell, cellWidth);
    os << '\n';
  };
  os << "Signal to noise in dB; local: the layer alone, chain: with all that "
        "is before it.\n";
  row("", {"float to", "fake", "fake to", "integer", "elements off",
           "elements off", "saturated", "dead"});
  row("layer",
      {"local", "chain", "local", "chain", "local", "chain", "%", "channels"});
  for (const LayerFigures &layer : report.layers)
    row(layer.name,
        {formatDecibels(layer.fakeLocal), formatDecibels(layer.fakeAccumulated),
         formatDecibels(layer.integerLocal),
         formatDecibels(layer.integerAccumulated),
         formatSteps(layer.stepsLocal), formatSteps(layer.stepsAccumulated),
         formatShare(layer.saturated, layer.quantized),
         formatv("{0} of {1}", layer.deadChannels, layer.channels)});
  if (!report.first) {
    os << "The fake-quantized and the integer network are equal in every layer "
          "before the logits.\n";
    return;
  }
  const FirstDifference &first = *report.first;
  os << formatv("The fake-quantized and the integer network part first in "
                "layer '{0}': {1}, element {2} is {3} in one and {4} in the "
                "other.\n",
                report.layers[first.layer].name, imageName(first.image),
                first.element, first.fake, first.integer);
}

static json::Value decibelsToJson(const std::optional<NoiseSums> &sums) {
  if (!sums)
    return nullptr;
  double decibels = sums->getDecibels();
  if (std::isinf(decibels)) // no number in JSON
    return decibels > 0 ? "inf" : "-inf";
  return decibels;
}

static json::Object stepsToJson(const StepDifference &steps) {
  return json::Object{{"elements", steps.elements},
                      {"differing", steps.differing},
                      {"largest", steps.largest}};
}

json::Object
mlir::qat::toJson(const ComparisonReport &report,
                  llvm::function_ref<std::string(size_t)> imageName) {
  json::Array layers;
  for (const LayerFigures &layer : report.layers) {
    json::Object object{
        {"name", layer.name},
        {"snr_fake_float_local", decibelsToJson(layer.fakeLocal)},
        {"snr_fake_float", decibelsToJson(layer.fakeAccumulated)},
        {"snr_integer_fake_local", decibelsToJson(layer.integerLocal)},
        {"snr_integer_fake", decibelsToJson(layer.integerAccumulated)},
        {"steps_local", stepsToJson(layer.stepsLocal)},
        {"steps", stepsToJson(layer.stepsAccumulated)},
        {"channels", layer.channels},
        {"dead_channels", layer.deadChannels}};
    if (layer.quantized != 0)
      object["saturated"] = static_cast<double>(layer.saturated) /
                            static_cast<double>(layer.quantized);
    layers.push_back(std::move(object));
  }
  json::Object result{{"images", static_cast<int64_t>(report.images)},
                      {"layers", std::move(layers)}};
  if (const std::optional<FirstDifference> &first = report.first)
    result["first_difference"] =
        json::Object{{"layer", report.layers[first->layer].name},
                     {"image", imageName(first->image)},
                     {"element", first->element},
                     {"fake", first->fake},
                     {"integer", first->integer}};
  return result;
}
