//===- GivenParameters.h - parameters that a file gives ----------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_GIVENPARAMETERS_H
#define QAT_LIB_DRIVER_GIVENPARAMETERS_H

#include "qat/Support/Safetensors.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The parameters of a safetensors file on their way into a module. Those of
/// the float network are set before quantizers go in, so that their ranges
/// follow from them; bounds exist only afterwards, and replace what
/// calibration found.
class GivenParameters {
public:
  /// Reads `path`; empty gives none.
  static llvm::Expected<GivenParameters> read(llvm::StringRef path);

  /// Sets those parameters that `module` has and that were not set before.
  /// Fails where one has another shape or no finite values.
  llvm::Error apply(ModuleOp module);

  /// Whether one is a bound of a quantizer.
  bool haveBounds() const;

  /// Fails where a parameter has never been set: nothing has its name.
  llvm::Error finish(ModuleOp module) const;

private:
  std::string path;
  std::vector<NamedArray> arrays;
  std::vector<bool> isSet;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_GIVENPARAMETERS_H
