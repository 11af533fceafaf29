//===- InputPipelineTest.cpp ----------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/InputPipeline.h"

#include "TestFiles.h"

#include "qat/Data/Image.h"

#include <vector>

using namespace llvm;
using namespace mlir::qat;

namespace {
Sample sampleOf(NdArray pixels) {
  return Sample{std::move(pixels), 0, "in.png"};
}

TEST(InputPipelineTest, NormalizesEachChannel) {
  Preprocessing p;
  p.mean = {0.5, 0.25, 0.0};
  p.std = {0.25, 0.5, 1.0};
  p.scale = 1.0 / 255;
  Sample sample =
      sampleOf(NdArray::of<uint8_t>({1, 2, 3}, {255, 255, 255, 0, 51, 102}));
  Expected<NdArray> input = prepareInput(sample, p, 1, 2, 3);
  ASSERT_TRUE(static_cast<bool>(input)) << toString(input.takeError());
  EXPECT_EQ(input->shape(), ArrayRef<int64_t>({1, 2, 3}));
  // (51/255 - 0.25) / 0.5 = -0.1; 102/255 = 0.4.
  EXPECT_EQ(input->data<float>(),
            ArrayRef<float>({2.f, 1.5f, 1.f, -2.f, -0.1f, 0.4f}));
}

TEST(InputPipelineTest, PutsColoursInTheNetworksOrder) {
  Preprocessing p;
  p.order = PixelOrder::BGR;
  p.mean = {1, 2, 3}; // Of blue, green, red.
  Sample sample =
      sampleOf(NdArray::of<uint8_t>({1, 2, 3}, {10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(cantFail(preparePixels(sample, p, 1, 2, 3)).data<uint8_t>(),
            ArrayRef<uint8_t>({30, 20, 10, 60, 50, 40}));
  EXPECT_EQ(cantFail(prepareInput(sample, p, 1, 2, 3)).data<float>(),
            ArrayRef<float>({29, 18, 7, 59, 48, 37}));
}

TEST(InputPipelineTest, ReplicatesGray) {
  Sample sample = sampleOf(NdArray::of<uint8_t>({1, 2, 1}, {7, 9}));
  EXPECT_EQ(cantFail(preparePixels(sample, {}, 1, 2, 3)).data<uint8_t>(),
            ArrayRef<uint8_t>({7, 7, 7, 9, 9, 9}));
}

TEST(InputPipelineTest, MakesLuma) {
  // 0.299 R + 0.587 G + 0.114 B: 76.2, 149.7, 29.1, 255.
  Sample sample = sampleOf(NdArray::of<uint8_t>(
      {2, 2, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}));
  EXPECT_EQ(cantFail(preparePixels(sample, {}, 2, 2, 1)).data<uint8_t>(),
            ArrayRef<uint8_t>({76, 150, 29, 255}));
  // CRC-32 of what Pillow 13.0.0 computes from the same pixels.
  EXPECT_EQ(checksum(cantFail(preparePixels(sampleOf(randomImage(13, 17, 3)),
                                            {}, 13, 17, 1))),
            0xd608bdbbu);
}

TEST(InputPipelineTest, ResizesTheWholeImageByDefault) {
  Sample sample = sampleOf(randomImage(13, 17, 3));
  NdArray expected = cantFail(resizeBilinear(sample.pixels, 6, 9));
  EXPECT_EQ(cantFail(preparePixels(sample, {}, 6, 9, 3)).bytes(),
            expected.bytes());
}

TEST(InputPipelineTest, ResizesAndCropsAsTold) {
  Sample sample = sampleOf(randomImage(26, 34, 3));
  Preprocessing p;
  p.resize = 13;
  p.crop = 8;
  NdArray expected =
      cropCenter(cantFail(resizeBilinear(sample.pixels, 13, 17)), 8, 8);
  EXPECT_EQ(cantFail(preparePixels(sample, p, 8, 8, 3)).bytes(),
            expected.bytes());

  p.resize.reset();
  EXPECT_EQ(cantFail(preparePixels(sample, p, 8, 8, 3)).bytes(),
            cropCenter(sample.pixels, 8, 8).bytes());
}

TEST(InputPipelineTest, SkipsAnImageSmallerThanTheCrop) {
  Preprocessing p;
  p.crop = 8;
  Expected<NdArray> input =
      preparePixels(sampleOf(randomImage(9, 7, 3)), p, 8, 8, 3);
  ASSERT_FALSE(static_cast<bool>(input));
  Error error = input.takeError();
  EXPECT_TRUE(error.isA<BadSample>());
  EXPECT_EQ(toString(std::move(error)),
            "sample 'in.png' of 7x9 pixels is smaller than the crop of 8");
}

TEST(InputPipelineTest, RefusesOptionsThatMissTheInput) {
  Preprocessing p;
  p.resize = 8;
  Expected<NdArray> input =
      preparePixels(sampleOf(randomImage(10, 20, 3)), p, 8, 8, 3);
  ASSERT_FALSE(static_cast<bool>(input));
  Error error = input.takeError();
  EXPECT_FALSE(error.isA<BadSample>());
  EXPECT_EQ(toString(std::move(error)),
            "sample 'in.png' has 16x8 pixels after resize and crop, but the "
            "model takes 8x8; change 'crop', or give neither");
  EXPECT_EQ(
      messageOf(preparePixels(sampleOf(randomImage(8, 8, 3)), {}, 8, 8, 4)),
      "sample 'in.png' has 3 channels, but the model takes 4");
}

TEST(InputPipelineTest, TransposesPixelsOfArrays) {
  // Exactly the input's size, as CHW.
  Sample sample = sampleOf(NdArray::of<uint8_t>({3, 1, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(cantFail(preparePixels(sample, {}, 1, 2, 3)).data<uint8_t>(),
            ArrayRef<uint8_t>({1, 3, 5, 2, 4, 6}));
  // Of another size: only the first dimension may be colours.
  NdArray enlarged = cantFail(preparePixels(sample, {}, 1, 4, 3));
  EXPECT_EQ(enlarged.data<uint8_t>().take_front(3),
            ArrayRef<uint8_t>({1, 3, 5}));
}

TEST(InputPipelineTest, TakesRealValuesAsTheyAre) {
  Preprocessing p;
  p.mean = {100}; // Is not applied to values that are real already.
  auto prepare = [&](SmallVector<int64_t> shape,
                     ArrayLayout layout = ArrayLayout::HWC) {
    NdArray values = NdArray::of<float>({8}, {0, 1, 2, 3, 4, 5, 6, 7});
    values.reshape(shape);
    return prepareInput(sampleOf(std::move(values)), p, 2, 2, 2, layout);
  };
  std::vector<float> straight = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<float> transposed = {0, 4, 1, 5, 2, 6, 3, 7};
  NdArray hwc = cantFail(prepare({2, 2, 2}));
  EXPECT_EQ(hwc.data<float>(), ArrayRef(straight));
  EXPECT_EQ(hwc.shape(), ArrayRef<int64_t>({2, 2, 2}));
  EXPECT_EQ(cantFail(prepare({2, 2, 2}, ArrayLayout::CHW)).data<float>(),
            ArrayRef(transposed));
  EXPECT_EQ(cantFail(prepare({8})).data<float>(), ArrayRef(straight));
  EXPECT_EQ(cantFail(prepare({8}, ArrayLayout::CHW)).data<float>(),
            ArrayRef(transposed));
  EXPECT_EQ(cantFail(prepare({1, 2, 2, 2})).data<float>(), ArrayRef(straight));
  EXPECT_EQ(messageOf(prepare({4, 2})),
            "sample 'in.png' has shape 4x2, but the model takes 2x2x2");
}

TEST(InputPipelineTest, ToldByShapeAloneWhereOneFits) {
  NdArray values = NdArray::of<float>({2, 1, 3}, {0, 1, 2, 3, 4, 5});
  // A 1x3 input of two channels: CHW whatever is preferred.
  NdArray input =
      cantFail(prepareInput(sampleOf(std::move(values)), {}, 1, 3, 2));
  EXPECT_EQ(input.data<float>(), ArrayRef<float>({0, 3, 1, 4, 2, 5}));
}

TEST(InputPipelineTest, RefusesRealValuesWherePixelsAreNeeded) {
  EXPECT_EQ(messageOf(preparePixels(sampleOf(NdArray::of<float>({1}, {0})), {},
                                    1, 1, 1)),
            "sample 'in.png' holds real values of f32, but pixels of u8 are "
            "needed");
}
} // namespace
