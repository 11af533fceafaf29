//===- Plot.h - curves as SVG -----------------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAINING_PLOT_H
#define QAT_LIB_TRAINING_PLOT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mlir::qat {

/// `text` as HTML and XML have it: escaped, in valid UTF-8, without control
/// characters.
std::string escapeMarkup(llvm::StringRef text);

/// Up to six significant digits, as short as they go: "0.125", "1e-05"; "-" for
/// what is not finite.
std::string shortNumber(double value);

/// A curve: values at places that rise. What is not finite is left out.
struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
  /// Least and greatest around the curve, as many as points, or none.
  std::vector<std::pair<double, double>> band;
};

struct Plot {
  std::string title, unit;
  std::vector<Curve> curves;
  /// A line down at this place, and what it means.
  std::optional<double> mark;
  std::string markName;
  int width = 560, height = 260;
};

/// Writes `plot` as one SVG element: axes with round numbers, a legend, and for
/// each point a <title> "name, epoch x: y unit". Nothing where no curve has a
/// finite point.
void writePlot(const Plot &plot, llvm::raw_ostream &os);

} // namespace mlir::qat

#endif // QAT_LIB_TRAINING_PLOT_H
