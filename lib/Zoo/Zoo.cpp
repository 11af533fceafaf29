//===- Zoo.cpp - networks to train from scratch ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Zoo/Zoo.h"

#include "Networks.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct Network {
  StringRef name;
  std::array<int64_t, 3> input; // height, width, channels
  int64_t classes;
  bool hasWidth;
  Value (*build)(NetworkBuilder &, Value, double, int64_t);
};
} // namespace

static constexpr Network kNetworks[] = {
    {"mobilenet_v1", {224, 224, 3}, 1000, true, buildMobileNetV1},
    {"mobilenet_v2", {224, 224, 3}, 1000, true, buildMobileNetV2},
    {"resnet8", {32, 32, 3}, 10, false, buildResNet8},
    {"ds_cnn", {49, 10, 1}, 12, false, buildDsCnn},
};

static const Network *findNetwork(StringRef name) {
  const auto *found = find_if(
      kNetworks, [&](const Network &network) { return network.name == name; });
  return found == std::end(kNetworks) ? nullptr : found;
}

ArrayRef<StringRef> qat::getZooNetworks() {
  static const SmallVector<StringRef> names(map_range(
      kNetworks, [](const Network &network) { return network.name; }));
  return names;
}

bool qat::hasWidthMultiplier(StringRef network) {
  const Network *found = findNetwork(network);
  return found && found->hasWidth;
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// The first layer keeps a channel at the least width.
static constexpr double kMinWidth = 1.0 / 32, kMaxWidth = 8;
static constexpr int64_t kMaxSide = 4096, kMaxClasses = 1000000;

static std::string formatWidth(double width) {
  std::string text;
  raw_string_ostream(text) << format("%g", width);
  return text;
}

static Error checkOptions(const Network &network, const ZooOptions &options) {
  if (options.width && !network.hasWidth)
    return createStringError("network '" + network.name +
                             "' has no width multiplier");
  // Negated, so that a NaN is refused.
  if (options.width &&
      !(*options.width >= kMinWidth && *options.width <= kMaxWidth))
    return createStringError(
        "expects a width multiplier of 1/32 to 8, but got " +
        formatWidth(*options.width));
  if (options.input)
    for (int64_t side : *options.input)
      if (side < 1 || side > kMaxSide)
        return createStringError("expects an input of 1 to " + Twine(kMaxSide) +
                                 " pixels a side, but got " +
                                 Twine((*options.input)[0]) + "x" +
                                 Twine((*options.input)[1]));
  if (options.classes &&
      (*options.classes < 1 || *options.classes > kMaxClasses))
    return createStringError("expects 1 to " + Twine(kMaxClasses) +
                             " classes, but got " + Twine(*options.classes));
  return Error::success();
}

/// What the reference scales the short side of a picture to before it cuts out
/// `side`: its four sizes are not one rule.
static int64_t resizeFor(int64_t side) {
  switch (side) {
  case 128:
    return 146;
  case 160:
    return 180;
  case 192:
    return 220;
  default:
    return (side * 8 + 3) / 7;
  }
}

/// Pixels to [-1, 1].
static Preprocessing getPreprocessing(int64_t height, int64_t width) {
  Preprocessing result;
  result.scale = 1.0 / 255;
  result.mean = {0.5};
  result.std = {0.5};
  // Small pictures come in their size, as those of CIFAR-10 do.
  if (height == width && height >= 64) {
    result.resize = resizeFor(height);
    result.crop = height;
  }
  return result;
}

Expected<OwningOpRef<ModuleOp>>
qat::buildZooNetwork(MLIRContext *context, const ZooOptions &options) {
  const Network *network = findNetwork(options.network);
  if (!network)
    return createStringError("unknown network '" + options.network +
                             "'; there are " + join(getZooNetworks(), ", "));
  if (Error error = checkOptions(*network, options))
    return std::move(error);
  auto [height, width, channels] = network->input;
  if (options.input) {
    height = (*options.input)[0];
    width = (*options.input)[1];
  }
  double multiplier = options.width.value_or(1.0);
  std::string source = network->name.str();
  if (network->hasWidth)
    source += " " + formatWidth(multiplier);
  source += formatv(" {0}x{1}, seed {2}", height, width, options.seed);

  context->loadDialect<func::FuncDialect, ml_program::MLProgramDialect,
                       tosa::TosaDialect, QatDialect>();
  NetworkBuilder net(context, options.seed);
  Value logits =
      network->build(net, net.input(height, width, channels), multiplier,
                     options.classes.value_or(network->classes));
  std::optional<Preprocessing> preprocessing;
  if (channels == 3)
    preprocessing = getPreprocessing(height, width);
  OwningOpRef<ModuleOp> module = net.finish(logits, source, preprocessing);
  if (failed(verify(*module)))
    return createStringError("network '" + network->name +
                             "' cannot be built in this size");
  return module;
}
