//===- RecordFloatMoments.cpp - qat-record-float-moments ------------------===//
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
#define GEN_PASS_DEF_QATRECORDFLOATMOMENTS
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct RecordFloatMoments
    : qat::impl::QatRecordFloatMomentsBase<RecordFloatMoments> {
  using QatRecordFloatMomentsBase::QatRecordFloatMomentsBase;

  void runOnOperation() override {
    FailureOr<func::FuncOp> network =
        getNetwork(getOperation(), "qat-record-float-moments");
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
      auto type = RankedTensorType::get(
          {static_cast<int64_t>(channels.means.size())}, builder.getF32Type());
      layer->setAttr(
          kFloatMeanAttribute,
          DenseElementsAttr::get(type, ArrayRef<float>(channels.means)));
      layer->setAttr(
          kFloatVarianceAttribute,
          DenseElementsAttr::get(type, ArrayRef<float>(channels.variances)));
    }
  }
};
} // namespace
