//===- BatchLoader.cpp - batches of a data set for training ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/BatchLoader.h"

#include "qat/Data/InputPipeline.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

using namespace llvm;
using namespace mlir::qat;

/// What random numbers are for, as the second word of their key.
enum Purpose : uint64_t { kOrder = 0, kAugmentation = 1 };

std::vector<size_t> mlir::qat::shuffleSamples(size_t count, uint64_t seed,
                                              uint64_t epoch) {
  std::vector<std::pair<uint64_t, size_t>> keys(count);
  for (auto [sample, key] : enumerate(keys))
    key = {CounterRandom{seed, kOrder, epoch, sample}.next(), sample};
  // No two keys are equal: they differ in the last word.
  llvm::sort(keys);
  std::vector<size_t> order(count);
  for (auto [place, key] : zip_equal(order, keys))
    place = key.second;
  return order;
}

namespace {
/// Why a sample could not be used.
struct Failure {
  /// The place in the order that was to be filled, and how many samples had
  /// been tried for it before.
  size_t place, attempt;
  size_t sample;
  /// Whether other samples may do in its place.
  bool skipped;
  std::string message;

  bool operator<(const Failure &other) const {
    return std::tie(place, attempt) < std::tie(other.place, other.attempt);
  }
};

/// A buffer for batches, used for every so manieth of an epoch.
struct Slot {
  Batch batch;
  /// Samples that are not ready yet.
  size_t missing = 0;
  std::vector<Failure> failures;
};
} // namespace

class BatchLoader::Implementation {
public:
  Implementation(const Dataset &dataset, const BatchOptions &options,
                 BadSampleLog &log);
  ~Implementation();

  size_t numSteps() const { return dataset.size() / options.batch; }
  void start(uint64_t epoch, size_t firstStep);
  Expected<const Batch *> next();

private:
  void work();
  void fillPlace(size_t place, Slot &slot, std::vector<Failure> &failures);
  Error prepare(size_t sample, MutableArrayRef<float> input, int32_t &label);
  void openSlot(size_t step);
  Error tellFailures(Slot &slot);

  Slot &slotOf(size_t step) { return slots[step % slots.size()]; }

  const Dataset &dataset;
  const BatchOptions options;
  BadSampleLog &log;
  /// The network's input as an image.
  int64_t height = 1, width = 1, channels = 1;

  /// Written by `start` alone, while nothing is read.
  uint64_t epoch = 0;
  std::vector<size_t> order;
  std::set<size_t> badSamples; ///< Of this epoch, as told to the log.

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  size_t reading = 0;   ///< Places that workers are at.
  size_t nextPlace = 0; ///< The first that no worker has taken.
  size_t nextStep = 0;  ///< The batch that `next` gives next.
  bool isHeld = false;  ///< Whether the one before it is in use.
  size_t numOpen = 0;   ///< Batches before this one have a slot.
  std::vector<Slot> slots;
  std::vector<std::thread> workers;
};

BatchLoader::Implementation::Implementation(const Dataset &dataset,
                                            const BatchOptions &options,
                                            BadSampleLog &log)
    : dataset(dataset), options(options), log(log) {
  ArrayRef<int64_t> shape = options.inputShape;
  if (options.batch < 1 || (shape.size() != 1 && shape.size() != 3))
    reportFatalInternalError("batches of " + Twine(options.batch) + "x" +
                             shapeText(shape));
  channels = shape.back();
  if (shape.size() == 3) {
    height = shape[0];
    width = shape[1];
  }
  SmallVector<int64_t, 4> inputShape = {options.batch};
  append_range(inputShape, shape);
  slots.resize(std::max(1u, options.ahead) + 1);
  for (Slot &slot : slots) {
    slot.batch.input = NdArray::zeros(ElementKind::F32, inputShape);
    slot.batch.labels = NdArray::zeros(ElementKind::I32, {options.batch});
    slot.batch.samples.resize(options.batch);
  }
  unsigned count = options.workers;
  if (!count)
    count = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i)
    workers.emplace_back([this] { work(); });
}

BatchLoader::Implementation::~Implementation() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

//===----------------------------------------------------------------------===//
// Workers
//===----------------------------------------------------------------------===//

/// Makes `sample` an input and a class. A sample that is bad is a BadSample.
Error BatchLoader::Implementation::prepare(size_t index,
                                           MutableArrayRef<float> input,
                                           int32_t &label) {
  Expected<Sample> sample = dataset.get(index);
  if (!sample)
    return make_error<BadSample>(toString(sample.takeError()));
  if (options.classes &&
      (sample->label < 0 || sample->label >= options.classes))
    return createStringError(
        inconvertibleErrorCode(),
        "'" + sample->name + "' has " +
            (sample->label < 0 ? "no label"
                               : "label " + std::to_string(sample->label)) +
            ", but the network has classes 0 to " + Twine(options.classes - 1));
  SampleAugmentation augmentation{
      options.augmentation,
      CounterRandom{options.seed, kAugmentation, epoch, index}};
  Expected<NdArray> real =
      prepareInput(*sample, options.preprocessing, height, width, channels,
                   ArrayLayout::HWC, &augmentation);
  if (!real)
    return real.takeError();
  copy(real->data<float>(), input.begin());
  label = options.classes ? static_cast<int32_t>(sample->label) : 0;
  return Error::success();
}

void BatchLoader::Implementation::fillPlace(size_t place, Slot &slot,
                                            std::vector<Failure> &failures) {
  size_t row = place % options.batch;
  size_t rowSize = slot.batch.input.size() / options.batch;
  MutableArrayRef<float> input =
      slot.batch.input.data<float>().slice(row * rowSize, rowSize);
  // So many bad ones are the end of the epoch, and no more need be tried.
  size_t attempts = order.size() / 100 + 1;
  for (size_t attempt = 0; attempt < attempts; ++attempt) {
    size_t sample = order[(place + attempt) % order.size()];
    slot.batch.samples[row] = sample;
    Error error =
        prepare(sample, input, slot.batch.labels.data<int32_t>()[row]);
    if (!error)
      return;
    bool skipped = error.isA<BadSample>();
    failures.push_back(
        {place, attempt, sample, skipped, toString(std::move(error))});
    if (!skipped)
      return;
  }
}

void BatchLoader::Implementation::work() {
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    changed.wait(
        lock, [&] { return stopping || nextPlace < numOpen * options.batch; });
    if (stopping)
      return;
    size_t place = nextPlace++;
    Slot &slot = slotOf(place / options.batch);
    ++reading;
    lock.unlock();

    std::vector<Failure> failures;
    fillPlace(place, slot, failures);

    lock.lock();
    --reading;
    append_range(slot.failures, failures);
    if (--slot.missing == 0 || reading == 0)
      changed.notify_all();
  }
}

//===----------------------------------------------------------------------===//
// The user's side
//===----------------------------------------------------------------------===//

/// Lets the workers fill the slot of the batch after those that have one.
void BatchLoader::Implementation::openSlot(size_t step) {
  Slot &slot = slotOf(step);
  slot.batch.step = step;
  slot.missing = options.batch;
  slot.failures.clear();
  numOpen = step + 1;
}

void BatchLoader::Implementation::start(uint64_t newEpoch, size_t firstStep) {
  std::unique_lock<std::mutex> lock(mutex);
  numOpen = 0;
  changed.wait(lock, [&] { return reading == 0; });
  if (epoch != newEpoch || order.empty())
    order = shuffleSamples(dataset.size(), options.seed, newEpoch);
  epoch = newEpoch;
  badSamples.clear();
  nextStep = numOpen = firstStep;
  nextPlace = firstStep * options.batch;
  isHeld = false;
  while (numOpen < std::min(numSteps(), firstStep + slots.size()))
    openSlot(numOpen);
  changed.notify_all();
}

/// Hands what went wrong in a batch to the log.
Error BatchLoader::Implementation::tellFailures(Slot &slot) {
  llvm::sort(slot.failures);
  for (const Failure &failure : slot.failures) {
    if (!failure.skipped)
      return createStringError(inconvertibleErrorCode(), failure.message);
    // One sample may have been tried for several places.
    if (!badSamples.insert(failure.sample).second)
      continue;
    log.addBad(make_error<BadSample>(failure.message));
    if (badSamples.size() > dataset.size() / 100)
      return createStringError(
          inconvertibleErrorCode(),
          Twine(badSamples.size()) + " of the data set's " +
              Twine(dataset.size()) + " samples cannot be used, more than 1 %");
  }
  return Error::success();
}

Expected<const Batch *> BatchLoader::Implementation::next() {
  std::unique_lock<std::mutex> lock(mutex);
  if (isHeld && numOpen < numSteps()) {
    openSlot(numOpen);
    changed.notify_all();
  }
  isHeld = false;
  if (nextStep >= numSteps())
    return nullptr;
  Slot &slot = slotOf(nextStep);
  changed.wait(lock, [&] { return slot.missing == 0; });
  ++nextStep;
  isHeld = true;
  lock.unlock();

  log.addSeen(options.batch);
  if (Error error = tellFailures(slot))
    return error;
  return &slot.batch;
}

BatchLoader::BatchLoader(const Dataset &dataset, const BatchOptions &options,
                         BadSampleLog &log)
    : implementation(std::make_unique<Implementation>(dataset, options, log)) {}

BatchLoader::~BatchLoader() = default;

size_t BatchLoader::numSteps() const { return implementation->numSteps(); }

void BatchLoader::start(uint64_t epoch, size_t firstStep) {
  implementation->start(epoch, firstStep);
}

Expected<const Batch *> BatchLoader::next() { return implementation->next(); }
