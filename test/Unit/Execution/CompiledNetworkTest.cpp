//===- CompiledNetworkTest.cpp - compile, run, batches, errors --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

#include <cmath>
#include <thread>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
/// conv -> pact -> conv with a residual add, small enough to read.
constexpr StringLiteral kInteger = R"(
!x = !quant.uniform<u8:f32, 0.1:7>
!w = !quant.uniform<i8:f32, 0.1>
!y = !quant.uniform<u4:f32, 0.5>
func.func @main(%x: tensor<1x4x4x2x!x> {qat.name = "image"}) -> (tensor<1x4x4x2x!y> {qat.name = "grid"}) {
  %s = arith.constant dense<[[[[1, 2]]], [[[-3, 4]]]]> : tensor<2x1x1x2xi8>
  %w = quant.scast %s : tensor<2x1x1x2xi8> to tensor<2x1x1x2x!w>
  %b = arith.constant dense<[1, -1]> : tensor<2xi32>
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 1073741824>, shift = array<i8: 35>} : (tensor<1x4x4x2x!x>, tensor<2x1x1x2x!w>, tensor<2xi32>) -> tensor<1x4x4x2x!y> loc("first")
  %1 = qat.add %0, %0 {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 0 : i32, shift = 20 : i32} : (tensor<1x4x4x2x!y>, tensor<1x4x4x2x!y>) -> tensor<1x4x4x2x!y> loc("second")
  return %1 : tensor<1x4x4x2x!y>
})";

uint8_t computeByHand(uint8_t x0, uint8_t x1, int channel) {
  int acc =
      channel == 0 ? (x0 - 7) + 2 * (x1 - 7) : -3 * (x0 - 7) + 4 * (x1 - 7);
  int sum = acc + (channel == 0 ? 1 : -1);
  int level = static_cast<int>(std::floor(sum / 32.0));
  level = std::min(std::max(level, 0), 15);
  return static_cast<uint8_t>(level); // (v / 2 + v / 2) of the add
}

NdArray randomImages(int64_t count) {
  std::mt19937 random(1);
  return NdArray::of<uint8_t>(
      {count, 4, 4, 2}, randomIntegers<uint8_t>(random, count * 32, 0, 255));
}

std::vector<uint8_t> expectedGrid(const NdArray &images) {
  ArrayRef<uint8_t> x = images.data<uint8_t>();
  std::vector<uint8_t> expected;
  for (size_t i = 0; i < x.size(); ++i)
    expected.push_back(computeByHand(x[i & ~size_t(1)], x[i | 1], i % 2));
  return expected;
}

TEST(CompiledNetwork, describesItsSignature) {
  std::unique_ptr<CompiledNetwork> network = compile(kInteger);
  ASSERT_TRUE(network);
  ASSERT_EQ(network->inputs().size(), 1u);
  EXPECT_EQ(network->inputs()[0].name, "image");
  EXPECT_EQ(network->inputs()[0].kind, ElementKind::U8);
  EXPECT_EQ(network->inputs()[0].quantized.getZeroPoint(), 7);
  EXPECT_EQ(network->outputs()[0].name, "grid");
  EXPECT_EQ(network->outputs()[0].kind, ElementKind::U8);
  EXPECT_EQ(network->outputs()[0].quantized.getStorageTypeMax(), 15);
}

TEST(CompiledNetwork, computesWhatIsWritten) {
  std::unique_ptr<CompiledNetwork> network = compile(kInteger);
  ASSERT_TRUE(network);
  NdArray image = randomImages(1);
  NdArray before = image.clone();
  NdArray output = run(*network, &image);
  EXPECT_EQ(output.data<uint8_t>().vec(), expectedGrid(image));
  EXPECT_EQ(image.bytes(), before.bytes()); // inputs are not written
}

TEST(CompiledNetwork, runsRowsOnThreads) {
  std::unique_ptr<CompiledNetwork> network = compile(kInteger);
  ASSERT_TRUE(network);
  NdArray images = randomImages(37);
  for (unsigned threads : {1u, 2u, 5u}) {
    Expected<std::vector<NdArray>> outputs =
        network->runBatches(images, threads);
    ASSERT_TRUE(static_cast<bool>(outputs));
    EXPECT_EQ((*outputs)[0].shape(), ArrayRef<int64_t>({37, 4, 4, 2}));
    EXPECT_EQ((*outputs)[0].data<uint8_t>().vec(), expectedGrid(images));
  }
}

TEST(CompiledNetwork, saysWhatItExpected) {
  std::unique_ptr<CompiledNetwork> network = compile(kInteger);
  ASSERT_TRUE(network);
  NdArray wrong = NdArray::zeros(ElementKind::F32, {1, 4, 4, 2});
  NdArray output;
  EXPECT_EQ(toString(network->run(&wrong, output)),
            "input 'image' must be u8 1x4x4x2, but is f32 1x4x4x2");
  NdArray shape = NdArray::zeros(ElementKind::U8, {2, 4, 3, 2});
  EXPECT_EQ(toString(network->runBatches(shape, 1).takeError()),
            "input 'image' must be u8 1x4x4x2 or a multiple of that batch, but "
            "is u8 2x4x3x2");
}

TEST(CompiledNetwork, refusesWhatItCannotRun) {
  auto refuse = [](StringRef text) {
    OwningOpRef<ModuleOp> module = parse(text);
    Expected<std::unique_ptr<CompiledNetwork>> network =
        CompiledNetwork::compile(*module);
    return network ? "" : toString(network.takeError());
  };
  EXPECT_EQ(refuse("func.func @other() { return }"),
            "the module has no function @main to run");
  EXPECT_EQ(refuse("func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> { "
                   "return %x : tensor<?xf32> }"),
            "input 0 of @main is tensor<?xf32>, but the host runs tensors of "
            "static shape of f32, integers or quantized integers");
}

// An argument returned as it is, twice, and a constant: each gets memory of
// its own.
TEST(CompiledNetwork, copiesTrivialResults) {
  std::unique_ptr<CompiledNetwork> network = compile(
      "func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, "
      "tensor<2xf32>) {\n%c = arith.constant dense<[1.5, 2.5]> : "
      "tensor<2xf32>\nreturn %x, %x, %c : tensor<3xf32>, tensor<3xf32>, "
      "tensor<2xf32>\n}");
  ASSERT_TRUE(network);
  NdArray x = floatArray(3, {1, 2, 3});
  NdArray outputs[3];
  ASSERT_FALSE(static_cast<bool>(network->run(&x, outputs)));
  EXPECT_EQ(outputs[0].data<float>().vec(), std::vector<float>({1, 2, 3}));
  EXPECT_EQ(outputs[1].data<float>().vec(), std::vector<float>({1, 2, 3}));
  EXPECT_EQ(outputs[2].data<float>().vec(), std::vector<float>({1.5, 2.5}));
}

/// Bufferization lets layers write into the result of a concat, whose rows have
/// gaps between them, and reads an input that is another layer's too: kernels
/// and loops must agree.
TEST(CompiledNetwork, kernelsWriteIntoConcats) {
  std::string text = R"mlir(
!u8 = !quant.uniform<u8:f32, 0.05:3>
!w = !quant.uniform<i8:f32, 0.02>
func.func @main(%x: tensor<1x4x4x2x!u8>) -> tensor<1x4x4x7x!u8> {
  %c1 = arith.constant dense<[[[[90, -70]]], [[[55, 40]]]]> : tensor<2x1x1x2xi8>
  %w1 = quant.scast %c1 : tensor<2x1x1x2xi8> to tensor<2x1x1x2x!w>
  %b1 = arith.constant dense<[70, -8]> : tensor<2xi32>
  %y1 = qat.conv2d %x, %w1, %b1 {pad = array<i64: 0, 0, 0, 0>,
      stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>,
      multiplier = array<i32: 1518500250>, shift = array<i8: 37>}
      : (tensor<1x4x4x2x!u8>, tensor<2x1x1x2x!w>, tensor<2xi32>)
      -> tensor<1x4x4x2x!u8>
  %c2 = arith.constant dense<[[[[1, -2]]], [[[33, 44]]], [[[-5, 6]]]]> : tensor<3x1x1x2xi8>
  %w2 = quant.scast %c2 : tensor<3x1x1x2xi8> to tensor<3x1x1x2x!w>
  %b2 = arith.constant dense<[7, 8, 9]> : tensor<3xi32>
  %y2 = qat.conv2d %y1, %w2, %b2 {pad = array<i64: 0, 0, 0, 0>,
      stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>,
      multiplier = array<i32: 1518500250>, shift = array<i8: 36>}
      : (tensor<1x4x4x2x!u8>, tensor<3x1x1x2x!w>, tensor<3xi32>)
      -> tensor<1x4x4x3x!u8>
  %y = qat.concat %y1, %y2, %x {axis = 3 : i64} : (tensor<1x4x4x2x!u8>,
      tensor<1x4x4x3x!u8>, tensor<1x4x4x2x!u8>) -> tensor<1x4x4x7x!u8>
  return %y : tensor<1x4x4x7x!u8>
})mlir";
  std::mt19937 random(5);
  NdArray image = NdArray::of<uint8_t>(
      {1, 4, 4, 2}, randomIntegers<uint8_t>(random, 32, 0, 255));
  CompileOptions options;
  options.kernels = std::nullopt;
  std::unique_ptr<CompiledNetwork> loops = compile(text, options);
  ASSERT_TRUE(loops);
  std::vector<uint8_t> expected = run(*loops, &image).data<uint8_t>().vec();
  for (HostIsa isa : getSupportedHostIsas()) {
    options.kernels = isa;
    std::unique_ptr<CompiledNetwork> kernels = compile(text, options);
    ASSERT_TRUE(kernels);
    EXPECT_EQ(run(*kernels, &image).data<uint8_t>().vec(), expected)
        << stringifyHostIsa(isa).str();
  }
}

TEST(CompiledNetwork, exposesLayers) {
  OwningOpRef<ModuleOp> module = parse(kInteger);
  PassManager manager(&getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatExposeLayers());
  ASSERT_TRUE(succeeded(manager.run(*module)));
  Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*module);
  ASSERT_TRUE(static_cast<bool>(network));
  ArrayRef<TensorInfo> infos = (*network)->outputs();
  ASSERT_EQ(infos.size(), 3u);
  EXPECT_EQ(infos[0].name, "grid");
  EXPECT_EQ(infos[1].name, "first");
  EXPECT_EQ(infos[2].name, "second");
  NdArray image = randomImages(1);
  NdArray outputs[3];
  ASSERT_FALSE(static_cast<bool>((*network)->run(&image, outputs)));
  for (const NdArray &output : outputs)
    EXPECT_EQ(output.data<uint8_t>().vec(), expectedGrid(image));
}
} // namespace
