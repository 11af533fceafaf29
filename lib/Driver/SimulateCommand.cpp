//===- SimulateCommand.cpp - qat simulate -----------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "NetworkArrays.h"

#include "qat/Calibration/NetworkInput.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Execution/IntegerReference.h"
#include "qat/Simulator/Simulator.h"
#include "qat/Support/AtomicFile.h"
#include "qat/Support/Npy.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct SimulateOptions {
  std::string dir, input, output, json, data, dataset;
  unsigned images = 1, timeout = 300;
  bool selfTest = false;
};

/// How the board's bytes compare with the host's.
struct Comparison {
  bool equal = true;
  /// The first difference: "layer 'conv1' of input 3".
  std::string where;
};
} // namespace

/// The form-I module beside the C: the one .mlirbc file of the folder.
static Expected<std::string> findModule(StringRef dir) {
  std::string found;
  std::error_code ec;
  for (sys::fs::directory_iterator it(dir, ec), end; it != end && !ec;
       it.increment(ec))
    if (StringRef(it->path()).ends_with(".mlirbc"))
      found = it->path();
  if (ec)
    return createStringError("cannot read '" + dir + "': " + ec.message());
  if (found.empty())
    return createStringError("'" + dir +
                             "' has no .mlirbc file; it is not a folder that "
                             "`qat deploy` wrote");
  return found;
}

/// Fixed bytes for runs without an input: the same on every machine.
static std::vector<uint8_t> makePattern(const TensorInfo &input) {
  std::vector<uint8_t> bytes(
      NdArray::zeros(input.kind, input.shape).byteSize());
  uint32_t state = 1;
  for (uint8_t &byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = state >> 24;
  }
  return bytes;
}

static std::vector<uint8_t> toBytes(const NdArray &array) {
  return std::vector<uint8_t>(array.bytes().begin(), array.bytes().end());
}

static Expected<std::vector<std::vector<uint8_t>>>
readInputs(ModuleOp module, const SimulateOptions &options,
           const TensorInfo &input) {
  std::vector<std::vector<uint8_t>> result;
  if (!options.input.empty()) {
    Expected<std::vector<NdArray>> arrays =
        readNetworkInputs(options.input, input);
    if (!arrays)
      return arrays.takeError();
    for (const NdArray &array : *arrays)
      result.push_back(toBytes(array));
    return result;
  }
  if (options.data.empty()) {
    result.push_back(makePattern(input));
    return result;
  }
  Expected<std::optional<Preprocessing>> preprocessing =
      getPreprocessing(module);
  if (!preprocessing)
    return preprocessing.takeError();
  Expected<std::unique_ptr<Dataset>> data = openDataset(
      options.dataset.empty() ? guessDataset(options.data) : options.dataset,
      options.data);
  if (!data)
    return data.takeError();
  for (size_t index :
       spreadIndices((*data)->size(), std::max(1u, options.images))) {
    Expected<Sample> sample = (*data)->get(index);
    if (!sample)
      return sample.takeError();
    Expected<NdArray> array = makeNetworkInput(
        *sample, preprocessing->value_or(Preprocessing()), input);
    if (!array)
      return array.takeError();
    result.push_back(toBytes(*array));
  }
  return result;
}

static Expected<Comparison>
compareWithHost(const IntegerReference &reference,
                ArrayRef<std::vector<uint8_t>> inputs,
                const SimulationResult &result) {
  Comparison comparison;
  auto differ = [&](const Twine &what, size_t input) {
    comparison.equal = false;
    comparison.where = (what + " of input " + Twine(input + 1)).str();
    return comparison;
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::vector<uint8_t> output;
    std::vector<std::vector<uint8_t>> layers;
    if (Error error = reference.run(inputs[i], output, layers))
      return std::move(error);
    for (auto [layer, found] :
         llvm::zip(result.layers, result.layerOutputs[i])) {
      if (layer.moduleLayer >= layers.size())
        return createStringError("the project has a layer '" + layer.name +
                                 "' that its .mlirbc lacks; deploy it anew");
      if (layers[layer.moduleLayer] != found)
        return differ("layer '" + Twine(layer.name) + "'", i);
    }
    if (output != result.outputs[i])
      return differ("the output", i);
  }
  return comparison;
}

static json::Value toJson(const SimulationResult &result, bool equal) {
  json::Array layers;
  for (const SimulatedLayer &layer : result.layers)
    layers.push_back(json::Object{
        {"name", layer.name},
        {"kind", layer.kind},
        {"macs", static_cast<int64_t>(layer.macs)},
        {"instructions", static_cast<int64_t>(layer.instructions)}});
  auto number = [](uint64_t value) { return static_cast<int64_t>(value); };
  return json::Object{
      {"target", result.target},
      {"output_equal_to_host", equal},
      {"instructions", number(result.instructions)},
      {"layers", std::move(layers)},
      {"flash", json::Object{{"code", number(result.flash.code)},
                             {"weights", number(result.flash.weights)},
                             {"other", number(result.flash.other)}}},
      {"ram", json::Object{{"arena", number(result.ram.arena)},
                           {"stack", number(result.ram.stack)},
                           {"other", number(result.ram.other)}}}};
}

static void printTable(const SimulationResult &result, size_t inputs,
                       raw_ostream &os) {
  size_t width = 5;
  for (const SimulatedLayer &layer : result.layers)
    width = std::max(width, layer.name.size());
  os << left_justify("layer", width)
     << "  kind                    MACs  instructions  instr/MAC\n";
  for (const SimulatedLayer &layer : result.layers) {
    os << left_justify(layer.name, width) << "  "
       << left_justify(layer.kind, 16)
       << format("%12llu  %12llu", static_cast<unsigned long long>(layer.macs),
                 static_cast<unsigned long long>(layer.instructions));
    if (layer.macs)
      os << format("  %9.2f", static_cast<double>(layer.instructions) /
                                  static_cast<double>(layer.macs));
    os << "\n";
  }
  os << formatv("total instructions {0} on {1}\n", result.instructions,
                result.target)
     << formatv("flash {0} bytes (code {1}, weights {2}, other {3})\n",
                result.flash.code + result.flash.weights + result.flash.other,
                result.flash.code, result.flash.weights, result.flash.other)
     << formatv("RAM   {0} bytes (arena {1}, stack {2}, other {3})\n",
                result.ram.arena + result.ram.stack + result.ram.other,
                result.ram.arena, result.ram.stack, result.ram.other)
     << formatv("every layer equals the host's on {0} input(s)\n", inputs);
}

static Error writeOutputs(const SimulationResult &result,
                          const TensorInfo &output, StringRef path) {
  SmallVector<int64_t, 4> shape = output.shape;
  shape[0] *= static_cast<int64_t>(result.outputs.size());
  NdArray array = NdArray::zeros(output.kind, shape);
  auto *place = array.bytes().begin();
  for (const std::vector<uint8_t> &bytes : result.outputs)
    place = std::copy(bytes.begin(), bytes.end(), place);
  return writeNpy(path, array);
}

static Error selfTest(CommandLine &line, const SimulateOptions &options) {
  SimulationOptions simulation;
  simulation.dir = options.dir;
  simulation.timeout = options.timeout;
  Expected<std::string> layer = runSelfTest(simulation);
  if (!layer)
    return layer.takeError();
  if (!layer->empty())
    return createStringError("the self-test fails: layer '" + *layer +
                             "' is the first that does not compute what was "
                             "compiled");
  if (!line.isQuiet())
    outs() << "the self-test passes: every layer computes what was compiled\n";
  return Error::success();
}

static Error simulateProject(CommandLine &line,
                             const SimulateOptions &options) {
  if (Error error = checkDatasetName(options.dataset))
    return error;
  if (options.selfTest)
    return selfTest(line, options);
  Expected<std::string> path = findModule(options.dir);
  if (!path)
    return path.takeError();
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(*path);
  if (!module)
    return module.takeError();
  Expected<std::unique_ptr<IntegerReference>> reference =
      IntegerReference::get(**module);
  if (!reference)
    return reference.takeError();
  Expected<std::vector<std::vector<uint8_t>>> inputs =
      readInputs(**module, options, (*reference)->input());
  if (!inputs)
    return inputs.takeError();

  SimulationOptions simulation;
  simulation.dir = options.dir;
  simulation.inputs = *inputs;
  simulation.layers = true;
  simulation.timeout = options.timeout;
  Expected<SimulationResult> result = simulate(simulation);
  if (!result)
    return result.takeError();
  Expected<Comparison> comparison =
      compareWithHost(**reference, *inputs, *result);
  if (!comparison)
    return comparison.takeError();

  if (!options.output.empty())
    if (Error error =
            writeOutputs(*result, (*reference)->output(), options.output))
      return error;
  if (!options.json.empty())
    if (Error error = writeFileAtomically(options.json, [&](raw_ostream &os) {
          os << formatv("{0:2}\n", toJson(*result, comparison->equal));
        }))
      return error;
  if (!comparison->equal)
    return createStringError(comparison->where +
                             " differs between the simulated board and the "
                             "host; is '" +
                             options.dir + "' as `qat deploy` wrote it?");
  if (!line.isQuiet() && options.json != "-")
    printTable(*result, inputs->size(), outs());
  return Error::success();
}

int mlir::qat::runSimulate(CommandLine &line) {
  SimulateOptions options;
  cl::OptionCategory &category = line.category();
  cl::opt<std::string, true> dir(cl::Positional, cl::Required, cl::desc("DIR"),
                                 cl::cat(category), cl::location(options.dir));
  cl::opt<std::string, true> input(
      "input", cl::value_desc("x.npy"), cl::cat(category),
      cl::location(options.input),
      cl::desc("Inputs, one or a batch: integers as the network takes them, or "
               "real values (default: one fixed pattern)"));
  cl::opt<std::string, true> data(
      "data", cl::value_desc("path"), cl::cat(category),
      cl::location(options.data),
      cl::desc("Take the inputs from this data set instead"));
  cl::opt<std::string, true> dataset(
      "dataset", cl::cat(category), cl::location(options.dataset),
      cl::desc("Kind of --data (default: told by the path)"));
  cl::opt<unsigned, true> images(
      "images", cl::cat(category), cl::location(options.images), cl::init(1),
      cl::desc("How many images of --data, spread evenly (default 1)"));
  cl::opt<std::string, true> output(
      "output", cl::value_desc("y.npy"), cl::cat(category),
      cl::location(options.output), cl::desc("Write the board's outputs"));
  cl::opt<std::string, true> json("json", cl::value_desc("file"),
                                  cl::cat(category), cl::location(options.json),
                                  cl::desc("Write the figures as JSON"));
  cl::opt<unsigned, true> timeout(
      "timeout", cl::cat(category), cl::location(options.timeout),
      cl::init(300),
      cl::desc("Seconds that a run under QEMU may take (default 300)"));
  cl::opt<bool, true> selfTestOption(
      "selftest", cl::cat(category), cl::location(options.selfTest),
      cl::desc(
          "Run the project's self-test (`qat deploy --with-test`) instead"));
  if (!line.parse("builds a C project, runs it on a simulated board and "
                  "compares every layer with the host"))
    return kWrongUsage;
  return line.finish(simulateProject(line, options));
}
