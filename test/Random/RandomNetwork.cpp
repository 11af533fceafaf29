//===- RandomNetwork.cpp - float networks of random shape -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "qat/Support/LayerConfig.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <array>
#include <cmath>
#include <cstring>
#include <random>

using namespace llvm;
using namespace mlir::qat;

namespace {

/// What the standard library leaves to the implementation (distributions) is
/// written out, so that a seed means one network everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  /// From `low` to `high`, both included.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % (high - low + 1));
  }
  bool chance(unsigned percent) { return between(1, 100) <= percent; }
  float uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(engine() >> 40) / 0x1p24f;
  }
  template <typename T> T pick(ArrayRef<T> values) {
    return values[between(0, values.size() - 1)];
  }

private:
  std::mt19937_64 engine;
};

struct Image {
  std::string value;
  int64_t height, width, channels;

  std::string type() const {
    return formatv("tensor<1x{0}x{1}x{2}xf32>", height, width, channels);
  }
};

/// One dimension of a window that divides exactly, as TOSA wants it.
struct WindowSide {
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;

  int64_t extent(int64_t size) const {
    return size + before + after - (kernel - 1) * dilation - 1;
  }
  int64_t outputs(int64_t size) const { return extent(size) / stride + 1; }
  bool fits(int64_t size) const {
    return extent(size) >= 0 && extent(size) % stride == 0;
  }
};

class NetworkWriter {
public:
  explicit NetworkWriter(uint64_t seed) : random(seed) {}

  RandomNetwork write();

private:
  WindowSide pickSide(int64_t size, bool isPool);
  std::string fresh() { return formatv("%v{0}", ++values); }
  std::string newName(StringRef kind) {
    return formatv("{0}_{1}", kind, ++layers);
  }
  std::string parameter(StringRef name, ArrayRef<int64_t> shape,
                        ArrayRef<float> data);
  std::string zeros();

  Image conv(const Image &input, int64_t channels, bool keepsSize);
  Image depthwise(const Image &input);
  Image batchNorm(const Image &input, StringRef name);
  Image activation(const Image &input, StringRef name);
  Image pool(const Image &input);
  Image add(const Image &lhs, const Image &rhs);
  Image concat(ArrayRef<Image> inputs, int axis);
  Image pad(const Image &input);
  Image block(const Image &input);
  std::vector<float> weights(int64_t channels, int64_t perChannel,
                             bool channelIsLast);

  Random random;
  std::string globals, body;
  unsigned values = 0, layers = 0, weighted = 0;
  /// Names of adds and concats, which a configuration may give bits.
  std::vector<std::string> joins;
};

} // namespace

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

std::string NetworkWriter::parameter(StringRef name, ArrayRef<int64_t> shape,
                                     ArrayRef<float> data) {
  std::string type = "tensor<";
  for (int64_t size : shape)
    type += std::to_string(size) + "x";
  type += "f32>";
  StringRef bytes(reinterpret_cast<const char *>(data.data()),
                  data.size() * sizeof(float));
  globals += formatv(
      "ml_program.global private mutable @\"{0}\"(dense<\"0x{1}\"> : {2}) : "
      "{2}\n",
      name, toHex(bytes), type);
  std::string value = fresh();
  body += formatv("  {0} = ml_program.global_load @\"{1}\" : {2}\n", value,
                  name, type);
  return value;
}

std::string NetworkWriter::zeros() {
  std::string value = fresh();
  body += formatv("  {0} = \"tosa.const\"() {{values = dense<0.0> : "
                  "tensor<1xf32>} : () -> tensor<1xf32>\n",
                  value);
  return value;
}

WindowSide NetworkWriter::pickSide(int64_t size, bool isPool) {
  for (unsigned attempt = 0; attempt < 20; ++attempt) {
    WindowSide side;
    side.kernel = random.pick<int64_t>({1, 2, 3, 3, 3, 5});
    side.stride = random.pick<int64_t>({1, 1, 2, 3});
    if (!isPool && random.chance(15))
      side.dilation = 2;
    int64_t most = isPool ? side.kernel - 1 : (side.kernel - 1) * side.dilation;
    side.before = random.between(0, most);
    side.after = random.between(0, most);
    // A window of pads alone has no average.
    if (isPool && std::max(side.before, side.after) * 2 > side.kernel)
      continue;
    if (side.fits(size) && side.outputs(size) <= size + 2)
      return side;
  }
  return {};
}

std::vector<float> NetworkWriter::weights(int64_t channels, int64_t perChannel,
                                          bool channelIsLast) {
  std::vector<float> data(channels * perChannel);
  float gain = std::sqrt(3.0f / static_cast<float>(perChannel)) *
               random.uniform(0.5f, 3.0f);
  for (int64_t c = 0; c < channels; ++c) {
    // Channels of one sign, of zeros, and of one large weight are what
    // quantizers stumble over.
    int64_t kind = random.between(0, 19);
    for (int64_t i = 0; i < perChannel; ++i) {
      float value = random.uniform(-gain, gain);
      if (kind == 0)
        value = 0;
      else if (kind == 1)
        value = std::fabs(value);
      else if (kind == 2)
        value = -std::fabs(value);
      else if (kind == 3 && i == 0)
        value *= 20;
      data[channelIsLast ? i * channels + c : c * perChannel + i] = value;
    }
  }
  return data;
}

static std::string windowAttributes(const WindowSide &h, const WindowSide &w) {
  return formatv("pad = array<i64: {0}, {1}, {2}, {3}>, stride = array<i64: "
                 "{4}, {5}>",
                 h.before, h.after, w.before, w.after, h.stride, w.stride);
}

Image NetworkWriter::batchNorm(const Image &input, StringRef name) {
  int64_t c = input.channels;
  std::array<std::vector<float>, 4> vectors;
  for (int64_t i = 0; i < c; ++i) {
    float gamma = random.uniform(0.5f, 1.5f);
    int64_t kind = random.between(0, 29);
    vectors[0].push_back(kind == 0 ? 0 : kind == 1 ? -gamma : gamma);
    vectors[1].push_back(random.uniform(-0.5f, 1.0f));
    vectors[2].push_back(random.uniform(-0.5f, 0.5f));
    vectors[3].push_back(kind == 2 ? 0 : random.uniform(0.2f, 2.0f));
  }
  std::string operands = input.value;
  for (auto [suffix, vector] : zip_equal(
           ArrayRef<StringRef>{".bn.gamma", ".bn.beta", ".bn.mean", ".bn.var"},
           vectors))
    operands += ", " + parameter((name + suffix).str(), {c}, vector);
  Image result = input;
  result.value = fresh();
  body += formatv("  {0} = qat.batch_norm {1} {{epsilon = 1.0e-3 : f32} : {2}, "
                  "tensor<{3}xf32> loc(\"{4}\")\n",
                  result.value, operands, input.type(), c, name);
  return result;
}

Image NetworkWriter::activation(const Image &input, StringRef name) {
  int64_t kind = random.between(0, 2);
  if (kind == 0)
    return input;
  Image result = input;
  result.value = fresh();
  body += formatv("  {0} = tosa.clamp {1} {{min_val = 0.0 : f32, max_val = {2} "
                  ": f32} : ({3}) -> {3} loc(\"{4}\")\n",
                  result.value, input.value, kind == 1 ? "6.0" : "0x7F7FFFFF",
                  input.type(), name);
  return result;
}

Image NetworkWriter::conv(const Image &input, int64_t channels,
                          bool keepsSize) {
  std::string name = newName("conv");
  WindowSide h, w;
  if (keepsSize) {
    for (WindowSide *side : {&h, &w}) {
      side->kernel = random.pick<int64_t>({1, 1, 3, 5});
      side->before = side->after = (side->kernel - 1) / 2;
    }
  } else {
    h = pickSide(input.height, /*isPool=*/false);
    w = pickSide(input.width, /*isPool=*/false);
  }
  int64_t groups = 1;
  if (random.chance(25))
    for (int64_t candidate : {4, 3, 2})
      if (input.channels % candidate == 0 && channels % candidate == 0) {
        groups = candidate;
        break;
      }
  int64_t perGroup = input.channels / groups;
  std::string weight =
      parameter(name + ".weight", {channels, h.kernel, w.kernel, perGroup},
                weights(channels, h.kernel * w.kernel * perGroup, false));
  std::vector<float> biases;
  for (int64_t c = 0; c < channels; ++c)
    biases.push_back(random.uniform(-1.0f, 1.0f));
  std::string bias = parameter(name + ".bias", {channels}, biases);
  Image result{fresh(), h.outputs(input.height), w.outputs(input.width),
               channels};
  std::string window = formatv("{0}, dilation = array<i64: {1}, {2}>",
                               windowAttributes(h, w), h.dilation, w.dilation);
  std::string types = formatv("tensor<{0}x{1}x{2}x{3}xf32>, tensor<{0}xf32>",
                              channels, h.kernel, w.kernel, perGroup);
  if (groups > 1) {
    body += formatv("  {0} = qat.grouped_conv2d {1}, {2}, {3} {{{4}, groups = "
                    "{5} : i64} : ({6}, {7}) -> {8} loc(\"{9}\")\n",
                    result.value, input.value, weight, bias, window, groups,
                    input.type(), types, result.type(), name);
  } else {
    std::string zero = zeros();
    body += formatv("  {0} = tosa.conv2d {1}, {2}, {3}, {4}, {4} {{acc_type = "
                    "f32, {5}} : ({6}, {7}, tensor<1xf32>, tensor<1xf32>) -> "
                    "{8} loc(\"{9}\")\n",
                    result.value, input.value, weight, bias, zero, window,
                    input.type(), types, result.type(), name);
  }
  ++weighted;
  if (random.chance(60))
    result = batchNorm(result, name);
  return activation(result, name);
}

Image NetworkWriter::depthwise(const Image &input) {
  std::string name = newName("depthwise");
  WindowSide h = pickSide(input.height, /*isPool=*/false);
  WindowSide w = pickSide(input.width, /*isPool=*/false);
  int64_t multiplier = random.pick<int64_t>({1, 1, 1, 2});
  int64_t channels = input.channels * multiplier;
  std::string weight = parameter(
      name + ".weight", {h.kernel, w.kernel, input.channels, multiplier},
      weights(channels, h.kernel * w.kernel, true));
  std::vector<float> biases;
  for (int64_t c = 0; c < channels; ++c)
    biases.push_back(random.uniform(-1.0f, 1.0f));
  std::string bias = parameter(name + ".bias", {channels}, biases);
  std::string zero = zeros();
  Image result{fresh(), h.outputs(input.height), w.outputs(input.width),
               channels};
  body += formatv(
      "  {0} = tosa.depthwise_conv2d {1}, {2}, {3}, {4}, {4} {{acc_type = f32, "
      "{5}, dilation = array<i64: {6}, {7}>} : ({8}, "
      "tensor<{9}x{10}x{11}x{12}xf32>, tensor<{13}xf32>, tensor<1xf32>, "
      "tensor<1xf32>) -> {14} loc(\"{15}\")\n",
      result.value, input.value, weight, bias, zero, windowAttributes(h, w),
      h.dilation, w.dilation, input.type(), h.kernel, w.kernel, input.channels,
      multiplier, channels, result.type(), name);
  ++weighted;
  if (random.chance(60))
    result = batchNorm(result, name);
  return activation(result, name);
}

Image NetworkWriter::pool(const Image &input) {
  WindowSide h = pickSide(input.height, /*isPool=*/true);
  WindowSide w = pickSide(input.width, /*isPool=*/true);
  bool isMaximum = random.chance(50);
  std::string name = newName(isMaximum ? "max_pool" : "avg_pool");
  Image result{"", h.outputs(input.height), w.outputs(input.width),
               input.channels};
  std::string zero = isMaximum ? "" : zeros();
  result.value = fresh();
  std::string window = formatv("kernel = array<i64: {0}, {1}>, {2}", h.kernel,
                               w.kernel, windowAttributes(h, w));
  if (isMaximum)
    body += formatv("  {0} = tosa.max_pool2d {1} {{{2}} : ({3}) -> {4} "
                    "loc(\"{5}\")\n",
                    result.value, input.value, window, input.type(),
                    result.type(), name);
  else
    body += formatv("  {0} = tosa.avg_pool2d {1}, {2}, {2} {{acc_type = f32, "
                    "{3}} : ({4}, tensor<1xf32>, tensor<1xf32>) -> {5} "
                    "loc(\"{6}\")\n",
                    result.value, input.value, zero, window, input.type(),
                    result.type(), name);
  return result;
}

Image NetworkWriter::add(const Image &lhs, const Image &rhs) {
  std::string name = newName("add");
  joins.push_back(name);
  Image result = lhs;
  result.value = fresh();
  body +=
      formatv("  {0} = tosa.add {1}, {2} : ({3}, {3}) -> {3} loc(\"{4}\")\n",
              result.value, lhs.value, rhs.value, lhs.type(), name);
  return activation(result, name);
}

Image NetworkWriter::concat(ArrayRef<Image> inputs, int axis) {
  std::string name = newName("concat");
  joins.push_back(name);
  Image result = inputs.front();
  std::string operands = result.value, types = result.type();
  for (const Image &input : inputs.drop_front()) {
    operands += ", " + input.value;
    types += ", " + input.type();
    (axis == 1   ? result.height
     : axis == 2 ? result.width
                 : result.channels) += axis == 1   ? input.height
                                       : axis == 2 ? input.width
                                                   : input.channels;
  }
  result.value = fresh();
  body += formatv("  {0} = tosa.concat {1} {{axis = {2} : i32} : ({3}) -> {4} "
                  "loc(\"{5}\")\n",
                  result.value, operands, axis, types, result.type(), name);
  return activation(result, name);
}

Image NetworkWriter::pad(const Image &input) {
  std::string name = newName("pad"), sizes = fresh(), value = fresh();
  std::array<int64_t, 6> around;
  for (int64_t &size : around)
    size = random.between(0, 2);
  if (random.chance(70))
    around[4] = around[5] = 0;
  body += formatv("  {0} = tosa.const_shape {{values = dense<[0, 0, {1}, {2}, "
                  "{3}, {4}, {5}, {6}]> : tensor<8xindex>} : () -> "
                  "!tosa.shape<8>\n",
                  sizes, around[0], around[1], around[2], around[3], around[4],
                  around[5]);
  body += formatv("  {0} = \"tosa.const\"() {{values = dense<{1}> : "
                  "tensor<1xf32>} : () -> tensor<1xf32>\n",
                  value, random.chance(70) ? "0.0" : "1.25");
  Image result{fresh(), input.height + around[0] + around[1],
               input.width + around[2] + around[3],
               input.channels + around[4] + around[5]};
  body += formatv("  {0} = tosa.pad {1}, {2}, {3} : ({4}, !tosa.shape<8>, "
                  "tensor<1xf32>) -> {5} loc(\"{6}\")\n",
                  result.value, input.value, sizes, value, input.type(),
                  result.type(), name);
  return result;
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

Image NetworkWriter::block(const Image &input) {
  int64_t kind = random.between(0, 9);
  if (kind <= 2)
    return conv(input, random.between(1, 19), /*keepsSize=*/false);
  if (kind <= 4)
    return depthwise(input);
  if (kind == 5)
    return pool(input);
  if (kind == 6 && random.chance(50))
    return pad(input);
  if (kind <= 7) { // a residual
    Image branch = conv(input, input.channels, /*keepsSize=*/true);
    if (random.chance(40))
      branch = conv(branch, input.channels, /*keepsSize=*/true);
    return random.chance(50) ? add(input, branch) : add(branch, input);
  }
  SmallVector<Image> branches;
  int axis = random.chance(70) ? 3 : static_cast<int>(random.between(1, 2));
  int64_t count = random.between(2, 3);
  for (int64_t i = 0; i < count; ++i)
    branches.push_back(
        i == 1 && random.chance(40)
            ? input
            : conv(input, axis == 3 ? random.between(1, 7) : input.channels,
                   /*keepsSize=*/true));
  return concat(branches, axis);
}

RandomNetwork NetworkWriter::write() {
  Image input{"%x", random.between(1, 13), random.between(1, 13),
              random.pick<int64_t>({1, 2, 3, 3, 4, 7})};
  Image image = input;
  int64_t blocks = random.between(1, 5);
  for (int64_t i = 0; i < blocks; ++i) {
    // Small enough that a network takes milliseconds.
    if (image.height * image.width * image.channels > 6000)
      image = conv(image, 3, /*keepsSize=*/false);
    image = block(image);
  }
  std::string type = image.type();
  if (random.chance(70)) { // pixels to one, then logits
    WindowSide h{image.height}, w{image.width};
    std::string zero = zeros(), pooled = fresh();
    Image point{pooled, 1, 1, image.channels};
    body += formatv("  {0} = tosa.avg_pool2d {1}, {2}, {2} {{acc_type = f32, "
                    "kernel = array<i64: {3}, {4}>, {5}} : ({6}, "
                    "tensor<1xf32>, tensor<1xf32>) -> {7} loc(\"pooled\")\n",
                    pooled, image.value, zero, h.kernel, w.kernel,
                    windowAttributes(h, w), image.type(), point.type());
    int64_t classes = random.between(1, 12);
    std::string weight =
        parameter("logits.weight", {classes, 1, 1, image.channels},
                  weights(classes, image.channels, false));
    std::string bias =
        parameter("logits.bias", {classes}, std::vector<float>(classes, 0.25f));
    std::string zeroPoint = zeros();
    Image logits{fresh(), 1, 1, classes};
    body += formatv(
        "  {0} = tosa.conv2d {1}, {2}, {3}, {4}, {4} {{acc_type = f32, pad = "
        "array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = "
        "array<i64: 1, 1>} : ({5}, tensor<{6}x1x1x{7}xf32>, tensor<{6}xf32>, "
        "tensor<1xf32>, tensor<1xf32>) -> {8} loc(\"logits\")\n",
        logits.value, pooled, weight, bias, zeroPoint, point.type(), classes,
        image.channels, logits.type());
    ++weighted;
    image = logits;
    type = image.type();
  }
  RandomNetwork result;
  result.text = globals;
  result.text +=
      formatv("func.func @main(%x: {0}) -> {1} {{\n", input.type(), type);
  result.text += body;
  result.text += formatv("  return {0} : {1}\n}\n", image.value, type);

  QatInsertQuantizersOptions &options = result.options;
  WeightScheme scheme = random.pick<WeightScheme>(
      {WeightScheme::PerLayerAsymPACT, WeightScheme::PerLayerAsymMinMax,
       WeightScheme::PerChannelsAsymMinMax, WeightScheme::PerLayerSymPACT});
  options.weightScheme = stringifyWeightScheme(scheme).str();
  // A per-channel layer at the end cannot take its batch norm any other way;
  // the schemes' own default is what works for all.
  if (!isPerChannel(scheme) && random.chance(30))
    options.foldType = random.chance(50) ? "ICN" : "folding_thresh";
  options.rounding = random.chance(50) ? "nearest" : "floor";
  options.inputRange = random.chance(30)   ? ""
                       : random.chance(50) ? "0,1"
                                           : "-0.7,1.9";
  options.weightBits = random.between(2, 8);
  options.activationBits = random.between(2, 8);
  std::vector<LayerOverride> config;
  if (random.chance(60))
    for (unsigned layer = 0; layer < weighted; ++layer) {
      if (random.chance(40))
        continue;
      LayerOverride &entry = config.emplace_back();
      entry.index = layer;
      entry.weightBits = random.between(2, 8);
      if (layer + 1 < weighted) {
        entry.activationBits = random.between(2, 8);
        if (random.chance(25))
          entry.foldType = FoldType::FoldingThresh;
      }
    }
  for (const std::string &name : joins)
    if (random.chance(30)) {
      LayerOverride &entry = config.emplace_back();
      entry.name = name;
      entry.activationBits = random.between(2, 8);
    }
  if (!config.empty())
    options.layerConfig = printLayerConfig(config);
  return result;
}

RandomNetwork mlir::qat::makeRandomNetwork(uint64_t seed) {
  return NetworkWriter(seed).write();
}
