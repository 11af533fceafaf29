//===- FormC.h - a module in form C, read -----------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the printer, the manifest and the self-test ask of a module in form C.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_FORMC_H
#define QAT_LIB_TARGET_C_FORMC_H

#include "TensorLayout.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Target/C/KernelInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <string>
#include <vector>

namespace mlir::qat {

/// The network's input or output: a buffer of the caller.
struct FormCArgument {
  Value buffer;
  RankedTensorType type;
  quant::UniformQuantizedType grid;
  Storage storage;
  int64_t bytes;
};

/// One call.
struct FormCLayer {
  KernelCallOp call;
  const KernelInfo *kernel;
  std::string cName;
  std::string modelName; ///< "" where the model has none
  /// Constants of the layer in the order of the struct's members.
  std::vector<memref::GlobalOp> globals;
  /// Constants and parameter struct, with 32-bit pointers.
  int64_t flashBytes;
  int64_t outputBytes;
  /// The place among the integer layers of form I of the one whose result the
  /// call completes; -1 where more calls write to it, as to a concat's.
  int64_t completes;

  /// The tensor in the output buffer: of a concat, the whole result.
  RankedTensorType getOutputType() const;
};

/// A piece of the arena.
struct FormCBuffer {
  Value buffer;
  std::string name; ///< of the C variable
  Storage storage;  ///< U8 for scratch
  bool isScratch;
  int64_t offset, bytes;
};

struct FormC {
  func::FuncOp main;
  std::string network; ///< C identifier
  std::string macro;   ///< the same in capitals
  std::string target;
  std::string source; ///< the model's file, "" if unknown
  FormCArgument input, output;
  std::vector<FormCLayer> layers;
  std::vector<FormCBuffer> buffers;
  /// Of the arena, filled up to its alignment.
  int64_t arenaBytes;

  int64_t getFlashBytes() const;
  /// The layers whose result can be looked at after their call.
  std::vector<const FormCLayer *> getCompleteLayers() const;

  /// Fails with a diagnostic where the module is not in form C.
  static FailureOr<FormC> read(ModuleOp module);
};

/// Bytes that constants of this type take.
int64_t getGlobalBytes(memref::GlobalOp global);

/// "28x28x8 u4"; the batch of one image is not shown.
std::string describeTensor(RankedTensorType type, Storage storage);

/// Name and version of what writes the C.
inline constexpr llvm::StringLiteral kGenerator = "qat-mlir 0.1.0";

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_FORMC_H
