//===- ChannelMoments.cpp - mean and variance of channels -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelMoments.h"

#include "WeightedLayers.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

#include <mutex>

using namespace mlir;
using namespace mlir::qat;

namespace {
/// What one image adds to the moments of one tensor.
struct ChannelSums {
  std::vector<double> sums, squares;

  explicit ChannelSums(const NdArray &array)
      : sums(sumChannels(array)), squares(sumSquares(array)) {}
};
} // namespace

std::vector<double> qat::sumSquares(const NdArray &array) {
  std::vector<double> squares(array.shape().back(), 0.0);
  for (auto [index, value] : llvm::enumerate(array.data<float>()))
    squares[index % squares.size()] += static_cast<double>(value) * value;
  return squares;
}

ChannelMoments qat::makeMoments(ArrayRef<double> sums, ArrayRef<double> squares,
                                double count) {
  ChannelMoments moments;
  for (auto [sum, square] : llvm::zip_equal(sums, squares)) {
    double mean = sum / count;
    moments.means.push_back(static_cast<float>(mean));
    moments.variances.push_back(
        static_cast<float>(std::max(square / count - mean * mean, 0.0)));
  }
  return moments;
}

/// Compiles the float network with the tensors as results.
static llvm::Expected<std::unique_ptr<CompiledNetwork>>
compileObserved(ModuleOp module, LayerTensor which) {
  OwningOpRef<ModuleOp> clone = module.clone();
  auto function = clone->lookupSymbol<func::FuncOp>("main");
  SmallVector<Value> observed;
  for (Operation *layer : getWeightedLayers(function))
    observed.push_back(which == LayerTensor::Input
                           ? layer->getOperand(0)
                           : getPreActivation(LayerGroup::get(layer)));
  returnOnly(function, observed);
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatRemoveQuantizers());
  manager.addPass(createQatBindParameters());
  if (failed(manager.run(*clone)))
    return llvm::createStringError("the float network cannot be prepared");
  return CompiledNetwork::compile(*clone);
}

llvm::Expected<std::vector<ChannelMoments>>
qat::getChannelMoments(ModuleOp module, LayerTensor which,
                       const DataOptions &options) {
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      compileObserved(module, which);
  if (!network)
    return network.takeError();
  size_t tensors = (*network)->outputs().size();
  // Image by image, so that the order of the sums does not depend on threads.
  std::vector<std::vector<ChannelSums>> images;
  std::mutex mutex;
  llvm::Error error = forEachInput(
      module, (*network)->inputs(), options,
      [&](RunInput input) -> llvm::Error {
        std::vector<NdArray> outputs(tensors);
        const NdArray *inputs[] = {&input.real};
        if (llvm::Error error = (*network)->run(inputs, outputs))
          return error;
        std::vector<ChannelSums> sums(outputs.begin(), outputs.end());
        std::lock_guard<std::mutex> lock(mutex);
        if (images.size() <= input.position)
          images.resize(input.position + 1);
        images[input.position] = std::move(sums);
        return llvm::Error::success();
      });
  if (error)
    return error;
  // What could not be read has no sums.
  llvm::erase_if(images, [](const auto &image) { return image.empty(); });

  std::vector<ChannelMoments> moments;
  for (auto [tensor, info] : llvm::enumerate((*network)->outputs())) {
    int64_t channels = info.shape.back();
    std::vector<double> sums(channels, 0.0), squares(channels, 0.0);
    for (const std::vector<ChannelSums> &image : images)
      for (int64_t c = 0; c < channels; ++c) {
        sums[c] += image[tensor].sums[c];
        squares[c] += image[tensor].squares[c];
      }
    double count = static_cast<double>(images.size()) *
                   (*countElements(info.shape) / channels);
    moments.push_back(makeMoments(sums, squares, count));
  }
  return moments;
}
