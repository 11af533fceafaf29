//===- GoldenMemory.cpp - goldens of the memory-driven assignment ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qat-golden-memory FILE [--quiet]: assigns bits in every case of a golden file
// (memory_driven_shared.json or another of its format) under both policies and
// compares every member of its result. One line a case and policy; with
// --quiet failures alone. The last line is `N passed, N failed, N skipped`.
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/AssignPrecision.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static cl::opt<std::string> input(cl::Positional, cl::Required,
                                  cl::desc("FILE.json"));
static cl::opt<bool> isQuiet("quiet", cl::desc("Print failures alone"));

/// The architectures by name; an error names what is not as it should be.
static Expected<StringMap<PrecisionNetwork>>
readArchitectures(const json::Object &file) {
  StringMap<PrecisionNetwork> networks;
  const json::Array *list = file.getArray("architectures");
  if (!list)
    return createStringError("'architectures' is not a list");
  for (const json::Value &value : *list) {
    const json::Object *architecture = value.getAsObject();
    std::optional<StringRef> name =
        architecture ? architecture->getString("name") : std::nullopt;
    const json::Array *rows =
        architecture ? architecture->getArray("layers") : nullptr;
    if (!name || !rows || rows->empty())
      return createStringError("an architecture has no name or no layers");
    SmallVector<ChainLayer> layers;
    for (const json::Value &row : *rows) {
      const json::Array *numbers = row.getAsArray();
      SmallVector<int64_t> values;
      if (numbers)
        for (const json::Value &number : *numbers)
          if (std::optional<int64_t> whole = number.getAsInteger())
            values.push_back(*whole);
      if (values.size() != 4)
        return createStringError("a layer of '" + *name +
                                 "' is not four whole numbers");
      layers.push_back({values[0], values[1], values[2], values[3]});
    }
    networks[*name] = makeChain(layers);
  }
  return networks;
}

static json::Value toBytes(int64_t bits) {
  return static_cast<double>(bits) / 8;
}

/// The outcome with every member that a golden may have.
static json::Object describe(const AssignmentOptions &options,
                             const Assignment &assignment) {
  std::string activations, weights, schemes, folds;
  for (unsigned bits : assignment.gridBits)
    activations += std::to_string(bits);
  for (const auto &given : assignment.weights) {
    weights += std::to_string(given->bits);
    schemes += isPerChannel(given->scheme) ? "C" : "P";
    folds += given->fold == FoldType::FoldingWeights ? "W" : "I";
  }
  json::Object result{{"status", stringifyAssignmentStatus(assignment.status)},
                      {"a", activations},
                      {"ram", toBytes(assignment.peakBits())}};
  if (assignment.status == AssignmentStatus::FailActivation) {
    int64_t need = assignment.stepBits[assignment.failedStep];
    result["layer"] = assignment.failedStep;
    result["need"] = toBytes(need);
    result["excess"] = toBytes(need - 8 * options.ramBytes);
    return result;
  }
  result["w"] = weights;
  result["q"] = schemes;
  result["fold"] = folds;
  result["rom"] = toBytes(assignment.romBits);
  result["rom_weights"] = toBytes(assignment.romWeightBits());
  result["rom_extra"] = assignment.romExtraBytes();
  result["rom_iterations"] = assignment.romEvaluations;
  if (assignment.status == AssignmentStatus::FailWeights)
    result["excess"] = toBytes(assignment.romBits - 8 * options.romBytes);
  return result;
}

/// What differs, in the order of names; empty where nothing does.
static std::string compare(const json::Object &expected,
                           const json::Object &got) {
  std::string differences;
  raw_string_ostream os(differences);
  std::vector<StringRef> members;
  for (const auto &member : expected)
    members.push_back(member.first);
  sort(members);
  for (StringRef member : members) {
    const json::Value &want = *expected.get(member);
    const json::Value *is = got.get(member);
    bool isEqual = is && want == *is;
    // 57 and 57.0 are one number.
    if (is && want.getAsNumber() && is->getAsNumber())
      isEqual = *want.getAsNumber() == *is->getAsNumber();
    if (!isEqual)
      os << " " << member << " " << (is ? *is : json::Value(nullptr))
         << " instead of " << want;
  }
  return differences;
}

static Expected<bool> runFile() {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(input);
  if (!buffer)
    return createStringError("cannot read: " + buffer.getError().message());
  Expected<json::Value> file = json::parse((*buffer)->getBuffer());
  if (!file)
    return file.takeError();
  const json::Object *object = file->getAsObject();
  const json::Array *cases = object ? object->getArray("cases") : nullptr;
  if (!cases)
    return createStringError("'cases' is not a list");
  Expected<StringMap<PrecisionNetwork>> networks = readArchitectures(*object);
  if (!networks)
    return networks.takeError();
  int64_t passed = 0, failed = 0;
  for (const json::Value &value : *cases) {
    const json::Object *item = value.getAsObject();
    if (!item)
      return createStringError("a case is not an object");
    AssignmentOptions options;
    std::optional<StringRef> name = item->getString("net");
    std::optional<AssignmentMode> mode =
        symbolizeAssignmentMode(item->getString("mode").value_or(""));
    std::optional<int64_t> rom = item->getInteger("rom"),
                           ram = item->getInteger("ram");
    const json::Object *reference = item->getObject("reference");
    const json::Object *consistent = item->getObject("consistent");
    if (!consistent && item->getString("consistent") == StringRef("same"))
      consistent = reference;
    if (!name || !networks->count(*name) || !mode || !rom || !ram ||
        !reference || !consistent)
      return createStringError(
          "a case has no known net, rom, ram, mode or result");
    options.romBytes = *rom;
    options.ramBytes = *ram;
    options.mode = *mode;
    for (auto [policy, expected] :
         {std::pair(AssignmentPolicy::Reference, reference),
          {AssignmentPolicy::Consistent, consistent}}) {
      options.policy = policy;
      std::string differences = compare(
          *expected,
          describe(options, assignPrecision((*networks)[*name], options)));
      ++(differences.empty() ? passed : failed);
      if (!isQuiet || !differences.empty())
        outs() << (differences.empty() ? "passed " : "FAILED ") << *name << " ["
               << *rom << "," << *ram << "] " << stringifyAssignmentMode(*mode)
               << " " << stringifyAssignmentPolicy(policy)
               << (differences.empty() ? "" : ":") << differences << "\n";
    }
  }
  // A file without cases would pass whatever the assignment does.
  if (passed + failed == 0)
    return createStringError("the file has no cases");
  outs() << passed << " passed, " << failed << " failed, 0 skipped\n";
  return failed == 0;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "memory-driven goldens\n");
  Expected<bool> good = runFile();
  if (good)
    return *good ? 0 : 1;
  errs() << "qat-golden-memory: error: '" << input
         << "': " << toString(good.takeError()) << "\n";
  return 1;
}
