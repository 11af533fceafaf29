//===- MachineCode.cpp - object files of this machine and their symbols ---===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MachineCode.h"

#include "qat/TrainingKernels/TrainingKernels.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <algorithm>
#include <mutex>

using namespace llvm;
using namespace mlir::qat;
using mlir::ModuleOp;

static Expected<orc::JITTargetMachineBuilder> describeHost() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  Expected<orc::JITTargetMachineBuilder> builder =
      orc::JITTargetMachineBuilder::detectHost();
  if (builder)
    builder->setRelocationModel(Reloc::PIC_);
  return builder;
}

Expected<std::string> mlir::qat::describeProcessor() {
  Expected<orc::JITTargetMachineBuilder> builder = describeHost();
  if (!builder)
    return builder.takeError();
  return builder->getTargetTriple().str() + " " + builder->getCPU() + " " +
         builder->getFeatures().getString();
}

static void setAttributes(Module &module, const TargetMachine &machine) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    // Without it LLVM stays at 256 bits on processors that have 512.
    function.addFnAttr("prefer-vector-width", "512");
    // Joining the loop nests again would make one long function of a step.
    if (function.hasLocalLinkage())
      function.addFnAttr(Attribute::NoInline);
  }
}

/// LLVM's pipeline for `level`, without unrolling: the inner loops are
/// vectorized, and what unrolling adds to them costs most of the time.
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
  ModulePassManager passes =
      level == 0
          ? builder.buildO0DefaultPipeline(OptimizationLevel::O0)
          : builder.buildPerModuleDefaultPipeline(levels[std::min(level, 3u)]);
  passes.run(module, modules);
}

/// call_NAME(void **buffers) { NAME(buffers[0], buffers[1], ...); }
static Error addCaller(Module &module, StringRef name) {
  Function *function = module.getFunction(name);
  if (!function)
    return createStringError("the compiled step lacks '" + name + "'");
  LLVMContext &context = module.getContext();
  IRBuilder<> b(context);
  auto *type = FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
  Function *caller = Function::Create(type, GlobalValue::ExternalLinkage,
                                      "call_" + name, module);
  b.SetInsertPoint(BasicBlock::Create(context, "", caller));
  SmallVector<Value *> arguments;
  for (unsigned index = 0; index < function->arg_size(); ++index)
    arguments.push_back(b.CreateLoad(
        b.getPtrTy(),
        b.CreateConstGEP1_64(b.getPtrTy(), caller->getArg(0), index)));
  b.CreateCall(function, arguments);
  b.CreateRetVoid();
  return Error::success();
}

Expected<std::unique_ptr<MemoryBuffer>>
mlir::qat::compileToObject(ModuleOp module, ArrayRef<std::string> entries,
                           unsigned level) {
  Expected<orc::JITTargetMachineBuilder> builder = describeHost();
  if (!builder)
    return builder.takeError();
  builder->setCodeGenOptLevel(
      CodeGenOpt::getLevel(level).value_or(CodeGenOptLevel::Default));
  Expected<std::unique_ptr<TargetMachine>> machine =
      builder->createTargetMachine();
  if (!machine)
    return machine.takeError();

  LLVMContext context;
  std::unique_ptr<Module> llvmModule = translateModuleToLLVMIR(module, context);
  if (!llvmModule)
    return createStringError("the step cannot be translated to LLVM IR");
  llvmModule->setDataLayout((*machine)->createDataLayout());
  llvmModule->setTargetTriple((*machine)->getTargetTriple());
  for (const std::string &entry : entries)
    if (Error error = addCaller(*llvmModule, entry))
      return error;
  setAttributes(*llvmModule, **machine);
  optimize(*llvmModule, **machine, level);

  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr,
                                      CodeGenFileType::ObjectFile))
    return createStringError("LLVM cannot write object files here");
  passes.run(*llvmModule);
  return std::make_unique<SmallVectorMemoryBuffer>(
      std::move(bytes), "step", /*RequiresNullTerminator=*/false);
}

LoadedCode::LoadedCode() = default;
LoadedCode::~LoadedCode() = default;

Error LoadedCode::load(std::unique_ptr<MemoryBuffer> object) {
  Expected<orc::JITTargetMachineBuilder> builder = describeHost();
  if (!builder)
    return builder.takeError();
  Expected<std::unique_ptr<orc::LLJIT>> made =
      orc::LLJITBuilder().setJITTargetMachineBuilder(*builder).create();
  if (!made)
    return made.takeError();
  jit = std::move(*made);
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  jit->getMainJITDylib().addGenerator(std::move(*process));
  orc::MangleAndInterner mangle(jit->getExecutionSession(),
                                jit->getDataLayout());
  orc::SymbolMap kernels;
  for (const NamedTrainingKernel &kernel : getNamedTrainingKernels())
    kernels[mangle(kernel.name)] = {orc::ExecutorAddr::fromPtr(kernel.function),
                                    JITSymbolFlags::Exported |
                                        JITSymbolFlags::Callable};
  if (Error error = jit->getMainJITDylib().define(
          orc::absoluteSymbols(std::move(kernels))))
    return error;
  return jit->addObjectFile(std::move(object));
}

Expected<void *> LoadedCode::find(StringRef symbol) {
  Expected<orc::ExecutorAddr> address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
