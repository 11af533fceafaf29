//===- NetworkSummary.h - what a network is, in numbers ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ANALYSIS_NETWORKSUMMARY_H
#define QAT_ANALYSIS_NETWORKSUMMARY_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mlir::qat {

/// What `qat info` says about a network in form F, Q or I.
struct NetworkSummary {
  struct Tensor {
    std::string name;
    /// NHWC or NxK.
    llvm::SmallVector<int64_t, 4> shape;
    std::string elementType;
  };
  struct Layer {
    std::string name;
    /// The op's name without its dialect; "dense" for a convolution of one
    /// pixel, "relu" and "relu6" for the clamps that are these.
    std::string kind;
    llvm::SmallVector<int64_t, 4> output;
    /// Elements of weights, biases, batch norms and learned bounds.
    int64_t parameters = 0;
    /// Multiply-accumulates of one execution, padding taps counted.
    int64_t macs = 0;
  };

  /// "float", "fake-quantized" or "integer".
  std::string form;
  std::vector<Tensor> inputs, outputs;
  /// How often each op occurs, constants left out, by falling number.
  std::vector<std::pair<std::string, int64_t>> operators;
  /// In order of execution.
  std::vector<Layer> layers;
  int64_t parameters = 0, macs = 0;
  /// The most elements of activations that are live at once, and the layer
  /// where that is. At each op its operands, its results and what is read
  /// later are live; an op that can work in place (a clamp, a batch norm, a
  /// quantizer, a reshape of a tensor that nothing else reads) adds nothing.
  int64_t peakElements = 0;
  std::string peakLayer;
  /// Ops that no form has: "tosa.sin (layer 'x')".
  std::vector<std::string> unsupported;

  int64_t peakBytesFloat() const { return 4 * peakElements; }
  int64_t peakBytes8Bit() const { return peakElements; }
};

/// Summarizes `@main` of `module`. Fails with one line where there is no such
/// function or a tensor has a dynamic shape.
llvm::Expected<NetworkSummary> summarizeNetwork(ModuleOp module);

/// For people: a line a fact, and a table of the layers.
void printText(const NetworkSummary &summary, llvm::raw_ostream &os);

/// For machines: `{"form", "inputs": [{"name", "shape", "type"}], "outputs",
/// "operators": {}, "layers": [{"name", "kind", "output", "parameters",
/// "macs"}], "parameters", "macs", "peak": {"bytes_float", "bytes_8bit",
/// "layer"}, "unsupported": []}`.
llvm::json::Value toJson(const NetworkSummary &summary);

} // namespace mlir::qat

#endif // QAT_ANALYSIS_NETWORKSUMMARY_H
