//===- CompiledNetwork.h - a network as a function of this process --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_COMPILEDNETWORK_H
#define QAT_EXECUTION_COMPILEDNETWORK_H

#include "qat/HostKernels/HostKernels.h"
#include "qat/Support/NdArray.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir::qat {

/// One argument or result of a network.
struct TensorInfo {
  /// The attribute `qat.name`; "input", "output" or a number after them
  /// without one.
  std::string name;
  llvm::SmallVector<int64_t, 4> shape;
  /// Quantized tensors have the kind of their storage: u8 for u4, i8 for i2.
  ElementKind kind = ElementKind::F32;
  /// The quantized element type; null for plain numbers and for scales of
  /// their own a channel. It belongs to the context of the compiled module.
  quant::UniformQuantizedType quantized;
};

/// The fastest kernels that this processor can run.
inline HostIsa getBestHostIsa() { return getSupportedHostIsas().back(); }

struct CompileOptions {
  /// 0 to 3, as for a C compiler: of LLVM's passes and of its code generator.
  unsigned optimizationLevel = 2;
  /// The kernels that compute integer layers with constant weights; without,
  /// and where they do not serve a layer, loops are compiled for it. The
  /// outputs are the same.
  std::optional<HostIsa> kernels = getBestHostIsa();
};

/// A network compiled for this machine. The object refers to data of the
/// module's context and must not outlive it.
class CompiledNetwork {
public:
  ~CompiledNetwork();

  /// Compiles `@main` of a module in form F, Q or I, with its parameters as
  /// they are now; `module` is not changed. Fails, with the first diagnostic,
  /// where there is no such function, a shape is dynamic or an op cannot be
  /// lowered.
  static llvm::Expected<std::unique_ptr<CompiledNetwork>>
  compile(ModuleOp module, const CompileOptions &options = {});

  llvm::ArrayRef<TensorInfo> inputs() const { return inputInfos; }
  llvm::ArrayRef<TensorInfo> outputs() const { return outputInfos; }

  /// Computes the outputs of one batch. `inputs` must have the kinds and
  /// shapes of inputs(); `outputs` has as many arrays as outputs() and is
  /// allocated here where an array's kind or shape differs. Several threads may
  /// call this at once. Fails where an array does not fit, saying what was
  /// expected.
  llvm::Error run(llvm::ArrayRef<const NdArray *> inputs,
                  llvm::MutableArrayRef<NdArray> outputs) const;

  /// Runs a network of one input on `input`, whose batch (the first dimension)
  /// is a multiple of the network's, on `threads` threads, and gives the
  /// outputs with all the batches joined along their first dimension. The
  /// result does not depend on `threads`.
  llvm::Expected<std::vector<NdArray>> runBatches(const NdArray &input,
                                                  unsigned threads) const;

private:
  struct Code;

  CompiledNetwork();
  void call(llvm::ArrayRef<const void *> inputs,
            llvm::ArrayRef<void *> outputs) const;

  llvm::SmallVector<TensorInfo> inputInfos, outputInfos;
  std::unique_ptr<Code> code;
};

} // namespace mlir::qat

#endif // QAT_EXECUTION_COMPILEDNETWORK_H
