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

#include <array>

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

static InputQuantizer getQuantizer(const TensorInfo &input) {
  quant::UniformQuantizedType type = input.quantized;
  return InputQuantizer::fromGrid(
      {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
       static_cast<int32_t>(type.getStorageTypeMin()),
       static_cast<int32_t>(type.getStorageTypeMax())});
}

NdArray mlir::qat::quantizeInput(const NdArray &real, const TensorInfo &input) {
  InputQuantizer quantizer = getQuantizer(input);
  NdArray result = NdArray::zeros(input.kind, real.shape());
  ArrayRef<float> values = real.data<float>();
  for (auto [out, value] : zip_equal(result.bytes(), values))
    out = static_cast<uint8_t>(quantizer.quantize(value));
  return result;
}

/// makeNetworkInput for pixels: each of the 256 that a channel can have is
/// quantized once.
static Expected<NdArray> quantizePixels(const Sample &sample,
                                        const Preprocessing &preprocessing,
                                        const TensorInfo &input) {
  ArrayRef<int64_t> shape = input.shape;
  int64_t channels = shape[3];
  Expected<NdArray> pixels =
      preparePixels(sample, preprocessing, shape[1], shape[2], channels);
  if (!pixels)
    return pixels;
  InputQuantizer quantizer = getQuantizer(input);
  std::vector<std::array<uint8_t, 256>> stored(channels);
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int pixel = 0; pixel < 256; ++pixel)
      stored[channel][pixel] = static_cast<uint8_t>(quantizer.quantize(
          static_cast<float>(preprocessing.toReal(pixel, channel))));
  NdArray result = NdArray::zeros(input.kind, shape);
  const uint8_t *from = pixels->data<uint8_t>().data();
  uint8_t *to = result.bytes().data();
  for (int64_t pixel = 0; pixel < shape[1] * shape[2]; ++pixel)
    for (int64_t channel = 0; channel < channels; ++channel)
      *to++ = stored[channel][*from++];
  return result;
}

Expected<NdArray>
mlir::qat::makeNetworkInput(const Sample &sample,
                            const Preprocessing &preprocessing,
                            const TensorInfo &input) {
  if (input.quantized && input.shape.size() == 4 &&
      sample.pixels.kind() == ElementKind::U8)
    return quantizePixels(sample, preprocessing, input);
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
