//===- QatToLinalg.cpp - forms F, Q and I to linalg -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTQATTOLINALG
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

void mlir::qat::populateQuantTypeConversions(TypeConverter &converter) {
  converter.addConversion([](Type type) { return type; });
  converter.addConversion([](RankedTensorType type) -> Type {
    auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
    if (!quantized)
      return type;
    unsigned bits = quantized.getStorageTypeIntegralWidth();
    unsigned width = bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
    return type.clone(IntegerType::get(type.getContext(), width));
  });
}

namespace {
/// scast between quantized and integer tensors -> an extension by the
/// signedness of the storage, a truncation, or nothing.
struct LowerStorageCast : OpConversionPattern<quant::StorageCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(quant::StorageCastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getInput();
    Type type = getTypeConverter()->convertType(op.getType());
    if (!isa<RankedTensorType>(type))
      return rewriter.notifyMatchFailure(op, "not a ranked tensor");
    unsigned from =
        getElementTypeOrSelf(input.getType()).getIntOrFloatBitWidth();
    unsigned to = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    auto quantized = dyn_cast<quant::QuantizedType>(
        getElementTypeOrSelf(op.getInput().getType()));
    if (!quantized)
      quantized =
          cast<quant::QuantizedType>(getElementTypeOrSelf(op.getType()));
    if (from == to)
      rewriter.replaceOp(op, input);
    else if (from > to)
      rewriter.replaceOpWithNewOp<arith::TruncIOp>(op, type, input);
    else if (quantized.isSigned())
      rewriter.replaceOpWithNewOp<arith::ExtSIOp>(op, type, input);
    else
      rewriter.replaceOpWithNewOp<arith::ExtUIOp>(op, type, input);
    return success();
  }
};

/// Reshapes take quantized tensors as they are.
template <typename OpTy> struct ConvertReshape : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(
        this->getTypeConverter()->convertType(op.getType()));
    rewriter.replaceOpWithNewOp<OpTy>(op, type, adaptor.getSrc(),
                                      op.getReassociationIndices());
    return success();
  }
};

struct ConvertQatToLinalg
    : qat::impl::ConvertQatToLinalgBase<ConvertQatToLinalg> {
  using ConvertQatToLinalgBase::ConvertQatToLinalgBase;

  void runOnOperation() override {
    std::optional<HostIsa> isa = symbolizeHostIsa(hostKernels);
    if (!isa && !hostKernels.empty()) {
      getOperation()->emitError("there are no kernels for '")
          << hostKernels << "', only for generic, avx2 and avx512vnni";
      return signalPassFailure();
    }
    WalkResult checked = getOperation()->walk([](Operation *op) {
      return failed(verifyStoredWeights(op)) ? WalkResult::interrupt()
                                             : WalkResult::advance();
    });
    if (checked.wasInterrupted())
      return signalPassFailure();

    TypeConverter converter;
    populateQuantTypeConversions(converter);
    RewritePatternSet patterns(&getContext());
    populateQatFloatToLinalgPatterns(patterns);
    populateQatQuantizersToLinalgPatterns(patterns);
    populateQatGradientsToLinalgPatterns(patterns);
    populateQatLossesToLinalgPatterns(patterns);
    populateQatOptimizersToLinalgPatterns(patterns);
    populateQatDropoutToLinalgPatterns(patterns);
    populateQatStepToLinalgPatterns(patterns);
    populateQatPoolGradientsToLinalgPatterns(patterns);
    populateQatIntegerToLinalgPatterns(converter, patterns);
    if (isa)
      populateQatToHostKernelPatterns(converter, patterns, *isa);
    patterns.add<LowerStorageCast, ConvertReshape<tensor::CollapseShapeOp>,
                 ConvertReshape<tensor::ExpandShapeOp>>(converter,
                                                        &getContext());
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    populateCallOpTypeConversionPattern(patterns, converter);

    ConversionTarget target(getContext());
    target.addIllegalDialect<QatDialect, quant::QuantDialect>();
    target.addLegalOp<HostCallOp, ContractionOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) &&
             converter.isLegal(&op.getBody());
    });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return converter.isLegal(op); });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
