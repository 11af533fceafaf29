//===- QatTrainingOps.cpp - verifiers of losses and optimizers ---*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::qat;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Checks that the scalar `value` has the elements of `tensor`.
static LogicalResult verifyScalar(Operation *op, StringRef name, Value value,
                                  Value tensor) {
  Type expected = typeOf(tensor).getElementType();
  if (typeOf(value).getElementType() == expected)
    return success();
  return op->emitOpError("expects '")
         << name << "' to be a number of type " << expected << ", but got "
         << value.getType();
}

static LogicalResult verifyLabels(Operation *op, Value labels, Value logits) {
  int64_t rows = typeOf(logits).getDimSize(0);
  if (typeOf(labels).getDimSize(0) == rows)
    return success();
  return op->emitOpError("expects 'labels' to have one element a row (")
         << rows << "), but got " << typeOf(labels).getDimSize(0);
}

/// A number a sample, and the gradient of the first operand.
static LogicalResult inferRowLoss(ValueRange operands,
                                  SmallVectorImpl<Type> &results) {
  auto type = dyn_cast<RankedTensorType>(operands[0].getType());
  if (!type || type.getRank() < 1)
    return failure();
  results.push_back(
      RankedTensorType::get(type.getDimSize(0), type.getElementType()));
  results.push_back(type);
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxCrossEntropyOp::inferReturnTypes(
    MLIRContext *, std::optional<Location>, ValueRange operands, DictionaryAttr,
    OpaqueProperties, RegionRange, SmallVectorImpl<Type> &results) {
  return inferRowLoss(operands, results);
}

LogicalResult SoftmaxCrossEntropyOp::verify() {
  if (failed(verifyLabels(*this, getLabels(),
                          getLogits()))) // softmax_cross_entropy_c1
    return failure();
  return verifyScalar(*this, "smoothing", getSmoothing(),
                      getLogits()); // softmax_cross_entropy_c2
}

LogicalResult MeanSquaredErrorOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, ValueRange operands,
    DictionaryAttr, OpaqueProperties, RegionRange,
    SmallVectorImpl<Type> &results) {
  if (succeeded(inferRowLoss(operands, results)))
    return success();
  return emitOptionalError( // mean_squared_error_c1
      location, "'qat.mean_squared_error' op expects 'output' to have a batch");
}

LogicalResult MeanSquaredErrorOp::verify() {
  return verifyScalar(*this, "samples", getSamples(),
                      getOutput()); // mean_squared_error_c2
}

LogicalResult DistillationLossOp::inferReturnTypes(
    MLIRContext *, std::optional<Location>, ValueRange operands, DictionaryAttr,
    OpaqueProperties, RegionRange, SmallVectorImpl<Type> &results) {
  return inferRowLoss(operands, results);
}

LogicalResult DistillationLossOp::verify() {
  if (failed(verifyLabels(*this, getLabels(),
                          getLogits()))) // distillation_loss_c1
    return failure();
  return verifyScalar(*this, "temperature", getTemperature(),
                      getLogits()); // distillation_loss_c2
}

LogicalResult BlendOp::verify() {
  return verifyScalar(*this, "weight", getWeight(), getFirst()); // blend_c1
}

LogicalResult MeanLossOp::verify() {
  return verifyScalar(*this, "samples", getSamples(),
                      getLoss()); // mean_loss_c1
}

LogicalResult CountCorrectOp::verify() {
  if (failed(verifyLabels(*this, getLabels(), getLogits()))) // count_correct_c1
    return failure();
  return verifyScalar(*this, "top1", getTop1(),
                      getLogits()); // count_correct_c2
}

//===----------------------------------------------------------------------===//
// Optimizers
//===----------------------------------------------------------------------===//

LogicalResult AdamOp::verify() {
  return verifyScalar(*this, "scale", getScale(), getParameter()); // adam_c1
}

LogicalResult SgdOp::verify() {
  return verifyScalar(*this, "scale", getScale(), getParameter()); // sgd_c1
}

LogicalResult ScaleOp::verify() {
  if (getFactor().isFinite()) // scale_c1
    return success();
  return emitOpError("expects a finite 'factor', but got ")
         << getFactor().convertToDouble();
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  if (!(rate >= 0) || !(rate < 1)) // dropout_c1
    return emitOpError("expects 'rate' in [0, 1), but got ") << rate;
  RankedTensorType input = typeOf(getInput());
  int64_t rows = typeOf(getSamples()).getDimSize(0);
  if (input.getRank() < 1 || input.getDimSize(0) != rows) // dropout_c2
    return emitOpError("expects 'samples' to have one element a sample of ")
           << input << ", but got " << rows;
  return success();
}

LogicalResult DropoutOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                        ArrayRef<bool> wanted,
                                        MutableArrayRef<Value> gradients) {
  if (wanted[0] && upstream[0])
    gradients[0] =
        DropoutOp::create(builder, getLoc(), upstream[0], getSeed(),
                          getSamples(), getRateAttr(), getStreamAttr());
  return success();
}
