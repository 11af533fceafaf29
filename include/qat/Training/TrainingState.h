//===- TrainingState.h - numbers of a training ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_TRAININGSTATE_H
#define QAT_TRAINING_TRAININGSTATE_H

#include "qat/Support/NdArray.h"
#include "qat/Support/Safetensors.h"
#include "qat/Training/TrainingStep.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace mlir::qat {

/// All numbers of a training by name: the parameters and running statistics of
/// the network, which are its globals, and the optimizer's moments.
class TrainingState {
public:
  /// Takes the numbers of the globals of `network` in place of those that there
  /// are. Moments of parameters that are still there, in the same shape, stay;
  /// others are dropped. Fails for a global that is not a tensor of f32 with
  /// its data.
  llvm::Error setFromNetwork(ModuleOp network);

  /// The buffers of the arguments of roles parameter, statistic, moment1,
  /// moment2 and gradient; null for those of other roles. What is met for the
  /// first time and no parameter or statistic begins as zeros. Fails where the
  /// network has no parameter of that name and shape. The buffers stay where
  /// they are until setFromNetwork.
  llvm::Expected<std::vector<void *>>
  bind(llvm::ArrayRef<StepArgument> arguments);

  /// Parameters and statistics by their names, sorted.
  const std::map<std::string, NdArray> &getValues() const { return values; }

  /// A copy of all numbers.
  TrainingState clone() const;

  /// Takes the number `name`, which both have, from `other`.
  void takeValue(llvm::StringRef name, TrainingState &other);

  /// A parameter or a statistic that is not finite; empty where all are.
  std::string findNonFinite() const;

  /// Adds everything that a later run needs to `arrays`: values under their
  /// names, moments as "moment1/NAME". Gradients are zeros between updates.
  void save(std::vector<NamedArray> &arrays) const;

  /// Takes what `save` wrote, and leaves other arrays alone.
  void load(llvm::MutableArrayRef<NamedArray> arrays);

private:
  std::map<std::string, NdArray> values;
  /// "moment1/NAME", "moment2/NAME", "gradient/NAME".
  std::map<std::string, NdArray> ofOptimizer;
};

/// A network without its numbers, which a TrainingState has: the globals of
/// form F or Q as bytecode. Networks are made of it in a context of their own,
/// so that what an epoch's evaluation leaves behind goes with the context, and
/// the same numbers give the same file whatever came before.
class NetworkGraph {
public:
  NetworkGraph() = default;
  static NetworkGraph get(ModuleOp network);
  /// Of bytes that getBytes gave; instantiate says whether they are any good.
  explicit NetworkGraph(std::string bytecode) : bytecode(std::move(bytecode)) {}

  llvm::StringRef getBytes() const { return bytecode; }

  /// The network with the numbers of `state` in `context`, which has the
  /// dialects. Fails where the bytes are no network, or `state` lacks one of
  /// its globals.
  llvm::Expected<OwningOpRef<ModuleOp>>
  instantiate(MLIRContext &context, const TrainingState &state) const;

private:
  std::string bytecode;
};

} // namespace mlir::qat

#endif // QAT_TRAINING_TRAININGSTATE_H
