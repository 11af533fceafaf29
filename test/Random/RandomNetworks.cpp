//===- RandomNetworks.cpp - random networks, three ways -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qat-random-networks: quantizes random networks and computes every layer by
// the scalar reference, by the host's compiled code and by the emitted C, which
// have to agree to the byte. The C gets its memory from outside, so that what
// it touches can be held against what was planned. The fake-quantized layers
// are fed with the integer ones' results and have to agree but on the edges of
// steps. Frozen for training, the networks have the very weights, biases and
// scales of the fake-quantized ones.
//
//===----------------------------------------------------------------------===//

#include "FakeAgainstInteger.h"
#include "FrozenAgainstFake.h"
#include "RandomNetwork.h"
#include "ScalarInterpreter.h"

#include "qat/Execution/IntegerReference.h"
#include "qat/InitAll.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Target/C/CProject.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static cl::opt<uint64_t> firstSeed("seed", cl::init(1),
                                   cl::desc("Seed of the first network"));
static cl::opt<unsigned> networks("count", cl::init(200),
                                  cl::desc("How many networks"));
static cl::opt<std::string> compiler(
    "cc", cl::init(""),
    cl::desc("C compiler with its flags, separated by spaces (default: the C "
             "is not compiled)"));
static cl::opt<std::string> folder("dir", cl::init("."),
                                   cl::desc("Folder for the C projects"));
static cl::opt<bool>
    onlyFake("only-fake",
             cl::desc("Compare fake-quantized with integer layers alone"));
static cl::opt<bool> printText("print",
                               cl::desc("Print the networks and do no more"));

namespace {
enum class Outcome { Agrees, Refused, Failed };

/// What became of one network.
struct Verdict {
  Outcome outcome = Outcome::Agrees;
  std::string message;
};
} // namespace

static Verdict fail(const Twine &message) {
  return {Outcome::Failed, message.str()};
}

/// A refusal is an answer where a network has no integer form; these are the
/// reasons that are known to be right.
static bool isKnownRefusal(StringRef message) {
  return message.contains("the last layer's batch norm has to be folded") ||
         message.contains("step is too fine or too coarse") ||
         message.contains("outside 1..31") ||
         message.contains("batch norm does not follow");
}

static IntegerTensor makeInput(const TensorInfo &info, uint64_t seed) {
  IntegerTensor input{{info.shape.begin(), info.shape.end()}, {}};
  quant::UniformQuantizedType type = info.quantized;
  int64_t low = type.getStorageTypeMin();
  int64_t levels = type.getStorageTypeMax() - low + 1;
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (int64_t i = 0; i < input.getNumElements(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    input.values.push_back(static_cast<int32_t>(
        low + static_cast<int64_t>((state >> 33) % levels)));
  }
  return input;
}

/// Compiles the project's C with its self-test and a main function, and runs
/// it; an empty string where the C agrees.
static std::string runC(StringRef dir) {
  SmallString<256> harness(dir), program(dir), source(dir), test(dir), log(dir);
  sys::path::append(harness, "main.c");
  sys::path::append(program, "program");
  sys::path::append(source, "net.c");
  sys::path::append(test, "net_selftest.c");
  sys::path::append(log, "log.txt");
  {
    std::error_code error;
    raw_fd_ostream os(harness, error);
    // Two runs over memory of different contents: a byte that keeps both was
    // not written.
    os << R"(#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static net_input_t input;
static net_output_t output;
int main(void) {
  int code = net_selftest();
  if (code != 0) {
    printf("layer %d, '%s'", code, net_selftest_layer(code));
    return 1;
  }
  size_t size = NET_RAM_BYTES, used = 0;
  for (int fill = 0; fill < 2; ++fill) {
    unsigned char *arena = malloc(size + !size);
    memset(arena, fill ? 0xA5 : 0x5A, size);
    net_run(arena, &input, &output);
    for (size_t i = used; i < size; ++i)
      if (arena[i] != (fill ? 0xA5 : 0x5A))
        used = i + 1;
    free(arena);
  }
  printf("%zu of %zu bytes used", used, size);
  return used + 64 < size;
}
)";
  }
  SmallVector<StringRef> command;
  StringRef(compiler).split(command, ' ', -1, /*KeepEmpty=*/false);
  ErrorOr<std::string> found = sys::findProgramByName(command[0]);
  if (!found)
    return "no C compiler '" + command[0].str() + "'";
  std::string include = ("-I" + dir).str();
  command.append({include, harness, source, test});
  SmallVector<std::string> kernels;
  SmallString<256> runtime(dir);
  sys::path::append(runtime, "qat-rt");
  std::error_code error;
  for (sys::fs::directory_iterator it(runtime, error), end; it != end && !error;
       it.increment(error))
    if (StringRef(it->path()).ends_with(".c"))
      kernels.push_back(it->path());
  llvm::sort(kernels);
  command.append(kernels.begin(), kernels.end());
  command.append({"-o", program});
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  if (sys::ExecuteAndWait(*found, command, std::nullopt, redirects) != 0)
    return ("the C does not compile, see " + log).str();
  if (sys::ExecuteAndWait(program, {program}, std::nullopt, redirects,
                          /*SecondsToWait=*/60) != 0) {
    auto text = MemoryBuffer::getFile(log);
    return "the C disagrees: " +
           (text ? (*text)->getBuffer().take_front(300).str() : "");
  }
  return "";
}

static Verdict check(MLIRContext &context, uint64_t seed, FakeCounts &counts) {
  RandomNetwork network = makeRandomNetwork(seed);
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "; ";
  });
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(network.text, &context);
  if (!module)
    return fail("does not parse: " + diagnostics);
  auto run = [&](llvm::function_ref<void(OpPassManager &)> build) {
    PassManager manager(&context);
    build(manager);
    return succeeded(manager.run(*module));
  };
  auto refuse = [&] {
    return Verdict{isKnownRefusal(diagnostics) ? Outcome::Refused
                                               : Outcome::Failed,
                   diagnostics};
  };
  if (!run([&](OpPassManager &manager) {
        manager.addPass(createQatInsertQuantizers(network.options));
      }))
    return refuse();
  OwningOpRef<ModuleOp> formQ = module->clone();
  if (!run([&](OpPassManager &manager) { buildIntegerPipeline(manager); }))
    return refuse();
  std::string difference;
  Expected<FakeCounts> compared = compareFakeLayers(*formQ, seed, difference);
  if (!compared)
    return fail("fake: " + toString(compared.takeError()) + " " + diagnostics);
  counts += *compared;
  if (!difference.empty())
    return fail("fake: " + difference);
  Expected<uint64_t> frozen = compareFrozen(*formQ, seed, difference);
  if (!frozen)
    return fail("frozen: " + toString(frozen.takeError()) + " " + diagnostics);
  counts.frozen += *frozen;
  if (!difference.empty())
    return fail("frozen: " + difference);
  if (onlyFake)
    return {};

  Expected<std::unique_ptr<IntegerReference>> host =
      IntegerReference::get(*module);
  if (!host) {
    std::string reason = toString(host.takeError());
    if (StringRef(reason).contains("no integer layer computes"))
      return {Outcome::Refused, reason};
    return fail("host: " + reason + diagnostics);
  }
  SmallVector<std::string> names;
  std::vector<bool> isWide;
  module->walk([&](IntegerLayerOpInterface layer) {
    names.push_back(layer->getName().getStringRef().str());
    isWide.push_back(cast<quant::QuantizedType>(
                         cast<RankedTensorType>(layer->getResult(0).getType())
                             .getElementType())
                         .getStorageTypeIntegralWidth() > 8);
  });
  auto execute = [&](ArrayRef<uint8_t> bytes,
                     std::vector<StoredTensor> &layers) -> Error {
    IntegerTensor input{
        {(*host)->input().shape.begin(), (*host)->input().shape.end()}, {}};
    bool isSigned = (*host)->input().quantized.isSigned();
    for (uint8_t byte : bytes)
      input.values.push_back(isSigned ? static_cast<int8_t>(byte) : byte);
    Expected<std::vector<IntegerTensor>> scalar =
        interpretLayers(*module, input);
    if (!scalar)
      return scalar.takeError();
    for (auto [tensor, wide] : zip_equal(*scalar, isWide))
      layers.push_back(toBytes(tensor, wide));
    return Error::success();
  };

  for (uint64_t repeat = 0; repeat < 2; ++repeat) {
    std::vector<uint8_t> input =
        toBytes(makeInput((*host)->input(), seed + repeat), false);
    std::vector<StoredTensor> scalar, compiled;
    StoredTensor output;
    if (Error error = execute(input, scalar))
      return fail("scalar: " + toString(std::move(error)));
    if (Error error = (*host)->run(input, output, compiled))
      return fail("host: " + toString(std::move(error)));
    if (scalar.size() != compiled.size())
      return fail("host: " + Twine(compiled.size()) + " layers of " +
                  Twine(scalar.size()));
    for (size_t i = 0; i < scalar.size(); ++i)
      if (scalar[i] != compiled[i])
        return fail("host: layer " + Twine(i) + " (" + names[i] + ") differs");
  }

  CProjectOptions project;
  SmallString<256> dir(folder);
  sys::path::append(dir, "seed" + Twine(seed));
  project.dir = dir.str().str();
  project.name = "net";
  project.target = "host";
  project.arenaCaller = true;
  project.withTest = true;
  project.executeLayers = execute;
  Expected<CProjectSummary> summary = writeCProject(*module, project);
  if (!summary)
    return fail("C: " + toString(summary.takeError()) + " " + diagnostics);
  std::string reason = compiler.empty() ? "" : runC(dir);
  if (!reason.empty())
    return fail(reason);
  sys::fs::remove_directories(dir);
  return {};
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "random networks, three ways\n");
  if (printText) {
    for (uint64_t seed = firstSeed; seed < firstSeed + networks; ++seed) {
      RandomNetwork network = makeRandomNetwork(seed);
      outs() << "// type-quant=" << network.options.weightScheme
             << " batch-fold-type=" << network.options.foldType
             << " activ-rounding=" << network.options.rounding
             << " input-range=" << network.options.inputRange
             << " weight-bits=" << network.options.weightBits
             << " activ-bits=" << network.options.activationBits
             << " layer-config=" << network.options.layerConfig << "\n"
             << network.text;
    }
    return 0;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  unsigned agreed = 0, refused = 0, failed = 0;
  FakeCounts counts;
  std::map<std::string, unsigned> refusals;
  for (uint64_t seed = firstSeed; seed < firstSeed + networks; ++seed) {
    // A context a network: types and attributes are never freed.
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    Verdict verdict = check(context, seed, counts);
    agreed += verdict.outcome == Outcome::Agrees;
    refused += verdict.outcome == Outcome::Refused;
    failed += verdict.outcome == Outcome::Failed;
    if (verdict.outcome == Outcome::Refused)
      ++refusals[verdict.message];
    if (verdict.outcome == Outcome::Failed)
      outs() << "FAILED: seed " << seed << ": " << verdict.message << "\n";
    outs().flush();
  }
  for (const auto &[message, number] : refusals)
    outs() << "refused: " << number << " for: " << message << "\n";
  outs() << formatv(
      "fake: {0} of {1} elements differ by a step, at most {2:E1} "
      "of a step from its edge, {3:E1} after an add\n",
      counts.differing, counts.elements, counts.farthest, counts.farthestAdd);
  outs() << "frozen for training: " << counts.frozen << " numbers equal\n";
  outs() << agreed << " agree, " << refused << " refused, " << failed
         << " failed\n";
  return failed != 0;
}
