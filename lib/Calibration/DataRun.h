//===- DataRun.h - the inputs that a data set gives a network ---*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_DATARUN_H
#define QAT_LIB_CALIBRATION_DATARUN_H

#include "qat/Calibration/NetworkInput.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qat {

/// Which samples a pass runs the network on.
struct DataOptions {
  /// The kind of data set and its file or folder.
  std::string dataset, path;
  /// How many samples, at most, spread evenly over the data set.
  unsigned images = 512;
  /// 0: as many as the machine has.
  unsigned threads = 0;
};

/// One sample as the network takes it.
struct RunInput {
  /// The place in the run, 0 to images - 1.
  size_t position;
  /// Real values in the shape of the network's input.
  NdArray real;
  /// Whether the sample is a picture, not an array of real values.
  bool isPicture;
};

/// Calls `fn` for every sample, from several threads at once and in no order.
/// The module's preprocessing is applied. What training would look at is taken
/// (the first half of a data set that has two). Fails where the network has not
/// one input, the data set is empty, or more than 1 % of it cannot be read.
llvm::Error forEachInput(ModuleOp module, llvm::ArrayRef<TensorInfo> inputs,
                         const DataOptions &options,
                         llvm::function_ref<llvm::Error(RunInput)> fn);

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_DATARUN_H
