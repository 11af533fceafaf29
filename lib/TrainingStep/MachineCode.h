//===- MachineCode.h - object files of this machine and their symbols -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_MACHINECODE_H
#define QAT_LIB_TRAININGSTEP_MACHINECODE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::qat {

/// The processor and its features, as LLVM names them: code made for another
/// description must not run here.
llvm::Expected<std::string> describeProcessor();

/// Compiles a module of the LLVM dialect for this processor to an object file.
/// For each function of `entries` there is a symbol `call_NAME` that takes the
/// addresses of the buffers: `void (void **)`. Nothing is contracted or
/// reassociated. `level` is 0 to 3.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
compileToObject(ModuleOp module, llvm::ArrayRef<std::string> entries,
                unsigned level);

/// Object code in the memory of this process.
class LoadedCode {
public:
  LoadedCode();
  ~LoadedCode();

  /// Links `object` against this process.
  llvm::Error load(std::unique_ptr<llvm::MemoryBuffer> object);

  /// The address of a symbol.
  llvm::Expected<void *> find(llvm::StringRef symbol);

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_MACHINECODE_H
