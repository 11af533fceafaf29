//===- IntegerReference.h - an integer network, layer by layer -------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_INTEGERREFERENCE_H
#define QAT_EXECUTION_INTEGERREFERENCE_H

#include "qat/Execution/CompiledNetwork.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::qat {

/// Executes a network in form I on the host and gives what every integer layer
/// computes: what the emitted C has to reproduce to the byte.
class IntegerReference {
public:
  /// Compiles a clone of `module`. Fails where it is not in form I.
  static llvm::Expected<std::unique_ptr<IntegerReference>> get(ModuleOp module);

  const TensorInfo &input() const { return network->inputs()[0]; }
  const TensorInfo &output() const { return outputInfo; }

  /// The output of the network and, in the order of the module, of every
  /// integer layer that contributes to it, for the bytes of one input. Elements
  /// are one byte each, or four, little-endian, where the storage is 32 bits.
  llvm::Error run(ArrayRef<uint8_t> inputBytes, std::vector<uint8_t> &output,
                  std::vector<std::vector<uint8_t>> &layers) const;

private:
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledNetwork> network;
  TensorInfo outputInfo;
  /// The layer that computes the network's output.
  unsigned outputLayer = 0;
};

} // namespace mlir::qat

#endif // QAT_EXECUTION_INTEGERREFERENCE_H
