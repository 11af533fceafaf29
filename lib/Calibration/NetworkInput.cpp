//===- NetworkInput.cpp - from the samples of a data set to a network -------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/NetworkInput.h"

#include "qat/Data/InputPipeline.h"
#include "qat/Support/ActivationQuantizers.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Error mlir::qat::checkSingleInput(ArrayRef<TensorInfo> inputs) {
  if (inputs.size() != 1)
    return createStringError(
        "the network has " + Twine(inputs.size()) +
        " inputs; a data set can feed networks of one input");
  ArrayRef<int64_t> shape = inputs[0].shape;
  if ((shape.size() == 2 || shape.size() == 4) && shape[0] == 1)
    return Error::success();
  return createStringError("the network's input has shape " + shapeText(shape) +
                           "; a data set can feed a batch of one, 1xHxWxC or "
                           "1xC (import with --shape 1,...)");
}

Expected<NdArray> mlir::qat::makeRealInput(const Sample &sample,
                                           const Preprocessing &preprocessing,
                                           const TensorInfo &input) {
  ArrayRef<int64_t> shape = input.shape;
  bool isImage = shape.size() == 4;
  Expected<NdArray> real =
      prepareInput(sample, preprocessing, isImage ? shape[1] : 1,
                   isImage ? shape[2] : 1, isImage ? shape[3] : shape[1]);
  if (!real)
    return real.takeError();
  real->reshape(shape);
  return real;
}

NdArray mlir::qat::quantizeInput(const NdArray &real, const TensorInfo &input) {
  quant::UniformQuantizedType type = input.quantized;
  InputQuantizer quantizer = InputQuantizer::fromGrid(
      {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
       static_cast<int32_t>(type.getStorageTypeMin()),
       static_cast<int32_t>(type.getStorageTypeMax())});
  NdArray result = NdArray::zeros(input.kind, real.shape());
  ArrayRef<float> values = real.data<float>();
  for (auto [out, value] : zip_equal(result.bytes(), values))
    out = static_cast<uint8_t>(quantizer.quantize(value));
  return result;
}

Expected<NdArray>
mlir::qat::makeNetworkInput(const Sample &sample,
                            const Preprocessing &preprocessing,
                            const TensorInfo &input) {
  Expected<NdArray> real = makeRealInput(sample, preprocessing, input);
  if (!real || !input.quantized)
    return real;
  return quantizeInput(*real, input);
}

std::vector<size_t> mlir::qat::spreadIndices(size_t size, size_t count) {
  if (count == 0 || count > size)
    count = size;
  std::vector<size_t> indices;
  indices.reserve(count);
  for (size_t i = 0; i < count; ++i)
    indices.push_back(i * size / count);
  return indices;
}
