//===- CompiledStep.cpp - a training step as functions of this process ----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/TrainingStep/CompiledStep.h"

#include "MachineCode.h"
#include "StepCache.h"
#include "StepPipeline.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Execution/FirstError.h"
#include "qat/Execution/HostPipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Config/llvm-config.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct StepFunction {
  std::vector<StepArgument> arguments;
  void (*call)(void **) = nullptr;
};
} // namespace

struct CompiledStep::Code {
  LoadedCode loaded;
  StringMap<StepFunction> functions;
  bool fromCache = false;
};

CompiledStep::CompiledStep() : code(std::make_unique<Code>()) {}
CompiledStep::~CompiledStep() = default;

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

static std::optional<ElementKind> getElementKind(mlir::Type type) {
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  if (type.isInteger(1))
    return ElementKind::Bool;
  if (type.isInteger(8))
    return ElementKind::I8;
  if (type.isInteger(16))
    return ElementKind::I16;
  if (type.isInteger(32))
    return ElementKind::I32;
  if (type.isInteger(64))
    return ElementKind::I64;
  return std::nullopt;
}

static Expected<StepFunction> describe(func::FuncOp function) {
  StepFunction result;
  if (function.getNumResults() != 0)
    return createStringError("function '" + function.getName() +
                             "' of a training step returns something");
  for (auto [index, type] : enumerate(function.getArgumentTypes())) {
    auto buffer = dyn_cast<MemRefType>(type);
    std::optional<ElementKind> kind;
    if (buffer && buffer.hasStaticShape() && buffer.getLayout().isIdentity())
      kind = getElementKind(buffer.getElementType());
    if (!kind)
      return createStringError("argument " + Twine(index) + " of '" +
                               function.getName() +
                               "' is not a memref of static shape of f32, f64 "
                               "or integers");
    StepArgument argument;
    if (auto name = function.getArgAttrOfType<StringAttr>(index, "qat.name"))
      argument.name = name.str();
    if (auto role = function.getArgAttrOfType<StringAttr>(index, "qat.role"))
      argument.role = role.str();
    argument.shape.assign(buffer.getShape().begin(), buffer.getShape().end());
    argument.kind = *kind;
    result.arguments.push_back(std::move(argument));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// A copy of `module` with its functions and what they refer to.
static OwningOpRef<ModuleOp> copyFunctions(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  for (auto global : make_early_inc_range(copy->getOps<ml_program::GlobalOp>()))
    if (SymbolTable::symbolKnownUseEmpty(global, *copy))
      global.erase();
  return copy;
}

static std::string makeKey(ModuleOp step, const StepOptions &options,
                           StringRef processor) {
  std::string key;
  raw_string_ostream os(key);
  os << "qat-mlir step 1, LLVM " << LLVM_VERSION_STRING << ", " << processor
     << ", level " << options.optimizationLevel << ", kernels "
     << static_cast<int>(options.kernels) << "\n"
     << step;
  return key;
}

Expected<std::unique_ptr<CompiledStep>>
CompiledStep::compile(ModuleOp formT, const StepOptions &options) {
  MLIRContext *context = formT.getContext();
  DialectRegistry registry;
  registerHostDialects(registry);
  context->appendDialectRegistry(registry);
  if (failed(verifyResources(formT)))
    return createStringError("the module lacks the data of a constant");

  std::unique_ptr<CompiledStep> step(new CompiledStep());
  OwningOpRef<ModuleOp> module = copyFunctions(formT);
  std::vector<std::string> names;
  for (auto function : module->getOps<func::FuncOp>()) {
    if (function.isPrivate() || function.isExternal() ||
        function.getName() == "main")
      continue;
    Expected<StepFunction> described = describe(function);
    if (!described)
      return described.takeError();
    names.push_back(function.getName().str());
    step->code->functions[names.back()] = std::move(*described);
  }
  if (names.empty())
    return createStringError("the module has no function of a training step");
  if (auto main = module->lookupSymbol<func::FuncOp>("main"))
    main.erase();

  Expected<std::string> processor = describeProcessor();
  if (!processor)
    return processor.takeError();
  StepCache cache(options.cacheFolder);
  std::string key = makeKey(*module, options, *processor);
  std::unique_ptr<MemoryBuffer> object = cache.find(key);
  step->code->fromCache = object != nullptr;
  if (!object) {
    FirstError firstError(context, "cannot compile the training step");
    auto lower = [&](function_ref<void(OpPassManager &)> build) {
      PassManager manager(context, ModuleOp::getOperationName());
      manager.enableVerifier(false);
      build(manager);
      return manager.run(*module);
    };
    if (failed(lower(buildStepLoopsPipeline)))
      return firstError.get();
    for (const std::string &name : names) {
      auto function = module->lookupSymbol<func::FuncOp>(name);
      for (unsigned index = 0; index < function.getNumArguments(); ++index) {
        function.setArgAttrs(index, ArrayRef<NamedAttribute>());
        function.setArgAttr(index, "llvm.noalias", UnitAttr::get(context));
      }
    }
    if (failed(lower(buildHostLLVMPipeline)))
      return firstError.get();
    Expected<std::unique_ptr<MemoryBuffer>> compiled =
        compileToObject(*module, names, options.optimizationLevel);
    if (!compiled)
      return compiled.takeError();
    object = std::move(*compiled);
    cache.store(key, object->getBuffer());
  }

  if (Error error = step->code->loaded.load(std::move(object)))
    return error;
  for (const std::string &name : names) {
    Expected<void *> address = step->code->loaded.find("call_" + name);
    if (!address)
      return address.takeError();
    step->code->functions[name].call =
        reinterpret_cast<void (*)(void **)>(*address);
  }
  return step;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

bool CompiledStep::hasFunction(StringRef function) const {
  return code->functions.contains(function);
}

ArrayRef<StepArgument> CompiledStep::arguments(StringRef function) const {
  auto found = code->functions.find(function);
  return found == code->functions.end()
             ? ArrayRef<StepArgument>()
             : ArrayRef<StepArgument>(found->second.arguments);
}

Error CompiledStep::run(StringRef function, ArrayRef<void *> buffers) {
  auto found = code->functions.find(function);
  if (found == code->functions.end())
    return createStringError("the training step has no function '" + function +
                             "'");
  if (buffers.size() != found->second.arguments.size())
    return createStringError("function '" + function + "' takes " +
                             Twine(found->second.arguments.size()) +
                             " buffers, but got " + Twine(buffers.size()));
  found->second.call(const_cast<void **>(buffers.data()));
  return Error::success();
}

int64_t CompiledStep::arenaBytes() const { return 0; }

bool CompiledStep::isFromCache() const { return code->fromCache; }
