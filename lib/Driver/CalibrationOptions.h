//===- CalibrationOptions.h - data that quantization looks at ---*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_CALIBRATIONOPTIONS_H
#define QAT_LIB_DRIVER_CALIBRATIONOPTIONS_H

#include "Command.h"

#include "qat/Support/WeightQuantizers.h"

namespace mlir::qat {

/// The options of a command that calibrates and repairs a network, and the
/// passes that they ask for.
class CalibrationOptions {
public:
  /// `trains`: the command has data besides, and `--dataset` is the kind of
  /// both.
  explicit CalibrationOptions(llvm::cl::OptionCategory &category,
                              bool trains = false);

  /// Wrong usage, before anything is read.
  llvm::Error check() const;

  bool hasRepairs() const { return !repair.empty(); }
  bool hasData() const { return !calibrate.empty(); }
  /// `--dataset`; empty without it.
  llvm::StringRef getDataset() const { return dataset; }

  /// The passes on the float network; `scheme` is what most weights will have.
  void addFloatPasses(OpPassManager &manager, WeightScheme scheme) const;
  /// The passes on the network with quantizers.
  void addQuantizedPasses(OpPassManager &manager, bool keepInputRange) const;

private:
  bool trains;
  bool repairs(llvm::StringRef name) const {
    return llvm::is_contained(repair, name);
  }
  std::string getKind() const;

  llvm::cl::opt<std::string> calibrate, dataset;
  llvm::cl::opt<unsigned> images;
  llvm::cl::opt<std::string> method;
  llvm::cl::opt<double> percentile;
  llvm::cl::list<std::string> repair;
  llvm::cl::opt<unsigned> repairImages;
  llvm::cl::opt<std::string> repairRelu6;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_CALIBRATIONOPTIONS_H
