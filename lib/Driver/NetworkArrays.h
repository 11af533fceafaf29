//===- NetworkArrays.h - arrays of user as inputs of network ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_NETWORKARRAYS_H
#define QAT_LIB_DRIVER_NETWORKARRAYS_H

#include "qat/Execution/CompiledNetwork.h"
#include "qat/Support/NdArray.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace mlir::qat {

/// How the images of an array are laid out; `Any` decides by the shape, NHWC
/// where both fit.
enum class BatchLayout { Any, NHWC, NCHW };

/// The inputs in `array` for a network that takes `input` (a batch of one):
/// one input, or a batch of them in front. NCHW is transposed. A float network
/// takes any kind of numbers as real values; an integer network takes integers
/// of its storage's range as they are and quantizes floats by its grid. Fails
/// with the shape or the range that was expected.
llvm::Expected<std::vector<NdArray>>
makeNetworkInputs(const NdArray &array, const TensorInfo &input,
                  BatchLayout layout = BatchLayout::Any);

/// The same for an .npy file, which errors name.
llvm::Expected<std::vector<NdArray>>
readNetworkInputs(llvm::StringRef path, const TensorInfo &input,
                  BatchLayout layout = BatchLayout::Any);

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_NETWORKARRAYS_H
