//===- Build.cpp - programs for a simulated board -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Build.h"

#include "Image.h"
#include "Process.h"
#include "qat/Runtime/RuntimeSources.h"
#include "qat/Support/AtomicFile.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static Error writeText(StringRef path, StringRef text) {
  return writeFileAtomically(path, [&](raw_ostream &os) { os << text; });
}

/// The first line of a compiler's output that reports an error, or the first.
static std::string getFirstError(StringRef log) {
  SmallVector<StringRef> lines;
  SplitString(log, lines, "\n");
  for (StringRef word :
       {"error:", "Error:", "undefined reference", "overflowed", "ld:"})
    for (StringRef line : lines)
      if (line.contains(word))
        return line.trim().str();
  return lines.empty() ? "it gave no reason" : lines.front().trim().str();
}

namespace {
/// Compiles and links. Objects of the harness are board_*.o: the linker script
/// tells them from the network's by that.
class ProjectBuilder {
public:
  ProjectBuilder(StringRef dir, StringRef buildDir, const Board &board,
                 StringRef compiler)
      : dir(dir), buildDir(buildDir), boardDir(joinPath(buildDir, "board")),
        board(board), compiler(compiler) {}

  Error writeBoardFiles() {
    if (std::error_code reason = sys::fs::create_directories(boardDir))
      return createStringError("cannot create the folder '" + boardDir +
                               "': " + reason.message());
    for (StringRef name : getRuntimeSourceNames())
      if (StringRef file = name; file.consume_front("boards/"))
        if (Error error =
                writeText(joinPath(boardDir, file), *getRuntimeSource(name)))
          return error;
    return Error::success();
  }

  /// Plans the compilation of `source` into `object`.
  void compile(StringRef source, const Twine &object,
               ArrayRef<std::string> extra = {}) {
    Command command;
    command.arguments = getCommandStart();
    append_range(command.arguments,
                 std::vector<std::string>{"-std=c99", "-O2",
                                          "-ffunction-sections",
                                          "-fdata-sections", "-I", dir});
    append_range(command.arguments, extra);
    std::string path = joinPath(buildDir, object);
    command.log = path + ".log";
    append_range(command.arguments,
                 std::vector<std::string>{"-c", source.str(), "-o", path});
    commands.push_back(std::move(command));
    sources.push_back(source.str());
    objects.push_back(path);
  }

  /// Plans the linking of `program` out of `objects`.
  void link(StringRef program, ArrayRef<std::string> objects) {
    Command command;
    command.arguments = getCommandStart();
    append_range(command.arguments,
                 std::vector<std::string>{
                     "-nostartfiles", "-L", buildDir, "-L", boardDir, "-T",
                     "memory.ld", "-Wl,--gc-sections", "-Wl,--strip-debug"});
    append_range(command.arguments, objects);
    append_range(command.arguments,
                 std::vector<std::string>{"-o", program.str()});
    command.log = program.str() + ".log";
    commands.push_back(std::move(command));
    sources.push_back(program.str());
  }

  /// Carries out what was planned. Logs of what went well are removed.
  Error run() {
    Expected<std::vector<int>> statuses = runAll(commands);
    if (!statuses)
      return statuses.takeError();
    Error failure = Error::success();
    for (size_t i = 0; i < commands.size(); ++i) {
      if ((*statuses)[i] == 0)
        sys::fs::remove(commands[i].log);
      else if (!failure)
        failure = createStringError(
            "'" + sys::path::filename(compiler) + "' failed on '" + sources[i] +
            "': " + getFirstError(readText(commands[i].log)));
    }
    commands.clear();
    sources.clear();
    return failure;
  }

  std::vector<std::string> objects;

private:
  std::vector<std::string> getCommandStart() const {
    SmallVector<StringRef> flags;
    SplitString(board.flags, flags);
    std::vector<std::string> arguments = {compiler};
    for (StringRef flag : flags)
      arguments.push_back(flag.str());
    return arguments;
  }

  std::string dir, buildDir, boardDir;
  const Board &board;
  std::string compiler;
  std::vector<Command> commands;
  std::vector<std::string> sources;
};
} // namespace

/// How the harness calls the network `name`.
static std::string getNetworkHeader(StringRef name) {
  std::string text;
  raw_string_ostream os(text);
  os << "#include \"" << name << ".h\"\n"
     << "#define QAT_NETWORK_RUN " << name << "_run\n"
     << "#define QAT_NETWORK_INPUT " << name << "_input_t\n"
     << "#define QAT_NETWORK_OUTPUT " << name << "_output_t\n";
  // The prefix of the macros is the name as it is, or in capitals.
  for (const std::string &prefix : {name.str(), name.upper()})
    os << "#ifdef " << prefix << "_ARENA_CALLER\n"
       << "#define QAT_NETWORK_RAM_BYTES " << prefix << "_RAM_BYTES\n"
       << "#endif\n";
  os << "int " << name << "_selftest(void);\n"
     << "const char *" << name << "_selftest_layer(int result);\n"
     << "#define QAT_NETWORK_SELFTEST " << name << "_selftest\n"
     << "#define QAT_NETWORK_SELFTEST_LAYER " << name << "_selftest_layer\n";
  return text;
}

/// The C files of the project's folder `qat-rt`, sorted.
static std::vector<std::string> getKernelSources(StringRef dir) {
  std::vector<std::string> sources;
  std::error_code reason;
  for (sys::fs::directory_iterator it(joinPath(dir, "qat-rt"), reason), end;
       it != end && !reason; it.increment(reason))
    if (sys::path::extension(it->path()) == ".c")
      sources.push_back(it->path());
  llvm::sort(sources);
  return sources;
}

/// Writes the board's files and plans what every program of the project needs:
/// start-up code, `harness` and kernels.
static Error planCommon(ProjectBuilder &builder, StringRef dir,
                        StringRef buildDir, StringRef name, StringRef harness) {
  if (Error error = builder.writeBoardFiles())
    return error;
  std::string boardDir = joinPath(buildDir, "board");
  if (Error error =
          writeText(joinPath(boardDir, "network.h"), getNetworkHeader(name)))
    return error;
  for (StringRef source :
       {StringRef("startup.c"), StringRef("semihosting.c"), harness})
    builder.compile(joinPath(boardDir, source),
                    "board_" + sys::path::stem(source) + ".o",
                    {"-ffreestanding", "-fno-tree-loop-distribute-patterns"});
  for (const std::string &source : getKernelSources(dir))
    builder.compile(source, "runtime_" + sys::path::stem(source) + ".o");
  return Error::success();
}

/// Writes the linker script for a program of `network` and `harness` (objects):
/// where weights and arena have to go depends on their sizes.
static Error writeLinkerScript(StringRef buildDir, const Board &board,
                               StringRef network, StringRef harness) {
  Expected<ImageSizes> sizes = measureImage(joinPath(buildDir, network));
  if (!sizes)
    return sizes.takeError();
  Expected<ImageSizes> harnessSizes = measureImage(joinPath(buildDir, harness));
  if (!harnessSizes)
    return harnessSizes.takeError();
  return writeText(
      joinPath(buildDir, "memory.ld"),
      getLinkerScript(board, sizes->weights + sizes->constants,
                      sizes->arena + sizes->variables + harnessSizes->arena));
}

Expected<std::string> mlir::qat::buildSelfTest(StringRef dir,
                                               StringRef buildDir,
                                               const Manifest &manifest,
                                               const Board &board,
                                               StringRef compiler) {
  ProjectBuilder builder(dir, buildDir, board, compiler);
  const std::string &name = manifest.name;
  std::string source = joinPath(dir, name + "_selftest.c");
  if (!sys::fs::exists(source))
    return createStringError("'" + dir +
                             "' has no self-test; `qat deploy --with-test` "
                             "writes one");
  if (Error error = planCommon(builder, dir, buildDir, name, "selftest.c"))
    return std::move(error);
  builder.compile(source, "network_selftest.o");
  std::vector<std::string> objects = builder.objects;
  if (Error error = builder.run())
    return std::move(error);
  if (Error error = writeLinkerScript(buildDir, board, "network_selftest.o",
                                      "board_selftest.o"))
    return std::move(error);
  std::string program = joinPath(buildDir, name + "-selftest.elf");
  builder.link(program, objects);
  if (Error error = builder.run())
    return std::move(error);
  return program;
}

Expected<BuiltPrograms>
mlir::qat::buildPrograms(StringRef dir, StringRef buildDir,
                         const Manifest &manifest, const Board &board,
                         StringRef compiler, bool withLayers) {
  ProjectBuilder builder(dir, buildDir, board, compiler);
  std::string boardDir = joinPath(buildDir, "board");
  const std::string &name = manifest.name;
  if (Error error = planCommon(builder, dir, buildDir, name, "harness.c"))
    return std::move(error);
  std::vector<std::string> common = builder.objects;

  std::string source = joinPath(dir, name + ".c");
  builder.compile(source, "network_plain.o");
  builder.compile(source, "network_marked.o",
                  {"-include", joinPath(boardDir, "after_layer_mark.h")});
  if (withLayers)
    builder.compile(source, "network_layers.o",
                    {"-include", joinPath(boardDir, "after_layer_write.h")});
  if (Error error = builder.run())
    return std::move(error);

  if (Error error = writeLinkerScript(buildDir, board, "network_plain.o",
                                      "board_harness.o"))
    return std::move(error);

  BuiltPrograms programs;
  auto link = [&](StringRef variant, StringRef suffix) {
    std::string program = joinPath(buildDir, name + suffix + ".elf");
    std::vector<std::string> objects = common;
    objects.push_back(joinPath(buildDir, "network_" + variant + ".o"));
    builder.link(program, objects);
    return program;
  };
  programs.plain = link("plain", "");
  programs.marked = link("marked", "-marked");
  if (withLayers)
    programs.layers = link("layers", "-layers");
  if (Error error = builder.run())
    return std::move(error);
  return programs;
}
