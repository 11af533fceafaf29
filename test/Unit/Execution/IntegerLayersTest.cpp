//===- IntegerLayersTest.cpp - integer layers against the reference --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Single layers over random data, bit for bit against the loops of
// qat/Support/IntegerLayers.h, which share no code with the lowering.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Support/IntegerLayers.h"

#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
/// A storage type as the reference needs it.
struct Storage {
  unsigned bits;
  bool isSigned;
  int64_t zeroPoint = 0;

  int64_t min() const { return isSigned ? -(1 << (bits - 1)) : 0; }
  int64_t max() const { return min() + (1 << bits) - 1; }
  std::string name() const {
    return (isSigned ? "i" : "u") + std::to_string(bits);
  }
  std::string type() const {
    return formatv("!quant.uniform<{0}:f32, 0.5:{1}>", name(), zeroPoint);
  }
};

IntegerTensor randomTensor(std::mt19937 &random, ArrayRef<int64_t> shape,
                           Storage storage) {
  IntegerTensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.values = randomIntegers<int32_t>(random, tensor.getNumElements(),
                                          storage.min(), storage.max());
  return tensor;
}

NdArray toArray(const IntegerTensor &tensor, bool isSigned) {
  if (isSigned)
    return NdArray::of<int8_t>(
        tensor.shape,
        std::vector<int8_t>(tensor.values.begin(), tensor.values.end()));
  return NdArray::of<uint8_t>(
      tensor.shape,
      std::vector<uint8_t>(tensor.values.begin(), tensor.values.end()));
}

std::vector<int32_t> toIntegers(const NdArray &array) {
  std::vector<int32_t> values;
  visitKind(array.kind(), [&](auto zero) {
    using T = decltype(zero);
    for (T value : array.data<T>())
      values.push_back(static_cast<int32_t>(value));
  });
  return values;
}

/// The bytes of a constant of `bits` bits: one byte an element, high bits 0.
std::string storageConstant(const IntegerTensor &tensor, unsigned bits) {
  std::vector<uint8_t> bytes;
  for (int32_t value : tensor.values)
    bytes.push_back(static_cast<uint8_t>(value) & ((1u << bits) - 1));
  return dense<uint8_t>(bytes);
}

template <class T> std::string attribute(ArrayRef<T> values) {
  std::string text = "array<i" + std::to_string(8 * sizeof(T)) + ": ";
  for (auto [index, value] : enumerate(values))
    text += (index ? ", " : "") + std::to_string(static_cast<int64_t>(value));
  return text + ">";
}

enum class Kind { Conv, Depthwise, Dense };

struct LayerCase {
  const char *name;
  Kind kind;
  SmallVector<int64_t, 4> input;   // NHWC or NK
  SmallVector<int64_t, 4> weights; // OHWI, HWO or OK
  SmallVector<int64_t, 4> output;
  Window window;
  int64_t groups;
  Storage x, w, y;
  bool perChannel;
  bool perChannelZeroPoints;
  unsigned accumulatorBits;
  bool logits;
  bool constantWeights;
};

class WeightedLayer : public testing::TestWithParam<LayerCase> {};

std::string getAttributes(const LayerCase &c, const Requantization &r) {
  std::string text =
      "{accumulator_bits = " + std::to_string(c.accumulatorBits) + " : i32";
  if (c.kind != Kind::Dense) {
    text += ", pad = " + attribute<int64_t>(c.window.pads) +
            ", stride = " + attribute<int64_t>(c.window.stride) +
            ", dilation = " + attribute<int64_t>(c.window.dilation);
    if (c.kind == Kind::Conv)
      text += ", groups = " + std::to_string(c.groups) + " : i64";
  }
  if (!r.multipliers.empty()) {
    std::vector<int32_t> values;
    std::vector<int8_t> shifts;
    for (Multiplier m : r.multipliers) {
      values.push_back(m.value);
      shifts.push_back(m.shift);
    }
    text += ", multiplier = " + attribute<int32_t>(values) +
            ", shift = " + attribute<int8_t>(shifts);
  }
  return text + "}";
}

void expectReference(const LayerCase &c, bool extremeBiases) {
  std::mt19937 random(17);
  int64_t channels = c.output.back();
  IntegerTensor x = randomTensor(random, c.input, c.x);
  IntegerTensor w = randomTensor(random, c.weights, c.w);
  std::vector<int32_t> bias =
      randomIntegers<int32_t>(random, channels, -20000, 20000);
  if (extremeBiases) {
    bias[0] = std::numeric_limits<int32_t>::max();
    bias.back() = std::numeric_limits<int32_t>::min();
  }
  size_t parameters = c.perChannel ? channels : 1;
  std::vector<Multiplier> multipliers;
  for (size_t i = 0; i < parameters; ++i)
    multipliers.push_back(
        {static_cast<int32_t>((i % 3 == 1 ? -1 : 1) *
                              (1200000000 + 7919 * static_cast<int64_t>(i))),
         static_cast<int32_t>(i % 5 == 4 ? 63 : 37 + i % 4)});
  std::vector<int32_t> zeroPoints(c.perChannelZeroPoints ? channels : 1,
                                  c.w.zeroPoint);
  if (c.perChannelZeroPoints)
    zeroPoints =
        randomIntegers<int32_t>(random, channels, c.w.min(), c.w.max());

  Requantization requantization;
  requantization.biases = bias;
  if (!c.logits) {
    requantization.multipliers = multipliers;
    requantization.zeroPoint = c.y.zeroPoint;
    requantization.storageMin = c.y.min();
    requantization.storageMax = c.y.max();
  }
  Expected<IntegerTensor> expected = [&] {
    switch (c.kind) {
    case Kind::Conv:
      return referenceConv2d(x, c.x.zeroPoint, {w, zeroPoints}, c.window,
                             c.groups, requantization);
    case Kind::Depthwise: {
      IntegerTensor hwcm = w;
      int64_t inputs = c.input.back();
      hwcm.shape = {c.weights[0], c.weights[1], inputs, channels / inputs};
      return referenceDepthwiseConv2d(x, c.x.zeroPoint, {hwcm, zeroPoints},
                                      c.window, requantization);
    }
    case Kind::Dense:
      return referenceFullyConnected(x, c.x.zeroPoint, {w, zeroPoints},
                                     requantization);
    }
    llvm_unreachable("all kinds are handled");
  }();
  ASSERT_TRUE(static_cast<bool>(expected)) << toString(expected.takeError());

  std::string weightType = c.w.type();
  if (c.perChannelZeroPoints) {
    weightType = formatv("!quant.uniform<{0}:f32:{1}, {{", c.w.name(),
                         c.kind == Kind::Depthwise ? 2 : 0);
    for (auto [index, zeroPoint] : enumerate(zeroPoints))
      weightType +=
          (index ? ", " : "") + std::string("0.5:") + std::to_string(zeroPoint);
    weightType += "}>";
  }
  std::string xType = "tensor<" + dims(c.input) + c.x.type() + ">";
  std::string wType = "tensor<" + dims(c.weights) + weightType + ">";
  std::string storageType =
      "tensor<" + dims(c.weights) + "i" + std::to_string(c.w.bits) + ">";
  std::string biasType = "tensor<" + std::to_string(channels) + "xi32>";
  std::string yType =
      "tensor<" + dims(c.output) +
      (c.logits ? "!quant.uniform<i32:f32, 0.25>" : c.y.type()) + ">";
  const char *op = c.kind == Kind::Conv        ? "conv2d"
                   : c.kind == Kind::Depthwise ? "depthwise_conv2d"
                                               : "fully_connected";
  std::string text = "func.func @main(%x: " + xType;
  if (!c.constantWeights)
    text += ", %w: " + wType;
  text += ") -> " + yType + " {\n";
  if (c.constantWeights)
    text += "  %s = arith.constant " + storageConstant(w, c.w.bits) + " : " +
            storageType + "\n  %w = quant.scast %s : " + storageType + " to " +
            wType + "\n";
  text += "  %b = arith.constant " + dense<int32_t>(bias) + " : " + biasType +
          "\n  %y = qat." + op + " %x, %w, %b " +
          getAttributes(c, requantization) + " : (" + xType + ", " + wType +
          ", " + biasType + ") -> " + yType + "\n  return %y : " + yType +
          "\n}\n";
  NdArray input = toArray(x, c.x.isSigned), weights = toArray(w, c.w.isSigned);
  SmallVector<const NdArray *> inputs = {&input};
  if (!c.constantWeights)
    inputs.push_back(&weights);
  SmallVector<std::optional<HostIsa>> kernels = {std::nullopt};
  if (extremeBiases) // Served by loops.
    kernels.push_back(getBestHostIsa());
  else
    append_range(kernels, getSupportedHostIsas());
  for (std::optional<HostIsa> isa : kernels) {
    CompileOptions options;
    options.kernels = isa;
    std::unique_ptr<CompiledNetwork> network = compile(text, options);
    ASSERT_TRUE(network);
    EXPECT_EQ(toIntegers(run(*network, inputs)), expected->values)
        << (isa ? stringifyHostIsa(*isa).str() : "loops") << "\n"
        << text;
  }
}

TEST_P(WeightedLayer, equalsReference) {
  expectReference(GetParam(), /*extremeBiases=*/false);
}

/// The extremes of the sum: it must not wrap at 32 bits.
TEST_P(WeightedLayer, equalsReferenceWithExtremeBiases) {
  expectReference(GetParam(), /*extremeBiases=*/true);
}

Window window(std::array<int64_t, 4> pads, int64_t strideHeight = 1,
              int64_t strideWidth = 1, int64_t dilationHeight = 1,
              int64_t dilationWidth = 1) {
  Window result;
  llvm::copy(pads, result.pads);
  result.stride[0] = strideHeight;
  result.stride[1] = strideWidth;
  result.dilation[0] = dilationHeight;
  result.dilation[1] = dilationWidth;
  return result;
}

const Storage u8{8, false}, u8z{8, false, 131}, i8z{8, true, -3}, i8w{8, true},
    u4{4, false}, u4z{4, false, 9}, i4w{4, true}, i2w{2, true}, u2{2, false},
    u3z{3, false, 5};

INSTANTIATE_TEST_SUITE_P(
    All, WeightedLayer,
    testing::Values(LayerCase{"plain",
                              Kind::Conv,
                              {1, 6, 6, 3},
                              {16, 3, 3, 3},
                              {1, 6, 6, 16},
                              window({1, 1, 1, 1}),
                              1,
                              u8,
                              u8z,
                              u8,
                              false,
                              false,
                              32,
                              false,
                              true},
                    LayerCase{"four_pads_stride",
                              Kind::Conv,
                              {1, 9, 7, 5},
                              {6, 3, 2, 5},
                              {1, 5, 8, 6},
                              window({2, 0, 1, 1}, 2, 1),
                              1,
                              i8z,
                              u8z,
                              u8,
                              true,
                              true,
                              64,
                              false,
                              true},
                    LayerCase{"dilation",
                              Kind::Conv,
                              {1, 9, 9, 4},
                              {5, 3, 3, 4},
                              {1, 5, 7, 5},
                              window({0, 0, 1, 1}, 1, 1, 2, 2),
                              1,
                              u8z,
                              i8w,
                              u8z,
                              true,
                              false,
                              32,
                              false,
                              true},
                    LayerCase{"groups",
                              Kind::Conv,
                              {1, 5, 5, 6},
                              {8, 3, 3, 3},
                              {1, 5, 5, 8},
                              window({1, 1, 1, 1}),
                              2,
                              u8,
                              i8w,
                              i8z,
                              true,
                              false,
                              32,
                              false,
                              true},
                    LayerCase{"batch",
                              Kind::Conv,
                              {3, 4, 4, 2},
                              {3, 2, 2, 2},
                              {3, 3, 3, 3},
                              window({0, 0, 0, 0}),
                              1,
                              u8,
                              i8w,
                              u8,
                              false,
                              false,
                              32,
                              false,
                              true},
                    LayerCase{"narrow",
                              Kind::Conv,
                              {1, 5, 5, 7},
                              {9, 3, 3, 7},
                              {1, 5, 5, 9},
                              window({1, 1, 1, 1}),
                              1,
                              u4,
                              u4z,
                              u4,
                              true,
                              true,
                              32,
                              false,
                              true},
                    LayerCase{"narrow_signed",
                              Kind::Conv,
                              {1, 5, 5, 4},
                              {3, 1, 1, 4},
                              {1, 5, 5, 3},
                              window({0, 0, 0, 0}),
                              1,
                              u2,
                              i2w,
                              u3z,
                              true,
                              false,
                              32,
                              false,
                              true},
                    LayerCase{"weights_as_argument",
                              Kind::Conv,
                              {1, 5, 5, 4},
                              {3, 3, 3, 4},
                              {1, 5, 5, 3},
                              window({1, 1, 1, 1}),
                              1,
                              u8,
                              u8z,
                              u8,
                              true,
                              true,
                              64,
                              false,
                              false},
                    LayerCase{"logits",
                              Kind::Conv,
                              {1, 1, 1, 40},
                              {7, 1, 1, 40},
                              {1, 1, 1, 7},
                              window({0, 0, 0, 0}),
                              1,
                              u8,
                              i8w,
                              u8,
                              false,
                              false,
                              32,
                              true,
                              true},
                    LayerCase{"depthwise",
                              Kind::Depthwise,
                              {1, 7, 6, 16},
                              {3, 3, 16},
                              {1, 4, 3, 16},
                              window({1, 1, 1, 0}, 2, 2),
                              1,
                              u8,
                              u8z,
                              u8,
                              true,
                              true,
                              32,
                              false,
                              true},
                    LayerCase{"depth_multiplier",
                              Kind::Depthwise,
                              {1, 5, 5, 3},
                              {3, 3, 6},
                              {1, 5, 5, 6},
                              window({1, 1, 1, 1}),
                              1,
                              i8z,
                              i4w,
                              u4,
                              true,
                              false,
                              64,
                              false,
                              true},
                    LayerCase{"dense",
                              Kind::Dense,
                              {2, 100},
                              {11, 100},
                              {2, 11},
                              Window(),
                              1,
                              u8z,
                              u8z,
                              u8,
                              true,
                              true,
                              64,
                              false,
                              true},
                    LayerCase{"dense_logits",
                              Kind::Dense,
                              {1, 64},
                              {10, 64},
                              {1, 10},
                              Window(),
                              1,
                              u8,
                              i8w,
                              u8,
                              false,
                              false,
                              32,
                              true,
                              true}),
    [](const auto &info) { return std::string(info.param.name); });

// 40,000 products of 255 * 255 do not fit 32 bits.
TEST(Accumulator, has64BitsWhereNothingProves32) {
  std::vector<uint8_t> ones(40000, 255);
  NdArray input = NdArray::of<uint8_t>({1, 40000}, ones);
  std::unique_ptr<CompiledNetwork> network = compile(R"(
    !u8 = !quant.uniform<u8:f32, 0.5>
    !y = !quant.uniform<i32:f32, 0.5>
    func.func @main(%x: tensor<1x40000x!u8>) -> tensor<1x1x!y> {
      %s = arith.constant dense<255> : tensor<1x40000xi8>
      %w = quant.scast %s : tensor<1x40000xi8> to tensor<1x40000x!u8>
      %b = arith.constant dense<0> : tensor<1xi32>
      %y = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1>, shift = array<i8: 1>}
           : (tensor<1x40000x!u8>, tensor<1x40000x!u8>, tensor<1xi32>) -> tensor<1x1x!y>
      return %y : tensor<1x1x!y>
    })");
  ASSERT_TRUE(network);
  EXPECT_EQ(
      toIntegers(run(*network, &input)),
      std::vector<int32_t>{static_cast<int32_t>(40000ll * 255 * 255 / 2)});
}

// 140,000 products of about 240 * 240 reach 2^33: times a multiplier they do
// not fit 64 bits, before the shift as behind it.
TEST(Accumulator, isScaledExactlyWhereTheProductExceeds64Bits) {
  constexpr int64_t inputs = 140000;
  constexpr int32_t most = std::numeric_limits<int32_t>::max();
  constexpr int32_t least = std::numeric_limits<int32_t>::min();
  const Multiplier multipliers[] = {
      {most, 35}, {least, 35}, {1234567891, 63}, {-1234567891, 63},
      {most, 31}, {least, 20}, {most, 0},        {1, 4}};
  const int64_t outputs = std::size(multipliers);
  std::mt19937 random(23);
  IntegerTensor x{{1, inputs},
                  randomIntegers<int32_t>(random, inputs, 225, 255)};
  IntegerTensor w{{outputs, inputs},
                  randomIntegers<int32_t>(random, outputs * inputs, 225, 255)};
  std::vector<int32_t> bias =
      randomIntegers<int32_t>(random, outputs, least, most);
  int32_t zeroPoint = 0;

  for (int32_t resultZeroPoint : {0, 131}) {
    bool isByte = resultZeroPoint != 0;
    Requantization requantization;
    requantization.biases = bias;
    std::vector<Multiplier> scaled(multipliers, std::end(multipliers));
    if (isByte) {
      requantization.zeroPoint = resultZeroPoint;
      requantization.storageMin = 0;
      requantization.storageMax = 255;
      // 33 bits and 31 of the multiplier, down to 7.
      for (Multiplier &m : MutableArrayRef(scaled).take_front(2))
        m.shift = 58;
    }
    requantization.multipliers = scaled;
    Expected<IntegerTensor> expected =
        referenceFullyConnected(x, 0, {w, zeroPoint}, requantization);
    ASSERT_TRUE(static_cast<bool>(expected)) << toString(expected.takeError());

    LayerCase layer{};
    layer.kind = Kind::Dense;
    layer.accumulatorBits = 64;
    std::unique_ptr<CompiledNetwork> network = compile(
        formatv("!x = tensor<1x{0}x!quant.uniform<u8:f32, 0.5>>\n"
                "!w = tensor<{1}x{0}x!quant.uniform<u8:f32, 0.5>>\n"
                "!y = tensor<1x{1}x{2}>\n"
                "func.func @main(%x: !x, %w: !w) -> !y {{\n"
                "  %b = arith.constant {3} : tensor<{1}xi32>\n"
                "  %y = qat.fully_connected %x, %w, %b {4}\n"
                "       : (!x, !w, tensor<{1}xi32>) -> !y\n"
                "  return %y : !y\n}",
                inputs, outputs,
                isByte ? u8z.type() : "!quant.uniform<i32:f32, 0.5>",
                dense<int32_t>(bias), getAttributes(layer, requantization))
            .str());
    ASSERT_TRUE(network);
    NdArray input = toArray(x, false), weights = toArray(w, false);
    EXPECT_EQ(toIntegers(run(*network, {&input, &weights})), expected->values);
  }
}

//===----------------------------------------------------------------------===//
// Adds, requantizations and pools
//===----------------------------------------------------------------------===//

Grid toGrid(Storage storage) {
  return Grid{0.5, static_cast<int32_t>(storage.zeroPoint),
              static_cast<int32_t>(storage.min()),
              static_cast<int32_t>(storage.max())};
}

TEST(Add, equalsReference) {
  std::mt19937 random(3);
  SmallVector<int64_t> shape = {1, 5, 7, 9};
  for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
    Storage a = i8z, b = u4z, y = u8z;
    Expected<AddRule> rule = getAddRule(0.3, 0.02, 0.17, rounding);
    ASSERT_TRUE(static_cast<bool>(rule));
    IntegerTensor x1 = randomTensor(random, shape, a);
    IntegerTensor x2 = randomTensor(random, shape, b);
    Expected<IntegerTensor> expected =
        referenceAdd(x1, toGrid(a), x2, toGrid(b), toGrid(y), *rule);
    ASSERT_TRUE(static_cast<bool>(expected));
    std::string at = "tensor<" + dims(shape) + a.type() + ">";
    std::string bt = "tensor<" + dims(shape) + b.type() + ">";
    std::string yt = "tensor<" + dims(shape) + y.type() + ">";
    std::unique_ptr<CompiledNetwork> network = compile(
        formatv(
            "func.func @main(%a: {0}, %b: {1}) -> {2} {{\n"
            "%y = qat.add %a, %b {{lhs_multiplier = {3} : i32, rhs_multiplier "
            "= "
            "{4} : i32, offset = {5} : i32, shift = {6} : i32} : ({0}, {1}) -> "
            "{2}\nreturn %y : {2}\n}",
            at, bt, yt, rule->multiplier1, rule->multiplier2, rule->offset,
            rule->shift)
            .str());
    ASSERT_TRUE(network);
    NdArray lhs = toArray(x1, a.isSigned), rhs = toArray(x2, b.isSigned);
    EXPECT_EQ(toIntegers(run(*network, {&lhs, &rhs})), expected->values);
  }
}

TEST(Requantize, equalsReference) {
  std::mt19937 random(4);
  Storage a = u8z, y = i8z;
  Expected<AddRule> rule = getRescaleRule(0.3, 0.17, Rounding::Nearest);
  ASSERT_TRUE(static_cast<bool>(rule));
  IntegerTensor x = randomTensor(random, {4, 33}, a);
  std::unique_ptr<CompiledNetwork> network = compile(
      formatv("func.func @main(%a: tensor<4x33x{0}>) -> tensor<4x33x{1}> {{\n"
              "%y = qat.requantize %a {{multiplier = {2} : i32, offset = {3} : "
              "i32, "
              "shift = {4} : i32} : (tensor<4x33x{0}>) -> tensor<4x33x{1}>\n"
              "return %y : tensor<4x33x{1}>\n}",
              a.type(), y.type(), rule->multiplier1, rule->offset, rule->shift)
          .str());
  ASSERT_TRUE(network);
  NdArray input = toArray(x, false);
  EXPECT_EQ(toIntegers(run(*network, &input)),
            referenceRescale(x, toGrid(a), toGrid(y), *rule).values);
}

struct PoolCase {
  const char *name;
  SmallVector<int64_t, 4> input, output;
  Window window;
  Storage storage;
};

class Pool : public testing::TestWithParam<PoolCase> {
protected:
  void
  compare(const std::string &op, const std::string &extra,
          llvm::function_ref<Expected<IntegerTensor>(const IntegerTensor &)>
              reference) {
    const PoolCase &c = GetParam();
    std::mt19937 random(5);
    IntegerTensor x = randomTensor(random, c.input, c.storage);
    Expected<IntegerTensor> expected = reference(x);
    ASSERT_TRUE(static_cast<bool>(expected)) << toString(expected.takeError());
    std::string xt = "tensor<" + dims(c.input) + c.storage.type() + ">";
    std::string yt = "tensor<" + dims(c.output) + c.storage.type() + ">";
    std::unique_ptr<CompiledNetwork> network = compile(
        formatv(
            "func.func @main(%x: {0}) -> {1} {{\n%y = qat.{2} %x {{kernel = "
            "{3}, "
            "stride = {4}, pad = {5}{6}} : ({0}) -> {1}\nreturn %y : {1}\n}",
            xt, yt, op, attribute<int64_t>(c.window.kernel),
            attribute<int64_t>(c.window.stride),
            attribute<int64_t>(c.window.pads), extra)
            .str());
    ASSERT_TRUE(network);
    NdArray input = toArray(x, c.storage.isSigned);
    EXPECT_EQ(toIntegers(run(*network, &input)), expected->values);
  }
};

TEST_P(Pool, averageEqualsReference) {
  for (Rounding rounding : {Rounding::Floor, Rounding::Nearest})
    compare(
        "avg_pool2d",
        formatv(", rounding = #qat.rounding<{0}>", stringifyRounding(rounding)),
        [&](const IntegerTensor &x) {
          return referenceAvgPool2d(x, GetParam().storage.zeroPoint,
                                    GetParam().window, rounding);
        });
}

TEST_P(Pool, maximumEqualsReference) {
  compare("max_pool2d", "", [&](const IntegerTensor &x) {
    return referenceMaxPool2d(x, GetParam().window);
  });
}

Window poolWindow(int64_t height, int64_t width, std::array<int64_t, 4> pads,
                  int64_t strideHeight, int64_t strideWidth) {
  Window result = window(pads, strideHeight, strideWidth);
  result.kernel[0] = height;
  result.kernel[1] = width;
  return result;
}

INSTANTIATE_TEST_SUITE_P(
    All, Pool,
    testing::Values(PoolCase{"whole",
                             {1, 7, 7, 20},
                             {1, 1, 1, 20},
                             poolWindow(7, 7, {0, 0, 0, 0}, 1, 1),
                             u8},
                    PoolCase{"padded",
                             {2, 6, 7, 5},
                             {2, 3, 8, 5},
                             poolWindow(3, 2, {1, 0, 1, 1}, 2, 1),
                             i8z},
                    PoolCase{"narrow",
                             {1, 4, 4, 3},
                             {1, 2, 2, 3},
                             poolWindow(2, 2, {0, 0, 0, 0}, 2, 2),
                             u4z}),
    [](const auto &info) { return std::string(info.param.name); });
} // namespace
