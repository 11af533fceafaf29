//===- LoadBatches.cpp - the batches of a training, as arrays -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qat-load-batches DATASET PATH --input 32x32x3 [options] -o DIR
//
// Writes DIR/input.npy (steps x batch x input), labels.npy and samples.npy of
// some steps of an epoch, for tests that compute them anew; without -o it only
// reads, and says how many images a second.
//
//===----------------------------------------------------------------------===//

#include "qat/Data/BatchLoader.h"
#include "qat/Support/Npy.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace llvm;
using namespace mlir::qat;

static cl::opt<std::string> datasetName(cl::Positional, cl::Required);
static cl::opt<std::string> dataPath(cl::Positional, cl::Required);
static cl::opt<std::string> inputShape("input", cl::Required);
static cl::opt<std::string> augment("augment", cl::init("default"));
static cl::opt<std::string> outputFolder("o");
static cl::opt<std::string> mean("mean"), std_("std"), scale("scale");
static cl::opt<int64_t> resize("resize"), crop("crop");
static cl::opt<bool> bgr("bgr"), testSplit("test");
static cl::opt<int64_t> batchSize("batch", cl::init(32));
static cl::opt<int64_t> classes("classes");
static cl::opt<uint64_t> seed("seed"), epoch("epoch");
static cl::opt<unsigned> firstStep("first-step"), numSteps("steps"),
    workers("workers"), ahead("ahead", cl::init(4));

static Expected<BatchOptions> getOptions() {
  BatchOptions options;
  options.batch = batchSize;
  options.classes = classes;
  options.seed = seed;
  options.workers = workers;
  options.ahead = ahead;
  SmallVector<StringRef> sizes;
  StringRef(inputShape).split(sizes, 'x');
  for (StringRef size : sizes)
    if (size.getAsInteger(10, options.inputShape.emplace_back()))
      return createStringError("'" + size + "' is no size");
  Expected<Augmentation> augmentation = parseAugmentation(augment, datasetName);
  if (!augmentation)
    return augmentation.takeError();
  options.augmentation = *augmentation;

  Preprocessing &preprocessing = options.preprocessing;
  if (!mean.empty())
    preprocessing.mean =
        SmallVector<double, 4>(cantFail(parseNumberList(mean)));
  if (!std_.empty())
    preprocessing.std = SmallVector<double, 4>(cantFail(parseNumberList(std_)));
  if (!scale.empty())
    preprocessing.scale = cantFail(parseNumber(scale));
  if (resize)
    preprocessing.resize = resize;
  if (crop)
    preprocessing.crop = crop;
  preprocessing.order = bgr ? PixelOrder::BGR : PixelOrder::RGB;
  if (Error error = preprocessing.verify(options.inputShape.back()))
    return error;
  return options;
}

/// Writes the rows of batches that were put one after the other.
template <class T>
static Error write(StringRef name, ArrayRef<int64_t> shape,
                   ArrayRef<T> values) {
  SmallString<128> path(outputFolder);
  sys::path::append(path, name);
  return writeNpy(path, NdArray::of<T>(shape, values));
}

static Error load() {
  Expected<BatchOptions> options = getOptions();
  if (!options)
    return options.takeError();
  DatasetOptions datasetOptions;
  datasetOptions.split = testSplit ? DataSplit::Test : DataSplit::Train;
  Expected<std::unique_ptr<Dataset>> dataset =
      openDataset(datasetName, dataPath, datasetOptions);
  if (!dataset)
    return dataset.takeError();
  if (Error error = checkTrainingData(**dataset, dataPath, *options, errs()))
    return error;

  BadSampleLog log(errs());
  BatchLoader loader(**dataset, *options, log);
  std::vector<float> inputs;
  std::vector<int32_t> labels;
  std::vector<int64_t> samples;
  int64_t steps = 0;
  auto start = std::chrono::steady_clock::now();
  loader.start(epoch, firstStep);
  while (!numSteps || steps < numSteps) {
    Expected<const Batch *> batch = loader.next();
    if (!batch)
      return batch.takeError();
    if (!*batch)
      break;
    ++steps;
    if (outputFolder.empty())
      continue;
    append_range(inputs, (*batch)->input.data<float>());
    append_range(labels, (*batch)->labels.data<int32_t>());
    append_range(samples, (*batch)->samples);
  }
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  outs() << formatv("{0} steps, {1:F0} images/s\n", steps,
                    static_cast<double>(steps * batchSize) / elapsed.count());
  if (outputFolder.empty())
    return Error::success();

  SmallVector<int64_t, 5> shape = {steps, batchSize};
  if (Error error = write<int32_t>("labels.npy", shape, labels))
    return error;
  if (Error error = write<int64_t>("samples.npy", shape, samples))
    return error;
  append_range(shape, options->inputShape);
  return write<float>("input.npy", shape, inputs);
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "the batches of a training\n");
  if (Error error = load()) {
    WithColor::error(errs()) << toString(std::move(error)) << '\n';
    return 1;
  }
  return 0;
}
