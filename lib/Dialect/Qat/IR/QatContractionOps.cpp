//===- QatContractionOps.cpp - the products of a training step --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionBufferization.h"
#include "WindowedSize.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::qat;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

void ContractionOp::build(OpBuilder &builder, OperationState &state,
                          ContractionKind kind, Value a, Value b, Value init,
                          ArrayRef<int64_t> pad, ArrayRef<int64_t> stride,
                          ArrayRef<int64_t> dilation, int64_t groups,
                          bool depthwise) {
  Type type = init.getType();
  build(builder, state, isa<TensorType>(type) ? type : Type(), kind, a, b, init,
        pad, stride, dilation, groups, depthwise, /*unsigned_input=*/false,
        /*accumulate=*/false);
}

ContractionGeometry ContractionOp::getGeometry() {
  ArrayRef<int64_t> image = shapeOf(getImage()), output = shapeOf(getOutput()),
                    weights = shapeOf(getWeights());
  bool depthwise = getDepthwise();
  ContractionGeometry geometry;
  geometry.batch = image[0];
  geometry.height = image[1];
  geometry.width = image[2];
  geometry.channels = image[3];
  geometry.outHeight = output[1];
  geometry.outWidth = output[2];
  geometry.outChannels = output[3];
  geometry.kernelHeight = weights[depthwise ? 0 : 1];
  geometry.kernelWidth = weights[depthwise ? 1 : 2];
  geometry.padTop = getPad()[0];
  geometry.padBottom = getPad()[1];
  geometry.padLeft = getPad()[2];
  geometry.padRight = getPad()[3];
  geometry.strideHeight = getStride()[0];
  geometry.strideWidth = getStride()[1];
  geometry.dilationHeight = getDilation()[0];
  geometry.dilationWidth = getDilation()[1];
  geometry.groups = depthwise ? image[3] : static_cast<int64_t>(getGroups());
  geometry.depthwise = depthwise;
  return geometry;
}

/// Checks (C1) and (C2): what the operands are and hold.
static LogicalResult verifyOperands(ContractionOp op) {
  bool buffers = op.hasBufferSemantics();
  for (Value operand : {op.getA(), op.getB()})
    if (isa<MemRefType>(operand.getType()) != buffers) // contraction_c1
      return op.emitOpError("expects operands that are all tensors or all "
                            "memrefs");
  if (buffers ? op.getResult() != nullptr
              : !op.getResult() || op.getResult().getType() !=
                                       op.getInit().getType()) // contraction_c1
    return op.emitOpError(buffers ? "expects no result on memrefs"
                                  : "expects a result of the type of 'init'");
  Type a = getElementTypeOrSelf(op.getA().getType());
  Type b = getElementTypeOrSelf(op.getB().getType());
  Type init = getElementTypeOrSelf(op.getInit().getType());
  bool integers = a.isInteger(8);
  if (a != b || (integers ? !init.isInteger(32) : init != a)) // contraction_c2
    return op.emitOpError("expects elements f32, f64, or i8 with an 'init' of "
                          "i32, but got ")
           << a << ", " << b << " and " << init;
  if (integers && op.getKind() != ContractionKind::Forward) // contraction_c2
    return op.emitOpError("expects floating-point elements of a gradient");
  if (op.getUnsignedInput() && !integers) // contraction_c2
    return op.emitOpError("expects 'unsigned_input' with elements of i8 alone");
  return success();
}

LogicalResult ContractionOp::verify() {
  if (failed(verifyOperands(*this)))
    return failure();
  ArrayRef<int64_t> image = shapeOf(getImage()), output = shapeOf(getOutput()),
                    weights = shapeOf(getWeights());
  auto groups = static_cast<int64_t>(getGroups());
  int64_t channels = image[3], outChannels = output[3];
  bool depthwise = getDepthwise();
  if (depthwise && groups != 1) // contraction_c3
    return emitOpError("expects a depthwise contraction to have 'groups' of 1, "
                       "but got ")
           << groups;
  int64_t divisor = depthwise ? channels : groups;
  if (channels % divisor != 0 || outChannels % divisor != 0) // contraction_c3
    return emitOpError("expects ")
           << (depthwise ? "the input channels to divide the output channels"
                         : "'groups' to divide the input and output channels")
           << ", but got " << divisor << " for " << channels << " and "
           << outChannels;
  ContractionGeometry geometry = getGeometry();
  int64_t kh = geometry.kernelHeight, kw = geometry.kernelWidth;
  SmallVector<int64_t> expected =
      depthwise ? SmallVector<int64_t>{kh, kw, channels, outChannels / channels}
                : SmallVector<int64_t>{outChannels, kh, kw, channels / groups};
  if (weights != ArrayRef(expected)) // contraction_c4
    return emitOpError("expects weights of shape [")
           << expected << "], but got [" << weights << "]";
  expected = {image[0],
              windowedSize(image[1], geometry.padTop, geometry.padBottom, kh,
                           geometry.strideHeight, geometry.dilationHeight),
              windowedSize(image[2], geometry.padLeft, geometry.padRight, kw,
                           geometry.strideWidth, geometry.dilationWidth),
              outChannels};
  if (output != ArrayRef(expected) || expected[1] < 1 ||
      expected[2] < 1) // contraction_c5
    return emitOpError("expects ")
           << (getKind() == ContractionKind::Forward ? "a result"
                                                     : "an output gradient")
           << " of shape [" << expected << "], but got [" << output << "]";
  if (getAccumulate() &&
      getKind() != ContractionKind::WeightGradient) // contraction_c6
    return emitOpError("expects kind 'weight_gradient' with 'accumulate'");
  return success();
}

void ContractionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (!hasBufferSemantics())
    return;
  effects.emplace_back(MemoryEffects::Read::get(), &getAMutable());
  effects.emplace_back(MemoryEffects::Read::get(), &getBMutable());
  if (getAccumulate())
    effects.emplace_back(MemoryEffects::Read::get(), &getInitMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
}

Speculation::Speculatability ContractionOp::getSpeculatability() {
  return hasBufferSemantics() ? Speculation::NotSpeculatable
                              : Speculation::Speculatable;
}

namespace {
/// On buffers the op is itself, without a result.
struct ContractionBufferization
    : bufferization::DstBufferizableOpInterfaceExternalModel<
          ContractionBufferization, ContractionOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const bufferization::AnalysisState &) const {
    auto contraction = cast<ContractionOp>(op);
    return contraction.getAccumulate() ||
           &operand != &contraction.getInitMutable();
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer =
          bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    rewriter.setInsertionPoint(op);
    ContractionOp::create(rewriter, op->getLoc(), TypeRange(), buffers,
                          op->getAttrs());
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};
} // namespace

void mlir::qat::attachContractionBufferization(MLIRContext &context) {
  ContractionOp::attachInterface<ContractionBufferization>(context);
}
