//===- GoldenNetsTest.cpp - golden/nets, integer networks end to end ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every golden network from float parameters to integer logits: the integer
// parameters and every layer's output, by the functions of QatSupport alone.
//
//===----------------------------------------------------------------------===//

#include "NpzReader.h"
#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/IntegerLayers.h"
#include "qat/Support/Thresholds.h"
#include "qat/Support/WeightQuantizers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
template <typename List> auto toVector(const List &list) {
  return std::vector<std::decay_t<decltype(*list.begin())>>(list.begin(),
                                                            list.end());
}

template <typename T> T unwrap(Expected<T> value) {
  if (value)
    return std::move(*value);
  ADD_FAILURE() << toString(value.takeError());
  return T();
}

/// (A, B, C, D) with the axes in the order `from`, a permutation of 0..3.
IntegerTensor permute(ArrayRef<int64_t> shape, ArrayRef<int32_t> values,
                      std::array<int, 4> from) {
  IntegerTensor result;
  for (int axis : from)
    result.shape.push_back(shape[axis]);
  int64_t pitch[4] = {shape[1] * shape[2] * shape[3], shape[2] * shape[3],
                      shape[3], 1};
  const SmallVector<int64_t, 4> &to = result.shape;
  for (int64_t a = 0; a < to[0]; ++a)
    for (int64_t b = 0; b < to[1]; ++b)
      for (int64_t c = 0; c < to[2]; ++c)
        for (int64_t d = 0; d < to[3]; ++d)
          result.values.push_back(
              values[a * pitch[from[0]] + b * pitch[from[1]] +
                     c * pitch[from[2]] + d * pitch[from[3]]]);
  return result;
}

/// The values in the order of the goldens: NCHW, or NC.
std::vector<int32_t> toGoldenOrder(const IntegerTensor &tensor) {
  if (tensor.shape.size() != 4)
    return tensor.values;
  return permute(tensor.shape, tensor.values, {0, 3, 1, 2}).values;
}

struct Activation {
  IntegerTensor tensor;
  Grid grid;
};

struct Counts {
  size_t nets = 0, layers = 0, thresholdLayers = 0, constantChannels = 0,
         others = 0;
};

class NetChecker {
public:
  NetChecker(const json::Object &net, NpzReader &arrays, NpzReader &params,
             Counts &counts)
      : net(net), arrays(arrays), params(params), counts(counts) {
    rounding = *symbolizeRounding(net.getString("rounding").value_or(""));
  }

  void check() {
    quantizeInput();
    for (const json::Value &value : *net.getArray("nodes")) {
      const json::Object &node = *value.getAsObject();
      StringRef op = *node.getString("op");
      SCOPED_TRACE(op.str() + " " + node.getString("name").value_or("").str());
      if (op == "conv" || op == "fc")
        checkLayer(node);
      else if (op == "add" || op == "concat")
        checkJoin(node);
      else if (op == "flatten")
        flatten(node);
      else
        checkPool(node);
      if (testing::Test::HasFailure())
        return;
    }
    ++counts.nets;
    for (const std::string &key : arrays.unused())
      EXPECT_TRUE(StringRef(key).ends_with("_out_fake") || key == "logits_fake")
          << key << " was not compared";
  }

private:
  void quantizeInput() {
    const json::Object &range = *net.getObject("input");
    InputQuantizer quantizer =
        unwrapInput(*range.getNumber("lo"), *range.getNumber("hi"));
    const NpzArray &input = params["input_float"];
    std::vector<int32_t> integers;
    for (float x : input.floats())
      integers.push_back(quantizer.quantize(x));
    EXPECT_EQ(integers, params["input_int"].ints());
    Grid grid = quantizer.getGrid();
    EXPECT_EQ(grid.scale, *range.getNumber("scale"));
    EXPECT_EQ(grid.storageMin, *range.getNumber("min"));
    EXPECT_EQ(grid.storageMax, *range.getNumber("max"));
    tensors["input"] = {permute(input.shape, integers, {0, 2, 3, 1}), grid};
    previous = "input";
  }

  static InputQuantizer unwrapInput(double lo, double hi) {
    return cantFail(InputQuantizer::get(lo, hi));
  }

  const Activation &getInput(const json::Object &node, size_t index = 0) {
    const json::Array *inputs = node.getArray("inputs");
    std::string key = inputs ? (*inputs)[index].getAsString()->str() : previous;
    EXPECT_TRUE(tensors.count(key)) << key;
    return tensors[key];
  }

  void setOutput(const std::string &key, IntegerTensor tensor, Grid grid) {
    tensors[key] = {std::move(tensor), grid};
    previous = key;
  }

  static Window getWindow(const json::Object &node) {
    Window window;
    const json::Array &kernel = *node.getArray("kernel");
    const json::Array &stride = *node.getArray("stride");
    const json::Array &pads = *node.getArray("pads");
    for (int axis = 0; axis < 2; ++axis) {
      window.kernel[axis] = *kernel[axis].getAsInteger();
      window.stride[axis] = *stride[axis].getAsInteger();
      // The goldens have top, left, bottom, right.
      window.pads[2 * axis] = *pads[axis].getAsInteger();
      window.pads[2 * axis + 1] = *pads[axis + 2].getAsInteger();
    }
    return window;
  }

  /// The grid of what `prefix` names, from its learned bounds.
  Grid getOutputGrid(const json::Object &node, const std::string &prefix) {
    unsigned bits = *node.getInteger("a_bits");
    if (std::optional<StringRef> same = node.getString("same_grid"))
      return tensors[same->str()].grid;
    if (node.getString("grid").value_or("pact") == "pact")
      return unwrap(getPactGrid(params[prefix + "_alpha"][0], bits));
    return unwrap(getTwoBoundGrid(params[prefix + "_act_lo"][0],
                                  params[prefix + "_act_hi"][0], bits));
  }

  void checkGrid(const Grid &grid, const std::string &prefix) {
    if (!arrays.contains(prefix + "_out_scale"))
      return;
    EXPECT_EQ(grid.scale, arrays[prefix + "_out_scale"][0]);
    EXPECT_EQ(grid.zeroPoint, arrays[prefix + "_out_zero_point"][0]);
  }

  /// The float parameter, or `value` for every channel.
  std::vector<float> getParameter(const std::string &key, size_t channels,
                                  float value) {
    return params.contains(key) ? params[key].floats()
                                : std::vector<float>(channels, value);
  }

  std::vector<ChannelNorm> getNorms(const json::Object &node,
                                    const std::string &prefix,
                                    size_t channels) {
    std::vector<ChannelNorm> norms(channels);
    std::vector<float> bias = getParameter(prefix + "_bias", channels, 0);
    for (size_t c = 0; c < channels; ++c)
      norms[c].bias = bias[c];
    if (!*node.getBoolean("batch_norm"))
      return norms;
    float epsilon = *net.getNumber("bn_eps");
    for (size_t c = 0; c < channels; ++c) {
      norms[c].gain = getBatchNormGain(params[prefix + "_bn_gamma"][c],
                                       params[prefix + "_bn_var"][c], epsilon);
      norms[c].mean = params[prefix + "_bn_mean"][c];
      norms[c].beta = params[prefix + "_bn_beta"][c];
    }
    return norms;
  }

  /// Section 3 on the weights of one layer.
  QuantizedWeights quantize(const json::Object &node, const std::string &prefix,
                            ArrayRef<ChannelNorm> norms) {
    WeightScheme scheme = *symbolizeWeightScheme(*node.getString("quant_type"));
    std::vector<float> t = params[prefix + "_w"].floats();
    if (*node.getString("fold_type") == "folding_weights") {
      SmallVector<float> gains;
      for (const ChannelNorm &norm : norms)
        gains.push_back(norm.gain);
      scaleChannels(t, gains, t);
    }
    WeightBounds bounds;
    if (hasBounds(scheme))
      bounds.hi = arrays[prefix + "_hi"][0];
    if (hasBounds(scheme) && !isSymmetric(scheme))
      bounds.lo = arrays[prefix + "_lo"][0];
    return quantizeWeights(t, norms.size(), *node.getInteger("w_bits"), scheme,
                           bounds);
  }

  /// Runs a layer; without `requantization` it gives the accumulators.
  IntegerTensor run(const json::Object &node, const Activation &input,
                    const QuantizedWeights &weights, ArrayRef<int64_t> shape,
                    const Requantization &requantization) {
    std::vector<int32_t> stored = weights.getStored();
    if (*node.getString("op") == "fc") {
      IntegerTensor matrix{{shape[0], shape[1]}, stored};
      return unwrap(referenceFullyConnected(input.tensor, input.grid.zeroPoint,
                                            {matrix, weights.zeroPoints},
                                            requantization));
    }
    Window window = getWindow(node);
    if (*node.getBoolean("depthwise")) {
      int64_t inputs = *node.getInteger("in_channels");
      int64_t kernelSize = shape[2] * shape[3];
      // O = C*M, so OIHW is C, M, H*W.
      IntegerTensor hwcm = permute({inputs, shape[0] / inputs, kernelSize, 1},
                                   stored, {2, 3, 0, 1});
      hwcm.shape = {shape[2], shape[3], inputs, shape[0] / inputs};
      return unwrap(referenceDepthwiseConv2d(input.tensor, input.grid.zeroPoint,
                                             {hwcm, weights.zeroPoints}, window,
                                             requantization));
    }
    IntegerTensor ohwi = permute(shape, stored, {0, 2, 3, 1});
    return unwrap(referenceConv2d(input.tensor, input.grid.zeroPoint,
                                  {ohwi, weights.zeroPoints}, window,
                                  *node.getInteger("group"), requantization));
  }

  void checkFakeBias(const std::string &prefix, ArrayRef<float> biases,
                     ArrayRef<float> scales) {
    const NpzArray &expected = arrays[prefix + "_b_fake"];
    for (auto [c, bias] : enumerate(biases))
      EXPECT_NEAR(bias, expected[c], 1e-6 * std::fabs(expected[c]) + 1e-37);
    EXPECT_EQ(toVector(scales), arrays[prefix + "_scale_fake"].floats());
  }

  /// Compares M and its split, and gives what a device applies.
  SmallVector<Multiplier> checkMultipliers(const std::string &prefix,
                                           ArrayRef<float> real) {
    EXPECT_EQ(toVector(real), arrays[prefix + "_M"].floats());
    std::vector<int32_t> mantissas, exponents;
    SmallVector<Multiplier> multipliers;
    for (float M : real) {
      SplitMultiplier split = unwrap(splitMultiplier(M));
      mantissas.push_back(split.mantissa);
      exponents.push_back(split.exponent);
      multipliers.push_back(split.getMultiplier());
    }
    EXPECT_EQ(mantissas, arrays[prefix + "_M0"].ints());
    EXPECT_EQ(exponents, arrays[prefix + "_N0"].ints());
    return multipliers;
  }

  void checkWeights(const std::string &prefix,
                    const QuantizedWeights &weights) {
    EXPECT_EQ(weights.integers, arrays[prefix + "_w_int"].ints());
    EXPECT_EQ(toVector(weights.scales), arrays[prefix + "_w_scale"].floats());
    EXPECT_EQ(toVector(weights.zeroPoints),
              arrays[prefix + "_w_zero_point"].ints());
    if (arrays.contains(prefix + "_w_fake")) {
      EXPECT_EQ(weights.getFake(), arrays[prefix + "_w_fake"].floats());
    }
  }

  void checkLayer(const json::Object &node) {
    ++counts.layers;
    std::string prefix = "L" + std::to_string(*node.getInteger("layer"));
    Activation input = getInput(node);
    std::vector<int64_t> shape = params[prefix + "_w"].shape;
    std::vector<ChannelNorm> norms = getNorms(node, prefix, shape[0]);
    QuantizedWeights weights = quantize(node, prefix, norms);
    if (!node.getInteger("a_bits"))
      return checkLogits(node, prefix, input, weights, shape, norms);

    bool foldsIntoWeights = *node.getString("fold_type") == "folding_weights";
    unsigned biasBits = node.getInteger("bias_bits").value_or(32);
    Grid grid = getOutputGrid(node, prefix);
    checkGrid(grid, prefix);
    SmallVector<int32_t> biases;
    SmallVector<float> real, fakeBiases, fakeScales;
    std::vector<int32_t> constant;
    for (auto [c, norm] : enumerate(norms)) {
      ChannelParameters channel =
          foldsIntoWeights
              ? getFoldedParameters(norm, weights.getScale(c), input.grid.scale,
                                    grid.scale, rounding, biasBits)
              : getIcnParameters(norm, weights.getScale(c), input.grid.scale,
                                 grid.scale, rounding, weights.isChannelZero(c),
                                 biasBits);
      if (channel.isConstant)
        weights.clearChannel(c);
      constant.push_back(channel.isConstant);
      counts.constantChannels += channel.isConstant;
      biases.push_back(channel.bias);
      fakeBiases.push_back(channel.fakeBias);
      fakeScales.push_back(channel.fakeScale);
      if (c == 0 || !foldsIntoWeights)
        real.push_back(channel.multiplier);
    }
    checkWeights(prefix, weights);
    EXPECT_EQ(toVector(biases), arrays[prefix + "_b_int"].ints());
    checkFakeBias(prefix, fakeBiases, fakeScales);
    if (arrays.contains(prefix + "_const"))
      EXPECT_EQ(constant, arrays[prefix + "_const"].ints());
    else
      EXPECT_FALSE(is_contained(constant, 1));
    SmallVector<Multiplier> multipliers = checkMultipliers(prefix, real);

    Requantization requantization;
    requantization.biases = biases;
    requantization.multipliers = multipliers;
    requantization.zeroPoint = grid.zeroPoint;
    requantization.storageMin = grid.storageMin;
    requantization.storageMax = grid.storageMax;
    IntegerTensor output = run(node, input, weights, shape, requantization);
    EXPECT_EQ(toGoldenOrder(output), arrays[prefix + "_out"].ints());
    checkAccumulators(node, prefix, input, weights, shape, requantization,
                      output);
    setOutput(prefix + "_out", std::move(output), grid);
  }

  /// The accumulators, where the golden file has them, and folding_thresh.
  void checkAccumulators(const json::Object &node, const std::string &prefix,
                         const Activation &input,
                         const QuantizedWeights &weights,
                         ArrayRef<int64_t> shape, const Requantization &layer,
                         const IntegerTensor &output) {
    bool compares = *node.getString("fold_type") == "folding_thresh";
    if (!compares && !arrays.contains(prefix + "_acc"))
      return;
    IntegerTensor acc = run(node, input, weights, shape, Requantization());
    if (arrays.contains(prefix + "_acc")) {
      EXPECT_EQ(toGoldenOrder(acc), arrays[prefix + "_acc"].ints());
    }
    if (!compares)
      return;
    ++counts.thresholdLayers;
    int64_t channels = layer.biases.size();
    SmallVector<ChannelThresholds> thresholds;
    for (int64_t c = 0; c < channels; ++c)
      thresholds.push_back(getThresholds(layer.biases[c], layer.multipliers[c],
                                         layer.storageMax, layer.zeroPoint));
    std::vector<int32_t> compared;
    for (auto [i, value] : enumerate(acc.values))
      compared.push_back(thresholds[i % channels].apply(value));
    EXPECT_EQ(compared, output.values);
  }

  void checkLogits(const json::Object &node, const std::string &prefix,
                   const Activation &input, const QuantizedWeights &weights,
                   ArrayRef<int64_t> shape, ArrayRef<ChannelNorm> norms) {
    unsigned biasBits = node.getInteger("bias_bits").value_or(32);
    SmallVector<float> biases;
    SmallVector<bool> allZero;
    for (auto [c, norm] : enumerate(norms)) {
      biases.push_back(norm.getFoldedBias());
      allZero.push_back(weights.isChannelZero(c));
    }
    LogitParameters logits =
        isPerChannel(weights.scheme)
            ? getPerChannelLogitParameters(biases, weights.scales, allZero,
                                           input.grid.scale, rounding, biasBits)
            : getPerLayerLogitParameters(biases, weights.scales.front(),
                                         input.grid.scale, biasBits);
    checkWeights(prefix, weights);
    EXPECT_EQ(toVector(logits.biases), arrays[prefix + "_b_int"].ints());
    EXPECT_EQ(logits.scale, arrays["logits_scale"][0]);
    checkFakeBias(prefix, logits.fakeBiases,
                  SmallVector<float>(norms.size(), 1.0f));
    SmallVector<Multiplier> multipliers;
    if (!logits.multipliers.empty())
      multipliers = checkMultipliers(prefix, logits.multipliers);
    Requantization requantization;
    requantization.biases = logits.biases;
    requantization.multipliers = multipliers;
    IntegerTensor output = run(node, input, weights, shape, requantization);
    EXPECT_EQ(toGoldenOrder(output), arrays["logits_int"].ints());
    if (arrays.contains(prefix + "_acc")) {
      EXPECT_EQ(
          toGoldenOrder(run(node, input, weights, shape, Requantization())),
          arrays[prefix + "_acc"].ints());
    }
  }

  void checkJoin(const json::Object &node) {
    ++counts.others;
    std::string key = node.getString("key")->str();
    std::string prefix = StringRef(key).drop_back(strlen("_out")).str();
    Grid grid = getOutputGrid(node, prefix);
    checkGrid(grid, prefix);
    std::vector<int32_t> multipliers, shifts, offsets;
    IntegerTensor output;
    if (*node.getString("op") == "add") {
      Activation a = getInput(node, 0), b = getInput(node, 1);
      AddRule rule =
          unwrap(getAddRule(a.grid.scale, b.grid.scale, grid.scale, rounding));
      multipliers = {rule.multiplier1, rule.multiplier2};
      shifts = {rule.shift};
      offsets = {rule.offset};
      output =
          unwrap(referenceAdd(a.tensor, a.grid, b.tensor, b.grid, grid, rule));
    } else {
      SmallVector<IntegerTensor> operands;
      for (size_t i = 0; i < node.getArray("inputs")->size(); ++i) {
        Activation operand = getInput(node, i);
        AddRule rule =
            unwrap(getRescaleRule(operand.grid.scale, grid.scale, rounding));
        multipliers.push_back(rule.multiplier1);
        shifts.push_back(rule.shift);
        offsets.push_back(rule.offset);
        operands.push_back(
            referenceRescale(operand.tensor, operand.grid, grid, rule));
        if (operand.grid == grid) {
          EXPECT_EQ(operands.back().values, operand.tensor.values);
        }
      }
      output = unwrap(referenceConcat(operands));
    }
    EXPECT_EQ(multipliers, arrays[prefix + "_m"].ints());
    EXPECT_EQ(shifts, arrays[prefix + "_s"].ints());
    EXPECT_EQ(offsets, arrays[prefix + "_c"].ints());
    EXPECT_EQ(toGoldenOrder(output), arrays[key].ints());
    setOutput(key, std::move(output), grid);
  }

  void checkPool(const json::Object &node) {
    ++counts.others;
    std::string key = node.getString("key")->str();
    Activation input = getInput(node);
    Window window = getWindow(node);
    IntegerTensor output =
        unwrap(*node.getString("op") == "avgpool"
                   ? referenceAvgPool2d(input.tensor, input.grid.zeroPoint,
                                        window, rounding)
                   : referenceMaxPool2d(input.tensor, window));
    EXPECT_EQ(toGoldenOrder(output), arrays[key].ints());
    setOutput(key, std::move(output), input.grid);
  }

  void flatten(const json::Object &node) {
    Activation input = getInput(node);
    IntegerTensor flat{{input.tensor.shape[0],
                        input.tensor.getNumElements() / input.tensor.shape[0]},
                       toGoldenOrder(input.tensor)};
    setOutput(node.getString("key").value_or("flatten").str(), std::move(flat),
              input.grid);
  }

  const json::Object &net;
  NpzReader &arrays;
  NpzReader &params;
  Counts &counts;
  Rounding rounding = Rounding::Nearest;
  std::map<std::string, Activation> tensors;
  std::string previous;
};

TEST(GoldenNetsTest, MatchesEveryNetwork) {
  std::string folder = getSharedPath("golden/nets");
  QAT_SKIP_WITHOUT(folder);
  std::vector<std::string> names;
  std::error_code ec;
  for (sys::fs::directory_iterator it(folder, ec), end; it != end && !ec;
       it.increment(ec))
    if (sys::path::filename(it->path()).starts_with("net_") &&
        sys::path::extension(it->path()) == ".json")
      names.push_back(sys::path::stem(it->path()).str());
  std::sort(names.begin(), names.end());

  Counts counts;
  std::map<std::string, std::unique_ptr<NpzReader>> paramFiles;
  for (const std::string &name : names) {
    SCOPED_TRACE(name);
    auto text = MemoryBuffer::getFile(folder + "/" + name + ".json");
    ASSERT_TRUE(static_cast<bool>(text));
    Expected<json::Value> net = json::parse((*text)->getBuffer());
    ASSERT_TRUE(static_cast<bool>(net)) << toString(net.takeError());
    const json::Object &object = *net->getAsObject();
    std::unique_ptr<NpzReader> &params =
        paramFiles[object.getString("params")->str()];
    if (!params)
      params = std::make_unique<NpzReader>(unwrap(
          NpzReader::open(folder + "/" + object.getString("params")->str())));
    NpzReader arrays = unwrap(NpzReader::open(folder + "/" + name + ".npz"));
    NetChecker(object, arrays, *params, counts).check();
    if (HasFailure())
      return;
  }
  EXPECT_EQ(counts.nets, names.size());
  EXPECT_GT(counts.nets, 0u);
  printf("golden/nets: %zu networks, %zu layers (%zu by thresholds, %zu "
         "constant channels), %zu pools, adds and concats\n",
         counts.nets, counts.layers, counts.thresholdLayers,
         counts.constantChannels, counts.others);
}
} // namespace
