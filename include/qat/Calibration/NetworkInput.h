//===- NetworkInput.h - from the samples of a data set to a network --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CALIBRATION_NETWORKINPUT_H
#define QAT_CALIBRATION_NETWORKINPUT_H

#include "qat/Data/Dataset.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Support/NdArray.h"
#include "qat/Support/Preprocessing.h"

#include "llvm/Support/Error.h"

namespace mlir::qat {

/// The real input of a network for one sample, in the shape that `input` says
/// (a batch of one), f32.
llvm::Expected<NdArray> makeRealInput(const Sample &sample,
                                      const Preprocessing &preprocessing,
                                      const TensorInfo &input);

/// The same as `input` stores it: f32 for a float network, the integers of its
/// grid for an integer network.
llvm::Expected<NdArray> makeNetworkInput(const Sample &sample,
                                         const Preprocessing &preprocessing,
                                         const TensorInfo &input);

/// The integers of the grid of `input` for real values; `input` must be of
/// quantized type.
NdArray quantizeInput(const NdArray &real, const TensorInfo &input);

/// Fails unless `input` is one image or one vector (a batch of one).
llvm::Error checkSingleInput(llvm::ArrayRef<TensorInfo> inputs);

/// `count` indices (all, where it is 0 or too many) spread evenly over a data
/// set of `size` samples, in rising order.
std::vector<size_t> spreadIndices(size_t size, size_t count);

} // namespace mlir::qat

#endif // QAT_CALIBRATION_NETWORKINPUT_H
