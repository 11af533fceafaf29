//===- FloatMeans.cpp - qat-record-float-means --------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatMeans.h"

#include "WeightedLayers.h"

#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATRECORDFLOATMEANS
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

llvm::Expected<std::vector<std::vector<float>>>
qat::getFloatMeans(ModuleOp module, const DataOptions &options) {
  OwningOpRef<ModuleOp> clone = module.clone();
  auto function = clone->lookupSymbol<func::FuncOp>("main");
  SmallVector<Value> observed;
  for (Operation *layer : getWeightedLayers(function))
    observed.push_back(getPreActivation(LayerGroup::get(layer)));
  returnOnly(function, observed);
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatRemoveQuantizers());
  manager.addPass(createQatBindParameters());
  if (failed(manager.run(*clone)))
    return llvm::createStringError("the float network cannot be prepared");
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*clone);
  if (!network)
    return network.takeError();

  // Sums image by image, so that their order does not depend on the threads.
  std::vector<std::vector<std::vector<double>>> sums;
  std::mutex mutex;
  llvm::Error error = forEachInput(
      module, (*network)->inputs(), options,
      [&](RunInput input) -> llvm::Error {
        std::vector<NdArray> outputs(observed.size());
        const NdArray *inputs[] = {&input.real};
        if (llvm::Error error = (*network)->run(inputs, outputs))
          return error;
        std::vector<std::vector<double>> local;
        for (const NdArray &output : outputs)
          local.push_back(sumChannels(output));
        std::lock_guard<std::mutex> lock(mutex);
        if (sums.size() <= input.position)
          sums.resize(input.position + 1);
        sums[input.position] = std::move(local);
        return llvm::Error::success();
      });
  if (error)
    return error;

  std::vector<std::vector<float>> means;
  for (auto [layer, info] : llvm::enumerate((*network)->outputs())) {
    int64_t channels = info.shape.back();
    std::vector<double> total(channels, 0.0);
    double images = 0;
    for (const auto &image : sums) {
      if (image.empty()) // a sample that could not be read
        continue;
      ++images;
      for (int64_t c = 0; c < channels; ++c)
        total[c] += image[layer][c];
    }
    double count = images * *countElements(info.shape) / channels;
    means.emplace_back();
    for (double sum : total)
      means.back().push_back(static_cast<float>(sum / count));
  }
  return means;
}

namespace {
struct RecordFloatMeans
    : qat::impl::QatRecordFloatMeansBase<RecordFloatMeans> {
  using QatRecordFloatMeansBase::QatRecordFloatMeansBase;

  void runOnOperation() override {
    FailureOr<func::FuncOp> network =
        getNetwork(getOperation(), "qat-record-float-means");
    if (failed(network))
      return signalPassFailure();
    llvm::Expected<std::vector<std::vector<float>>> means =
        getFloatMeans(getOperation(), {dataset, path, images, threads});
    if (!means) {
      getOperation().emitError("cannot run the float network: ")
          << llvm::toString(means.takeError());
      return signalPassFailure();
    }
    Builder builder(&getContext());
    for (auto [layer, mean] :
         llvm::zip_equal(getWeightedLayers(*network), *means)) {
      auto type = RankedTensorType::get({static_cast<int64_t>(mean.size())},
                                        builder.getF32Type());
      layer->setAttr(kFloatMeanAttribute,
                     DenseElementsAttr::get(type, ArrayRef<float>(mean)));
    }
  }
};
} // namespace
