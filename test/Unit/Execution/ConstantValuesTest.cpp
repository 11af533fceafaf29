//===- ConstantValuesTest.cpp - constants that a file damaged -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"

#include "gtest/gtest.h"

using namespace mlir;

/// What verifyResources says of a constant of four floats with these bytes.
static std::string verify(ArrayRef<char> bytes) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToStart(module->getBody());
  auto type = RankedTensorType::get({4}, builder.getF32Type());
  arith::ConstantOp::create(builder, builder.getUnknownLoc(),
                            DenseElementsAttr::getFromRawBuffer(type, bytes));
  return succeeded(qat::verifyResources(*module)) ? "whole" : message;
}

// Text without data is refused by the parser, bytecode is not.
TEST(ConstantValuesTest, DenseWithoutData) {
  EXPECT_EQ(verify(SmallVector<char>(16, 1)), "whole");
  EXPECT_EQ(verify(SmallVector<char>(4, 1)), "whole"); // a splat
  EXPECT_EQ(verify({}), "a constant of 'tensor<4xf32>' has no data");
}
