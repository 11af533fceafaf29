//===- ImportOnnx.h - from an ONNX model to form F --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_ONNX_IMPORTONNX_H
#define QAT_TARGET_ONNX_IMPORTONNX_H

#include "qat/Support/Preprocessing.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <optional>

namespace mlir::qat {

/// What the user says about a model besides its file.
struct OnnxImportOptions {
  /// The shape of the input as the model has it: N,C,H,W, N,C,W or N,K. Empty:
  /// what the model says, with 1 for a symbolic batch. A given shape fills in
  /// the symbolic dimensions and may replace the batch; elsewhere it has to
  /// agree.
  SmallVector<int64_t, 4> shape;
  /// Stored in the module as `qat.preprocessing`.
  std::optional<Preprocessing> preprocessing;
};

/// Imports an ONNX model (opset 7 to 28, serialized protobuf) as form F:
/// `@main` on static NHWC shapes in TOSA ops, `qat.batch_norm`,
/// `qat.grouped_conv2d` and `qat.softmax`, the weights as `ml_program.global`s
/// named `LAYER.weight`. A layer's name is its node's, or that of the node's
/// first output; each op carries it as its location. docs/Onnx.md lists the
/// operators.
///
/// Images are transposed to NHWC at the border: the function takes and returns
/// NHWC, constants are permuted here. A signal (NxCxW) is an image of one row,
/// Nx1xWxC. An input that the model itself transposes from channels-last first,
/// and an output that it transposes to channels-last, stay as the model has
/// them. Transposes and reshapes move nothing: the weights behind are permuted
/// instead of the data; a `tosa.transpose` is written only where the order is
/// seen from outside. Pads that no window reaches are dropped, and input rows
/// that no window reaches are sliced off, since TOSA wants output sizes to
/// divide exactly.
///
/// Weights in other files are looked for in the folder of the buffer's
/// identifier, never outside of it.
///
/// Fails with one line, without the end-of-line: the file's name, then
/// everything that cannot be imported, with the names of the nodes and why. Any
/// bytes may be given: what is not a valid model fails in the same way.
llvm::Expected<OwningOpRef<ModuleOp>>
importOnnx(llvm::MemoryBufferRef model, MLIRContext *context,
           const OnnxImportOptions &options = {});

/// Registers `--import-onnx` with the translation tool.
void registerOnnxTranslation();

} // namespace mlir::qat

#endif // QAT_TARGET_ONNX_IMPORTONNX_H
