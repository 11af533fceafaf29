//===- AugmentationTest.cpp -----------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Augmentation.h"

#include "TestFiles.h"

#include "qat/Data/Image.h"
#include "qat/Data/InputPipeline.h"

#include <cmath>
#include <set>

using namespace llvm;
using namespace mlir::qat;

namespace {
std::string roundTrip(StringRef text, StringRef dataset = "npy") {
  Expected<Augmentation> augmentation = parseAugmentation(text, dataset);
  return augmentation ? augmentationText(*augmentation)
                      : toString(augmentation.takeError());
}

TEST(AugmentationTest, HasATextForm) {
  for (StringRef text :
       {"none", "flip", "crop:4,flip", "resized-crop", "resized-crop,flip",
        "resized-crop:0.35:1,crop:2,flip", "resized-crop:0.1:0.2"})
    EXPECT_EQ(roundTrip(text), text);
  EXPECT_EQ(roundTrip("flip, crop:1"), "crop:1,flip");
  EXPECT_EQ(roundTrip("resized-crop:0.5"), "resized-crop:0.5:1");
  EXPECT_EQ(roundTrip("default", "cifar10"), "crop:4,flip");
  EXPECT_EQ(roundTrip("default", "imagenet"), "resized-crop,flip");
  EXPECT_EQ(roundTrip("default", "folder"), "resized-crop,flip");
  for (StringRef dataset : {"mnist", "digits", "npy"})
    EXPECT_EQ(roundTrip("default", dataset), "none");
}

TEST(AugmentationTest, RefusesOtherText) {
  EXPECT_EQ(roundTrip("flop"),
            "augmentation 'flop' is not known; expected none, default, or a "
            "list of crop:N, flip and resized-crop");
  EXPECT_EQ(roundTrip("crop"), "augmentation 'crop' is not of the form crop:4");
  EXPECT_EQ(roundTrip("flip,crop:0"), "augmentation 'crop:0' is out of range, "
                                      "expected 1 to 16384 pixels");
  for (StringRef text : {"resized-crop:0", "resized-crop:0.5:0.4",
                         "resized-crop:0.5:1.01", "resized-crop:nan"})
    EXPECT_EQ(roundTrip(text), ("augmentation '" + text +
                                "' has areas out of range; expected 0 < least "
                                "<= greatest <= 1, in terms of the image's")
                                   .str());
  EXPECT_EQ(roundTrip("resized-crop:0.5:"),
            "augmentation 'resized-crop:0.5:' is not of the form "
            "resized-crop:0.08:1");
  EXPECT_NE(roundTrip("").find("is not known"), std::string::npos);
}

TEST(AugmentationTest, ShiftsInBlack) {
  Augmentation shift;
  shift.shift = 1;
  // Every place that the image may come to.
  std::set<std::vector<uint8_t>> seen;
  for (uint64_t key = 0; key < 200; ++key) {
    NdArray image = NdArray::of<uint8_t>({2, 2, 1}, {1, 2, 3, 4});
    CounterRandom random{key};
    shiftAndFlip(shift, image, random);
    seen.insert(image.data<uint8_t>().vec());
  }
  EXPECT_EQ(seen, (std::set<std::vector<uint8_t>>{{0, 0, 0, 1},
                                                  {0, 0, 1, 2},
                                                  {0, 0, 2, 0},
                                                  {0, 1, 0, 3},
                                                  {1, 2, 3, 4},
                                                  {2, 0, 4, 0},
                                                  {0, 3, 0, 0},
                                                  {3, 4, 0, 0},
                                                  {4, 0, 0, 0}}));
}

TEST(AugmentationTest, ShiftsBeyondTheImage) {
  Augmentation shift;
  shift.shift = 9;
  for (uint64_t key = 0; key < 100; ++key) {
    NdArray image = NdArray::of<uint8_t>({1, 2, 1}, {1, 2});
    CounterRandom random{key};
    shiftAndFlip(shift, image, random);
    EXPECT_LE(image.data<uint8_t>()[0] + image.data<uint8_t>()[1], 3);
  }
}

TEST(AugmentationTest, FlipsPixelsOfAnyKind) {
  Augmentation flip;
  flip.flip = true;
  unsigned flipped = 0;
  for (uint64_t key = 0; key < 1000; ++key) {
    NdArray image = NdArray::of<float>({1, 3, 2}, {1, 2, 3, 4, 5, 6});
    CounterRandom random{key};
    shiftAndFlip(flip, image, random);
    bool mirrored = image.data<float>() == ArrayRef<float>({5, 6, 3, 4, 1, 2});
    EXPECT_TRUE(mirrored ||
                image.data<float>() == ArrayRef<float>({1, 2, 3, 4, 5, 6}));
    flipped += mirrored;
  }
  EXPECT_NEAR(flipped, 500, 60);
}

TEST(AugmentationTest, DrawsBoxesOfTheAreasAndRatios) {
  Augmentation crop;
  crop.resizedCrop = true;
  crop.minScale = 0.2;
  crop.maxScale = 0.6;
  double areas = 0, logRatios = 0;
  for (uint64_t key = 0; key < 2000; ++key) {
    CounterRandom random{key};
    CropBox box = drawCropBox(crop, 300, 400, random);
    double area = box.height * box.width / 120000.0;
    double ratio = static_cast<double>(box.width) / box.height;
    EXPECT_GT(area, 0.197);
    EXPECT_LT(area, 0.603);
    EXPECT_GT(ratio, 0.74);
    EXPECT_LT(ratio, 1.35);
    EXPECT_TRUE(box.top >= 0 && box.left >= 0 && box.top + box.height <= 300 &&
                box.left + box.width <= 400);
    areas += area;
    logRatios += std::log(ratio);
  }
  EXPECT_NEAR(areas / 2000, 0.4, 0.015);
  EXPECT_NEAR(logRatios / 2000, 0, 0.02);
}

TEST(AugmentationTest, TakesTheCentreWhereNothingFits) {
  Augmentation crop;
  crop.resizedCrop = true;
  crop.minScale = crop.maxScale = 1;
  CounterRandom random{1};
  CropBox box = drawCropBox(crop, 10, 1000, random);
  EXPECT_EQ(std::make_tuple(box.top, box.left, box.height, box.width),
            std::make_tuple(0, 493, 10, 13));
  box = drawCropBox(crop, 1000, 30, random);
  EXPECT_EQ(std::make_tuple(box.top, box.left, box.height, box.width),
            std::make_tuple(480, 0, 40, 30));
  box = drawCropBox(crop, 1, 1, random);
  EXPECT_EQ(std::make_tuple(box.top, box.left, box.height, box.width),
            std::make_tuple(0, 0, 1, 1));
}

TEST(AugmentationTest, ResizesTheBoxInPlaceOfThePreprocessing) {
  Sample sample;
  sample.pixels = randomImage(40, 50, 3);
  sample.name = "s";
  Preprocessing preprocessing;
  preprocessing.resize = 20;
  preprocessing.crop = 16;
  preprocessing.order = PixelOrder::BGR;
  Augmentation crop;
  crop.resizedCrop = true;
  for (uint64_t key = 0; key < 20; ++key) {
    SampleAugmentation augmentation{crop, CounterRandom{key}};
    NdArray pixels = cantFail(preparePixels(sample, preprocessing, 16, 16, 3,
                                            ArrayLayout::HWC, &augmentation));
    CounterRandom random{key};
    CropBox box = drawCropBox(crop, 40, 50, random);
    NdArray expected =
        cantFail(resizeBilinear(cropBox(sample.pixels, box), 16, 16));
    MutableArrayRef<uint8_t> data = expected.data<uint8_t>();
    for (size_t i = 0; i < data.size(); i += 3)
      std::swap(data[i], data[i + 2]);
    EXPECT_EQ(pixels.data<uint8_t>(), ArrayRef<uint8_t>(data));
  }
}

TEST(AugmentationTest, CannotResizeRealValues) {
  Sample sample;
  sample.pixels = NdArray::of<float>({1, 2, 1}, {1, 2});
  sample.name = "x.npy[0]";
  Augmentation how;
  how.resizedCrop = true;
  SampleAugmentation augmentation{how, CounterRandom{1}};
  EXPECT_EQ(messageOf(prepareInput(sample, {}, 1, 2, 1, ArrayLayout::HWC,
                                   &augmentation)),
            "sample 'x.npy[0]' holds real values, but a random resized crop "
            "takes pixels of u8; give another --augment");
}
} // namespace
