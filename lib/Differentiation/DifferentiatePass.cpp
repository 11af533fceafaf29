//===- DifferentiatePass.cpp - qat-differentiate ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Differentiation/Differentiate.h"
#include "qat/Differentiation/Passes.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATDIFFERENTIATE
#include "qat/Differentiation/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct DifferentiatePass : qat::impl::QatDifferentiateBase<DifferentiatePass> {
  using QatDifferentiateBase::QatDifferentiateBase;

  void runOnOperation() override {
    FailureOr<DifferentiateSettings> settings = readSettings();
    if (failed(settings))
      return signalPassFailure();
    OwningOpRef<ModuleOp> network;
    if (!teacher.empty()) {
      network = readTeacher();
      if (!network)
        return signalPassFailure();
    }
    if (failed(differentiate(getOperation(), *settings,
                             network ? *network : ModuleOp())))
      signalPassFailure();
  }

private:
  template <typename T>
  LogicalResult readChoice(StringRef option, StringRef value, T &choice,
                           ArrayRef<std::pair<StringRef, T>> choices) {
    for (auto [name, meaning] : choices)
      if (name == value) {
        choice = meaning;
        return success();
      }
    InFlightDiagnostic diagnostic = getOperation().emitError("unknown ")
                                    << option << " '" << value
                                    << "'; expected ";
    llvm::interleave(
        choices, [&](const auto &entry) { diagnostic << entry.first; },
        [&] { diagnostic << " or "; });
    return diagnostic;
  }

  FailureOr<DifferentiateSettings> readSettings() {
    DifferentiateSettings settings;
    settings.batch = batch;
    settings.dropout = dropout;
    settings.accumulate = accumulate;
    settings.clip = clip;
    if (failed(readChoice<LossKind>("loss", loss, settings.loss,
                                    {{"cross-entropy", LossKind::CrossEntropy},
                                     {"mse", LossKind::MeanSquaredError}})) ||
        failed(readChoice<OptimizerKind>(
            "optimizer", optimizer, settings.optimizer,
            {{"adam", OptimizerKind::Adam}, {"sgd", OptimizerKind::Sgd}})) ||
        failed(readChoice<BoundScale>(
            "bound-scale", boundScale, settings.boundScale,
            {{"none", BoundScale::None}, {"lsq", BoundScale::Lsq}})))
      return failure();
    if (!(settings.dropout >= 0 && settings.dropout < 1))
      return getOperation().emitError(
                 "expects a dropout of at least 0 and below 1, but got ")
             << settings.dropout;
    return settings;
  }

  /// The teacher as a module of its own.
  OwningOpRef<ModuleOp> readTeacher() {
    SymbolTable symbols(getOperation());
    auto function = symbols.lookup<func::FuncOp>(teacher);
    if (!function) {
      if (!llvm::sys::fs::exists(teacher)) {
        getOperation().emitError("cannot read the teacher '")
            << teacher << "': neither a function nor a file";
        return {};
      }
      return parseSourceFile<ModuleOp>(teacher, &getContext());
    }
    OwningOpRef<ModuleOp> network(ModuleOp::create(getOperation().getLoc()));
    OpBuilder builder = OpBuilder::atBlockEnd(network->getBody());
    for (auto global : getOperation().getOps<ml_program::GlobalOp>())
      builder.clone(*global);
    function->remove();
    network->push_back(function);
    function.setName("main");
    return network;
  }
};
} // namespace
