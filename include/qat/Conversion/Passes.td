//===- Passes.td - conversions out of the qat dialect ----*- tablegen -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CONVERSION_PASSES
#define QAT_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertQatToLinalg : Pass<"convert-qat-to-linalg"> {
  let summary = "Lower the ops of forms F, Q and I to linalg on tensors";
  let description = [{
    Writes out what docs/Spec.md says that each op computes: the float ops and
    fake quantizers as float32 arithmetic in the order of the text, without
    fast-math; the integer layers as exact integer arithmetic.

    A tensor of `!quant.uniform` elements becomes a tensor of signless integers,
    at function boundaries too: one byte an element for storage of up to 8 bits
    (also for i4 and u2, which a processor cannot address), else 16 or 32 bits.
    Values are extended by the signedness of the storage type. `quant.scast`
    disappears, into an extension or truncation where the widths differ.

    A convolution becomes: the input, minus its zero point, copied into a
    padded buffer; weights minus their zero points, output channels innermost,
    folded here where they are constant; one loop nest whose innermost
    dimension is the contiguous output channels; and one loop for bias,
    multiplier, shift and clamp on 64 bits. Accumulators have 32 bits where
    `accumulator_bits` says so or the storage ranges alone prove it.

    With `host-kernels` layers with constant weights become calls of the host's
    own kernels, `qat.host_call`, where these serve them.

    Runs on a function or a module; calls between functions are converted with
    their callees.
  }];
  let options = [
    Option<"hostKernels", "host-kernels", "std::string", /*default=*/"",
           "Call the kernels of this instruction set: generic, avx2 or "
           "avx512vnni (default: none)">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // QAT_CONVERSION_PASSES
