//===- FormFEmitter.cpp - writes the ops of form F ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/FormFEmitter.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::qat;

FormFEmitter::FormFEmitter(ModuleOp module, func::FuncOp main)
    : builder(module.getContext()), main(main) {
  builder.setInsertionPointToEnd(&main.getBody().front());
}

RankedTensorType FormFEmitter::type(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

Value FormFEmitter::parameter(Location loc, StringRef name,
                              ArrayRef<int64_t> shape, ArrayRef<float> values,
                              Operation *before) {
  RankedTensorType tensor = type(shape);
  // Not a DenseElementsAttr: those are hashed and never freed.
  auto blob = HeapAsmResourceBlob::allocateAndCopyInferAlign(
      values, /*dataIsMutable=*/true);
  auto value = DenseResourceElementsAttr::get(tensor, name, std::move(blob));
  parameters[name] = value;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(main);
  ml_program::GlobalOp::create(builder, loc, name, tensor, /*is_mutable=*/true,
                               value, builder.getStringAttr("private"));
  if (before)
    builder.setInsertionPoint(before);
  else
    builder.setInsertionPointToEnd(&main.getBody().front());
  return ml_program::GlobalLoadOp::create(
      builder, loc, tensor, SymbolRefAttr::get(builder.getContext(), name));
}

MutableArrayRef<float> FormFEmitter::values(StringRef name) {
  DenseResourceElementsAttr value = parameters.lookup(name);
  MutableArrayRef<char> data = value.getRawHandle().getBlob()->getMutableData();
  return {reinterpret_cast<float *>(data.data()), data.size() / sizeof(float)};
}

Value FormFEmitter::zeros(Location loc, int64_t size) {
  RankedTensorType tensor = type({size});
  return tosa::ConstOp::create(builder, loc, tensor,
                               DenseElementsAttr::get(tensor, 0.0f));
}

Value FormFEmitter::shapeConstant(Location loc, ArrayRef<int64_t> values) {
  auto rank = static_cast<int64_t>(values.size());
  return tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), rank),
      builder.getIndexTensorAttr(values));
}

Value FormFEmitter::reshape(Location loc, Value input,
                            ArrayRef<int64_t> shape) {
  if (cast<RankedTensorType>(input.getType()).getShape() == shape)
    return input;
  return tosa::ReshapeOp::create(builder, loc, type(shape), input,
                                 shapeConstant(loc, shape));
}

Value FormFEmitter::transpose(Location loc, Value input,
                              ArrayRef<int32_t> permutation) {
  ArrayRef<int64_t> from = cast<RankedTensorType>(input.getType()).getShape();
  SmallVector<int64_t> shape;
  for (int32_t dim : permutation)
    shape.push_back(from[dim]);
  return tosa::TransposeOp::create(builder, loc, type(shape), input,
                                   permutation);
}

Value FormFEmitter::slice(Location loc, Value input, ArrayRef<int64_t> shape) {
  if (cast<RankedTensorType>(input.getType()).getShape() == shape)
    return input;
  SmallVector<int64_t> start(shape.size(), 0);
  return tosa::SliceOp::create(builder, loc, type(shape), input,
                               shapeConstant(loc, start),
                               shapeConstant(loc, shape));
}

Value FormFEmitter::pad(Location loc, Value input, ArrayRef<int64_t> pads,
                        float value) {
  SmallVector<int64_t> shape(
      cast<RankedTensorType>(input.getType()).getShape());
  for (auto [dim, size] : llvm::enumerate(shape))
    size += pads[2 * dim] + pads[2 * dim + 1];
  RankedTensorType scalar = type({1});
  Value constant = tosa::ConstOp::create(builder, loc, scalar,
                                         DenseElementsAttr::get(scalar, value));
  return tosa::PadOp::create(builder, loc, type(shape), input,
                             shapeConstant(loc, pads), constant);
}

Value FormFEmitter::scaleChannels(Location loc, StringRef layer, Value image,
                                  ArrayRef<float> weight,
                                  ArrayRef<float> bias) {
  auto channels = static_cast<int64_t>(weight.size());
  Value weights =
      parameter(loc, (layer + ".weight").str(), {1, 1, channels, 1}, weight);
  Value biases =
      bias.empty() ? zeros(loc, channels)
                   : parameter(loc, (layer + ".bias").str(), {channels}, bias);
  Value zeroPoint = zeros(loc, 1);
  return tosa::DepthwiseConv2DOp::create(
      builder, loc, image.getType(), image, weights, biases, zeroPoint,
      zeroPoint, ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
      ArrayRef<int64_t>{1, 1}, builder.getF32Type());
}
