//===- WeightScheme.h - how a weight tensor is quantized -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_WEIGHTSCHEME_H
#define QAT_SUPPORT_WEIGHTSCHEME_H

namespace mlir::qat {

/// The weight schemes of docs/Spec.md, section 3, under the names that the
/// command line gives them.
enum class WeightScheme {
  PerLayerAsymPACT,
  PerLayerAsymMinMax,
  PerChannelsAsymMinMax,
  PerLayerSymPACT,
};

} // namespace mlir::qat

#endif // QAT_SUPPORT_WEIGHTSCHEME_H
