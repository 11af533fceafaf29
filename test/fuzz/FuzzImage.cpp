//===- FuzzImage.cpp - images as JPEG, PNG or PPM -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Image.h"

#include "llvm/ADT/StringRef.h"

#include <cstdlib>

using namespace llvm;
using namespace mlir::qat;

// What is decoded has the shape that is promised, and can be resized.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  Expected<NdArray> image = decodeImage(MemoryBufferRef(bytes, "x"));
  if (!image) {
    consumeError(image.takeError());
    return 0;
  }
  if (image->kind() != ElementKind::U8 || image->shape().size() != 3 ||
      (image->dim(2) != 1 && image->dim(2) != 3) || image->size() == 0)
    abort();
  if (image->size() > 1 << 16)
    return 0;
  Expected<NdArray> resized = resizeBilinear(*image, 9, 5);
  if (!resized)
    consumeError(resized.takeError());
  resized = resizeShortSide(*image, 7);
  if (!resized)
    consumeError(resized.takeError());
  return 0;
}
