//===- TrainerTest.cpp - trainings of a step of our own -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Trainer.h"
#include "qat/Training/ResultFiles.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
constexpr StringLiteral kNetwork = R"(
ml_program.global private mutable @"a.weight"(dense<[1.0, -2.0, 0.5]> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @"a.bn.mean"(dense<0.25> : tensor<2xf32>) : tensor<2xf32>
ml_program.global private mutable @"a.alpha"(dense<6.0> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  return %x : tensor<1x2xf32>
})";

constexpr int64_t kBatch = 4;
constexpr size_t kSteps = 5;

/// Batches whose numbers tell epoch and step.
class FakeBatches : public BatchSource {
public:
  size_t numSteps() const override { return kSteps; }
  void start(uint64_t newEpoch, size_t firstStep) override {
    epoch = newEpoch;
    step = firstStep;
  }
  Expected<const Batch *> next() override {
    if (step == kSteps)
      return nullptr;
    batch.step = step;
    batch.input = NdArray::zeros(ElementKind::F32, {kBatch, 2});
    for (auto [index, x] : enumerate(batch.input.data<float>()))
      x = float(epoch) + 0.1f * float(step) + 0.01f * float(index);
    batch.labels = NdArray::zeros(ElementKind::I32, {kBatch});
    ++step;
    return &batch;
  }

private:
  uint64_t epoch = 0;
  size_t step = 0;
  Batch batch;
};

/// A step that mixes all it is given into parameters, moments and statistics.
class FakeStep : public TrainingStep {
public:
  FakeStep(bool frozen, bool accumulates, int64_t infiniteAt)
      : frozen(frozen), infiniteAt(infiniteAt) {
    stepArguments = {
        argument("", "input", {kBatch, 2}),
        argument("", "hyper", {kHyperCount}),
        argument("", "seed", {2}, ElementKind::I32),
        argument("a.weight", "parameter", {3}),
        argument("a.alpha", "parameter", {}),
        argument("a.weight", accumulates ? "gradient" : "moment1", {3}),
        argument("", "metrics", {kMetricCount})};
    if (!frozen)
      stepArguments.push_back(argument("a.bn.mean", "statistic", {2}));
    if (accumulates)
      updateArguments = {argument("", "hyper", {kHyperCount}),
                         argument("a.weight", "parameter", {3}),
                         argument("a.weight", "moment1", {3}),
                         argument("a.weight", "gradient", {3})};
  }

  ArrayRef<StepArgument> arguments(StringRef function) const override {
    return function == kStepFunction ? stepArguments : updateArguments;
  }

  Error run(StringRef function, ArrayRef<void *> buffers) override {
    if (function == kUpdateFunction) {
      auto *weight = static_cast<float *>(buffers[1]);
      auto *moment = static_cast<float *>(buffers[2]);
      auto *gradient = static_cast<float *>(buffers[3]);
      for (int i = 0; i < 3; ++i) {
        moment[i] = 0.9f * moment[i] + gradient[i];
        weight[i] -= static_cast<float *>(buffers[0])[0] * moment[i];
        gradient[i] = 0;
      }
      return Error::success();
    }
    auto *input = static_cast<float *>(buffers[0]);
    auto *hyper = static_cast<float *>(buffers[1]);
    auto *seed = static_cast<int32_t *>(buffers[2]);
    auto *weight = static_cast<float *>(buffers[3]);
    auto *moment = static_cast<float *>(buffers[5]);
    auto *metrics = static_cast<float *>(buffers[6]);
    if (seed[1] == infiniteAt) {
      metrics[0] = std::numeric_limits<float>::infinity();
      return Error::success();
    }
    float sum = 0.001f * float(seed[0] + seed[1]);
    for (int i = 0; i < 8; ++i)
      sum += input[i];
    for (int i = 0; i < 3; ++i) {
      float gradient = 0.1f * sum + 0.3f * weight[i] + (frozen ? 0.5f : 0.0f);
      if (updateArguments.empty()) {
        moment[i] = 0.9f * moment[i] + gradient;
        weight[i] -= hyper[0] * moment[i] * hyper[4];
      } else {
        moment[i] += gradient * hyper[15];
      }
    }
    *static_cast<float *>(buffers[4]) -= hyper[1] * sum;
    if (!frozen)
      static_cast<float *>(buffers[7])[0] += 0.01f * sum;
    metrics[0] = std::fabs(weight[0]) + 0.1f * sum;
    metrics[1] = 1;
    metrics[2] = 3;
    return Error::success();
  }

private:
  static StepArgument argument(StringRef name, StringRef role,
                               ArrayRef<int64_t> shape,
                               ElementKind kind = ElementKind::F32) {
    return {name.str(), role.str(), SmallVector<int64_t, 4>(shape), kind};
  }

  bool frozen;
  int64_t infiniteAt;
  std::vector<StepArgument> stepArguments, updateArguments;
};

class FakeWorkshop : public TrainingWorkshop {
public:
  explicit FakeWorkshop(std::string folder) : folder(std::move(folder)) {}

  std::unique_ptr<MLIRContext> makeContext() override {
    auto context = std::make_unique<MLIRContext>();
    context->loadDialect<func::FuncDialect, ml_program::MLProgramDialect>();
    return context;
  }
  Expected<std::unique_ptr<TrainingStep>> compileStep(ModuleOp,
                                                      bool frozen) override {
    compiled.push_back(frozen);
    return std::make_unique<FakeStep>(frozen, accumulates, infiniteAt);
  }
  Expected<OwningOpRef<ModuleOp>> freeze(ModuleOp network) override {
    OwningOpRef<ModuleOp> frozen = network.clone();
    auto alpha = frozen->lookupSymbol<ml_program::GlobalOp>("a.alpha");
    alpha.setValueAttr(
        DenseElementsAttr::get(cast<RankedTensorType>(alpha.getType()), 9.0f));
    return std::move(frozen);
  }
  Expected<std::optional<double>> evaluate(ModuleOp,
                                           EpochRecord &record) override {
    if (record.epoch == stoppedIn) {
      stoppedIn = -1;
      stop->store(true);
      return make_error<EvaluationStopped>();
    }
    record.fake = record.integer = Accuracy{50, 90};
    record.agreement = 100;
    // The second epoch is the best, the third as good.
    const double scores[] = {40, 60, 60, 30};
    return scores[record.epoch % 4];
  }
  std::string findNonFiniteLayer(ModuleOp, const NdArray &) override {
    return "conv7";
  }
  Error writeNetwork(ModuleOp network, StringRef path) override {
    std::error_code failure;
    raw_fd_ostream os(path, failure);
    network.print(os);
    return Error::success();
  }
  Error writeRecords(ArrayRef<EpochRecord> records) override {
    return writeResults(folder, records);
  }

  std::string folder;
  std::vector<bool> compiled;
  bool accumulates = false;
  int64_t infiniteAt = -1;
  /// The epoch in whose evaluation `stop` is set.
  int64_t stoppedIn = -1;
  std::atomic<bool> *stop = nullptr;
};

/// Stops a training after a number of updates.
class StoppingObserver : public TrainingObserver {
public:
  void onStep(const TrainingProgress &progress) override {
    steps.push_back(progress);
    if (--updatesLeft == 0)
      stop = true;
  }
  void onEpoch(const EpochRecord &) override {}
  void onFreeze(int64_t epoch) override { frozenAt = epoch; }

  std::vector<TrainingProgress> steps;
  std::atomic<bool> stop{false};
  int64_t updatesLeft = -1, frozenAt = -1;
};

class TrainerTest : public ::testing::Test {
protected:
  void SetUp() override {
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("qat-trainer", path));
    folder = path.str().str();
    recipe.epochs = 4;
    recipe.batch = kBatch;
    recipe.batchFoldDelay = 2;
    recipe.rates.scaleTo(0.01);
    recipe.seed = 3;
  }
  void TearDown() override { sys::fs::remove_directories(folder); }

  std::string getPath(StringRef file) const {
    return folder + "/" + file.str();
  }
  std::string read(StringRef file) const {
    auto buffer = MemoryBuffer::getFile(getPath(file));
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

  TrainerOptions makeOptions(const StoppingObserver &observer,
                             int64_t checkpointEvery = 0) const {
    TrainerOptions options;
    options.folder = folder;
    options.stop = &observer.stop;
    options.checkpointEvery = checkpointEvery;
    return options;
  }

  /// Begins a training that ends after `updates` (-1: at its end).
  Expected<TrainingOutcome> begin(FakeWorkshop &workshop,
                                  StoppingObserver &observer,
                                  int64_t updates = -1,
                                  int64_t checkpointEvery = 0) {
    observer.updatesLeft = updates;
    FakeBatches batches;
    Trainer trainer(recipe, workshop, batches, observer,
                    makeOptions(observer, checkpointEvery));
    std::unique_ptr<MLIRContext> context = workshop.makeContext();
    OwningOpRef<ModuleOp> network =
        parseSourceString<ModuleOp>(kNetwork, context.get());
    cantFail(trainer.begin(*network));
    return trainer.run();
  }

  /// Goes on from what is in the folder.
  Expected<TrainingOutcome> resume(FakeWorkshop &workshop,
                                   StoppingObserver &observer,
                                   int64_t updates = -1) {
    observer.updatesLeft = updates;
    Expected<Checkpoint> checkpoint =
        Checkpoint::read(getPath("checkpoint.safetensors"));
    if (!checkpoint)
      return checkpoint.takeError();
    Expected<std::vector<EpochRecord>> records = readResults(folder);
    if (!records)
      return records.takeError();
    FakeBatches batches;
    Trainer trainer(checkpoint->recipe, workshop, batches, observer,
                    makeOptions(observer));
    if (Error error =
            trainer.resume(std::move(*checkpoint), std::move(*records)))
      return std::move(error);
    return trainer.run();
  }

  /// What a training leaves, times apart.
  std::string describeResult() const {
    std::string text = read("best.mlir") + read("last.mlir");
    raw_string_ostream os(text);
    for (const EpochRecord &record : cantFail(readResults(folder))) {
      EpochRecord timeless = record;
      timeless.seconds = 0;
      os << json::Value(timeless.toJson()) << "\n";
    }
    Checkpoint checkpoint =
        cantFail(Checkpoint::read(getPath("checkpoint.safetensors")));
    std::vector<NamedArray> arrays;
    checkpoint.state.save(arrays);
    for (const NamedArray &named : arrays) {
      os << named.name;
      for (uint8_t byte : named.array.bytes())
        os << ' ' << unsigned(byte);
      os << "\n";
    }
    return text;
  }

  std::string folder;
  Recipe recipe;
};

TEST_F(TrainerTest, FreezesAtItsEpochAndKeepsMoments) {
  FakeWorkshop workshop(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(workshop, observer)), TrainingOutcome::Finished);
  EXPECT_EQ(workshop.compiled, (std::vector<bool>{false, true}));
  EXPECT_EQ(observer.frozenAt, 2);
  std::vector<EpochRecord> records = cantFail(readResults(folder));
  ASSERT_EQ(records.size(), 4u);
  EXPECT_FALSE(records[1].frozen);
  EXPECT_TRUE(records[2].frozen);
  // 9 since epoch 2, less what five updates took off: rate * sum each.
  ASSERT_EQ(records[2].bounds.size(), 1u);
  EXPECT_EQ(records[2].bounds[0].name, "a.alpha");
  double alpha = 9;
  for (int step = 0; step < 5; ++step)
    alpha -= 0.01 * (0.001 * (3 + 10 + step) + 8 * (2 + 0.1 * step) + 0.28);
  EXPECT_NEAR(records[2].bounds[0].mean, alpha, 1e-4);
  // Of four scores 40, 60, 60, 30 the first 60 is the best.
  EXPECT_EQ(records[0].best, true);
  EXPECT_EQ(records[1].best, true);
  EXPECT_EQ(records[2].best, false);
  EXPECT_EQ(records[3].best, false);
  EXPECT_EQ(records[3].steps, 20);
  EXPECT_EQ(records[3].images, 80);
  EXPECT_DOUBLE_EQ(records[3].train->top1, 25);
  EXPECT_DOUBLE_EQ(records[3].train->top5, 75);
}

TEST_F(TrainerTest, GoesOnToTheSameBitsFromEveryUpdate) {
  FakeWorkshop whole(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(whole, observer)), TrainingOutcome::Finished);
  std::string expected = describeResult();
  ASSERT_NE(expected.find("moment1/a.weight"), std::string::npos);
  for (int64_t updates = 1; updates < 20; ++updates) {
    sys::fs::remove_directories(folder);
    sys::fs::create_directories(folder);
    FakeWorkshop workshop(folder);
    StoppingObserver first, second;
    ASSERT_EQ(cantFail(begin(workshop, first, updates)),
              TrainingOutcome::Stopped);
    ASSERT_EQ(cantFail(resume(workshop, second)), TrainingOutcome::Finished);
    EXPECT_EQ(describeResult(), expected) << "after update " << updates;
  }
}

TEST_F(TrainerTest, GoesOnFromACheckpointAmidAnEpoch) {
  FakeWorkshop whole(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(whole, observer)), TrainingOutcome::Finished);
  std::string expected = describeResult();
  // The checkpoint of update 12 is the last one that a failure at 13 leaves.
  sys::fs::remove_directories(folder);
  sys::fs::create_directories(folder);
  FakeWorkshop failing(folder);
  failing.infiniteAt = 13;
  StoppingObserver first, second;
  consumeError(begin(failing, first, -1, /*checkpointEvery=*/3).takeError());
  Checkpoint checkpoint =
      cantFail(Checkpoint::read(getPath("checkpoint.safetensors")));
  EXPECT_EQ(checkpoint.position.updates, 12);
  EXPECT_EQ(checkpoint.position.step, 2);
  EXPECT_TRUE(checkpoint.position.frozen);
  FakeWorkshop workshop(folder);
  ASSERT_EQ(cantFail(resume(workshop, second)), TrainingOutcome::Finished);
  EXPECT_EQ(describeResult(), expected);
  EXPECT_EQ(second.frozenAt, -1);
}

TEST_F(TrainerTest, TellsHowFarItIs) {
  FakeWorkshop workshop(folder);
  workshop.accumulates = true;
  recipe.accumulate = 2;
  recipe.epochs = 3;
  recipe.batchFoldDelay = -1;
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(workshop, observer)), TrainingOutcome::Finished);
  ASSERT_EQ(observer.steps.size(), 6u);
  for (auto [index, told] : enumerate(observer.steps)) {
    EXPECT_EQ(told.epoch, int64_t(index) / 2);
    EXPECT_EQ(told.epochs, 3);
    EXPECT_EQ(told.step, int64_t(index) % 2 + 1);
    EXPECT_EQ(told.steps, 2);
    EXPECT_EQ(told.top1, 25);
    EXPECT_EQ(told.imagesPerStep, 2 * kBatch);
    EXPECT_GT(told.imagesPerSecond, 0);
  }
  std::vector<EpochRecord> records = cantFail(readResults(folder));
  EXPECT_EQ(observer.steps[1].loss, records[0].loss);
  EXPECT_EQ(observer.steps[5].loss, records[2].loss);
}

TEST_F(TrainerTest, GoesOnFromAStoppedEvaluation) {
  FakeWorkshop whole(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(whole, observer)), TrainingOutcome::Finished);
  std::string expected = describeResult();
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    sys::fs::remove_directories(folder);
    sys::fs::create_directories(folder);
    FakeWorkshop workshop(folder);
    StoppingObserver first, second;
    workshop.stoppedIn = epoch;
    workshop.stop = &first.stop;
    ASSERT_EQ(cantFail(begin(workshop, first)), TrainingOutcome::Stopped);
    Checkpoint checkpoint =
        cantFail(Checkpoint::read(getPath("checkpoint.safetensors")));
    EXPECT_EQ(checkpoint.position.epoch, epoch);
    EXPECT_EQ(checkpoint.position.step, 5);
    EXPECT_EQ(cantFail(readResults(folder)).size(), size_t(epoch));
    ASSERT_EQ(cantFail(resume(workshop, second)), TrainingOutcome::Finished);
    EXPECT_EQ(describeResult(), expected) << "in epoch " << epoch;
  }
}

TEST_F(TrainerTest, CanGoOnBeforeTheFirstUpdate) {
  FakeWorkshop whole(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(whole, observer)), TrainingOutcome::Finished);
  std::string expected = describeResult();
  sys::fs::remove_directories(folder);
  sys::fs::create_directories(folder);
  FakeWorkshop failing(folder), workshop(folder);
  failing.infiniteAt = 0;
  StoppingObserver first, second;
  consumeError(begin(failing, first).takeError());
  ASSERT_EQ(cantFail(resume(workshop, second)), TrainingOutcome::Finished);
  EXPECT_EQ(describeResult(), expected);
}

TEST_F(TrainerTest, NamesTheLayerWhereTheLossIsNotFinite) {
  FakeWorkshop workshop(folder);
  workshop.infiniteAt = 7;
  StoppingObserver observer;
  Expected<TrainingOutcome> outcome = begin(workshop, observer);
  ASSERT_FALSE(bool(outcome));
  EXPECT_EQ(toString(outcome.takeError()),
            "the loss is not finite in epoch 1, step 2: the first number that "
            "is not finite is in layer 'conv7'; a lower --lr or --clip 1 would "
            "help, and --resume goes on from the last checkpoint");
  Checkpoint checkpoint =
      cantFail(Checkpoint::read(getPath("checkpoint.safetensors")));
  EXPECT_EQ(checkpoint.position.updates, 5);
}

TEST_F(TrainerTest, AccumulatesBeforeAnUpdate) {
  FakeWorkshop workshop(folder);
  workshop.accumulates = true;
  recipe.accumulate = 2;
  recipe.epochs = 1;
  recipe.batchFoldDelay = -1;
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(workshop, observer)), TrainingOutcome::Finished);
  // Of five batches, two pairs.
  EXPECT_EQ(observer.steps.size(), 2u);
  std::vector<EpochRecord> records = cantFail(readResults(folder));
  EXPECT_EQ(records[0].steps, 2);
  EXPECT_EQ(records[0].images, 16);
  double weight = 1, moment = 0;
  for (int update = 0; update < 2; ++update) {
    double gradient = 0;
    for (int part = 0; part < 2; ++part) {
      int step = 2 * update + part;
      double sum = 0.001 * (3 + step) + 8 * 0.1 * step + 0.28;
      gradient += 0.5 * (0.1 * sum + 0.3 * weight);
    }
    moment = 0.9 * moment + gradient;
    weight -= 0.01 * moment;
  }
  Checkpoint checkpoint =
      cantFail(Checkpoint::read(getPath("checkpoint.safetensors")));
  EXPECT_NEAR(checkpoint.state.getValues().at("a.weight").data<float>()[0],
              weight, 1e-6);
}

TEST_F(TrainerTest, RefusesFewerBatchesThanItAccumulates) {
  FakeWorkshop workshop(folder);
  recipe.accumulate = 6;
  StoppingObserver observer;
  Expected<TrainingOutcome> outcome = begin(workshop, observer);
  ASSERT_FALSE(bool(outcome));
  EXPECT_EQ(toString(outcome.takeError()),
            "an epoch has 5 batches of 4 images, fewer than the 6 that "
            "--accumulate adds up");
}

TEST_F(TrainerTest, BrokenCheckpointsAreOneLine) {
  FakeWorkshop workshop(folder);
  StoppingObserver observer;
  ASSERT_EQ(cantFail(begin(workshop, observer, 3)), TrainingOutcome::Stopped);
  std::string good = read("checkpoint.safetensors");
  auto tryBytes = [&](StringRef bytes) {
    {
      std::error_code failure;
      raw_fd_ostream os(getPath("checkpoint.safetensors"), failure);
      os << bytes;
    }
    StoppingObserver other;
    Expected<TrainingOutcome> outcome = resume(workshop, other);
    ASSERT_FALSE(bool(outcome)) << bytes.size();
    EXPECT_EQ(toString(outcome.takeError()).find('\n'), std::string::npos);
  };
  for (size_t cut = 0; cut < good.size(); cut += 97)
    tryBytes(StringRef(good).take_front(cut));
  // A network that is no bytecode.
  size_t magic = good.find("ML\xefR");
  ASSERT_NE(magic, std::string::npos);
  std::string bad = good;
  bad[magic] = 'X';
  tryBytes(bad);
}
} // namespace
