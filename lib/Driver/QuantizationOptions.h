//===- QuantizationOptions.h - options that quantize ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_QUANTIZATIONOPTIONS_H
#define QAT_LIB_DRIVER_QUANTIZATIONOPTIONS_H

#include "CalibrationOptions.h"
#include "Command.h"
#include "LayerConfigOption.h"
#include "MemoryOptions.h"

#include "qat/Dialect/Qat/Transforms/GivenParameters.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// The options of a command that puts quantizers into a float network, and the
/// passes that they ask for.
class QuantizationOptions {
public:
  /// Calibration options are the caller's, who may have others beside them.
  QuantizationOptions(llvm::cl::OptionCategory &category,
                      CalibrationOptions &calibration);

  /// Checks the options and reads the files that they name; call it before
  /// anything else. Wrong usage where a value cannot be.
  llvm::Error read(CommandLine &line);

  /// Adds the passes from the float network `module` to form Q; `read` was
  /// called.
  void addPasses(OpPassManager &manager, ModuleOp module) const;

  /// Adds the passes that set the given parameters of a network that stays
  /// float.
  void addFloatPasses(OpPassManager &manager) const;

  /// Says so where bounds are but initial values.
  void remarkInitialBounds(CommandLine &line) const;

  /// An option that says how to quantize and was given; empty without one.
  llvm::StringRef findGiven() const;

  /// The epoch at which batch norms are frozen; -1 where none was given.
  int getBatchFoldDelay() const { return batchFoldDelay; }

private:
  CalibrationOptions &calibration;
  llvm::cl::opt<std::string> scheme, fold;
  llvm::cl::opt<unsigned> weightBits, activationBits;
  llvm::cl::opt<std::string> rounding, activationType;
  llvm::cl::opt<unsigned> biasBits;
  llvm::cl::opt<int> batchFoldDelay;
  llvm::cl::opt<std::string> inputRange;
  LayerConfigOption layerConfig;
  MemoryOptions memory;
  llvm::cl::opt<std::string> parameters;

  /// What `read` has found.
  std::string config;
  QatAssignPrecisionOptions budgets;
  bool givesBounds = false;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_QUANTIZATIONOPTIONS_H
