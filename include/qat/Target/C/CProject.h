//===- CProject.h - folder of C that firmware engineer takes ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_CPROJECT_H
#define QAT_TARGET_C_CPROJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// Stored values of one tensor, in its order: one byte an element (sub-byte
/// values sign- or zero-extended), four bytes, little-endian, for i32.
using StoredTensor = std::vector<uint8_t>;

struct CProjectOptions {
  /// The folder to write.
  std::string dir;
  /// C identifier of the network: names its files, functions and macros.
  std::string name;
  /// See getCTargets().
  std::string target = "cortex-m4";
  /// See CTextOptions.
  bool arenaCaller = false;
  /// Bytes that the arena may have; 0: any number.
  int64_t ramBytes = 0;

  /// Adds NAME_selftest.c. Needs `executeLayers`.
  bool withTest = false;
  /// Inputs of the self-test; fixed pseudo-random ones where there are none.
  std::vector<StoredTensor> testInputs;
  /// Computes the output of every integer layer of the network, in the order of
  /// the module, for one input: what the C has to reproduce.
  std::function<llvm::Error(const StoredTensor &input,
                            std::vector<StoredTensor> &layerOutputs)>
      executeLayers;

  /// Runs the passes that it is given; by default a plain pass manager.
  std::function<llvm::Error(ModuleOp,
                            llvm::function_ref<void(OpPassManager &)>)>
      runPasses;
};

/// What was written, for a line to the user.
struct CProjectSummary {
  int64_t flashBytes = 0; ///< weights and parameters, without code
  int64_t ramBytes = 0;   ///< the arena
};

/// Writes a network in form I, which is left as it is, as a C project:
///
///   NAME.h NAME.c          the network (docs/CStyle.md)
///   qat-rt/                the kernels that it uses and no others
///   NAME.json              what is in it, for tools
///   NAME.mlirbc            the network in form I, for comparisons on the host
///   NAME_selftest.c        with `withTest`
///
/// The folder appears whole or not at all. One that is there is replaced if it
/// holds nothing but an earlier project and its `build` folder; anything else
/// in it is refused, with the name of a file that would be lost. The same input
/// and options give the same bytes.
///
/// Fails with one line: a layer that has no kernel, an arena larger than
/// `ramBytes` (and which layer makes it so), a name that C does not allow.
llvm::Expected<CProjectSummary> writeCProject(ModuleOp formI,
                                              const CProjectOptions &options);

} // namespace mlir::qat

#endif // QAT_TARGET_C_CPROJECT_H
