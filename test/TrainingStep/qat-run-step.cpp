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
// --double runs the step in double precision. --differences then adds to the
// result, as `difference:NAME`, the derivative of the loss by each element of
// each trained parameter (one with a moment): by central differences, each from
// the arguments as they were given.
//
//===----------------------------------------------------------------------===//

#include "WidenFloats.h"

#include "qat/InitAll.h"
#include "qat/Support/Safetensors.h"
#include "qat/TrainingStep/CompiledStep.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

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
static cl::opt<bool> doubles("double", cl::desc("In double precision"));
static cl::opt<double> distance(
    "differences", cl::init(0),
    cl::desc("Also differentiate numerically, this far to both sides"));
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

/// A line of /proc/self/status in MB; 0 where there is none.
static double residentMegabytes(StringRef field) {
  auto text = MemoryBuffer::getFileAsStream("/proc/self/status");
  if (!text)
    return 0;
  auto [before, after] = (*text)->getBuffer().split(field);
  unsigned kilobytes = 0;
  if (after.consume_front(":"))
    after.ltrim().consumeInteger(10, kilobytes);
  return kilobytes / 1024.0;
}

/// Lets the peak of the resident memory begin anew.
static void resetPeak() {
  std::error_code error;
  raw_fd_ostream os("/proc/self/clear_refs", error);
  os << "5";
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

/// Appends the derivatives of the loss by the trained parameters to `result`;
/// `given` are the arguments before the step.
static Error differentiate(CompiledStep &step, ArrayRef<NamedArray> given,
                           std::vector<NamedArray> &result) {
  auto find = [&](const Twine &name) {
    std::string key = name.str();
    return find_if(given, [&](auto &one) { return one.name == key; });
  };
  auto metrics = find("metrics");
  if (!doubles || metrics == given.end())
    return createStringError("differences take --double and metrics");
  for (auto [index, array] : enumerate(given)) {
    StringRef name = array.name;
    if (!name.consume_front("parameter:") ||
        find("moment1:" + name) == given.end())
      continue;
    NdArray slopes = NdArray::zeros(ElementKind::F64, array.array.shape());
    auto *values = reinterpret_cast<double *>(slopes.bytes().data());
    for (size_t place = 0; place < slopes.bytes().size() / 8; ++place)
      for (double side : {1.0, -1.0}) {
        std::vector<NdArray> arrays;
        std::vector<void *> buffers;
        for (const NamedArray &one : given) {
          arrays.push_back(NdArray::zeros(one.array.kind(), one.array.shape()));
          copy(one.array.bytes(), arrays.back().bytes().begin());
          buffers.push_back(arrays.back().bytes().data());
        }
        static_cast<double *>(buffers[index])[place] += side * distance;
        if (Error error = step.run(function, buffers))
          return error;
        values[place] +=
            side * *static_cast<double *>(buffers[metrics - given.begin()]) /
            (2 * distance);
      }
    result.push_back({("difference:" + name).str(), std::move(slopes)});
  }
  return Error::success();
}

static Error runStep() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(input, &context);
  if (!module)
    return createStringError("'" + input + "' cannot be read");

  if (doubles && mlir::failed(widenFloats(*module)))
    return createStringError("'" + input + "' cannot be widened");
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
  std::vector<NamedArray> differences;
  if (distance != 0)
    if (Error error = differentiate(**step, arrays, differences))
      return error;
  for (NamedArray &array : arrays)
    buffers.push_back(array.array.bytes().data());

  std::vector<double> times;
  double before = residentMegabytes("VmRSS");
  resetPeak();
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
           << format("memory %.3f MB\n", residentMegabytes("VmHWM") - before);
    printParts((*step)->timings(function));
  }
  std::move(differences.begin(), differences.end(), std::back_inserter(arrays));
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
