//===- RecordFloatMeans.cpp - qat-record-float-means
//--------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelMoments.h"
#include "WeightedLayers.h"

#include "qat/Calibration/Passes.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATRECORDFLOATMEANS
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct RecordFloatMeans : qat::impl::QatRecordFloatMeansBase<RecordFloatMeans> {
  using QatRecordFloatMeansBase::QatRecordFloatMeansBase;

  void runOnOperation() override {
    FailureOr<func::FuncOp> network =
        getNetwork(getOperation(), "qat-record-float-means");
    if (failed(network))
      return signalPassFailure();
    llvm::Expected<std::vector<ChannelMoments>> moments =
        getChannelMoments(getOperation(), LayerTensor::PreActivation,
                          {dataset, path, images, threads});
    if (!moments) {
      getOperation().emitError("cannot run the float network: ")
          << llvm::toString(moments.takeError());
      return signalPassFailure();
    }
    Builder builder(&getContext());
    for (auto [layer, channels] :
         llvm::zip_equal(getWeightedLayers(*network), *moments)) {
      ArrayRef<float> means = channels.means;
      auto type = RankedTensorType::get({static_cast<int64_t>(means.size())},
                                        builder.getF32Type());
      layer->setAttr(kFloatMeanAttribute, DenseElementsAttr::get(type, means));
    }
  }
};
} // namespace
