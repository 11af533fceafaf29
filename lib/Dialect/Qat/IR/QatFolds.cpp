//===- QatFolds.cpp - folders -----------------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Support/IntegerBias.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::qat;

Operation *QatDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location location) {
  return arith::ConstantOp::materialize(builder, value, type, location);
}

OpFoldResult FoldWeightOp::fold(FoldAdaptor adaptor) {
  auto weight = getFloatElements(adaptor.getWeight());
  auto gamma = getFloatElements(adaptor.getGamma());
  auto variance = getFloatElements(adaptor.getVariance());
  if (!weight || !gamma || !variance)
    return {};
  std::vector<float> gains;
  float epsilon = getEpsilon().convertToFloat();
  for (auto [g, v] : llvm::zip_equal(*gamma, *variance))
    gains.push_back(getBatchNormGain(g, v, epsilon));
  auto type = cast<RankedTensorType>(getType());
  std::vector<float> channelMajor =
      toChannelMajor<float>(*weight, type.getShape(), getChannelAxes());
  std::vector<float> folded(channelMajor.size());
  scaleChannels(channelMajor, gains, folded);
  return DenseElementsAttr::get(
      type, ArrayRef(fromChannelMajor<float>(folded, type.getShape(),
                                             getChannelAxes())));
}

OpFoldResult FoldBiasOp::fold(FoldAdaptor adaptor) {
  auto bias = getFloatElements(adaptor.getBias());
  auto gamma = getFloatElements(adaptor.getGamma());
  auto beta = getFloatElements(adaptor.getBeta());
  auto mean = getFloatElements(adaptor.getMean());
  auto variance = getFloatElements(adaptor.getVariance());
  if (!bias || !gamma || !beta || !mean || !variance)
    return {};
  std::vector<float> folded;
  for (size_t c = 0; c < bias->size(); ++c) {
    ChannelNorm norm;
    norm.bias = (*bias)[c];
    norm.gain = getBatchNormGain((*gamma)[c], (*variance)[c],
                                 getEpsilon().convertToFloat());
    norm.mean = (*mean)[c];
    norm.beta = (*beta)[c];
    folded.push_back(norm.getFoldedBias());
  }
  return DenseElementsAttr::get(cast<RankedTensorType>(getType()),
                                ArrayRef(folded));
}
