//===- contraction_speed.cpp - the contractions of a step, timed *- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: qat-contraction-speed GROUPS.mlir [FILTER]
//
// Every contraction of a training step after qat-form-groups, on tiles of the
// sizes that its groups have, on one thread: as convert-contractions-to-kernels
// lowers it, and by oneDNN alone. A line of JSON each: words (the geometry as
// TrainingContraction has it), calls a step, FLOP of a call (taps outside the
// image left out), microseconds of the thread a call, best of seven. The first
// line has the GFLOP/s of a large product of matrices on the thread.
// contraction_speed.py makes a table of it, with PyTorch beside.
//
//===----------------------------------------------------------------------===//

#include "../Unit/Conversion/ContractionHarness.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/InitAll.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <ctime>
#include <random>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::test;

static double getSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

/// Seconds of the fastest call.
static double measure(function_ref<void()> call) {
  call();
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    int calls = 0;
    double begin = getSeconds(), taken = 0;
    do {
      call();
      ++calls;
      taken = getSeconds() - begin;
    } while (taken < 0.003);
    best = std::min(best, taken / calls);
  }
  return best;
}

/// Taps of all outputs that lie inside the image, in one dimension.
static int64_t countTaps(int64_t in, int64_t out, int64_t taps, int64_t stride,
                         int64_t dilation, int64_t pad) {
  int64_t count = 0;
  for (int64_t position = 0; position < out; ++position)
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t index = position * stride + tap * dilation - pad;
      count += index >= 0 && index < in;
    }
  return count;
}

static double countFlops(const ContractionGeometry &g) {
  return 2.0 * g.batch * g.outChannels * g.groupChannels() *
         countTaps(g.height, g.outHeight, g.kernelHeight, g.strideHeight,
                   g.dilationHeight, g.padTop) *
         countTaps(g.width, g.outWidth, g.kernelWidth, g.strideWidth,
                   g.dilationWidth, g.padLeft);
}

namespace {
/// x, w, y, dx, dw, dy with random values, where cache lines begin.
struct Buffers {
  std::vector<std::vector<float>> tensors;
  std::vector<void *> addresses;

  explicit Buffers(const ContractionGeometry &g) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (int64_t size : {g.inputSize(), g.weightSize(), g.outputSize(),
                         g.inputSize(), g.weightSize(), g.outputSize()}) {
      tensors.emplace_back(size + 16);
      for (float &value : tensors.back())
        value = normal(random);
      auto address = reinterpret_cast<uintptr_t>(tensors.back().data());
      addresses.push_back(reinterpret_cast<void *>((address + 63) / 64 * 64));
    }
  }
};

/// Products of one convolution that one call computes.
struct Call {
  std::vector<TrainingProduct> products;
  ContractionGeometry geometry;
  int64_t calls = 0;
};
} // namespace

static std::string getKey(const Call &call) {
  std::string key;
  for (TrainingProduct product : call.products)
    key += std::to_string(static_cast<int64_t>(product)) + " ";
  for (int64_t word : TrainingContraction{{}, {}, call.geometry}.getWords())
    key += std::to_string(word) + " ";
  return key;
}

/// What the groups of a step call, equal calls counted together. Both gradients
/// of a depthwise convolution are one call.
static std::vector<Call> findCalls(mlir::ModuleOp module) {
  MapVector<StringRef, Call> found;
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  module.walk([&](FusedOp group) {
    std::vector<Call> calls;
    group.walk([&](ContractionOp op) {
      auto product = static_cast<TrainingProduct>(op.getKind());
      if (op.getDepthwise() && !calls.empty() &&
          calls.back().geometry.depthwise)
        return calls.back().products.push_back(product);
      int64_t count = group.getTiles() * group.getBlocks();
      calls.push_back({{product}, op.getGeometry(), count});
    });
    for (Call &call : calls) {
      Call &same = found[saver.save(getKey(call))];
      call.calls += same.calls;
      same = call;
    }
  });
  std::vector<Call> result;
  for (auto &[key, call] : found)
    result.push_back(call);
  return result;
}

/// Seconds by the lowering of the training step.
static double measureLowered(const Call &call) {
  auto code = CompiledContractions::compile(call.geometry, call.products,
                                            Lowering::Kernels);
  if (!code)
    std::exit(1);
  Buffers buffers(call.geometry);
  return measure([&] { code->run(buffers.addresses); });
}

/// Seconds by oneDNN, and the names of its kernels.
static double measureLibrary(const Call &call, std::string &names) {
  Buffers buffers(call.geometry);
  double sum = 0;
  for (TrainingProduct product : call.products) {
    TrainingContraction contraction{product, {}, call.geometry};
    names += (names.empty() ? "" : "; ") +
             cantFail(describeTrainingKernel(contraction));
    std::vector<float> scratch(
        cantFail(getTrainingScratchBytes(contraction)) / 4 + 16);
    auto address = reinterpret_cast<uintptr_t>(scratch.data());
    auto *aligned = reinterpret_cast<void *>((address + 63) / 64 * 64);
    auto [a, b, result] =
        product == TrainingProduct::Forward         ? std::array{0, 1, 2}
        : product == TrainingProduct::InputGradient ? std::array{5, 1, 3}
                                                    : std::array{0, 5, 4};
    auto &addresses = buffers.addresses;
    sum += measure([&, a = a, b = b, result = result] {
      cantFail(runTrainingContraction(contraction, addresses[a], addresses[b],
                                      addresses[result], aligned));
    });
  }
  return sum;
}

/// FLOP a second of a product of square matrices, which oneDNN does as well as
/// anybody.
static double measureLimit() {
  ContractionGeometry g;
  g.batch = g.channels = g.outChannels = 384;
  std::string names;
  return countFlops(g) / measureLibrary({{TrainingProduct::Forward}, g}, names);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    errs() << "usage: qat-contraction-speed GROUPS.mlir [FILTER]\n";
    return 1;
  }
  testing::InitGoogleTest();
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  StringRef filter = argc > 2 ? argv[2] : "";
  outs() << formatv(
      "{0}\n", json::Value(json::Object{{"limit", measureLimit() * 1e-9}}));
  for (const Call &call : findCalls(*module)) {
    if (!StringRef(getKey(call)).contains(filter))
      continue;
    json::Array products, words;
    for (TrainingProduct product : call.products)
      products.push_back(static_cast<int64_t>(product));
    for (int64_t word : TrainingContraction{{}, {}, call.geometry}.getWords())
      words.push_back(word);
    std::string names;
    double library = measureLibrary(call, names);
    outs() << formatv(
        "{0}\n", json::Value(json::Object{
                     {"products", std::move(products)},
                     {"words", std::move(words)},
                     {"calls", call.calls},
                     {"flop", countFlops(call.geometry) * call.products.size()},
                     {"ours_us", measureLowered(call) * 1e6},
                     {"library_us", library * 1e6},
                     {"library", names}}));
    outs().flush();
  }
  return 0;
}
