//===- QatInterfaces.td - what several passes ask of an op -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_INTERFACES
#define QAT_INTERFACES

include "mlir/IR/OpBase.td"

def ActivationQuantizerOpInterface
    : OpInterface<"ActivationQuantizerOpInterface"> {
  let cppNamespace = "::mlir::qat";
  let description = [{
    A quantizer of an activation: one float input, one float result on a grid
    of `bits` bits whose bounds are operands (learned) or attributes (fixed).
  }];
  let methods = [
    InterfaceMethod<
      "The tensor that is put on the grid.",
      "::mlir::Value", "getQuantizedInput", (ins)>,
    InterfaceMethod<
      "The bits of a level.", "unsigned", "getGridBits", (ins)>,
    InterfaceMethod<
      "The operands that hold the bounds, in the order (alpha) or (lo, hi); "
      "empty where the range is fixed by attributes.",
      "::llvm::SmallVector<::mlir::Value>", "getBounds", (ins)>,
    InterfaceMethod<
      "The bounds that calibration by minimum and maximum gives, in the order "
      "of getBounds(), for inputs that were seen to lie in [minimum, maximum].",
      "::llvm::SmallVector<float>", "getCalibratedBounds",
      (ins "float":$minimum, "float":$maximum)>,
    InterfaceMethod<
      "The `!quant.uniform` type of the result for constant bounds.",
      "::mlir::quant::UniformQuantizedType", "getFrozenType",
      (ins "::llvm::ArrayRef<float>":$bounds)>,
    InterfaceMethod<
      "Writes what the float network computes in place of this quantizer (the "
      "clamp that a PACT replaced, or nothing) and returns its result.",
      "::mlir::Value", "buildFloatEquivalent",
      (ins "::mlir::OpBuilder &":$builder)>,
    InterfaceMethod<
      "Writes the gradients of the input and of getBounds(), in this order, for "
      "the gradient `upstream` of the result, and returns them. The input's is "
      "null where nothing flows back: before the network's input.",
      "::llvm::SmallVector<::mlir::Value>", "buildGradient",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$upstream)>,
  ];
}

def WeightQuantizerOpInterface : OpInterface<"WeightQuantizerOpInterface"> {
  let cppNamespace = "::mlir::qat";
  let description = [{
    A quantizer of a weight tensor. Its float equivalent is its input.
  }];
  let methods = [
    InterfaceMethod<"The weights.", "::mlir::Value", "getQuantizedInput", (ins)>,
    InterfaceMethod<"The bits of a weight.", "unsigned", "getGridBits", (ins)>,
    InterfaceMethod<
      "The operands that hold the bounds; empty for min-max schemes.",
      "::llvm::SmallVector<::mlir::Value>", "getBounds", (ins)>,
    InterfaceMethod<
      "Whether the weights are clamped between getBounds(): not in min-max "
      "schemes, nor before a batch norm is folded in (`unclamped`).",
      "bool", "isClamped", (ins)>,
    InterfaceMethod<
      "Says that the weights are clamped from now on: their batch norm was "
      "folded in.",
      "void", "setClamped", (ins)>,
    InterfaceMethod<
      "Whether every output channel has a step of its own.",
      "bool", "isPerChannel", (ins)>,
    InterfaceMethod<
      "The scheme, as the scalar reference knows it.",
      "::mlir::qat::WeightScheme", "getScheme", (ins)>,
    InterfaceMethod<
      "Writes the gradients of the weights and of getBounds(), in this order, "
      "for the gradient `upstream` of the result, and returns them. Those of "
      "bounds are null where the weights are not clamped.",
      "::llvm::SmallVector<::mlir::Value>", "buildGradient",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$upstream)>,
  ];
}

def IntegerLayerOpInterface : OpInterface<"IntegerLayerOpInterface"> {
  let cppNamespace = "::mlir::qat";
  let description = [{
    A layer of form I: quantized tensors in, one quantized tensor out.
  }];
  let methods = [
    InterfaceMethod<
      "Multiply-accumulates of one execution, padding taps counted; 0 for "
      "layers without weights.",
      "int64_t", "getMacs", (ins), /*methodBody=*/"",
      /*defaultImplementation=*/"return 0;">,
    InterfaceMethod<
      "The operand that the layer may overwrite with its result because each "
      "result element depends on the operand's element at the same place "
      "alone, or null.",
      "::mlir::Value", "getInPlaceOperand", (ins), /*methodBody=*/"",
      /*defaultImplementation=*/"return {};">,
  ];
}

#endif // QAT_INTERFACES
