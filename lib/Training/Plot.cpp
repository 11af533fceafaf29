//===- Plot.cpp - curves as SVG -------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Plot.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

using namespace llvm;
using namespace mlir::qat;

std::string mlir::qat::escapeMarkup(StringRef text) {
  std::string result;
  for (char c : json::fixUTF8(text)) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&#39;";
      break;
    default:
      // XML has no other control characters.
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')
        result += "\xef\xbf\xbd";
      else
        result += c;
    }
  }
  return result;
}

std::string mlir::qat::shortNumber(double value) {
  if (!std::isfinite(value))
    return "-";
  char text[32];
  return std::string(text, std::to_chars(text, std::end(text), value,
                                         std::chars_format::general, 6)
                               .ptr);
}

namespace {
/// An interval of numbers, and where on the page it lies.
class Axis {
public:
  void include(double value) {
    if (!std::isfinite(value))
      return;
    low = isEmpty ? value : std::min(low, value);
    high = isEmpty ? value : std::max(high, value);
    isEmpty = false;
  }
  bool empty() const { return isEmpty; }

  /// Lays the interval from `begin` to `end` with some air of `margin` times
  /// its length on both sides.
  void layOut(double begin, double end, double margin) {
    double air = (high - low) * margin;
    if (high == low)
      air = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= air;
    high += air;
    pageBegin = begin;
    pageEnd = end;
  }

  double place(double value) const {
    return pageBegin + (value - low) / (high - low) * (pageEnd - pageBegin);
  }

  /// Round numbers in the interval, `count` or fewer: 1, 2 or 5 times a power
  /// of ten apart, and not less than `least`.
  std::vector<double> ticks(int count, double least = 0) const {
    double step = std::pow(10.0, std::floor(std::log10((high - low) / count)));
    static constexpr double factors[] = {2.0, 2.5, 2.0};
    for (size_t i = 0; (high - low) / step > count || step < least; ++i)
      step *= factors[i % std::size(factors)];
    std::vector<double> result;
    for (double i = std::ceil(low / step); i * step <= high; ++i)
      result.push_back(i * step + 0.0); // No negative zero.
    return result;
  }

private:
  double low = 0, high = 0, pageBegin = 0, pageEnd = 1;
  bool isEmpty = true;
};
} // namespace

/// Told apart without colours, too, by the legend's order.
static StringRef colourOf(size_t index) {
  static constexpr StringLiteral colours[] = {"#3465a4", "#cc3322", "#2e8b57",
                                              "#b8860b", "#7a3e9d", "#555753"};
  return colours[index % std::size(colours)];
}

static std::string at(double coordinate) {
  return formatv("{0:F2}", coordinate).str();
}

/// The curve as a path that breaks where a value is not finite.
static void writeCurve(const Plot &plot, const Curve &curve, StringRef colour,
                       const Axis &x, const Axis &y, raw_ostream &os) {
  auto isShown = [&](size_t i) {
    return std::isfinite(curve.points[i].second);
  };
  if (curve.band.size() == curve.points.size() && !curve.band.empty()) {
    std::string upper, lower;
    for (size_t i = 0; i < curve.points.size(); ++i) {
      auto [least, greatest] = curve.band[i];
      if (!std::isfinite(least) || !std::isfinite(greatest))
        continue;
      std::string place = at(x.place(curve.points[i].first));
      upper += place + "," + at(y.place(greatest)) + " ";
      lower = place + "," + at(y.place(least)) + " " + lower;
    }
    os << "<polygon points=\"" << StringRef(upper + lower).trim()
       << "\" fill=\"" << colour << "\" fill-opacity=\"0.15\"/>\n";
  }
  std::string path;
  for (size_t i = 0; i < curve.points.size(); ++i)
    if (isShown(i))
      path += std::string(i && isShown(i - 1) ? "L" : "M") +
              at(x.place(curve.points[i].first)) + " " +
              at(y.place(curve.points[i].second));
  os << "<path d=\"" << path << "\" fill=\"none\" stroke=\"" << colour
     << "\" stroke-width=\"1.5\"/>\n";
  for (auto [place, value] : curve.points) {
    if (!std::isfinite(value))
      continue;
    os << "<circle cx=\"" << at(x.place(place)) << "\" cy=\""
       << at(y.place(value)) << "\" r=\"2.5\" fill=\"" << colour << "\"><title>"
       << escapeMarkup(curve.name) << ", epoch " << shortNumber(place) << ": "
       << shortNumber(value)
       << (plot.unit.empty() ? "" : " " + escapeMarkup(plot.unit))
       << "</title></circle>\n";
  }
}

void mlir::qat::writePlot(const Plot &plot, raw_ostream &os) {
  Axis x, y;
  for (const Curve &curve : plot.curves) {
    for (auto [place, value] : curve.points) {
      if (std::isfinite(value))
        x.include(place);
      y.include(value);
    }
    for (auto [least, greatest] : curve.band) {
      y.include(least);
      y.include(greatest);
    }
  }
  if (x.empty())
    return;
  if (plot.mark)
    x.include(*plot.mark);
  constexpr int left = 56, right = 12, top = 26, bottom = 24, legendLine = 16;
  int legendRows = plot.curves.size() > 1 ? plot.curves.size() : 0;
  int height = plot.height + legendRows * legendLine;
  x.layOut(left, plot.width - right, 0.02);
  y.layOut(plot.height - bottom, top, 0.05);

  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << plot.width
     << "\" height=\"" << height << "\" viewBox=\"0 0 " << plot.width << " "
     << height << "\" role=\"img\">\n<title>" << escapeMarkup(plot.title)
     << "</title>\n<text x=\"" << left << "\" y=\"16\" class=\"head\">"
     << escapeMarkup(plot.title)
     << (plot.unit.empty() ? "" : ", " + escapeMarkup(plot.unit))
     << "</text>\n";
  for (double tick : y.ticks(plot.height / 45)) {
    std::string place = at(y.place(tick));
    os << "<line x1=\"" << left << "\" x2=\"" << plot.width - right
       << "\" y1=\"" << place << "\" y2=\"" << place
       << "\" class=\"grid\"/>\n<text x=\"" << left - 6 << "\" y=\"" << place
       << "\" class=\"tick\" text-anchor=\"end\" dy=\"4\">" << shortNumber(tick)
       << "</text>\n";
  }
  // Epochs are whole.
  for (double tick : x.ticks(plot.width / 60, /*least=*/1))
    os << "<text x=\"" << at(x.place(tick)) << "\" y=\"" << plot.height - 8
       << "\" class=\"tick\" text-anchor=\"middle\">" << shortNumber(tick)
       << "</text>\n";
  if (plot.mark)
    os << "<line x1=\"" << at(x.place(*plot.mark)) << "\" x2=\""
       << at(x.place(*plot.mark)) << "\" y1=\"" << top << "\" y2=\""
       << plot.height - bottom << "\" class=\"mark\"><title>"
       << escapeMarkup(plot.markName) << "</title></line>\n";
  for (auto [index, curve] : enumerate(plot.curves))
    writeCurve(plot, curve, colourOf(index), x, y, os);
  for (int row = 0; row < legendRows; ++row) {
    int place = plot.height + row * legendLine + 6;
    os << "<rect x=\"" << left << "\" y=\"" << place - 4
       << "\" width=\"14\" height=\"3\" fill=\"" << colourOf(row)
       << "\"/>\n<text x=\"" << left + 20 << "\" y=\"" << place
       << "\" class=\"tick\" dy=\"2\">" << escapeMarkup(plot.curves[row].name)
       << "</text>\n";
  }
  os << "</svg>\n";
}
