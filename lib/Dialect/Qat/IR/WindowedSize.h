//===- WindowedSize.h - the size of a window op's result --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_IR_WINDOWEDSIZE_H
#define QAT_LIB_DIALECT_QAT_IR_WINDOWEDSIZE_H

#include <cstdint>

namespace mlir::qat {

/// The size of one spatial dimension of a window op's result; not positive
/// where the window does not fit. All numbers are below 2^31.
inline int64_t windowedSize(int64_t input, int64_t before, int64_t after,
                            int64_t kernel, int64_t stride, int64_t dilation) {
  int64_t extent = input + before + after - (kernel - 1) * dilation - 1;
  return extent < 0 ? 0 : extent / stride + 1;
}

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_IR_WINDOWEDSIZE_H
