//===- qat-run-step.cpp - runs a function of form T on arrays -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bridge between the compiled step and tests in Python: arguments come from
// a safetensors file and, changed in place, go into another one. An argument is
// called ROLE:NAME there, or just ROLE where it has no name or the role's own;
// those that the file lacks begin as zeros.
//
//===----------------------------------------------------------------------===//

#include "qat/InitAll.h"
#include "qat/Support/Safetensors.h"
#include "qat/TrainingStep/CompiledStep.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <chrono>
#include <unistd.h>

using namespace llvm;
using namespace mlir::qat;

static cl::opt<std::string> input(cl::Positional, cl::Required,
                                  cl::desc("FORM_T.mlir"));
static cl::opt<std::string> function("function", cl::init("step"),
                                     cl::desc("Function to run"));
static cl::opt<std::string> arguments("arguments",
                                      cl::desc("Safetensors file to read"));
static cl::opt<std::string> result("result",
                                   cl::desc("Safetensors file to write"));
static cl::opt<unsigned> steps("steps", cl::init(1),
                               cl::desc("How often to run it"));
static cl::opt<unsigned> threads("step-threads", cl::init(0),
                                 cl::desc("0: all of the machine"));
static cl::opt<std::string> cacheFolder("cache", cl::init("none"),
                                        cl::desc("Folder of compiled steps"));
static cl::opt<bool> loops("loops",
                           cl::desc("Compiled loops only, no library"));
static cl::opt<bool> timing("time", cl::desc("Print times"));
static cl::opt<bool> profile("profile",
                             cl::desc("Print the time of each group"));
static cl::opt<bool> list("list", cl::desc("Print the arguments"));

static std::string keyOf(const StepArgument &argument) {
  if (argument.name.empty() || argument.name == argument.role)
    return argument.role;
  return argument.role + ":" + argument.name;
}

static double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now() - start)
      .count();
}

/// Bytes of memory that the process holds.
static double residentMegabytes() {
  auto status = MemoryBuffer::getFileAsStream("/proc/self/statm");
  SmallVector<StringRef> fields;
  if (status)
    (*status)->getBuffer().split(fields, ' ');
  double pages = 0;
  if (fields.size() < 2 || fields[1].getAsDouble(pages))
    return 0;
  return pages * sysconf(_SC_PAGESIZE) / 1e6;
}

/// Milliseconds a step of all threads: of the groups around matrix products,
/// around depthwise convolutions, and of the rest.
static void printParts(ArrayRef<StepTiming> timings) {
  double gemm = 0, depthwise = 0, rest = 0;
  for (const StepTiming &timing : timings) {
    StringRef label = timing.label;
    double &part = label.contains("depthwise") ? depthwise
                   : label.contains("forward") || label.contains("gradient")
                       ? gemm
                       : rest;
    part += timing.milliseconds / steps;
    if (profile)
      outs() << format("%4d %4d x %-4d %9.3f ms  ", (int)timing.phase,
                       (int)timing.tiles, (int)timing.blocks,
                       timing.milliseconds / steps)
             << timing.group << " " << label << "\n";
  }
  outs() << "part gemm " << gemm << " ms\npart depthwise " << depthwise
         << " ms\npart rest " << rest << " ms\n";
}

static Error runStep() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(input, &context);
  if (!module)
    return createStringError("'" + input + "' cannot be read");

  auto start = std::chrono::steady_clock::now();
  StepOptions options;
  options.threads = threads;
  options.cacheFolder = cacheFolder;
  options.profile = profile || timing;
  options.kernels = loops ? StepKernels::Loops : StepKernels::Library;
  Expected<std::unique_ptr<CompiledStep>> step =
      CompiledStep::compile(*module, options);
  if (!step)
    return step.takeError();
  if (timing)
    outs() << format("compile %.3f ms, ", millisecondsSince(start))
           << ((*step)->isFromCache() ? "cached" : "not cached") << ", arena "
           << (*step)->arenaBytes() << " bytes\n";
  if (!(*step)->hasFunction(function))
    return createStringError("there is no function '" + function + "'");

  std::vector<NamedArray> given;
  if (!arguments.empty()) {
    Expected<std::vector<NamedArray>> read = readSafetensors(arguments);
    if (!read)
      return read.takeError();
    given = std::move(*read);
  }
  std::vector<NamedArray> arrays;
  std::vector<void *> buffers;
  for (const StepArgument &argument : (*step)->arguments(function)) {
    if (list)
      outs() << keyOf(argument) << " " << kindName(argument.kind) << " "
             << shapeText(argument.shape) << "\n";
    std::string key = keyOf(argument);
    auto found = find_if(given, [&](auto &one) { return one.name == key; });
    if (found == given.end()) {
      arrays.push_back({key, NdArray::zeros(argument.kind, argument.shape)});
      continue;
    }
    if (found->array.kind() != argument.kind ||
        found->array.shape() != ArrayRef<int64_t>(argument.shape))
      return createStringError("'" + key + "' must be " +
                               kindName(argument.kind) + " " +
                               shapeText(argument.shape) + ", but is " +
                               kindName(found->array.kind()) + " " +
                               shapeText(found->array.shape()));
    arrays.push_back(std::move(*found));
    given.erase(found);
  }
  if (!given.empty())
    return createStringError("no argument is called '" + given[0].name + "'");
  for (NamedArray &array : arrays)
    buffers.push_back(array.array.bytes().data());

  std::vector<double> times;
  double before = residentMegabytes();
  for (unsigned index = 0; index < steps; ++index) {
    start = std::chrono::steady_clock::now();
    if (Error error = (*step)->run(function, buffers))
      return error;
    times.push_back(millisecondsSince(start));
  }
  if (timing && !times.empty()) {
    double first = times[0];
    std::sort(times.begin(), times.end());
    outs() << format("first %.4f ms, best %.4f, median %.4f\n", first, times[0],
                     times[times.size() / 2])
           << format("memory %.3f MB\n", residentMegabytes() - before);
    printParts((*step)->timings(function));
  }
  return result.empty() ? Error::success() : writeSafetensors(result, arrays);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Runs a training step on arrays\n");
  if (Error error = runStep()) {
    errs() << "error: " << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
