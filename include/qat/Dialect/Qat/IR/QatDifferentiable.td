//===- QatDifferentiable.td - the derivative of an op -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIFFERENTIABLE
#define QAT_DIFFERENTIABLE

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::mlir::qat";
  let description = [{
    An op of form F or Q that qat-differentiate can go backwards through. The
    quantizers of activations and weights do without: `buildGradient` of their
    own interfaces serves. TOSA ops have external models
    (qat/Dialect/Qat/IR/TosaDerivatives.h).
  }];
  let methods = [
    InterfaceMethod<[{
      Writes, where `builder` stands, the gradients of the operands for the
      gradients `upstream` of the results, one a result: null where nothing
      depends on the result, else of the result's type. Fills in `gradients`,
      one an operand and null on entry, for operands that are `wanted`: a
      gradient has the type of its operand; one that is left null is zero, or
      belongs to an operand that is not trained. May use the op's operands and
      results.

      Emits an error and fails where this very op has no derivative.
      }],
      "::llvm::LogicalResult", "buildGradients",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$upstream,
           "::llvm::ArrayRef<bool>":$wanted,
           "::llvm::MutableArrayRef<::mlir::Value>":$gradients)>,
  ];
}

#endif // QAT_DIFFERENTIABLE
