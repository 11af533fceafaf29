//===- NetworkForm.cpp - which form a network is in -------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/NetworkForm.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::qat;

NetworkForm qat::getNetworkForm(ModuleOp module) {
  auto main =
      dyn_cast_if_present<FunctionOpInterface>(module.lookupSymbol("main"));
  if (main && main.getNumArguments() != 0) {
    auto type = dyn_cast<ShapedType>(main.getArgumentTypes().front());
    if (type && isa<quant::QuantizedType>(type.getElementType()))
      return NetworkForm::Integer;
  }
  bool hasQuantizers = module
                           .walk([](ActivationQuantizerOpInterface) {
                             return WalkResult::interrupt();
                           })
                           .wasInterrupted();
  return hasQuantizers ? NetworkForm::FakeQuantized : NetworkForm::Float;
}

bool qat::awaitsFreezing(ModuleOp module) {
  return module->hasAttr(kRoundingAttribute) ||
         module
             .walk([](WeightQuantizerOpInterface) {
               return WalkResult::interrupt();
             })
             .wasInterrupted();
}
