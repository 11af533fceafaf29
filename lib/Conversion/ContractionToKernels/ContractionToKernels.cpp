//===- ContractionToKernels.cpp - contractions on buffers -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DepthwiseLoops.h"
#include "DirectLoops.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/TrainingKernels/TrainingKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

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
  contraction.accumulate = op.getAccumulate();
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

/// The buffer that `buffer` is a view of.
static Value getRoot(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

/// Whether nothing that `op` does can be seen in memory that exists already.
static bool leavesMemoryAlone(Operation *op) {
  return isMemoryEffectFree(op) || isa<memref::AllocOp, memref::AllocaOp>(op);
}

/// The other gradient of the convolution whose one gradient is `op`, where it
/// comes after it with nothing between them: one pass over dy computes both.
static ContractionOp findOtherGradient(ContractionOp op) {
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode()) {
    auto other = dyn_cast<ContractionOp>(next);
    if (!other) {
      if (!leavesMemoryAlone(next))
        return {};
      continue;
    }
    if (other.getKind() == ContractionKind::Forward ||
        other.getKind() == op.getKind() ||
        other.getOutput() != op.getOutput() ||
        TrainingContraction{{}, {}, op.getGeometry()}.getWords() !=
            TrainingContraction{{}, {}, other.getGeometry()}.getWords())
      return {};
    // The pass over dy writes dx while it reads x: as one op after the other,
    // dx first, neither may lie over the other; dw first, dx may take the
    // place of an x that is no longer needed.
    bool inputFirst = op.getKind() == ContractionKind::InputGradient;
    if (!inputFirst && getRoot(op.getImage()) == getRoot(other.getImage()))
      return {};
    return other;
  }
  return {};
}

namespace {
struct ConvertContractionsToKernels
    : qat::impl::ConvertContractionsToKernelsBase<
          ConvertContractionsToKernels> {
  using ConvertContractionsToKernelsBase::ConvertContractionsToKernelsBase;

  void runOnOperation() override {
    if (!llvm::isPowerOf2_32(lanes)) {
      getOperation()->emitError("expects 'lanes' to be a power of 2, but got ")
          << lanes.getValue();
      return signalPassFailure();
    }
    SmallVector<ContractionOp> contractions;
    getOperation()->walk([&](ContractionOp op) { contractions.push_back(op); });
    for (ContractionOp op : contractions)
      if (!converted.contains(op) && failed(convert(op)))
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
    if (!getElementTypeOrSelf(op.getA().getType()).isF32())
      return callLibrary(op);
    ContractionGeometry geometry = op.getGeometry();
    if (hasDepthwiseLoops(geometry)) {
      writeDepthwiseLoops(op);
      return success();
    }
    if (!hasDirectLoops(op.getKind(), geometry))
      return callLibrary(op);
    ImplicitLocOpBuilder b(op.getLoc(), op);
    buildDirectLoops(b, op.getKind(), geometry, op.getA(), op.getB(),
                     op.getInit(), op.getAccumulate(), lanes);
    erase(op);
    return success();
  }

  void writeDepthwiseLoops(ContractionOp op) {
    ContractionGeometry geometry = op.getGeometry();
    if (op.getKind() == ContractionKind::Forward) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      buildDepthwiseForward(b, geometry, op.getA(), op.getB(), op.getInit(),
                            lanes);
      return erase(op);
    }
    ContractionOp other = findOtherGradient(op);
    // Gaps in the other's buffers are its own error.
    if (other && !llvm::all_of(other->getOperands(), isDense))
      other = {};
    ContractionOp byInput, byWeights;
    for (ContractionOp gradient : {op, other})
      if (gradient)
        (gradient.getKind() == ContractionKind::InputGradient ? byInput
                                                              : byWeights) =
            gradient;
    ContractionOp last = other ? other : op;
    ImplicitLocOpBuilder b(last.getLoc(), last);
    buildDepthwiseGradients(b, geometry, byWeights ? byWeights.getA() : Value(),
                            byInput ? byInput.getB() : Value(), op.getOutput(),
                            byInput ? byInput.getInit() : Value(),
                            byWeights ? byWeights.getInit() : Value(),
                            byWeights && byWeights.getAccumulate(), lanes);
    erase(op);
    if (other)
      erase(other);
  }

  void erase(ContractionOp op) {
    converted.insert(op);
    op.erase();
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

  /// Ops that are gone, to be left alone by the walk over all.
  DenseSet<Operation *> converted;
  DenseMap<Attribute, StringAttr> globals;
  unsigned nextGlobal = 0;
};
} // namespace
