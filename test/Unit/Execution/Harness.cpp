//===- Harness.cpp - compiles and runs modules given as text ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Execution/HostPipeline.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

MLIRContext &mlir::qat::test::getContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerHostDialects(registry);
    return new MLIRContext(registry);
  }();
  return *context;
}

OwningOpRef<ModuleOp> mlir::qat::test::parse(StringRef text) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, &getContext());
  EXPECT_TRUE(module) << "does not parse: " << text.str();
  return module;
}

std::unique_ptr<CompiledNetwork>
mlir::qat::test::compile(StringRef text, const CompileOptions &options) {
  OwningOpRef<ModuleOp> module = parse(text);
  if (!module)
    return nullptr;
  Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*module, options);
  if (network)
    return std::move(*network);
  ADD_FAILURE() << toString(network.takeError()) << "\n" << text.str();
  return nullptr;
}

NdArray mlir::qat::test::run(const CompiledNetwork &network,
                             ArrayRef<const NdArray *> inputs) {
  NdArray output;
  Error error = network.run(inputs, output);
  EXPECT_FALSE(static_cast<bool>(error)) << toString(std::move(error));
  return output;
}

std::string mlir::qat::test::hexDense(ArrayRef<char> bytes) {
  return "dense<\"0x" + toHex(StringRef(bytes.data(), bytes.size())) + "\">";
}

std::vector<float> mlir::qat::test::randomFloats(std::mt19937 &random,
                                                 size_t count, float lo,
                                                 float hi) {
  std::uniform_real_distribution<float> distribution(lo, hi);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(random);
  return values;
}

NdArray mlir::qat::test::floatArray(ArrayRef<int64_t> shape,
                                    const std::vector<float> &values) {
  return NdArray::of<float>(shape, values);
}

std::string mlir::qat::test::dims(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text;
}
