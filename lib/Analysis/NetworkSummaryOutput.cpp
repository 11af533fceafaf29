//===- NetworkSummaryOutput.cpp - a summary as text and as JSON -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Analysis/NetworkSummary.h"

#include "qat/Support/TextTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static std::string formatShape(ArrayRef<int64_t> shape) {
  return join(map_range(shape, [](int64_t dim) { return std::to_string(dim); }),
              "x");
}

static void printTensors(StringRef title,
                         const std::vector<NetworkSummary::Tensor> &tensors,
                         raw_ostream &os) {
  for (const NetworkSummary::Tensor &tensor : tensors) {
    os << title << " ";
    if (!tensor.name.empty())
      os << "'" << tensor.name << "' ";
    os << formatShape(tensor.shape) << " " << tensor.elementType << "\n";
  }
}

void qat::printText(const NetworkSummary &summary, raw_ostream &os) {
  os << "form: " << summary.form << "\n";
  printTensors("input:", summary.inputs, os);
  printTensors("output:", summary.outputs, os);
  os << "operators: ";
  interleaveComma(summary.operators, os, [&](const auto &entry) {
    os << entry.first << " " << entry.second;
  });
  os << "\n\n";
  std::vector<std::vector<std::string>> rows = {
      {"layer", "kind", "output", "parameters", "MACs"}};
  for (const NetworkSummary::Layer &layer : summary.layers)
    rows.push_back({layer.name, layer.kind, formatShape(layer.output),
                    std::to_string(layer.parameters),
                    std::to_string(layer.macs)});
  rows.push_back({"total", "", "", std::to_string(summary.parameters),
                  std::to_string(summary.macs)});
  printTable(rows, /*rightAligned=*/2, os);
  os << "\npeak of live tensors: " << summary.peakBytesFloat()
     << " bytes at float, " << summary.peakBytes8Bit() << " at 8 bits (at '"
     << summary.peakLayer << "')\n";
  os << "not supported: "
     << (summary.unsupported.empty() ? "nothing"
                                     : join(summary.unsupported, ", "))
     << "\n";
}

static json::Array toJson(ArrayRef<int64_t> shape) {
  json::Array array;
  for (int64_t dim : shape)
    array.push_back(dim);
  return array;
}

static json::Array toJson(const std::vector<NetworkSummary::Tensor> &tensors) {
  json::Array array;
  for (const NetworkSummary::Tensor &tensor : tensors)
    array.push_back(json::Object{{"name", tensor.name},
                                 {"shape", toJson(tensor.shape)},
                                 {"type", tensor.elementType}});
  return array;
}

json::Value qat::toJson(const NetworkSummary &summary) {
  json::Object operators;
  for (const auto &entry : summary.operators)
    operators[entry.first] = entry.second;
  json::Array layers;
  for (const NetworkSummary::Layer &layer : summary.layers)
    layers.push_back(json::Object{{"name", layer.name},
                                  {"kind", layer.kind},
                                  {"output", ::toJson(layer.output)},
                                  {"parameters", layer.parameters},
                                  {"macs", layer.macs}});
  return json::Object{
      {"form", summary.form},
      {"inputs", ::toJson(summary.inputs)},
      {"outputs", ::toJson(summary.outputs)},
      {"operators", std::move(operators)},
      {"layers", std::move(layers)},
      {"parameters", summary.parameters},
      {"macs", summary.macs},
      {"peak", json::Object{{"bytes_float", summary.peakBytesFloat()},
                            {"bytes_8bit", summary.peakBytes8Bit()},
                            {"layer", summary.peakLayer}}},
      {"unsupported", json::Array(summary.unsupported)}};
}
