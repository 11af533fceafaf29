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
#include "StepProgram.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Execution/FirstError.h"
#include "qat/Execution/HostPipeline.h"
#include "qat/TrainingKernels/TrainingKernels.h"
#include "qat/TrainingStep/WorkerPool.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"

#include <cstdlib>
#include <cstring>
#include <ctime>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct Free {
  void operator()(char *memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<char, Free>;

/// 64-byte aligned memory, of at least one byte.
Memory allocate(int64_t bytes) {
  size_t rounded = (static_cast<size_t>(std::max<int64_t>(bytes, 1)) + 63) / 64;
  void *memory = std::aligned_alloc(64, rounded * 64);
  if (!memory)
    report_bad_alloc_error("no memory for the training step");
  return Memory(static_cast<char *>(memory));
}

/// What one thread needs to call a group's function.
struct ThreadState {
  Memory scratch;
  std::vector<void *> pointers;
  std::vector<double> seconds; ///< a launch
};

/// The processor's time that the calling thread has had: other programs do not
/// count.
double getThreadSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * time.tv_nsec;
}

/// Launches that may run at once.
struct Phase {
  size_t first = 0, last = 0; ///< launches
  int64_t tasks = 0;
};

struct LoadedProgram {
  StepProgram program;
  std::vector<Phase> phases;
};
} // namespace

struct CompiledStep::Code {
  explicit Code(unsigned threads) : pool(threads) {}

  void run(const LoadedProgram &loaded, void *const *arguments);
  void runTile(const StepLaunch &launch, int64_t tile, void *const *arguments,
               ThreadState &state);

  LoadedCode loaded;
  std::vector<LoadedProgram> programs;
  WorkerPool pool;
  std::vector<ThreadState> threads;
  Memory arena;
  int64_t arenaBytes = 0, scratchBytes = 0;
  bool profile = false;
  bool fromCache = false;

  LoadedProgram *find(StringRef function) {
    for (LoadedProgram &one : programs)
      if (one.program.function == function)
        return &one;
    return nullptr;
  }
};

CompiledStep::CompiledStep() = default;
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

static Expected<std::vector<StepArgument>> describe(func::FuncOp function) {
  std::vector<StepArgument> result;
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
    result.push_back(std::move(argument));
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

/// What tells one build of this program from another: its code decides what is
/// made of a step.
static std::string describeBuild() {
  sys::fs::file_status status;
  if (sys::fs::status(sys::fs::getMainExecutable(
                          nullptr, reinterpret_cast<void *>(&describeBuild)),
                      status))
    return "";
  return std::to_string(status.getSize()) + " " +
         std::to_string(
             status.getLastModificationTime().time_since_epoch().count());
}

static std::string makeKey(ModuleOp step, const StepOptions &options,
                           StringRef processor) {
  std::string key;
  raw_string_ostream os(key);
  os << "qat-mlir step 2, build " << describeBuild() << ", LLVM " << LLVM_VERSION_STRING << ", oneDNN "
     << getTrainingLibraryVersion() << ", " << processor << ", level "
     << options.optimizationLevel << ", kernels "
     << static_cast<int>(options.kernels) << "\n"
     << step;
  return key;
}

/// Lowers `module` and compiles it; gives what the cache stores: the length of
/// the programs' text, the text, the object file.
static Expected<std::string>
compileModule(ModuleOp module, ArrayRef<std::vector<StepArgument>> arguments,
              const StepOptions &options) {
  MLIRContext *context = module.getContext();
  FirstError firstError(context, "cannot compile the training step");
  auto lower = [&](llvm::function_ref<void(OpPassManager &)> build) {
    PassManager manager(context, ModuleOp::getOperationName());
    manager.enableVerifier(false);
    build(manager);
    return manager.run(module);
  };
  // The library has no double precision, which gradient checks want.
  bool doubles = any_of(arguments, [](const auto &own) {
    return any_of(own, [](const StepArgument &argument) {
      return argument.kind == ElementKind::F64;
    });
  });
  bool library = options.kernels == StepKernels::Library && !doubles;
  if (failed(lower([&](OpPassManager &manager) {
        buildStepTensorPipeline(manager, library);
        buildStepGroupsPipeline(manager);
        buildStepBuffersPipeline(manager, library);
      })))
    return firstError.get();
  std::vector<StepProgram> programs = readPrograms(module);
  std::vector<std::string> entries;
  for (auto [program, own] : zip_equal(programs, arguments)) {
    program.arguments = own;
    for (const StepLaunch &launch : program.launches)
      if (!launch.callee.empty())
        entries.push_back(launch.callee);
    module.lookupSymbol(program.function)->erase();
  }
  if (failed(lower(buildStepLLVMPipeline)))
    return firstError.get();
  Expected<std::unique_ptr<MemoryBuffer>> object =
      compileToObject(module, entries, options.optimizationLevel);
  if (!object)
    return object.takeError();
  std::string text = printPrograms(programs);
  return utohexstr(text.size(), /*LowerCase=*/true, /*Width=*/16) + text +
         (*object)->getBuffer().str();
}

Expected<std::unique_ptr<CompiledStep>>
CompiledStep::compile(ModuleOp formT, const StepOptions &options) {
  MLIRContext *context = formT.getContext();
  DialectRegistry registry;
  registerHostDialects(registry);
  context->appendDialectRegistry(registry);
  if (failed(verifyResources(formT)))
    return createStringError("the module lacks the data of a constant");

  OwningOpRef<ModuleOp> module = copyFunctions(formT);
  if (auto main = module->lookupSymbol<func::FuncOp>("main"))
    main.erase();
  std::vector<std::vector<StepArgument>> arguments;
  for (auto function : module->getOps<func::FuncOp>()) {
    if (function.isPrivate() || function.isExternal())
      continue;
    Expected<std::vector<StepArgument>> described = describe(function);
    if (!described)
      return described.takeError();
    arguments.push_back(std::move(*described));
  }
  if (arguments.empty())
    return createStringError("the module has no function of a training step");

  Expected<std::string> processor = describeProcessor();
  if (!processor)
    return processor.takeError();
  StepCache cache(options.cacheFolder);
  std::string key = makeKey(*module, options, *processor);
  std::unique_ptr<CompiledStep> step(new CompiledStep());
  step->code = std::make_unique<Code>(options.threads);
  if (std::unique_ptr<MemoryBuffer> entry = cache.find(key)) {
    step->code->fromCache = true;
    // An entry that is whole but not what we write is made anew.
    if (succeeded(step->load(entry->getBuffer(), options)))
      return step;
    step->code = std::make_unique<Code>(options.threads);
  }
  Expected<std::string> made = compileModule(*module, arguments, options);
  if (!made)
    return made.takeError();
  cache.store(key, *made);
  if (failed(step->load(*made, options)))
    return createStringError("cannot link the compiled training step");
  return step;
}

LogicalResult CompiledStep::load(StringRef content,
                                 const StepOptions &options) {
  uint64_t size = 0;
  if (content.size() < 16 || content.take_front(16).getAsInteger(16, size) ||
      content.size() - 16 < size)
    return failure();
  auto programs = parsePrograms(content.substr(16, size));
  if (!programs)
    return failure();
  auto failedWith = [](Error error) {
    bool failed = static_cast<bool>(error);
    consumeError(std::move(error));
    return failed;
  };
  if (failedWith(code->loaded.load(
          MemoryBuffer::getMemBufferCopy(content.substr(16 + size), "step"))))
    return failure();
  size_t pointers = 0, launches = 0;
  for (StepProgram &program : *programs) {
    LoadedProgram loaded;
    for (auto [index, launch] : enumerate(program.launches)) {
      if (!launch.callee.empty()) {
        Expected<void *> address = code->loaded.find("call_" + launch.callee);
        if (!address) {
          consumeError(address.takeError());
          return failure();
        }
        launch.call = reinterpret_cast<void (*)(void **)>(*address);
      }
      if (index == 0 || launch.phase != program.launches[index - 1].phase)
        loaded.phases.push_back({index, index, 0});
      ++loaded.phases.back().last;
      loaded.phases.back().tasks += launch.tiles;
      pointers =
          std::max(pointers, launch.operands.size() + launch.scratch.size());
    }
    launches += program.launches.size();
    code->arenaBytes = std::max(code->arenaBytes, program.arenaBytes);
    code->scratchBytes = std::max(code->scratchBytes, program.scratchBytes);
    loaded.program = std::move(program);
    code->programs.push_back(std::move(loaded));
  }
  code->arena = allocate(code->arenaBytes);
  code->profile = options.profile;
  code->threads.resize(code->pool.getNumThreads());
  for (ThreadState &thread : code->threads) {
    thread.scratch = allocate(code->scratchBytes);
    thread.pointers.resize(pointers);
    thread.seconds.resize(launches);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

void CompiledStep::Code::runTile(const StepLaunch &launch, int64_t tile,
                                 void *const *arguments, ThreadState &state) {
  auto addressOf = [&](const StepOperand &operand) {
    char *base = operand.argument >= 0
                     ? static_cast<char *>(arguments[operand.argument])
                     : arena.get() + operand.offset;
    return base + tile * operand.tileBytes;
  };
  if (launch.copyBytes > 0) {
    std::memcpy(addressOf(launch.operands[1]), addressOf(launch.operands[0]),
                launch.copyBytes);
    return;
  }
  int64_t part = tile * launch.blocks;
  size_t next = 0;
  for (const StepOperand &operand : launch.operands) {
    void *&pointer = state.pointers[next++];
    if (operand.isPart) {
      pointer = &part;
      continue;
    }
    char *address = addressOf(operand);
    if (operand.zeroBytes > 0)
      std::memset(address, 0, operand.zeroBytes);
    pointer = address;
  }
  for (int64_t offset : launch.scratch)
    state.pointers[next++] = state.scratch.get() + offset;
  for (int64_t block = 0; block < launch.blocks; ++block, ++part) {
    launch.call(state.pointers.data());
    for (auto [index, operand] : enumerate(launch.operands))
      if (operand.blockBytes > 0)
        state.pointers[index] =
            static_cast<char *>(state.pointers[index]) + operand.blockBytes;
  }
}

void CompiledStep::Code::run(const LoadedProgram &loaded,
                             void *const *arguments) {
  const std::vector<StepLaunch> &launches = loaded.program.launches;
  for (const Phase &phase : loaded.phases)
    pool.run(phase.tasks, [&](int64_t task, unsigned thread) {
      size_t index = phase.first;
      while (task >= launches[index].tiles)
        task -= launches[index++].tiles;
      ThreadState &state = threads[thread];
      if (!profile)
        return runTile(launches[index], task, arguments, state);
      double start = getThreadSeconds();
      runTile(launches[index], task, arguments, state);
      state.seconds[index] += getThreadSeconds() - start;
    });
}

bool CompiledStep::hasFunction(StringRef function) const {
  return code->find(function) != nullptr;
}

ArrayRef<StepArgument> CompiledStep::arguments(StringRef function) const {
  LoadedProgram *found = code->find(function);
  return found ? ArrayRef<StepArgument>(found->program.arguments)
               : ArrayRef<StepArgument>();
}

Error CompiledStep::run(StringRef function, ArrayRef<void *> buffers) {
  LoadedProgram *found = code->find(function);
  if (!found)
    return createStringError("the training step has no function '" + function +
                             "'");
  if (buffers.size() != found->program.arguments.size())
    return createStringError("function '" + function + "' takes " +
                             Twine(found->program.arguments.size()) +
                             " buffers, but got " + Twine(buffers.size()));
  code->run(*found, buffers.data());
  return Error::success();
}

int64_t CompiledStep::arenaBytes() const {
  return code->arenaBytes + code->scratchBytes * code->threads.size();
}

std::vector<StepTiming> CompiledStep::timings(StringRef function) const {
  std::vector<StepTiming> result;
  LoadedProgram *found = code->find(function);
  if (!found || !code->profile)
    return result;
  for (auto [index, launch] : enumerate(found->program.launches)) {
    StepTiming timing{launch.callee, launch.label,  launch.phase,
                      launch.tiles,  launch.blocks, 0};
    for (const ThreadState &thread : code->threads)
      timing.milliseconds += 1e3 * thread.seconds[index];
    result.push_back(std::move(timing));
  }
  return result;
}

bool CompiledStep::isFromCache() const { return code->fromCache; }
