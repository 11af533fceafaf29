//===- MobileNets.cpp - MobileNetV1 and V2 --------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Networks.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::Twine;

static ZooWindow window3x3(int64_t stride) {
  return {{3, 3}, {stride, stride}};
}

//===----------------------------------------------------------------------===//
// V1
//===----------------------------------------------------------------------===//

/// Table 1 of arXiv 1704.04861: channels and stride of each depthwise
/// separable layer, after a convolution of 32 channels and stride 2.
static constexpr std::pair<int64_t, int64_t> kSeparable[] = {
    {64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
    {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};

Value qat::buildMobileNetV1(NetworkBuilder &net, Value x, double width,
                            int64_t classes) {
  auto channels = [&](int64_t count) {
    return static_cast<int64_t>(width * static_cast<double>(count));
  };
  auto finishLayer = [&](Value conv, const Twine &layer) {
    return net.relu6(net.batchNorm(conv, layer, layer + "_bn"),
                     layer + "_relu6");
  };
  x = finishLayer(net.conv(x, "conv0_3x3", channels(32), window3x3(2),
                           /*hasBias=*/false),
                  "conv0_3x3");
  int64_t index = 1;
  for (auto [count, stride] : kSeparable) {
    std::string depthwise = ("conv" + Twine(index++) + "_dw").str();
    x = finishLayer(net.depthwise(x, depthwise, window3x3(stride),
                                  /*hasBias=*/false),
                    depthwise);
    std::string pointwise = ("conv" + Twine(index++) + "_pw").str();
    x = finishLayer(net.conv(x, pointwise, channels(count), {},
                             /*hasBias=*/false),
                    pointwise);
  }
  return net.classifier(net.globalPool(x, "pool"), "fc", classes);
}

//===----------------------------------------------------------------------===//
// V2
//===----------------------------------------------------------------------===//

namespace {
/// A row of table 2 of arXiv 1801.04381: `repeats` bottlenecks whose first has
/// the stride.
struct Bottlenecks {
  int64_t expansion, channels, repeats, stride;
};
} // namespace

static constexpr Bottlenecks kBottlenecks[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

/// The nearest multiple of 8, but not below nine tenths: what the published
/// networks round their channels with.
static int64_t makeDivisible(double channels) {
  int64_t rounded =
      std::max<int64_t>(8, static_cast<int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + 8 : rounded;
}

Value qat::buildMobileNetV2(NetworkBuilder &net, Value x, double width,
                            int64_t classes) {
  auto normalize = [&](Value conv, const Twine &layer) {
    return net.batchNorm(conv, layer, layer + "_bn");
  };
  auto finishLayer = [&](Value conv, const Twine &layer) {
    return net.relu6(normalize(conv, layer), layer + "_relu6");
  };
  int64_t inputs = makeDivisible(32 * width);
  x = finishLayer(net.conv(x, "conv_first", inputs, window3x3(2),
                           /*hasBias=*/false),
                  "conv_first");
  int64_t index = 0;
  for (const Bottlenecks &row : kBottlenecks) {
    int64_t outputs = makeDivisible(static_cast<double>(row.channels) * width);
    for (int64_t repeat = 0; repeat < row.repeats; ++repeat) {
      std::string block = ("block" + Twine(index++)).str();
      int64_t stride = repeat == 0 ? row.stride : 1;
      Value y = x;
      if (row.expansion != 1)
        y = finishLayer(net.conv(y, block + "_expand", inputs * row.expansion,
                                 {}, /*hasBias=*/false),
                        block + "_expand");
      y = finishLayer(net.depthwise(y, block + "_dw", window3x3(stride),
                                    /*hasBias=*/false),
                      block + "_dw");
      y = normalize(net.conv(y, block + "_project", outputs, {},
                             /*hasBias=*/false),
                    block + "_project");
      x = stride == 1 && inputs == outputs ? net.add(x, y, block + "_add") : y;
      inputs = outputs;
    }
  }
  x = finishLayer(net.conv(x, "conv_last",
                           makeDivisible(1280 * std::max(1.0, width)), {},
                           /*hasBias=*/false),
                  "conv_last");
  return net.classifier(net.globalPool(x, "pool"), "fc", classes);
}
