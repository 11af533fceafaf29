//===- contraction_speed.cpp - GFLOP/s of MobileNet's contractions -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: qat-contraction-speed WIDTH SIZE [FILTER]   (such as 0.25 96)
//
// Every layer of MobileNetV1 on one thread, by the lowering of a training step
// (convert-contractions-to-kernels), on as many images as fit 512 kB, at least
// one. Time is that of the thread, the best of five.
//
//===----------------------------------------------------------------------===//

#include "../Unit/Conversion/ContractionHarness.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
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

/// Padding 1 around a kernel of 3, less the rows that no window reaches.
static ContractionGeometry makeLayer(int64_t size, int64_t in, int64_t out,
                                     int64_t kernel, int64_t stride,
                                     bool depthwise) {
  ContractionGeometry g;
  g.height = g.width = size;
  g.outHeight = g.outWidth = (size - 1) / stride + 1;
  g.channels = in;
  g.outChannels = out;
  g.depthwise = depthwise;
  g.groups = depthwise ? in : 1;
  g.kernelHeight = g.kernelWidth = kernel;
  g.strideHeight = g.strideWidth = stride;
  g.padTop = g.padLeft = kernel / 2;
  g.padBottom = g.padRight =
      (g.outHeight - 1) * stride + kernel - size - g.padTop;
  g.batch = std::max<int64_t>(1, (512 << 10) /
                                     (4 * (g.inputSize() + g.outputSize())));
  return g;
}

static double measure(const ContractionGeometry &g,
                      ArrayRef<TrainingProduct> products) {
  auto code = CompiledContractions::compile(g, products, Lowering::Kernels);
  if (!code)
    std::exit(1);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> tensors;
  std::vector<void *> buffers;
  for (int64_t size : {g.inputSize(), g.weightSize(), g.outputSize(),
                       g.inputSize(), g.weightSize(), g.outputSize()}) {
    // Vectors begin where cache lines do.
    tensors.emplace_back(size + 16);
    for (float &value : tensors.back())
      value = normal(random);
    auto address = reinterpret_cast<uintptr_t>(tensors.back().data());
    buffers.push_back(reinterpret_cast<void *>((address + 63) / 64 * 64));
  }
  code->run(buffers);
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    int calls = 0;
    double begin = getSeconds(), taken = 0;
    do {
      code->run(buffers);
      ++calls;
      taken = getSeconds() - begin;
    } while (taken < 0.005);
    best = std::min(best, taken / calls);
  }
  double flops = 2.0 * g.outputSize() * g.weightSize() / g.outChannels;
  return flops * products.size() / best * 1e-9;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    errs() << "usage: qat-contraction-speed WIDTH SIZE [FILTER]\n";
    return 1;
  }
  testing::InitGoogleTest();
  double width = std::atof(argv[1]);
  int64_t size = std::atoll(argv[2]);
  StringRef filter = argc > 3 ? argv[3] : "";
  outs()
      << "| layer | images | shape | forward | dx | dw | dx + dw | kernel |\n"
         "| --- | ---: | --- | ---: | ---: | ---: | ---: | --- |\n";
  auto report = [&](const std::string &name, const ContractionGeometry &g) {
    if (!StringRef(name).contains(filter))
      return;
    using P = TrainingProduct;
    std::string kernel = "loops";
    if (!g.depthwise)
      kernel = cantFail(describeTrainingKernel({P::Forward, {}, g})) + "; " +
               cantFail(describeTrainingKernel({P::InputGradient, {}, g})) +
               "; " +
               cantFail(describeTrainingKernel({P::WeightGradient, {}, g}));
    outs() << "| " << name << " | " << g.batch << " | " << g.height << "x"
           << g.width << "x" << g.channels << " to " << g.outChannels
           << (g.strideHeight == 2 ? " stride 2" : "");
    const std::vector<P> choices[] = {{P::Forward},
                                      {P::InputGradient},
                                      {P::WeightGradient},
                                      {P::InputGradient, P::WeightGradient}};
    for (const std::vector<P> &products : choices)
      outs() << " | " << format("%.1f", measure(g, products));
    outs() << " | " << kernel << " |\n";
    outs().flush();
  };
  auto scale = [&](int64_t channels) {
    return static_cast<int64_t>(channels * width);
  };
  report("conv0", makeLayer(size, 3, scale(32), 3, 2, false));
  size = (size + 1) / 2;
  const std::pair<int64_t, int64_t> blocks[] = {{1, 64},  {2, 128},  {1, 128},
                                                {2, 256}, {1, 256},  {2, 512},
                                                {1, 512}, {2, 1024}, {1, 1024}};
  int64_t channels = scale(32);
  for (auto [index, block] : llvm::enumerate(blocks)) {
    auto [stride, out] = block;
    std::string number = std::to_string(index + 1);
    report("dw" + number, makeLayer(size, channels, channels, 3, stride, true));
    size = (size - 1) / stride + 1;
    report("pw" + number, makeLayer(size, channels, scale(out), 1, 1, false));
    channels = scale(out);
  }
  return 0;
}
