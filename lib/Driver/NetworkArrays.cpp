//===- NetworkArrays.cpp - arrays of a user as inputs of a network --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkArrays.h"

#include "qat/Calibration/NetworkInput.h"
#include "qat/Support/Npy.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// NCHW of `shape` (NHWC).
static SmallVector<int64_t> toChannelsFirst(ArrayRef<int64_t> shape) {
  return {shape[0], shape[3], shape[1], shape[2]};
}

/// Whether `shape` is a batch of `single` (whose first dimension is 1), or one
/// of it with that dimension left out.
static bool isBatchOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> single) {
  return shape == single.drop_front() ||
         (shape.size() == single.size() &&
          shape.drop_front() == single.drop_front());
}

static NdArray transposeToNHWC(const NdArray &array, int64_t batch,
                               ArrayRef<int64_t> nhwc) {
  SmallVector<int64_t> shape(nhwc);
  shape[0] = batch;
  NdArray result = NdArray::zeros(array.kind(), shape);
  int64_t pixels = nhwc[1] * nhwc[2], channels = nhwc[3];
  visitKind(array.kind(), [&](auto zero) {
    using T = decltype(zero);
    ArrayRef<T> source = array.data<T>();
    MutableArrayRef<T> target = result.data<T>();
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t p = 0; p < pixels; ++p)
          target[(n * pixels + p) * channels + c] =
              source[(n * channels + c) * pixels + p];
  });
  return result;
}

/// One element of any kind as a double, which holds every integer of 8 bits.
static double getElement(const NdArray &array, int64_t index) {
  return visitKind(array.kind(), [&](auto zero) {
    return static_cast<double>(array.data<decltype(zero)>()[index]);
  });
}

static Expected<NdArray> toStored(const NdArray &array,
                                  const TensorInfo &input) {
  bool isReal =
      array.kind() == ElementKind::F32 || array.kind() == ElementKind::F64;
  if (!input.quantized && !isReal)
    return createStringError(
        "holds integers (" + kindName(array.kind()) +
        "), but a float network takes real values; for pixels these are "
        "(pixel * scale - mean) / std");
  NdArray real = isReal ? array.toF32() : NdArray();
  if (isReal)
    for (auto [index, value] : enumerate(real.data<float>()))
      if (std::isnan(value))
        return createStringError("element " + Twine(index) +
                                 " is not a number (NaN)");
  if (!input.quantized)
    return std::move(real);
  if (isReal)
    return quantizeInput(real, input);
  int64_t low = input.quantized.getStorageTypeMin();
  int64_t high = input.quantized.getStorageTypeMax();
  NdArray result = NdArray::zeros(input.kind, array.shape());
  for (int64_t i = 0; i < array.size(); ++i) {
    double value = getElement(array, i);
    if (value < low || value > high)
      return createStringError("element " + Twine(i) + " is " +
                               Twine(static_cast<int64_t>(value)) +
                               ", but the network takes integers from " +
                               Twine(low) + " to " + Twine(high));
    result.bytes()[i] = static_cast<uint8_t>(static_cast<int64_t>(value));
  }
  return result;
}

Expected<std::vector<NdArray>>
mlir::qat::makeNetworkInputs(const NdArray &array, const TensorInfo &input,
                             BatchLayout layout) {
  ArrayRef<int64_t> single = input.shape;
  bool isImage = single.size() == 4;
  bool fitsNHWC = isBatchOf(array.shape(), single);
  bool fitsNCHW = isImage && isBatchOf(array.shape(), toChannelsFirst(single));
  bool takeNHWC = fitsNHWC && layout != BatchLayout::NCHW;
  bool takeNCHW = fitsNCHW && layout != BatchLayout::NHWC;
  if (!takeNHWC && !takeNCHW) {
    std::string expected = shapeText(single);
    if (isImage && layout == BatchLayout::Any)
      expected += " or " + shapeText(toChannelsFirst(single));
    if (isImage && layout == BatchLayout::NCHW)
      expected = shapeText(toChannelsFirst(single));
    return createStringError("expected an array of shape " + expected +
                             ", alone or a batch, but got " +
                             shapeText(array.shape()));
  }
  int64_t elements = 1;
  for (int64_t size : single)
    elements *= size;
  if (elements == 0 || array.size() == 0)
    return createStringError("the array has no elements");
  int64_t batch = array.size() / elements;
  NdArray transposed;
  const NdArray *source = &array;
  if (!takeNHWC) {
    transposed = transposeToNHWC(array, batch, single);
    source = &transposed;
  }
  Expected<NdArray> stored = toStored(*source, input);
  if (!stored)
    return stored.takeError();
  std::vector<NdArray> result;
  int64_t bytes = stored->byteSize() / batch;
  for (int64_t n = 0; n < batch; ++n) {
    NdArray one = NdArray::zeros(stored->kind(), single);
    copy(stored->bytes().slice(n * bytes, bytes), one.bytes().begin());
    result.push_back(std::move(one));
  }
  return result;
}

Expected<std::vector<NdArray>>
mlir::qat::readNetworkInputs(StringRef path, const TensorInfo &input,
                             BatchLayout layout) {
  Expected<NdArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  Expected<std::vector<NdArray>> inputs =
      makeNetworkInputs(*array, input, layout);
  if (!inputs)
    return createStringError("'" + path + "': " + toString(inputs.takeError()));
  return inputs;
}
