//===- GoldenUnits.cpp - single numbers of the arithmetic -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qat-golden-units computes what has no form in IR of its own, by the scalar
// reference that every lowering is tested against. Standard input holds one
// request a line, the answer is one line each:
//
//   split M                       M0 N
//   add S1 S2 So nearest          m1 m2 s c      (nearest: 0 or 1)
//   rescale S1 So nearest         m s c
//   requantize acc b M0 N n Z     y
//   average sum k nearest         y
//   pack signed bits values...    bytes...
//   unpack signed bits count bytes...  values...
//   input lo hi x...              scale Z integers...
//   pact alpha bits nearest x...  integers...
//   bounds lo hi bits nearest x...  scale Z integers...
//
// Real numbers are read and written as hexadecimal floats. What the arithmetic
// refuses answers `refused: why`.
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/AddRule.h"
#include "qat/Support/FixedPoint.h"
#include "qat/Support/Packing.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace llvm;
using namespace mlir::qat;

namespace {
/// The words of one request after the first, read in order.
class Request {
public:
  explicit Request(StringRef line) { SplitString(line, words, " \r"); }

  StringRef name() const { return words.empty() ? "" : words.front(); }
  bool isAtEnd() const { return next >= words.size(); }
  /// Whether every word was there and was a number.
  bool isValid() const { return valid; }

  double real() {
    std::string word = take().str();
    char *end = nullptr;
    double value = std::strtod(word.c_str(), &end);
    valid &= !word.empty() && *end == '\0';
    return value;
  }
  int64_t integer() {
    int64_t value = 0;
    valid &= !take().getAsInteger(10, value);
    return value;
  }
  Rounding rounding() {
    return integer() ? Rounding::Nearest : Rounding::Floor;
  }

private:
  StringRef take() {
    valid &= !isAtEnd();
    return isAtEnd() ? StringRef() : words[next++];
  }

  SmallVector<StringRef> words;
  size_t next = 1;
  bool valid = true;
};
} // namespace

static void print(double value) { outs() << format("%a ", value); }

static void printGrid(const Grid &grid) {
  print(grid.scale);
  outs() << grid.zeroPoint << " ";
}

/// Whether the request could be served; prints its numbers.
template <typename T, typename Print>
static bool answer(Expected<T> value, Print printValue) {
  if (value)
    printValue(*value);
  else
    outs() << "refused: " << toString(value.takeError());
  return true;
}

static bool quantizeAll(Request &request, function_ref<int32_t(float)> level) {
  while (!request.isAtEnd())
    outs() << level(static_cast<float>(request.real())) << " ";
  return request.isValid();
}

static bool servePacking(Request &request, bool packs) {
  bool isSigned = request.integer();
  auto bits = static_cast<unsigned>(request.integer());
  int64_t count = packs ? 0 : request.integer();
  std::vector<int32_t> values;
  while (!request.isAtEnd())
    values.push_back(static_cast<int32_t>(request.integer()));
  auto printAll = [](const auto &list) {
    for (auto value : list)
      outs() << static_cast<int32_t>(value) << " ";
  };
  if (packs)
    return answer(packValues(values, bits, isSigned), printAll);
  std::vector<uint8_t> bytes(values.begin(), values.end());
  return answer(unpackValues(bytes, count, bits, isSigned), printAll);
}

static bool serveQuantizer(Request &request) {
  StringRef name = request.name();
  if (name == "input") {
    double lo = request.real(), hi = request.real();
    Expected<InputQuantizer> quantizer = InputQuantizer::get(lo, hi);
    if (!quantizer)
      return answer(std::move(quantizer), [](const InputQuantizer &) {});
    printGrid(quantizer->getGrid());
    return quantizeAll(request,
                       [&](float x) { return quantizer->quantize(x); });
  }
  if (name == "pact") {
    auto alpha = static_cast<float>(request.real());
    auto bits = static_cast<unsigned>(request.integer());
    PactQuantizer quantizer(alpha, bits, request.rounding());
    return quantizeAll(request, [&](float x) { return quantizer.quantize(x); });
  }
  auto lo = static_cast<float>(request.real());
  auto hi = static_cast<float>(request.real());
  auto bits = static_cast<unsigned>(request.integer());
  TwoBoundQuantizer quantizer(lo, hi, bits, request.rounding());
  printGrid(quantizer.getGrid());
  return quantizeAll(request, [&](float x) { return quantizer.quantize(x); });
}

static bool serve(Request &request) {
  StringRef name = request.name();
  if (name == "split")
    return answer(splitMultiplier(request.real()), [](SplitMultiplier split) {
      outs() << split.mantissa << " " << split.exponent;
    });
  if (name == "add") {
    double scale1 = request.real(), scale2 = request.real(),
           scaleOut = request.real();
    return answer(getAddRule(scale1, scale2, scaleOut, request.rounding()),
                  [](const AddRule &rule) {
                    outs() << rule.multiplier1 << " " << rule.multiplier2 << " "
                           << rule.shift << " " << rule.offset;
                  });
  }
  if (name == "rescale") {
    double scale = request.real(), scaleOut = request.real();
    return answer(getRescaleRule(scale, scaleOut, request.rounding()),
                  [](const AddRule &rule) {
                    outs() << rule.multiplier1 << " " << rule.shift << " "
                           << rule.offset;
                  });
  }
  if (name == "requantize") {
    int64_t sum = request.integer();
    sum += request.integer();
    SplitMultiplier split;
    split.mantissa = static_cast<int32_t>(request.integer());
    split.exponent = static_cast<int32_t>(request.integer());
    auto maxLevel = static_cast<int32_t>(request.integer());
    auto zeroPoint = static_cast<int32_t>(request.integer());
    outs() << requantize(sum, split.getMultiplier(), 0, maxLevel, zeroPoint);
    return true;
  }
  if (name == "average") {
    int64_t sum = request.integer(), count = request.integer();
    outs() << roundAverage(sum, count, request.rounding());
    return true;
  }
  if (name == "pack" || name == "unpack")
    return servePacking(request, name == "pack");
  if (name == "input" || name == "pact" || name == "bounds")
    return serveQuantizer(request);
  return false;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  auto buffer = MemoryBuffer::getSTDIN();
  if (!buffer) {
    errs() << "qat-golden-units: error: " << buffer.getError().message()
           << "\n";
    return 1;
  }
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n', /*MaxSplit=*/-1,
                               /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    Request request(line);
    bool served = serve(request);
    outs() << "\n";
    if (served && request.isValid() && request.isAtEnd())
      continue;
    errs() << "qat-golden-units: error: not a request: '"
           << line.take_front(100) << "'\n";
    return 1;
  }
  return 0;
}
