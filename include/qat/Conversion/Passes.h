//===- Passes.h - conversions out of the qat dialect ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CONVERSION_PASSES_H
#define QAT_CONVERSION_PASSES_H

#include "qat/HostKernels/HostKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

#include "qat/Dialect/Qat/IR/Qat.h"

namespace mlir {
class RewritePatternSet;
class Type;
class TypeConverter;
} // namespace mlir

namespace mlir::qat {

#define GEN_PASS_DECL
#include "qat/Conversion/Passes.h.inc"

/// Makes `converter` replace `!quant.uniform` elements by the signless integer
/// that holds their storage: 8, 16 or 32 bits.
void populateQuantTypeConversions(TypeConverter &converter);

/// qat.batch_norm, qat.softmax, qat.fold_weight and qat.fold_bias to linalg.
void populateQatFloatToLinalgPatterns(RewritePatternSet &patterns);

/// The fake quantizers of form Q to linalg, bit-equal to the quantizers of
/// qat/Support.
void populateQatQuantizersToLinalgPatterns(RewritePatternSet &patterns);

/// The gradients of the quantizers to linalg: sums in f64, in the order that
/// QatGradientOps.td gives; results without users are left out.
void populateQatGradientsToLinalgPatterns(RewritePatternSet &patterns);

/// The losses, the optimizers and dropout to linalg, in f32 or f64. What an
/// optimizer updates is the init of its loop.
void populateQatLossesToLinalgPatterns(RewritePatternSet &patterns);
void populateQatOptimizersToLinalgPatterns(RewritePatternSet &patterns);
void populateQatDropoutToLinalgPatterns(RewritePatternSet &patterns);
/// Steps, biases and scales of a frozen network in training to linalg,
/// bit-equal to qat/Support.
void populateQatFrozenToLinalgPatterns(RewritePatternSet &patterns);

/// What form T adds (QatStepOps.td) to linalg: sums a channel in f64, batch
/// norms, gradients of form F's ops. Everything is either elementwise or a sum
/// with the channel as its inner loop, and keeps the batch as a loop of its
/// own.
void populateQatStepToLinalgPatterns(RewritePatternSet &patterns);
void populateQatPoolGradientsToLinalgPatterns(RewritePatternSet &patterns);
/// The integer evaluation of fake-quantized layers to linalg.
void populateQatIntegerForwardToLinalgPatterns(RewritePatternSet &patterns);

/// The integer layers of form I to linalg; `converter` is that of
/// populateQuantTypeConversions.
void populateQatIntegerToLinalgPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns);

/// qat.contraction on tensors to linalg.generic, floats and integers: the
/// reference of its other lowerings.
void populateContractionsToLinalgPatterns(RewritePatternSet &patterns);

/// The layers with constant weights to qat.host_call, where the kernels of
/// `isa` serve them; preferred to the patterns above.
void populateQatToHostKernelPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns, HostIsa isa);

#define GEN_PASS_REGISTRATION
#include "qat/Conversion/Passes.h.inc"

} // namespace mlir::qat

#endif // QAT_CONVERSION_PASSES_H
