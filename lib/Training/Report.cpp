//===- Report.cpp - a training as a page of HTML --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Report.h"

#include "Plot.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

static constexpr StringLiteral kStyle = R"(
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; max-width: 75em; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; }
th, td { padding: 0.15em 0.8em 0.15em 0; text-align: right;
  border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums; }
th.name, td.name { text-align: left; }
tr.best td { font-weight: bold; }
.plots { display: flex; flex-wrap: wrap; gap: 1em 2em; align-items: start; }
svg text { fill: currentColor; font-size: 11px; }
svg text.head { font-size: 13px; font-weight: bold; }
svg .grid { stroke: #8884; } svg .mark { stroke: #888; stroke-dasharray: 4 3; }
)";

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static void writeCell(raw_ostream &os, StringRef text, bool isName = false,
                      StringRef tag = "td") {
  os << "<" << tag << (isName ? " class=\"name\">" : ">") << escapeMarkup(text)
     << "</" << tag << ">";
}

static void writeHead(raw_ostream &os, ArrayRef<StringRef> names,
                      size_t numNames) {
  os << "<tr>";
  for (auto [column, name] : enumerate(names))
    writeCell(os, name, column < numNames, "th");
  os << "</tr>\n";
}

static std::string percentText(const std::optional<double> &value) {
  return value ? formatv("{0:F2}", *value).str() : "-";
}

static std::optional<double> top1Of(const std::optional<Accuracy> &accuracy) {
  return accuracy ? std::optional<double>(accuracy->top1) : std::nullopt;
}

static std::optional<double> top5Of(const std::optional<Accuracy> &accuracy) {
  return accuracy ? std::optional<double>(accuracy->top5) : std::nullopt;
}

static void writeOptions(const TrainingSummary &summary, raw_ostream &os) {
  os << "<h2>Options</h2>\n<table id=\"options\">\n";
  auto row = [&](StringRef name, StringRef value) {
    os << "<tr>";
    writeCell(os, name, /*isName=*/true);
    writeCell(os, value, /*isName=*/true);
    os << "</tr>\n";
  };
  row("network", summary.network);
  row("data", summary.data);
  row("seed", std::to_string(summary.seed));
  for (const auto &[name, value] : summary.options)
    row(name, value);
  os << "</table>\n";
}

static void writeEpochs(ArrayRef<EpochRecord> records, raw_ostream &os) {
  os << "<h2>Epochs</h2>\n<table id=\"epochs\">\n";
  writeHead(os,
            {"epoch", "loss", "train top-1 %", "float top-1 %", "fake top-1 %",
             "fake top-5 %", "integer top-1 %", "integer top-5 %",
             "agreement %", "learning rate", "images/s", "frozen"},
            /*numNames=*/0);
  int64_t images = 0;
  for (const EpochRecord &record : records) {
    os << (record.best ? "<tr class=\"best\">" : "<tr>");
    writeCell(os, std::to_string(record.epoch));
    writeCell(os, shortNumber(record.loss));
    writeCell(os, percentText(top1Of(record.train)));
    writeCell(os, percentText(top1Of(record.real)));
    writeCell(os, percentText(top1Of(record.fake)));
    writeCell(os, percentText(top5Of(record.fake)));
    writeCell(os, percentText(top1Of(record.integer)));
    writeCell(os, percentText(top5Of(record.integer)));
    writeCell(os, percentText(record.agreement));
    writeCell(os, shortNumber(record.learningRate));
    double rate = static_cast<double>(record.images - images) / record.seconds;
    writeCell(os, record.seconds > 0 ? formatv("{0:F1}", rate).str() : "-");
    writeCell(os, record.frozen ? "yes" : "no");
    os << "</tr>\n";
    images = record.images;
  }
  os << "</table>\n";
}

static void writeLayers(ArrayRef<LayerSummary> layers, raw_ostream &os) {
  if (layers.empty())
    return;
  auto bits = [](int64_t count) {
    return count ? std::to_string(count) : std::string("-");
  };
  auto decibels = [](const std::optional<double> &noise) -> std::string {
    if (!noise)
      return "-";
    if (std::isinf(*noise))
      return *noise > 0 ? "none" : "no signal";
    return formatv("{0:F1}", *noise);
  };
  bool hasNoise = any_of(layers, [](const LayerSummary &layer) {
    return layer.localNoise || layer.accumulatedNoise;
  });
  os << "<h2>Layers</h2>\n";
  if (hasNoise)
    os << "<p>Signal to noise against the float network: of the layer alone, "
          "and with what it inherits.</p>\n";
  os << "<table id=\"layers\">\n";
  SmallVector<StringRef> head = {"layer",           "kind",
                                 "quantizer",       "weight bits",
                                 "activation bits", "weights"};
  if (hasNoise)
    head.append({"local dB", "accumulated dB"});
  writeHead(os, head, /*numNames=*/3);
  for (const LayerSummary &layer : layers) {
    os << "<tr>";
    writeCell(os, layer.name, /*isName=*/true);
    writeCell(os, layer.kind, /*isName=*/true);
    writeCell(os, layer.quantType, /*isName=*/true);
    writeCell(os, bits(layer.weightBits));
    writeCell(os, bits(layer.activationBits));
    writeCell(os, bits(layer.weightCount));
    if (hasNoise) {
      writeCell(os, decibels(layer.localNoise));
      writeCell(os, decibels(layer.accumulatedNoise));
    }
    os << "</tr>\n";
  }
  os << "</table>\n";
}

//===----------------------------------------------------------------------===//
// Curves
//===----------------------------------------------------------------------===//

/// The first frozen epoch.
static std::optional<double> findFreezing(ArrayRef<EpochRecord> records) {
  for (const EpochRecord &record : records)
    if (record.frozen)
      return static_cast<double>(record.epoch);
  return std::nullopt;
}

static void
addCurve(Plot &plot, StringRef name, ArrayRef<EpochRecord> records,
         function_ref<std::optional<double>(const EpochRecord &)> valueOf) {
  Curve curve;
  curve.name = name.str();
  for (const EpochRecord &record : records)
    if (std::optional<double> value = valueOf(record))
      curve.points.push_back({static_cast<double>(record.epoch), *value});
  if (!curve.points.empty())
    plot.curves.push_back(std::move(curve));
}

static Plot makePlot(StringRef title, StringRef unit,
                     ArrayRef<EpochRecord> records) {
  Plot plot;
  plot.title = title.str();
  plot.unit = unit.str();
  plot.mark = findFreezing(records);
  plot.markName = "first epoch with folded batch norms and fixed bounds";
  return plot;
}

static void writeCurves(ArrayRef<EpochRecord> records, raw_ostream &os) {
  using Record = const EpochRecord &;
  os << "<h2>Curves</h2>\n<div class=\"plots\">\n";
  Plot loss = makePlot("loss", "", records);
  addCurve(loss, "training", records, [](Record r) { return r.loss; });
  addCurve(loss, "evaluation", records,
           [](Record r) { return r.evaluationLoss; });
  writePlot(loss, os);
  Plot top1 = makePlot("top-1", "%", records);
  addCurve(top1, "training batches", records,
           [](Record r) { return top1Of(r.train); });
  addCurve(top1, "float", records, [](Record r) { return top1Of(r.real); });
  addCurve(top1, "fake-quantized", records,
           [](Record r) { return top1Of(r.fake); });
  addCurve(top1, "integer", records,
           [](Record r) { return top1Of(r.integer); });
  writePlot(top1, os);
  Plot agreement = makePlot("fake-quantized and integer agree", "%", records);
  addCurve(agreement, "agreement", records,
           [](Record r) { return r.agreement; });
  writePlot(agreement, os);
  Plot rates = makePlot("learning rate", "", records);
  addCurve(rates, "weights", records, [](Record r) { return r.learningRate; });
  addCurve(rates, "bounds", records,
           [](Record r) { return r.boundLearningRate; });
  writePlot(rates, os);
  os << "</div>\n";
}

/// The layer of a bound, and what it is of it: "conv1" and "weight.lo".
static std::pair<StringRef, StringRef> splitBound(StringRef name) {
  auto [rest, last] = name.rsplit('.');
  if (last.empty())
    return {name, ""};
  if (rest.ends_with(".weight"))
    return {rest.drop_back(StringRef(".weight").size()),
            name.take_back(StringRef("weight.").size() + last.size())};
  return {rest, last};
}

/// A small plot a layer for activations and one for weights, whose numbers have
/// nothing to do with each other.
static void writeBounds(ArrayRef<LayerSummary> layers,
                        ArrayRef<EpochRecord> records, raw_ostream &os) {
  MapVector<StringRef, std::pair<Plot, Plot>> plots;
  for (const LayerSummary &layer : layers)
    plots[layer.name]; // The network's order.
  for (const EpochRecord &record : records)
    for (const BoundRecord &bound : record.bounds) {
      std::pair<StringRef, StringRef> name = splitBound(bound.name);
      StringRef what = name.second;
      auto &[activation, weight] = plots[name.first];
      Plot &plot = what.starts_with("weight.") ? weight : activation;
      auto it = find_if(plot.curves,
                        [&](const Curve &curve) { return curve.name == what; });
      if (it == plot.curves.end())
        it = plot.curves.insert(it, Curve{what.str(), {}, {}});
      it->points.push_back({static_cast<double>(record.epoch), bound.mean});
      it->band.push_back({bound.least, bound.greatest});
    }
  if (all_of(plots, [](const auto &entry) {
        return entry.second.first.curves.empty() &&
               entry.second.second.curves.empty();
      }))
    return;
  os << "<h2>Bounds</h2>\n<p>Of bounds that are one a channel: the mean, and "
        "the range in a lighter colour.</p>\n<div class=\"plots\">\n";
  for (auto &[layer, pair] : plots)
    for (auto [plot, what] :
         {std::pair(&pair.first, ""), std::pair(&pair.second, " weights")}) {
      plot->title = (layer + what).str();
      plot->width = 270;
      plot->height = 150;
      plot->mark = findFreezing(records);
      plot->markName = "first epoch with fixed bounds";
      // The same at one value is a line, not a band.
      for (Curve &curve : plot->curves)
        if (all_of(curve.band, [](auto b) { return b.first == b.second; }))
          curve.band.clear();
      writePlot(*plot, os);
    }
  os << "</div>\n";
}

//===----------------------------------------------------------------------===//
// The page
//===----------------------------------------------------------------------===//

/// What came out, in a sentence.
static void writeOutcome(ArrayRef<EpochRecord> records, raw_ostream &os) {
  const EpochRecord *best = nullptr;
  for (const EpochRecord &record : records)
    if (record.best)
      best = &record;
  if (!best)
    return;
  os << "<p id=\"outcome\">Best epoch " << best->epoch << " of "
     << records.size();
  auto say = [&](StringRef name, const std::optional<Accuracy> &accuracy) {
    if (accuracy)
      os << formatv(", {0} top-1 {1:F2} %", name, accuracy->top1);
  };
  say("float", best->real);
  say("fake-quantized", best->fake);
  say("integer", best->integer);
  if (best->evaluationLoss)
    os << ", evaluation loss " << shortNumber(*best->evaluationLoss);
  os << ".</p>\n";
}

void mlir::qat::writeReport(const TrainingSummary &summary,
                            ArrayRef<EpochRecord> records, raw_ostream &os) {
  std::string title = escapeMarkup("Training of " + summary.network);
  os << "<!DOCTYPE html>\n<html lang=\"en\" "
        "xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
        "charset=\"utf-8\"/>\n<title>"
     << title << "</title>\n<style>" << kStyle << "</style>\n</head>\n<body>\n"
     << "<h1>" << title << "</h1>\n";
  writeOutcome(records, os);
  if (!records.empty()) {
    writeCurves(records, os);
    writeEpochs(records, os);
  }
  writeLayers(summary.layers, os);
  writeBounds(summary.layers, records, os);
  writeOptions(summary, os);
  os << "</body>\n</html>\n";
}
