//===- QatTestPlugin.cpp - a pass from outside of the project -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
/// Says of each batch norm what it is.
struct ReportLayers : PassWrapper<ReportLayers, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ReportLayers)

  StringRef getArgument() const override { return "test-report-layers"; }
  StringRef getDescription() const override {
    return "Emit a remark for each batch norm";
  }
  void runOnOperation() override {
    getOperation().walk([](qat::BatchNormOp op) {
      op.emitRemark("batch norm of ")
          << op.getGamma().getType().getNumElements() << " channels, epsilon "
          << op.getEpsilonAttr();
    });
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "QatTestPlugin", "1",
          [] { PassRegistration<ReportLayers>(); }};
}
