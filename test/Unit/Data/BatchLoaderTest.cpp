//===- BatchLoaderTest.cpp ------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/BatchLoader.h"

#include "TestFiles.h"

#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <functional>
#include <numeric>
#include <thread>

using namespace llvm;
using namespace mlir::qat;

namespace {
/// 2x2 images whose first pixel is the index modulo 256 and whose second is
/// index / 256; the others are 7. Classes are the index modulo 10.
class Numbers : public Dataset {
public:
  explicit Numbers(size_t count) : count(count) {}

  size_t size() const override { return count; }
  int64_t numClasses() const override { return 10; }
  Expected<Sample> get(size_t index) const override {
    if (delay)
      std::this_thread::sleep_for(std::chrono::microseconds(index * 37 % 200));
    if (isBad && isBad(index))
      return createStringError(inconvertibleErrorCode(),
                               "no sample " + Twine(index));
    Sample sample;
    sample.pixels = NdArray::of<uint8_t>(
        {2, 2, 1},
        {static_cast<uint8_t>(index), static_cast<uint8_t>(index / 256), 7, 7});
    sample.label = label(index);
    sample.name = name(index);
    return sample;
  }
  int64_t label(size_t index) const override {
    return labelOf ? labelOf(index) : index % 10;
  }
  std::string name(size_t index) const override {
    return "n" + std::to_string(index);
  }

  size_t count;
  std::function<bool(size_t)> isBad;
  std::function<int64_t(size_t)> labelOf;
  bool delay = false;
};

BatchOptions optionsFor(int64_t batch, unsigned workers = 2) {
  BatchOptions options;
  options.batch = batch;
  options.inputShape = {2, 2, 1};
  options.classes = 10;
  options.seed = 42;
  options.workers = workers;
  return options;
}

/// What an epoch gave.
struct Epoch {
  std::vector<size_t> samples;
  std::vector<float> inputs;
  std::vector<int32_t> labels;
  std::string error, messages;

  bool operator==(const Epoch &other) const {
    return samples == other.samples && inputs == other.inputs &&
           labels == other.labels && error == other.error &&
           messages == other.messages;
  }
};

Epoch read(BatchLoader &loader, uint64_t epoch, size_t firstStep = 0) {
  Epoch result;
  loader.start(epoch, firstStep);
  for (size_t step = firstStep;; ++step) {
    Expected<const Batch *> batch = loader.next();
    if (!batch) {
      result.error = toString(batch.takeError());
      return result;
    }
    if (!*batch)
      return result;
    EXPECT_EQ((*batch)->step, step);
    append_range(result.samples, (*batch)->samples);
    append_range(result.inputs, (*batch)->input.data<float>());
    append_range(result.labels, (*batch)->labels.data<int32_t>());
  }
}

Epoch readNew(const Dataset &dataset, const BatchOptions &options,
              uint64_t epoch = 0, size_t firstStep = 0) {
  std::string messages;
  raw_string_ostream os(messages);
  BadSampleLog log(os);
  BatchLoader loader(dataset, options, log);
  Epoch result = read(loader, epoch, firstStep);
  result.messages = messages;
  return result;
}

TEST(BatchLoaderTest, GivesEachSampleOnceAndDropsTheRest) {
  Numbers numbers(1003);
  Epoch epoch = readNew(numbers, optionsFor(10));
  ASSERT_EQ(epoch.error, "");
  ASSERT_EQ(epoch.samples.size(), 1000u);
  std::vector<size_t> order = shuffleSamples(1003, 42, 0);
  EXPECT_EQ(epoch.samples,
            std::vector<size_t>(order.begin(), order.begin() + 1000));
  llvm::sort(order);
  std::vector<size_t> all(1003);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
  for (auto [i, sample] : enumerate(epoch.samples)) {
    EXPECT_EQ(epoch.inputs[4 * i], sample % 256);
    EXPECT_EQ(epoch.inputs[4 * i + 1], sample / 256);
    EXPECT_EQ(epoch.labels[i], static_cast<int32_t>(sample % 10));
  }
}

// By the formula in CounterRandom.h, in Python.
TEST(BatchLoaderTest, OrdersByTheDocumentedNumbers) {
  EXPECT_EQ((CounterRandom{42, 0, 0, 0}.next()), 14682575489612188334u);
  EXPECT_EQ((CounterRandom{42, 1, 3, 7}.next()), 4765124536822633220u);
  EXPECT_EQ(shuffleSamples(8, 42, 0),
            (std::vector<size_t>{2, 6, 3, 5, 4, 0, 7, 1}));
  EXPECT_EQ(shuffleSamples(8, 42, 1),
            (std::vector<size_t>{4, 3, 5, 1, 2, 0, 7, 6}));
}

TEST(BatchLoaderTest, IsTheSameForAnyNumberOfWorkers) {
  Numbers numbers(700);
  numbers.delay = true;
  numbers.isBad = [](size_t i) { return i == 5 || i == 600; };
  BatchOptions options = optionsFor(16, 1);
  options.augmentation.flip = true;
  options.augmentation.shift = 1;
  Epoch one = readNew(numbers, options);
  EXPECT_EQ(one.error, "");
  for (unsigned workers : {2, 3, 9})
    for (unsigned ahead : {1, 6}) {
      options.workers = workers;
      options.ahead = ahead;
      EXPECT_TRUE(readNew(numbers, options) == one) << workers << " " << ahead;
    }
}

TEST(BatchLoaderTest, AugmentsAnewEveryEpoch) {
  Numbers numbers(64);
  BatchOptions options = optionsFor(64);
  options.augmentation.flip = true;
  auto flipped = [&](uint64_t seed, uint64_t epoch) {
    options.seed = seed;
    Epoch read = readNew(numbers, options, epoch);
    std::vector<bool> result(64);
    for (auto [i, sample] : enumerate(read.samples))
      result[sample] = sample && read.inputs[4 * i + 1] == sample;
    return result;
  };
  std::vector<bool> first = flipped(1, 0);
  unsigned count = llvm::count(first, true);
  EXPECT_GT(count, 16u);
  EXPECT_LT(count, 48u);
  EXPECT_EQ(first, flipped(1, 0));
  EXPECT_NE(first, flipped(1, 1));
  EXPECT_NE(first, flipped(2, 0));
}

TEST(BatchLoaderTest, GoesOnAtAnyStep) {
  Numbers numbers(100);
  BatchOptions options = optionsFor(7);
  options.augmentation.flip = true;
  Epoch whole = readNew(numbers, options, 3);
  for (size_t step : {0, 1, 6, 13, 14}) {
    Epoch rest = readNew(numbers, options, 3, step);
    EXPECT_EQ(rest.samples,
              std::vector<size_t>(whole.samples.begin() + 7 * step,
                                  whole.samples.end()));
    EXPECT_EQ(rest.inputs, std::vector<float>(whole.inputs.begin() + 28 * step,
                                              whole.inputs.end()));
  }
}

TEST(BatchLoaderTest, StartsAnewInTheMiddle) {
  Numbers numbers(300);
  numbers.delay = true;
  BatchOptions options = optionsFor(4, 3);
  BadSampleLog log(errs());
  BatchLoader loader(numbers, options, log);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    loader.start(epoch);
    for (uint64_t step = 0; step < epoch; ++step)
      cantFail(loader.next());
  }
  EXPECT_EQ(read(loader, 7).samples, readNew(numbers, options, 7).samples);
  EXPECT_EQ(read(loader, 7).samples, readNew(numbers, options, 7).samples);
}

TEST(BatchLoaderTest, EndsAtAnyMoment) {
  Numbers numbers(10000);
  numbers.delay = true;
  BadSampleLog log(errs());
  for (int steps = 0; steps < 10; ++steps) {
    BatchLoader loader(numbers, optionsFor(4, 3), log);
    if (steps)
      loader.start(0);
    for (int step = 1; step < steps; ++step)
      cantFail(loader.next());
  }
}

TEST(BatchLoaderTest, PutsTheNextSampleInPlaceOfABadOne) {
  Numbers numbers(200);
  std::vector<size_t> order = shuffleSamples(200, 42, 0);
  numbers.isBad = [&](size_t i) { return i == order[7] || i == order[8]; };
  Epoch epoch = readNew(numbers, optionsFor(10, 3));
  EXPECT_EQ(epoch.error, "");
  order[7] = order[8] = order[9];
  EXPECT_EQ(epoch.samples, order);
  std::vector<size_t> original = shuffleSamples(200, 42, 0);
  EXPECT_EQ(epoch.messages, ("warning: no sample " + Twine(original[7]) +
                             "; skipped\nwarning: no sample " +
                             Twine(original[8]) + "; skipped\n")
                                .str());
}

TEST(BatchLoaderTest, ReplacesRoundTheEnd) {
  Numbers numbers(100);
  std::vector<size_t> order = shuffleSamples(100, 42, 0);
  numbers.isBad = [&](size_t i) { return i == order[99]; };
  EXPECT_EQ(readNew(numbers, optionsFor(10)).samples.back(), order[0]);
}

TEST(BatchLoaderTest, EndsWithMoreThanOneInAHundredBad) {
  Numbers numbers(250);
  for (unsigned workers : {1, 4}) {
    numbers.isBad = [](size_t i) { return i < 2; };
    EXPECT_EQ(readNew(numbers, optionsFor(10, workers)).error, "");
    numbers.isBad = [](size_t i) { return i < 3; };
    Epoch epoch = readNew(numbers, optionsFor(10, workers));
    EXPECT_EQ(epoch.error, "3 of the data set's 250 samples cannot be used, "
                           "more than 1 %");
    EXPECT_EQ(StringRef(epoch.messages).count("skipped"), 3u);
  }
  numbers.isBad = [](size_t) { return true; };
  EXPECT_EQ(readNew(numbers, optionsFor(10)).error,
            "3 of the data set's 250 samples cannot be used, more than 1 %");
}

TEST(BatchLoaderTest, CountsBadSamplesOfEveryEpochButNamesThemOnce) {
  Numbers numbers(100);
  numbers.isBad = [](size_t i) { return i == 50; };
  std::string messages;
  raw_string_ostream os(messages);
  BadSampleLog log(os);
  BatchLoader loader(numbers, optionsFor(10), log);
  for (uint64_t epoch : {0, 1, 2})
    EXPECT_EQ(read(loader, epoch).error, "");
  EXPECT_EQ(log.numBad(), 3u);
  EXPECT_EQ(log.numSeen(), 300u);
  EXPECT_EQ(messages, "warning: no sample 50; skipped\n");
}

TEST(BatchLoaderTest, RefusesOtherShapesAndClasses) {
  Numbers numbers(100);
  BatchOptions options = optionsFor(10);
  options.inputShape = {2, 2, 5};
  EXPECT_NE(readNew(numbers, options)
                .error.find("has 1 channels, but the model takes 5"),
            std::string::npos);
  options = optionsFor(100);
  options.classes = 9;
  std::string error = readNew(numbers, options).error;
  EXPECT_NE(error.find("has label 9, but the network has classes 0 to 8"),
            std::string::npos)
      << error;
}

TEST(BatchLoaderTest, NeedsNoLabelsWithoutClasses) {
  Numbers numbers(20);
  numbers.labelOf = [](size_t) { return -1; };
  BatchOptions options = optionsFor(10);
  options.classes = 0;
  Epoch epoch = readNew(numbers, options);
  EXPECT_EQ(epoch.error, "");
  EXPECT_EQ(epoch.labels, std::vector<int32_t>(20, 0));
}

TEST(CheckTrainingDataTest, SaysWhatCannotTrain) {
  auto check = [](const Numbers &numbers, BatchOptions options,
                  std::string *remarks = nullptr) {
    std::string ignored;
    raw_string_ostream os(remarks ? *remarks : ignored);
    return messageOf(checkTrainingData(numbers, "d", options, os));
  };
  std::string remarks;
  EXPECT_EQ(check(Numbers(20), optionsFor(20), &remarks), "");
  EXPECT_EQ(remarks, "");
  EXPECT_EQ(check(Numbers(0), optionsFor(1)), "the data set 'd' is empty");
  EXPECT_EQ(check(Numbers(31), optionsFor(32)),
            "the data set 'd' has 31 samples, fewer than a batch of 32; give a "
            "smaller batch (-b)");

  BatchOptions options = optionsFor(20);
  options.classes = 8;
  EXPECT_EQ(check(Numbers(20), options),
            "'n8' has label 8, but the network has classes 0 to 7; is it the "
            "data set of this network?");
  options.classes = 12;
  EXPECT_EQ(check(Numbers(20), options, &remarks), "");
  EXPECT_EQ(remarks, "remark: 2 of 12 classes have no sample in 'd': 10, 11\n");
  options.classes = 1000;
  remarks.clear();
  EXPECT_EQ(check(Numbers(20), options, &remarks), "");
  EXPECT_EQ(remarks, "remark: 990 of 1000 classes have no sample in 'd': 10, "
                     "11, 12, 13, 14, 15, 16, 17, ...\n");

  Numbers numbers(20);
  numbers.labelOf = [](size_t i) { return i == 3 ? -1 : 0; };
  EXPECT_EQ(check(numbers, optionsFor(20)), "'n3' has no label");
  // A damaged record, which is skipped when it is read.
  numbers.labelOf = [](size_t i) { return i == 3 ? 77 : i % 10; };
  EXPECT_EQ(check(numbers, optionsFor(20)), "");
}
} // namespace
