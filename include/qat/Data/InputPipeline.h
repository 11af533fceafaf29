//===- InputPipeline.h - from samples to network inputs ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DATA_INPUTPIPELINE_H
#define QAT_DATA_INPUTPIPELINE_H

#include "qat/Data/Augmentation.h"
#include "qat/Data/Dataset.h"
#include "qat/Support/Preprocessing.h"

namespace mlir::qat {

/// What an array is taken for where both fit, such as 3x3x3, or one that is
/// flat.
enum class ArrayLayout { HWC, CHW };

/// The augmentation of one sample: what is done, and the numbers that decide,
/// which are drawn from there on.
struct SampleAugmentation {
  const Augmentation &how;
  CounterRandom random;
};

/// The pixels of `sample` as a network of `height` x `width` x `channels`
/// inputs takes them, u8 HWC, before the affine normalization:
///
/// 1. Layout: an array of the input's size is understood as by `prepareInput`;
///    of another size, it is CHW if only its first dimension may be the
///    channels (1, 3, or `channels`).
/// 2. Channels: gray is replicated to 3; RGB becomes 1 by ITU-R 601 luma,
///    (19595 R + 38470 G + 7471 B + 32768) / 65536 rounded down, as Pillow has
///    it.
/// 3. `resize` (short side) and `crop` (centre), each if given; if neither is
///    and the size differs, the whole image is resized to `height` x `width`
///    regardless of its aspect. With a random resized crop, that takes the
///    place of all this.
/// 4. Shift and flip, where `augmentation` has them.
/// 5. Pixel order.
///
/// Fails with a BadSample for an image that is smaller than the crop or too
/// long to resize, and with another error where the options do not lead to the
/// input's shape, or the sample holds real values. `preprocessing` is one that
/// `verify(channels)` accepts; height and width are at most kMaxResizedSide.
llvm::Expected<NdArray>
preparePixels(const Sample &sample, const Preprocessing &preprocessing,
              int64_t height, int64_t width, int64_t channels,
              ArrayLayout preferred = ArrayLayout::HWC,
              SampleAugmentation *augmentation = nullptr);

/// The real input, f32 HWC: `preparePixels`, then `Preprocessing::toReal` in
/// double precision, rounded to f32. A sample of f32 holds real values that are
/// prepared already: its dimensions other than 1 must be those of HxWxC or of
/// CxHxW in order (so 640 or 1x640 for 1x1x640); in the second case it is
/// transposed. Such a sample is shifted and flipped likewise, where 0 comes in;
/// a random resized crop takes pixels only, which is another error.
llvm::Expected<NdArray>
prepareInput(const Sample &sample, const Preprocessing &preprocessing,
             int64_t height, int64_t width, int64_t channels,
             ArrayLayout preferred = ArrayLayout::HWC,
             SampleAugmentation *augmentation = nullptr);

} // namespace mlir::qat

#endif // QAT_DATA_INPUTPIPELINE_H
