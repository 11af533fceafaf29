//===- Jit.cpp - machine code from the LLVM dialect -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Jit.h"

#include "qat/HostKernels/HostKernels.h"

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <algorithm>
#include <mutex>

using namespace llvm;
using namespace mlir::qat;
using mlir::ModuleOp;

static Expected<std::unique_ptr<TargetMachine>>
makeHostMachine(unsigned level) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  Expected<orc::JITTargetMachineBuilder> builder =
      orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  builder->setCodeGenOptLevel(
      CodeGenOpt::getLevel(level).value_or(CodeGenOptLevel::Default));
  return builder->createTargetMachine();
}

static void setAttributes(Module &module, const TargetMachine &machine) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    // Without it LLVM stays at 256 bits on processors that have 512.
    function.addFnAttr("prefer-vector-width", "512");
    // Joining the loop nests again would undo qat-outline-loops.
    if (function.hasLocalLinkage())
      function.addFnAttr(Attribute::NoInline);
  }
}

/// LLVM's pipeline for `level`, without unrolling: the inner loops are
/// vectorized and interleaved, and what unrolling adds to them costs the
/// scheduler most of the compilation time.
static void optimize(Module &module, TargetMachine &machine, unsigned level) {
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  tuning.LoopVectorization = level > 1;
  tuning.SLPVectorization = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const OptimizationLevel levels[] = {
      OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
      OptimizationLevel::O3};
  builder.buildPerModuleDefaultPipeline(levels[std::min(level, 3u)])
      .run(module, modules);
}

Expected<JittedFunction> mlir::qat::jitFunction(ModuleOp module, StringRef name,
                                                unsigned level) {
  // The engine consumes one machine; the passes need another.
  Expected<std::unique_ptr<TargetMachine>> optimizer = makeHostMachine(level);
  if (!optimizer)
    return optimizer.takeError();
  Expected<std::unique_ptr<TargetMachine>> generator = makeHostMachine(level);
  if (!generator)
    return generator.takeError();

  // The options hold a reference to the function.
  auto transform = [&](Module *llvmModule) -> Error {
    setAttributes(*llvmModule, **optimizer);
    optimize(*llvmModule, **optimizer, level);
    return Error::success();
  };
  mlir::ExecutionEngineOptions options;
  options.transformer = transform;
  options.jitCodeGenOptLevel = (*generator)->getOptLevel();
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  Expected<std::unique_ptr<mlir::ExecutionEngine>> engine =
      mlir::ExecutionEngine::create(module, options, std::move(*generator));
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([](orc::MangleAndInterner mangle) {
    orc::SymbolMap symbols;
    for (const NamedHostKernel &kernel : getNamedHostKernels())
      symbols[mangle(kernel.name)] = {orc::ExecutorAddr::fromPtr(kernel.kernel),
                                      JITSymbolFlags::Exported};
    return symbols;
  });
  Expected<void (*)(void **)> function = (*engine)->lookupPacked(name);
  if (!function)
    return function.takeError();
  return JittedFunction{std::shared_ptr<void>(std::move(*engine)), *function};
}
