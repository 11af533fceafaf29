//===- TinyNetworks.cpp - ResNet-8 and DS-CNN of MLPerf Tiny --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Layers, their order and their names are those of the trained models of
// MLPerf Tiny (arXiv 2106.07597; github.com/mlcommons/tiny), biases before
// batch norms included, so that parameters can be exchanged by name. They end
// in the logits instead of a softmax.
//
//===----------------------------------------------------------------------===//

#include "Networks.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::Twine;

/// Keras' names: the first of a kind has no number.
static std::string numbered(llvm::StringRef kind, unsigned index) {
  return index == 0 ? kind.str() : (kind + "_" + Twine(index)).str();
}

namespace {
/// Counts the layers of each kind.
struct ResNetNames {
  unsigned convs = 0, norms = 0, activations = 0, adds = 0;
  std::string conv() { return numbered("conv2d", convs++); }
  std::string norm() { return numbered("batch_normalization", norms++); }
  std::string activation() { return numbered("activation", activations++); }
  std::string add() { return numbered("add", adds++); }
};
} // namespace

Value qat::buildResNet8(NetworkBuilder &net, Value x, double, int64_t classes) {
  ResNetNames names;
  ZooWindow same{{3, 3}, {1, 1}};
  std::string layer = names.conv();
  x = net.conv(x, layer, 16, same, /*hasBias=*/true);
  x = net.relu(net.batchNorm(x, layer, names.norm()), names.activation());
  for (int64_t channels : {16, 32, 64}) {
    int64_t stride = channels == 16 ? 1 : 2;
    layer = names.conv();
    Value y = net.conv(x, layer, channels, {{3, 3}, {stride, stride}},
                       /*hasBias=*/true);
    y = net.relu(net.batchNorm(y, layer, names.norm()), names.activation());
    layer = names.conv();
    y = net.conv(y, layer, channels, same, /*hasBias=*/true);
    if (stride != 1)
      x = net.conv(x, names.conv(), channels, {{1, 1}, {stride, stride}},
                   /*hasBias=*/true);
    y = net.batchNorm(y, layer, names.norm());
    x = net.relu(net.add(x, y, names.add()), names.activation());
  }
  return net.classifier(net.globalPool(x, "average_pooling2d"), "dense",
                        classes);
}

Value qat::buildDsCnn(NetworkBuilder &net, Value x, double, int64_t classes) {
  constexpr int64_t channels = 64;
  for (unsigned index = 0; index < 9; ++index) {
    std::string layer = ("conv_" + Twine(index)).str();
    if (index == 0)
      x = net.conv(x, layer, channels, {{10, 4}, {2, 2}}, /*hasBias=*/true);
    else if (index % 2 == 1)
      x = net.depthwise(x, layer, {{3, 3}, {1, 1}}, /*hasBias=*/true);
    else
      x = net.conv(x, layer, channels, {}, /*hasBias=*/true);
    x = net.relu(net.batchNorm(x, layer, "bn_" + Twine(index)),
                 "relu_" + Twine(index));
  }
  return net.classifier(net.globalPool(x, "pool"), "dense", classes);
}
