//===- NetworkWorkshop.h - compiles and judges ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_NETWORKWORKSHOP_H
#define QAT_TRAINING_NETWORKWORKSHOP_H

#include "qat/Data/Dataset.h"
#include "qat/Evaluation/ComputedForm.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Training/Trainer.h"

#include "mlir/IR/DialectRegistry.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// Adds the passes from the network of a training, form F or Q, to its training
/// step; `teacher` is the file of a network in form F, or empty. A network that
/// `isFrozen` (qat-freeze-for-training) is computed as Recipe::forward says.
void addStepPasses(OpPassManager &manager, const Recipe &recipe,
                   llvm::StringRef teacher, bool isFrozen);

struct WorkshopOptions {
  /// As for addStepPasses.
  Recipe recipe;
  std::string teacher;
  /// How steps are compiled.
  StepOptions step;
  /// What networks are judged on after an epoch, and its path; null for not at
  /// all.
  const Dataset *evaluation = nullptr;
  std::string evaluationPath;
  Preprocessing preprocessing;
  /// Threads of the evaluation; 0: all cores.
  unsigned threads = 0;
  /// Set to give up an evaluation (Trainer::run).
  const std::atomic<bool> *stop = nullptr;
  /// Where samples that cannot be read are named.
  llvm::raw_ostream *log = nullptr;
  /// Writes the records beside the networks.
  std::function<llvm::Error(llvm::ArrayRef<EpochRecord>)> writeRecords;
};

/// The work of a training done by the compiler itself.
class NetworkWorkshop : public TrainingWorkshop {
public:
  /// `registry` has the dialects of the project.
  NetworkWorkshop(const DialectRegistry &registry, WorkshopOptions options);

  std::unique_ptr<MLIRContext> makeContext() override;
  llvm::Expected<std::unique_ptr<TrainingStep>>
  compileStep(ModuleOp network, bool frozen) override;
  llvm::Expected<OwningOpRef<ModuleOp>> freeze(ModuleOp network) override;
  /// Form F is judged as it is; the score is its top-1. Form Q is judged
  /// fake-quantized and in integers, as after `qat eval`; the score is the
  /// top-1 of the integers. Of an autoencoder, the score is the loss, negated.
  llvm::Expected<std::optional<double>> evaluate(ModuleOp network,
                                                 EpochRecord &record) override;
  std::string findNonFiniteLayer(ModuleOp network,
                                 const NdArray &input) override;
  llvm::Error writeNetwork(ModuleOp network, llvm::StringRef path) override;
  llvm::Error writeRecords(llvm::ArrayRef<EpochRecord> records) override;

private:
  /// The numbers of the teacher under the names that a step has for them.
  llvm::Expected<std::map<std::string, NdArray>> readTeacher();

  const DialectRegistry &registry;
  WorkshopOptions options;
};

} // namespace mlir::qat

#endif // QAT_TRAINING_NETWORKWORKSHOP_H
