//===- Report.h - a training as a page of HTML ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_REPORT_H
#define QAT_TRAINING_REPORT_H

#include "qat/Training/EpochRecord.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::qat {

/// A row of the report's table of layers.
struct LayerSummary {
  std::string name;
  /// "conv2d", "depthwise_conv2d", "fully_connected", ...
  std::string kind;
  /// "PerLayerSymPACT", ...; empty where the layer has no weights.
  std::string quantType;
  /// 0 where there are none.
  int64_t weightBits = 0, activationBits = 0;
  int64_t weightCount = 0;
  /// Noise against the float network in dB (LayerFigures): of the layer alone,
  /// and with what it inherits.
  std::optional<double> localNoise, accumulatedNoise;
};

/// What the report says about a training besides its epochs.
struct TrainingSummary {
  /// The network: the name of the file, or of the zoo's network.
  std::string network;
  /// The data, for people.
  std::string data;
  uint64_t seed = 0;
  /// Options with the value that held, defaults included, in order.
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<LayerSummary> layers;
};

/// Writes the training as one HTML file that needs no other: no script, no
/// network, curves as SVG, well-formed as XML, too. Any text is escaped. The
/// same records give the same bytes.
void writeReport(const TrainingSummary &summary,
                 llvm::ArrayRef<EpochRecord> records, llvm::raw_ostream &os);

} // namespace mlir::qat

#endif // QAT_TRAINING_REPORT_H
