//===- ContractionToKernels.cpp - contractions on buffers -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/TrainingKernels/TrainingKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTCONTRACTIONSTOKERNELS
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

static constexpr StringLiteral kernelName = "qat_training_contraction";

static TrainingContraction describe(ContractionOp op) {
  TrainingContraction contraction;
  contraction.product = static_cast<TrainingProduct>(op.getKind());
  Type element = getElementTypeOrSelf(op.getA().getType());
  contraction.elements = element.isF32()         ? TrainingElements::F32
                         : op.getUnsignedInput() ? TrainingElements::U8
                                                 : TrainingElements::S8;
  contraction.geometry = op.getGeometry();
  return contraction;
}

/// Whether the elements lie one after the other, wherever they begin.
static bool isDense(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  int64_t expected = 1;
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    if (type.getDimSize(dim) != 1 && strides[dim] != expected)
      return false;
    expected *= type.getDimSize(dim);
  }
  return true;
}

/// The address of the first element, as an integer: buffers of all types and
/// offsets then go to one function, under any calling convention.
static Value getAddress(ImplicitLocOpBuilder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  Value offset = arith::MulIOp::create(
      b, metadata.getOffset(), arith::ConstantIndexOp::create(b, bytes));
  return arith::AddIOp::create(b, base, offset);
}

namespace {
struct ConvertContractionsToKernels
    : qat::impl::ConvertContractionsToKernelsBase<
          ConvertContractionsToKernels> {
  using ConvertContractionsToKernelsBase::ConvertContractionsToKernelsBase;

  void runOnOperation() override {
    SmallVector<ContractionOp> contractions;
    getOperation()->walk([&](ContractionOp op) { contractions.push_back(op); });
    for (ContractionOp op : contractions)
      if (failed(convert(op)))
        return signalPassFailure();
  }

private:
  LogicalResult convert(ContractionOp op) {
    if (!op.hasBufferSemantics())
      return op.emitOpError("is on tensors: bufferize before the conversion to "
                            "kernels");
    if (getElementTypeOrSelf(op.getA().getType()).isF64())
      return op.emitOpError("has no kernel for f64: only "
                            "convert-contractions-to-linalg serves it");
    for (Value operand : op->getOperands())
      if (!isDense(operand))
        return op.emitOpError("expects elements without gaps, but got ")
               << operand.getType();
    return callLibrary(op);
  }

  LogicalResult callLibrary(ContractionOp op) {
    TrainingContraction contraction = describe(op);
    // What oneDNN refuses it refuses here, not in the middle of a training.
    llvm::Expected<int64_t> bytes = getTrainingScratchBytes(contraction);
    if (!bytes)
      return op.emitOpError() << llvm::toString(bytes.takeError());
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Value words = memref::GetGlobalOp::create(
        b, MemRefType::get({TrainingContraction::wordCount}, b.getI64Type()),
        getWords(contraction));
    SmallVector<Value> addresses;
    for (Value buffer : {words, op.getA(), op.getB(), op.getInit()})
      addresses.push_back(getAddress(b, buffer));
    declareKernel();
    func::CallOp::create(b, kernelName, TypeRange(), addresses);
    op.erase();
    return success();
  }

  /// The constant that holds the words, one for equal contractions.
  StringRef getWords(const TrainingContraction &contraction) {
    TrainingContraction::Words words = contraction.getWords();
    auto type = RankedTensorType::get({TrainingContraction::wordCount},
                                      IntegerType::get(&getContext(), 64));
    auto values = DenseIntElementsAttr::get(type, ArrayRef<int64_t>(words));
    StringAttr &name = globals[values];
    if (name)
      return name;
    auto module = cast<ModuleOp>(getOperation());
    std::string wanted;
    do
      wanted = "contraction_" + std::to_string(nextGlobal++);
    while (module.lookupSymbol(wanted));
    name = StringAttr::get(&getContext(), wanted);
    OpBuilder b(&getContext());
    b.setInsertionPointToStart(module.getBody());
    memref::GlobalOp::create(
        b, module.getLoc(), wanted, b.getStringAttr("private"),
        MemRefType::get(type.getShape(), type.getElementType()), values,
        /*constant=*/true, /*alignment=*/IntegerAttr());
    return name;
  }

  void declareKernel() {
    auto module = cast<ModuleOp>(getOperation());
    if (module.lookupSymbol(kernelName))
      return;
    OpBuilder b(&getContext());
    b.setInsertionPointToStart(module.getBody());
    SmallVector<Type> arguments(4, b.getIndexType());
    func::FuncOp::create(b, module.getLoc(), kernelName,
                         b.getFunctionType(arguments, {}))
        .setPrivate();
  }

  DenseMap<Attribute, StringAttr> globals;
  unsigned nextGlobal = 0;
};
} // namespace
