//===- DatasetTest.cpp ----------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Dataset.h"

#include "TestFiles.h"

#include "qat/Data/Image.h"
#include "qat/Support/Npy.h"

#include "llvm/Support/raw_ostream.h"

#include <vector>

using namespace llvm;
using namespace mlir::qat;

namespace {
constexpr DatasetOptions kTrain = {DataSplit::Train};

class DatasetTest : public FolderTest {
protected:
  /// Writes an image whose only colour is `gray`.
  std::string writeGray(StringRef name, uint8_t gray) {
    return write(name, encodePng(NdArray::of<uint8_t>({1, 1, 1}, {gray})));
  }
  void writeArray(StringRef name, const NdArray &array) {
    ASSERT_EQ(messageOf(writeNpy(path(name), array)), "");
  }
};

void expectContains(const std::string &message, StringRef part) {
  EXPECT_TRUE(StringRef(message).contains(part)) << message;
  EXPECT_FALSE(StringRef(message).contains('\n')) << message;
}

/// The labels and first pixels of all samples.
std::vector<std::pair<int64_t, int>> contents(const Dataset &dataset) {
  std::vector<std::pair<int64_t, int>> result;
  for (size_t i = 0; i < dataset.size(); ++i) {
    Sample sample = cantFail(dataset.get(i));
    result.emplace_back(sample.label, sample.pixels.bytes()[0]);
  }
  return result;
}
using Contents = std::vector<std::pair<int64_t, int>>;

TEST_F(DatasetTest, NamesWhatItKnows) {
  expectContains(messageOf(openDataset("cifar100", path())),
                 "unknown data set 'cifar100', expected cifar10, mnist, ");
  expectContains(messageOf(openDataset("cifar10", path("none"))),
                 "there is no such file or folder");
}

//===----------------------------------------------------------------------===//
// cifar10
//===----------------------------------------------------------------------===//

/// A record whose planes are all `red`, `green` and `blue`.
std::string cifarRecord(char label, char red, char green, char blue) {
  return std::string(1, label) + std::string(1024, red) +
         std::string(1024, green) + std::string(1024, blue);
}

TEST_F(DatasetTest, Cifar10TurnsPlanesIntoPixels) {
  std::string record = cifarRecord(3, 10, 20, 30);
  record[1 + 1024 + 32 * 5 + 7] = 99; // Green of row 5, column 7.
  std::string file = write("some.bin", cifarRecord(1, 1, 2, 3) + record);
  auto dataset = cantFail(openDataset("cifar10", file));
  ASSERT_EQ(dataset->size(), 2u);
  EXPECT_EQ(dataset->numClasses(), 10);
  Sample sample = cantFail(dataset->get(1));
  EXPECT_EQ(sample.label, 3);
  EXPECT_EQ(sample.name, file + "[1]");
  EXPECT_EQ(sample.pixels.shape(), ArrayRef<int64_t>({32, 32, 3}));
  ArrayRef<uint8_t> pixels = sample.pixels.data<uint8_t>();
  EXPECT_EQ(pixels.take_front(3), ArrayRef<uint8_t>({10, 20, 30}));
  EXPECT_EQ(pixels.slice((32 * 5 + 7) * 3, 3), ArrayRef<uint8_t>({10, 99, 30}));
}

TEST_F(DatasetTest, Cifar10FolderHasBothHalves) {
  write("cifar-10-batches-bin/data_batch_2.bin", cifarRecord(2, 2, 0, 0));
  write("cifar-10-batches-bin/data_batch_1.bin", cifarRecord(1, 1, 0, 0));
  write("cifar-10-batches-bin/test_batch.bin", cifarRecord(7, 7, 0, 0));
  auto train = cantFail(openDataset("cifar10", path(), kTrain));
  EXPECT_EQ(contents(*train), (Contents{{1, 1}, {2, 2}}));
  auto test = cantFail(openDataset("cifar10", path()));
  EXPECT_EQ(contents(*test), (Contents{{7, 7}}));
}

TEST_F(DatasetTest, Cifar10RefusesWhatIsNone) {
  expectContains(messageOf(openDataset("cifar10", path())),
                 "expected test_batch.bin in it");
  std::string file = write("test_batch.bin", std::string(3072, 'x'));
  expectContains(messageOf(openDataset("cifar10", file)),
                 "3072 bytes are not records of 3073");
  file = write("test_batch.bin", cifarRecord(10, 0, 0, 0));
  auto dataset = cantFail(openDataset("cifar10", file));
  expectContains(messageOf(dataset->get(0)), "has label 10");
}

TEST_F(DatasetTest, Cifar10OfTheAssets) {
  std::string folder = sharedAsset("cifar10");
  if (folder.empty())
    GTEST_SKIP() << "no cifar10 in " << QAT_SHARED_DIR;
  auto dataset = cantFail(openDataset("cifar10", folder));
  ASSERT_EQ(dataset->size(), 2000u);
  std::vector<int> perClass(10, 0);
  std::mutex mutex;
  EXPECT_EQ(messageOf(forEachSample(*dataset, 0, dataset->size(), 2, errs(),
                                    [&](size_t, Sample sample) {
                                      std::lock_guard<std::mutex> lock(mutex);
                                      ++perClass[sample.label];
                                      return Error::success();
                                    })),
            "");
  EXPECT_EQ(perClass, std::vector<int>(10, 200));

  // The first 64 test images are golden inputs, kept as NCHW.
  std::string npz = sharedAsset("golden/resnet8_cifar10.npz");
  if (npz.empty())
    GTEST_SKIP() << "no golden/resnet8_cifar10.npz in " << QAT_SHARED_DIR;
  NdArray golden = cantFail(readNpzMember(npz, "input_u8_nchw"));
  NdArray labels = cantFail(readNpzMember(npz, "label"));
  for (int64_t i = 0; i < 64; ++i) {
    Sample sample = cantFail(dataset->get(i));
    ASSERT_EQ(sample.label, labels.data<uint8_t>()[i]);
    for (int64_t j = 0; j < 3072; ++j)
      ASSERT_EQ(sample.pixels.data<uint8_t>()[j],
                golden.data<uint8_t>()[i * 3072 + j % 3 * 1024 + j / 3]);
  }
}

//===----------------------------------------------------------------------===//
// mnist, digits
//===----------------------------------------------------------------------===//

std::string idx(ArrayRef<int> shape, StringRef elements) {
  std::string file("\0\0\x08", 3);
  file += static_cast<char>(shape.size());
  for (int dim : shape)
    file += std::string("\0\0", 2) + static_cast<char>(dim >> 8) +
            static_cast<char>(dim);
  return file + elements.str();
}

TEST_F(DatasetTest, IdxPlainAndCompressed) {
  write("train-images-idx3-ubyte", idx({2, 1, 3}, "abcdef"));
  write("train-labels-idx1-ubyte", idx({2}, StringRef("\4\5", 2)));
  write("t10k-images-idx3-ubyte.gz", gzipOf(idx({1, 2, 2}, "wxyz")));
  write("t10k-labels-idx1-ubyte.gz", gzipOf(idx({1}, "\6")));

  auto train = cantFail(openDataset("mnist", path(), kTrain));
  EXPECT_EQ(contents(*train), (Contents{{4, 'a'}, {5, 'd'}}));
  EXPECT_EQ(cantFail(train->get(1)).pixels.shape(),
            ArrayRef<int64_t>({1, 3, 1}));
  auto test = cantFail(openDataset("mnist", path()));
  ASSERT_EQ(test->size(), 1u);
  EXPECT_EQ(cantFail(test->get(0)).pixels.bytes(),
            ArrayRef<uint8_t>({'w', 'x', 'y', 'z'}));

  // By the path of the images, with labels that are not compressed.
  std::string images =
      write("digits-images.idx3.gz", gzipOf(idx({1, 1, 1}, "q")));
  write("digits-labels.idx1", idx({1}, "\7"));
  auto digits = cantFail(openDataset("digits", images));
  EXPECT_EQ(contents(*digits), (Contents{{7, 'q'}}));
}

TEST_F(DatasetTest, IdxFindsTheOnlyImages) {
  write("digits-images-idx3-ubyte", idx({1, 1, 1}, "q"));
  write("digits-labels-idx1-ubyte", idx({1}, "\7"));
  EXPECT_EQ(contents(*cantFail(openDataset("digits", path(), kTrain))),
            (Contents{{7, 'q'}}));
  write("more-images-idx3-ubyte", idx({1, 1, 1}, "q"));
  expectContains(messageOf(openDataset("digits", path())),
                 "several files of images and none is t10k-images*");
}

TEST_F(DatasetTest, IdxRefusesDamage) {
  expectContains(messageOf(openDataset("mnist", path())),
                 "expected t10k-images* in it");
  auto refuse = [&](StringRef images, StringRef labels, StringRef why) {
    std::string file = write("a-images", images);
    write("a-labels", labels);
    expectContains(messageOf(openDataset("mnist", file)), why);
  };
  std::string labels = idx({1}, "\1");
  refuse("", labels, "truncated");
  refuse(idx({1, 2, 2}, "abc"), labels, "truncated");
  refuse(idx({1, 2, 2}, "abcde"), labels, "goes on past");
  refuse(idx({1, 4}, "abcd"), labels, "3 dimensions");
  refuse(idx({0, 2, 2}, ""), labels, "empty");
  refuse(idx({2, 1, 1}, "ab"), labels, "2 images, but");
  std::string huge("\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                   "\xff",
                   16);
  refuse(huge, labels, "too large");
  // Much is claimed, little is there.
  huge = std::string("\0\0\x08\x03\0\xff\xff\xff\0\0\0\xff\0\0\0\xff", 16);
  refuse(gzipOf(huge), labels, "truncated");
  std::string damaged = gzipOf(idx({1, 2, 2}, "abcd"));
  damaged[damaged.size() - 6] ^= 1; // The checksum.
  refuse(damaged, labels, "cannot open data set");

  write("lonely-images", idx({1, 1, 1}, "a"));
  expectContains(messageOf(openDataset("mnist", path("lonely-images"))),
                 "expected the labels 'lonely-labels' beside it");
}

//===----------------------------------------------------------------------===//
// folder, imagenet
//===----------------------------------------------------------------------===//

TEST_F(DatasetTest, FolderNumbersClassesByName) {
  writeGray("zebra/1.png", 26);
  writeGray("ant/2.PNG", 2);
  writeGray("ant/1.png", 1);
  writeGray("Bee/deep/1.png", 66);
  writeGray(".cache/1.png", 99);
  write("ant/notes.txt", "not an image");
  auto dataset = cantFail(openDataset("folder", path()));
  // Capitals come first in byte order.
  EXPECT_EQ(contents(*dataset), (Contents{{0, 66}, {1, 1}, {1, 2}, {2, 26}}));
  EXPECT_EQ(dataset->numClasses(), 3);
}

TEST_F(DatasetTest, FolderEntersTheHalf) {
  writeGray("train/a/1.png", 1);
  writeGray("val/a/1.png", 2);
  EXPECT_EQ(contents(*cantFail(openDataset("imagenet", path(), kTrain))),
            (Contents{{0, 1}}));
  EXPECT_EQ(contents(*cantFail(openDataset("imagenet", path()))),
            (Contents{{0, 2}}));
}

TEST_F(DatasetTest, TableNamesFilesAndClasses) {
  writeGray("a.png", 1);
  writeGray("images/b.png", 2);
  write("labels.tsv", "file\tclass_index\tname\r\n"
                      "a.png\t7\tseven\r\n"
                      "\n"
                      "b.png\t0\n");
  auto dataset = cantFail(openDataset("folder", path()));
  EXPECT_EQ(contents(*dataset), (Contents{{7, 1}, {0, 2}}));
  EXPECT_EQ(dataset->numClasses(), 8);
  EXPECT_EQ(cantFail(openDataset("imagenet", path()))->numClasses(), 1000);

  // Without a header, by the path of the table.
  std::string table = write("labels.tsv", "a.png\t3");
  EXPECT_EQ(contents(*cantFail(openDataset("folder", table))),
            (Contents{{3, 1}}));
}

TEST_F(DatasetTest, TableRefusesALineWithoutAClass) {
  auto refuse = [&](StringRef table, StringRef why) {
    write("labels.tsv", table);
    expectContains(messageOf(openDataset("folder", path())), why);
  };
  refuse("file\tclass\na.png\tcat\n", "line 2 has no class index");
  refuse("a.png\tcat\n", "line 1 has no class index");
  refuse("a.png\n", "line 1 has no class index");
  refuse("a.png\t-1\n", "line 1 has class index -1");
  refuse("a.png\t99999999\n", "line 1 has class index 99999999");
  refuse("file\tclass\n", "it lists no image");
}

TEST_F(DatasetTest, BadImagesAreNamedAndSkipped) {
  for (int i = 0; i < 100; ++i)
    writeGray("a/" + std::to_string(i + 100) + ".png", i);
  std::string bad = write("a/150.png", "\x89PNG\r\n\x1a\n damaged");
  auto dataset = cantFail(openDataset("folder", path()));
  std::string messages;
  raw_string_ostream os(messages);
  std::atomic<int> good = 0;
  auto count = [&](size_t, Sample) {
    ++good;
    return Error::success();
  };
  EXPECT_EQ(messageOf(forEachSample(*dataset, 0, 100, 2, os, count)), "");
  EXPECT_EQ(good, 99);
  EXPECT_TRUE(StringRef(messages).starts_with("warning: cannot decode image '" +
                                              bad + "': "))
      << messages;
  EXPECT_EQ(StringRef(messages).count('\n'), 1u);
  EXPECT_EQ(messageOf(forEachSample(*dataset, 1, 100, 2, os, count)),
            "1 of 99 samples cannot be used, more than 1 %");
}

TEST_F(DatasetTest, FolderWithoutImagesIsRefused) {
  expectContains(messageOf(openDataset("folder", path())),
                 "expected labels.tsv, or a subfolder");
}

TEST_F(DatasetTest, PeopleOfTheAssets) {
  std::string folder = sharedAsset("vww_images");
  if (folder.empty())
    GTEST_SKIP() << "no vww_images in " << QAT_SHARED_DIR;
  auto dataset = cantFail(openDataset("folder", folder));
  ASSERT_EQ(dataset->size(), 6u);
  EXPECT_EQ(dataset->numClasses(), 2);
  int people = 0;
  for (size_t i = 0; i < 6; ++i)
    people += cantFail(dataset->get(i)).label;
  EXPECT_EQ(people, 3);
}

//===----------------------------------------------------------------------===//
// npy
//===----------------------------------------------------------------------===//

TEST_F(DatasetTest, NpySlicesInputsAndLabels) {
  writeArray("x.npy", NdArray::of<float>({2, 2}, {1, 2, 3, 4}));
  writeArray("y.npy", NdArray::of<int32_t>({2}, {5, 0}));
  for (std::string name : {path(), path("x.npy")}) {
    auto dataset = cantFail(openDataset("npy", name));
    ASSERT_EQ(dataset->size(), 2u);
    EXPECT_EQ(dataset->numClasses(), 6);
    Sample sample = cantFail(dataset->get(1));
    EXPECT_EQ(sample.label, 0);
    EXPECT_EQ(sample.pixels.shape(), ArrayRef<int64_t>({2}));
    EXPECT_EQ(sample.pixels.data<float>(), ArrayRef<float>({3, 4}));
  }
}

TEST_F(DatasetTest, NpyKeepsPixelsAndConvertsOtherKinds) {
  writeArray("x_train.npy", NdArray::of<uint8_t>({1, 1, 2}, {8, 9}));
  writeArray("x_test.npy", NdArray::of<double>({1, 1}, {0.5}));
  auto train = cantFail(openDataset("npy", path(), kTrain));
  Sample sample = cantFail(train->get(0));
  EXPECT_EQ(sample.label, -1);
  EXPECT_EQ(train->numClasses(), 0);
  EXPECT_EQ(sample.pixels.shape(), ArrayRef<int64_t>({1, 2, 1}));
  EXPECT_EQ(sample.pixels.data<uint8_t>(), ArrayRef<uint8_t>({8, 9}));

  writeArray("y_test.npy", NdArray::of<uint8_t>({1, 1}, {3}));
  auto test = cantFail(openDataset("npy", path()));
  sample = cantFail(test->get(0));
  EXPECT_EQ(sample.label, 3);
  EXPECT_EQ(sample.pixels.data<float>(), ArrayRef<float>({0.5f}));
}

TEST_F(DatasetTest, NpyRefusesWhatDoesNotFit) {
  expectContains(messageOf(openDataset("npy", path())),
                 "expected x.npy or x_test.npy in it");
  writeArray("x.npy", NdArray::of<float>({2}, {1, 2}));
  expectContains(messageOf(openDataset("npy", path())),
                 "expected samples along the first dimension");
  writeArray("x.npy", NdArray::of<float>({2, 1}, {1, 2}));
  writeArray("y.npy", NdArray::of<int8_t>({3}, {1, 2, 3}));
  expectContains(messageOf(openDataset("npy", path())),
                 "expected 2 labels, one an input, but its shape is 3");
  writeArray("y.npy", NdArray::of<float>({2}, {1, 2}));
  expectContains(messageOf(openDataset("npy", path())), "but got f32");
  writeArray("y.npy", NdArray::of<int8_t>({2}, {1, -2}));
  expectContains(messageOf(openDataset("npy", path())),
                 "class index -2 is out of range");
}
} // namespace
