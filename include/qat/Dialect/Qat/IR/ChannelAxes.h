//===- ChannelAxes.h - the dimensions that make up a channel -------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_CHANNELAXES_H
#define QAT_DIALECT_QAT_IR_CHANNELAXES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace mlir::qat {

/// Checks that `axes` are dimensions of `type` in rising order; else emits an
/// error on `op`.
LogicalResult verifyChannelAxes(Operation *op, RankedTensorType type,
                                ArrayRef<int64_t> axes);

/// The number of output channels of weights of `type`: the product of the
/// sizes of `axes` (1 for none).
int64_t countChannels(RankedTensorType type, ArrayRef<int64_t> axes);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_CHANNELAXES_H
