//===- CompiledStep.h - a training step as functions of this process -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAININGSTEP_COMPILEDSTEP_H
#define QAT_TRAININGSTEP_COMPILEDSTEP_H

#include "qat/Support/NdArray.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::qat {

/// What computes the contractions of a step.
enum class StepKernels {
  Library, ///< oneDNN where it serves, loops elsewhere
  Loops    ///< compiled loops only: the plain path that checks the other
};

struct StepOptions {
  /// Threads that compute a step; 0 for as many as the machine has. The
  /// results do not depend on it.
  unsigned threads = 0;
  /// Folder of compiled steps, made where it is missing. Empty: the default,
  /// `$XDG_CACHE_HOME/qat-mlir` or `~/.cache/qat-mlir`. "none": no cache. A
  /// folder that cannot be written costs the compilation, nothing else.
  std::string cacheFolder;
  StepKernels kernels = StepKernels::Library;
  /// 0 to 3, as for a C compiler.
  unsigned optimizationLevel = 2;
  /// Measure every group (CompiledStep::timings).
  bool profile = false;
};

/// The time that one group of a step has taken.
struct StepTiming {
  std::string group; ///< name of its function
  std::string label; ///< layer and contractions; empty for the rest
  int64_t phase = 0, tiles = 1, blocks = 1;
  double milliseconds = 0; ///< of all threads, over all runs
};

/// One argument of a function of form T.
struct StepArgument {
  std::string name; ///< attribute `qat.name`; empty where there is none
  std::string role; ///< attribute `qat.role`
  llvm::SmallVector<int64_t, 4> shape;
  ElementKind kind = ElementKind::F32;
};

/// The functions of a module in form T, compiled for this machine.
class CompiledStep {
public:
  ~CompiledStep();

  /// Compiles every public function of `formT` (docs/Spec.md), whose arguments
  /// are memrefs and which return nothing; `formT` is not changed and not
  /// referred to afterwards. Fails with the first diagnostic where an op cannot
  /// be lowered.
  static llvm::Expected<std::unique_ptr<CompiledStep>>
  compile(ModuleOp formT, const StepOptions &options = {});

  bool hasFunction(llvm::StringRef function) const;

  /// The arguments of `function` in order; none if there is no such function.
  llvm::ArrayRef<StepArgument> arguments(llvm::StringRef function) const;

  /// Runs `function` on `buffers`, one an argument, each a dense row-major
  /// array of the argument's kind and shape; no two may overlap, and 64-byte
  /// alignment makes it faster. Fails if there is no such function or the
  /// number of buffers differs. Allocates nothing. One thread may call it at a
  /// time.
  llvm::Error run(llvm::StringRef function, llvm::ArrayRef<void *> buffers);

  /// Bytes that the object holds for values between the ops of a step.
  int64_t arenaBytes() const;

  /// With StepOptions::profile, the groups of `function` in order.
  std::vector<StepTiming> timings(llvm::StringRef function) const;

  /// Whether the machine code came from the cache.
  bool isFromCache() const;

private:
  struct Code;

  CompiledStep();
  /// Links an entry of the cache; fails if it is not one.
  llvm::LogicalResult load(llvm::StringRef content, const StepOptions &options);

  std::unique_ptr<Code> code;
};

} // namespace mlir::qat

#endif // QAT_TRAININGSTEP_COMPILEDSTEP_H
