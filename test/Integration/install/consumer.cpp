//===- consumer.cpp - a program beside an installed qat-mlir --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  mlir::DialectRegistry registry;
  mlir::qat::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "func.func @f(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {\n"
      "  %0 = qat.softmax %x : tensor<1x10xf32>\n"
      "  return %0 : tensor<1x10xf32>\n"
      "}\n",
      &context);
  int count = 0;
  if (module)
    module->walk([&](mlir::qat::SoftmaxOp) { ++count; });
  llvm::outs() << count << " softmax\n";
  return count == 1 ? 0 : 1;
}
