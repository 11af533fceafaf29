//===- Simulator.cpp - a generated project on a simulated board -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Simulator/Simulator.h"

#include "Boards.h"
#include "Build.h"
#include "Image.h"
#include "Manifest.h"
#include "Process.h"
#include "qat/Support/AtomicFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <cctype>

using namespace llvm;
using namespace mlir::qat;

std::vector<std::string> mlir::qat::getSimulatedTargets() {
  std::vector<std::string> targets;
  for (const Board &board : getBoards())
    targets.push_back(board.target.str());
  return targets;
}

static Expected<std::string> findPlugin(StringRef asked) {
  std::string path = asked.str();
  if (path.empty())
    path = sys::Process::GetEnv("QAT_QEMU_PLUGIN").value_or("");
  if (path.empty()) {
    static int anchor;
    SmallString<128> folder(
        sys::fs::getMainExecutable("qat", static_cast<void *>(&anchor)));
    sys::path::remove_filename(folder);
    sys::path::append(folder, "..");
    for (StringRef lib : {QAT_LIBDIR, "lib"}) {
      path = joinPath(joinPath(folder, lib), QAT_PLUGIN_NAME);
      if (sys::fs::exists(path))
        break;
    }
  }
  if (!sys::fs::exists(path))
    return createStringError(
        "'" + path +
        "', the QEMU plugin that counts instructions, does not exist; build "
        "the target 'qat-qemu-count' or give its path in QAT_QEMU_PLUGIN");
  SmallString<128> absolute(path);
  sys::fs::make_absolute(absolute);
  return absolute.str().str();
}

namespace {
/// One project on its board.
class Simulation {
public:
  Simulation(const SimulationOptions &options, const Manifest &manifest,
             const Board &board, StringRef buildDir, StringRef qemu,
             StringRef plugin)
      : options(options), manifest(manifest), board(board), buildDir(buildDir),
        qemu(qemu), plugin(plugin) {}

  /// Runs `program` on the inputs given. Fills `report` with the line that the
  /// harness ends with.
  Error run(StringRef program, ArrayRef<std::vector<uint8_t>> inputs);

  /// Executed instructions of each region, those of the last run.
  std::vector<uint64_t> readRegions() const;

  Error writeInputs(ArrayRef<std::vector<uint8_t>> inputs) const;
  Expected<std::vector<std::vector<uint8_t>>> readOutputs(size_t count) const;
  Expected<std::vector<std::vector<std::vector<uint8_t>>>>
  readLayers(size_t inputs) const;

  /// The harness's last line.
  StringRef getReport() const { return report; }
  /// The number behind `word` in the harness's last line.
  uint64_t getReported(StringRef word) const;

  bool isMarked = false;

private:
  std::string describePlace() const;
  Error explain(StringRef program, RunStatus status, StringRef console) const;

  const SimulationOptions &options;
  const Manifest &manifest;
  const Board &board;
  std::string buildDir, qemu, plugin;
  std::string report;
};
} // namespace

/// The rest of the first line of `text` that starts with `prefix`.
static std::string findLine(StringRef text, StringRef prefix) {
  for (StringRef line : split(text, '\n'))
    if (line.consume_front(prefix))
      return line.trim().str();
  return {};
}

static uint64_t getNumberBehind(StringRef line, StringRef word) {
  SmallVector<StringRef> words;
  SplitString(line, words);
  uint64_t number = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == word && words[i + 1].getAsInteger(0, number))
      return 0;
    else if (words[i] == word)
      return number;
  return 0;
}

uint64_t Simulation::getReported(StringRef word) const {
  return getNumberBehind(report, word);
}

std::vector<uint64_t> Simulation::readRegions() const {
  std::vector<uint64_t> regions;
  std::string text = readText(joinPath(buildDir, "counts.txt"));
  for (StringRef line : split(StringRef(text).trim(), '\n')) {
    uint64_t count = 0;
    if (!line.getAsInteger(10, count))
      regions.push_back(count);
  }
  return regions;
}

/// Where a run with marks has come to an end: " in layer 'conv2'".
std::string Simulation::describePlace() const {
  // The first mark comes before the first layer.
  size_t marks = readRegions().size();
  if (!isMarked || marks == 0 || marks > manifest.layers.size())
    return {};
  return " in layer '" + manifest.layers[marks - 1].name + "'";
}

Error Simulation::explain(StringRef program, RunStatus status,
                          StringRef console) const {
  std::string network = "'" + manifest.name + "'";
  std::string place = describePlace();
  if (status.timedOut)
    return createStringError(network + " did not end within " +
                             Twine(options.timeout) + " s" + place +
                             "; a longer timeout helps if it only is slow");
  if (std::string fault = findLine(console, "qat: fault "); !fault.empty()) {
    if (StringRef(fault).contains("stack-overflow"))
      return createStringError(network + " ran over the end of the stack" +
                               place + "; its kernels need more than 64 kB");
    uint64_t pc = getNumberBehind(fault, "pc");
    std::string function = findFunction(program, pc);
    if (!function.empty())
      function = " in function '" + function + "'";
    return createStringError(network + " stopped with a processor fault" +
                             place + function + " (" + fault +
                             "); the program is '" + program + "'");
  }
  if (std::string line = findLine(console, "qat: status "); !line.empty())
    return createStringError("'" + manifest.name + "_run' returned " + line);
  if (std::string line = findLine(console, "qat: "); !line.empty())
    return createStringError("the simulation failed: " + line);
  std::string reason = findLine(console, "qemu");
  return createStringError(
      "'" + sys::path::filename(qemu) + "' failed on '" + program + "'" +
      place + ": " +
      (reason.empty() ? "status " + std::to_string(status.status) : reason));
}

Error Simulation::run(StringRef program,
                      ArrayRef<std::vector<uint8_t>> inputs) {
  if (Error error = writeInputs(inputs))
    return error;
  Expected<uint64_t> mark = findSymbol(program, "qat_board_mark");
  if (!mark)
    return mark.takeError();
  for (StringRef stale : {"counts.txt", "output.bin", "layers.bin"})
    sys::fs::remove(joinPath(buildDir, stale));
  // In an option of QEMU a comma is doubled.
  std::string escaped;
  for (char c : plugin)
    escaped += c == ',' ? ",," : std::string(1, c);
  Command command;
  command.arguments = {qemu,
                       "-machine",
                       board.machine.str(),
                       "-display",
                       "none",
                       "-monitor",
                       "none",
                       "-serial",
                       "null",
                       "-semihosting-config",
                       "enable=on,target=native",
                       "-kernel",
                       sys::path::filename(program).str(),
                       "-plugin",
                       escaped + ",mark=0x" + utohexstr(*mark) +
                           ",out=counts.txt"};
  command.log = joinPath(buildDir, "console.txt");
  Expected<RunStatus> status = runIn(buildDir, command, options.timeout);
  if (!status)
    return status.takeError();
  std::string console = readText(command.log);
  report = findLine(console, "qat: done ");
  if (status->status != 0 || status->timedOut || report.empty())
    return explain(program, *status, console);
  return Error::success();
}

Error Simulation::writeInputs(ArrayRef<std::vector<uint8_t>> inputs) const {
  return writeFileAtomically(
      joinPath(buildDir, "input.bin"), [&](raw_ostream &os) {
        for (const std::vector<uint8_t> &input : inputs) {
          std::vector<uint8_t> bytes = manifest.input.pack(input);
          os.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        }
      });
}

Expected<std::vector<std::vector<uint8_t>>>
Simulation::readOutputs(size_t count) const {
  std::string bytes = readText(joinPath(buildDir, "output.bin"));
  uint64_t size = manifest.output.bytes;
  if (bytes.size() != count * size)
    return createStringError("'" + manifest.name + "' wrote " +
                             Twine(bytes.size()) +
                             " bytes of output, but its manifest says " +
                             Twine(size) + " for each of " + Twine(count) +
                             " inputs; the manifest and the header disagree");
  std::vector<std::vector<uint8_t>> outputs;
  for (size_t i = 0; i < count; ++i) {
    StringRef output = StringRef(bytes).substr(i * size, size);
    outputs.push_back(manifest.output.unpack(
        ArrayRef(output.bytes_begin(), output.bytes_end())));
  }
  return outputs;
}

Expected<std::vector<std::vector<std::vector<uint8_t>>>>
Simulation::readLayers(size_t inputs) const {
  std::string bytes = readText(joinPath(buildDir, "layers.bin"));
  StringRef rest = bytes;
  std::vector<std::vector<std::vector<uint8_t>>> result(inputs);
  for (std::vector<std::vector<uint8_t>> &layers : result)
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      uint32_t index = ~0U, size = 0;
      if (rest.size() >= 8) {
        index = support::endian::read32le(rest.data());
        size = support::endian::read32le(rest.data() + 4);
        rest = rest.drop_front(8);
      }
      if (index != i || size != manifest.layers[i].output.bytes ||
          size > rest.size())
        return createStringError(
            "'" + manifest.name + "' does not write the output of layer '" +
            manifest.layers[i].name + "' as its manifest says (" +
            Twine(manifest.layers[i].output.bytes) + " bytes)");
      layers.push_back(manifest.layers[i].output.unpack(
          ArrayRef(rest.bytes_begin(), rest.bytes_begin() + size)));
      rest = rest.drop_front(size);
    }
  return result;
}

/// Instructions of the layers. Counted with each region are the branch to the
/// mark that ends it and, with the first, the call of N_run.
static Error countLayers(ArrayRef<uint64_t> regions, const Manifest &manifest,
                         SimulationResult &result) {
  size_t count = manifest.layers.size();
  if (regions.size() < count + 2)
    return createStringError("'" + manifest.name + "' reports " +
                             Twine(std::max<size_t>(regions.size(), 2) - 2) +
                             " layers, but its manifest lists " + Twine(count));
  for (size_t i = 0; i < count; ++i) {
    const Manifest::Layer &layer = manifest.layers[i];
    uint64_t instructions = regions[i + 1] - (i == 0 ? 2 : 1);
    if (i + 1 == count)
      instructions += regions[i + 2] - 1;
    result.layers.push_back(
        {layer.name, layer.kind, layer.macs, instructions, layer.moduleLayer});
  }
  return Error::success();
}

namespace {
/// What both kinds of run need of the project and of this machine.
struct Setup {
  Manifest manifest;
  const Board *board = nullptr;
  std::string compiler, qemu, plugin, buildDir;
};
} // namespace

static Expected<Setup> prepare(const SimulationOptions &options) {
  Expected<Manifest> manifest = readManifest(options.dir);
  if (!manifest)
    return manifest.takeError();
  Setup setup;
  setup.manifest = std::move(*manifest);
  setup.board = findBoard(setup.manifest.target);
  if (!setup.board)
    return createStringError("no board is simulated for the target '" +
                             setup.manifest.target + "' of '" +
                             setup.manifest.name + "'; there is one for " +
                             join(getSimulatedTargets(), ", "));
  Expected<std::string> compiler =
      findProgram(options.compiler, "gcc-arm-none-eabi");
  if (!compiler)
    return compiler.takeError();
  Expected<std::string> qemu = findProgram(options.qemu, "qemu-system-arm");
  if (!qemu)
    return qemu.takeError();
  Expected<std::string> plugin = findPlugin(options.plugin);
  if (!plugin)
    return plugin.takeError();
  setup.compiler = *compiler;
  setup.plugin = *plugin;
  setup.buildDir = joinPath(options.dir, "build");
  if (std::error_code reason = sys::fs::create_directories(setup.buildDir))
    return createStringError("cannot create the folder '" + setup.buildDir +
                             "': " + reason.message());
  SmallString<128> qemuPath(*qemu);
  sys::fs::make_absolute(qemuPath);
  setup.qemu = qemuPath.str().str();
  return setup;
}

Expected<std::string> mlir::qat::runSelfTest(const SimulationOptions &options) {
  Expected<Setup> setup = prepare(options);
  if (!setup)
    return setup.takeError();
  Expected<std::string> program =
      buildSelfTest(options.dir, setup->buildDir, setup->manifest,
                    *setup->board, setup->compiler);
  if (!program)
    return program.takeError();
  Simulation simulation(options, setup->manifest, *setup->board,
                        setup->buildDir, setup->qemu, setup->plugin);
  if (Error error = simulation.run(*program, {}))
    return std::move(error);
  StringRef report = simulation.getReport();
  report.consume_front("selftest");
  return report.trim().str();
}

Expected<SimulationResult>
mlir::qat::simulate(const SimulationOptions &options) {
  Expected<Setup> setup = prepare(options);
  if (!setup)
    return setup.takeError();
  const Manifest *manifest = &setup->manifest;
  std::vector<std::vector<uint8_t>> inputs = options.inputs;
  if (inputs.empty())
    inputs.emplace_back(manifest->input.getValueBytes());
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].size() != manifest->input.getValueBytes())
      return createStringError("input " + Twine(i) + " has " +
                               Twine(inputs[i].size()) + " bytes, but '" +
                               manifest->name + "' takes " +
                               Twine(manifest->input.getValueBytes()));

  Expected<BuiltPrograms> programs =
      buildPrograms(options.dir, setup->buildDir, *manifest, *setup->board,
                    setup->compiler, options.layers);
  if (!programs)
    return programs.takeError();

  SimulationResult result;
  result.name = manifest->name;
  result.target = manifest->target;
  result.elf = programs->plain;
  Simulation simulation(options, *manifest, *setup->board, setup->buildDir,
                        setup->qemu, setup->plugin);

  // First the run that knows in which layer it is, should it fail.
  simulation.isMarked = true;
  if (Error error = simulation.run(programs->marked, inputs.front()))
    return std::move(error);
  if (Error error = countLayers(simulation.readRegions(), *manifest, result))
    return std::move(error);
  simulation.isMarked = false;

  if (options.layers) {
    if (Error error = simulation.run(programs->layers, inputs))
      return std::move(error);
    auto layers = simulation.readLayers(inputs.size());
    if (!layers)
      return layers.takeError();
    result.layerOutputs = std::move(*layers);
  }

  if (Error error = simulation.run(programs->plain, inputs))
    return std::move(error);
  auto outputs = simulation.readOutputs(inputs.size());
  if (!outputs)
    return outputs.takeError();
  result.outputs = std::move(*outputs);
  std::vector<uint64_t> regions = simulation.readRegions();
  if (regions.size() < 2)
    return createStringError("the plugin '" + setup->plugin +
                             "' counted nothing");
  // Without the call of N_run and the branch to the second mark.
  result.instructions = regions[1] - 2;
  result.ram.stack = simulation.getReported("stack");

  Expected<ImageSizes> sizes = measureImage(programs->plain);
  if (!sizes)
    return sizes.takeError();
  result.flash.code = sizes->code;
  result.flash.weights = sizes->weights;
  result.flash.other = sizes->constants;
  result.ram.arena = sizes->arena;
  result.ram.other = sizes->variables;
  return result;
}
