//===- BufferizeHostCalls.cpp - qat.host_call on buffers ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferizeHostCalls.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::bufferization;
using qat::HostCallOp;

/// A kernel takes addresses: elements without gaps.
static bool isDense(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getLayout().isIdentity();
}

static Value allocateLike(ImplicitLocOpBuilder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return memref::AllocOp::create(
      b, MemRefType::get(type.getShape(), type.getElementType()),
      b.getI64IntegerAttr(64));
}

/// The address of `buffer`, as a view of its first element: one type for
/// buffers of all shapes, so that a kernel has one declaration.
static Value getAddress(ImplicitLocOpBuilder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return memref::ReinterpretCastOp::create(
      b, MemRefType::get({1}, type.getElementType()), buffer, /*offset=*/0,
      /*sizes=*/ArrayRef<int64_t>{1}, /*strides=*/ArrayRef<int64_t>{1});
}

/// Declares `name` in the module of `op` unless it is there.
static void declare(ImplicitLocOpBuilder &b, Operation *op, StringRef name,
                    TypeRange arguments) {
  auto module = op->getParentOfType<ModuleOp>();
  if (module.lookupSymbol(name))
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  func::FuncOp::create(b, name, b.getFunctionType(arguments, {})).setPrivate();
}

namespace {
struct HostCallModel
    : DstBufferizableOpInterfaceExternalModel<HostCallModel, HostCallOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return &operand != &cast<HostCallOp>(op).getInitMutable();
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto call = cast<HostCallOp>(op);
    ImplicitLocOpBuilder b(op->getLoc(), rewriter);
    SmallVector<Value> arguments;
    for (Value operand : {call.getInput(), call.getWeights(),
                          call.getChannels(), call.getLayer()}) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      Value dense = *buffer;
      if (!isDense(dense)) {
        dense = allocateLike(b, *buffer);
        memref::CopyOp::create(b, *buffer, dense);
      }
      arguments.push_back(getAddress(b, dense));
    }
    auto bytes = MemRefType::get({static_cast<int64_t>(call.getScratchBytes())},
                                 b.getI8Type());
    arguments.push_back(getAddress(
        b, memref::AllocOp::create(b, bytes, b.getI64IntegerAttr(64))));
    FailureOr<Value> init = getBuffer(rewriter, call.getInit(), options, state);
    if (failed(init))
      return failure();
    Value output = isDense(*init) ? *init : allocateLike(b, *init);
    arguments.push_back(getAddress(b, output));

    declare(b, op, call.getKernel(), ValueRange(arguments).getTypes());
    func::CallOp::create(b, call.getKernel(), TypeRange(), arguments);
    if (output != *init)
      memref::CopyOp::create(b, output, *init);
    replaceOpWithBufferizedValues(rewriter, op, *init);
    return success();
  }
};
} // namespace

void mlir::qat::registerHostCallBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, QatDialect *) {
    HostCallOp::attachInterface<HostCallModel>(*context);
  });
}
