//===- GivenParameters.h - parameters that a file gives ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_TRANSFORMS_GIVENPARAMETERS_H
#define QAT_DIALECT_QAT_TRANSFORMS_GIVENPARAMETERS_H

#include "qat/Support/Safetensors.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The attribute on a global whose value a file gave; its bounds are not
/// calibrated. qat-set-parameters leaves it, qat-clear-given takes it off.
inline constexpr StringLiteral kGivenAttribute = "qat.given";

/// Whether `bound`, an operand of a quantizer, loads a parameter that was
/// given.
bool isGiven(Value bound);

/// The parameters of a safetensors file on their way into a module. Those of
/// the float network are set before quantizers go in, so that their ranges
/// follow from them; bounds exist only afterwards.
class GivenParameters {
public:
  /// Reads `path`; empty gives none.
  static llvm::Expected<GivenParameters> read(llvm::StringRef path);

  /// Sets and marks those parameters that `module` has and that are not marked.
  /// Fails where one has another shape or no finite values.
  llvm::Error apply(ModuleOp module) const;

  /// Whether one is a bound of a quantizer.
  bool haveBounds() const;

  /// Fails where nothing in `module` has the name of a parameter.
  llvm::Error checkNames(ModuleOp module) const;

private:
  std::string path;
  std::vector<NamedArray> arrays;
};

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_TRANSFORMS_GIVENPARAMETERS_H
