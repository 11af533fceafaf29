//===- SimulatorTest.cpp - a small project on its board -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Simulator/Simulator.h"

#include "qat/Runtime/RuntimeSources.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace llvm;
using namespace mlir::qat;

namespace {
/// A copy of Inputs/tiny with a configuration of its own.
class SimulatorTest : public testing::Test {
protected:
  void SetUp() override {
    for (StringRef program : {"arm-none-eabi-gcc", "qemu-system-arm"})
      if (!sys::findProgramByName(program))
        GTEST_SKIP() << program.str() << " is not installed";
    // A name that a shell, a compiler or QEMU could stumble over.
    ASSERT_FALSE(sys::fs::createUniqueDirectory("qat sim,", folder));
    for (StringRef name : {"tiny.json", "tiny.h", "tiny.c"}) {
      auto text = MemoryBuffer::getFile(QAT_TEST_INPUTS "/tiny/" + name);
      ASSERT_TRUE(static_cast<bool>(text));
      write(name, (*text)->getBuffer());
    }
    ASSERT_FALSE(sys::fs::create_directory(folder + "/qat-rt"));
    auto files = getRuntimeFilesForKernels(
        {{"fully_connected.c", "QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_"
                               "u8_u8_i32_unscaled, u8, u8, "
                               "i32, QAT_ACC32 | QAT_UNSCALED)"}});
    ASSERT_TRUE(static_cast<bool>(files));
    for (const RuntimeFile &file : *files)
      write("qat-rt/" + file.name, file.text);
    configure();
    options.dir = folder.str().str();
  }
  void TearDown() override { sys::fs::remove_directories(folder); }

  void write(const Twine &name, StringRef text) {
    std::error_code reason;
    raw_fd_ostream os((folder + "/" + name).str(), reason);
    ASSERT_FALSE(reason) << reason.message();
    os << text;
  }

  std::string read(const Twine &name) {
    auto text = MemoryBuffer::getFile(folder + "/" + name);
    return text ? (*text)->getBuffer().str() : std::string();
  }

  void configure(StringRef more = "", unsigned loops = 1000,
                 unsigned stack = 1000, unsigned status = 0) {
    write("tiny_config.h",
          ("#define TINY_LOOPS " + Twine(loops) + "\n#define TINY_STACK " +
           Twine(stack) + "\n#define TINY_STATUS " + Twine(status) + "\n" +
           more)
              .str());
  }

  SimulationResult run() {
    Expected<SimulationResult> result = simulate(options);
    if (!result) {
      ADD_FAILURE() << toString(result.takeError());
      return {};
    }
    return std::move(*result);
  }

  std::string fail() {
    Expected<SimulationResult> result = simulate(options);
    if (result) {
      ADD_FAILURE() << "no error";
      return {};
    }
    std::string message = toString(result.takeError());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }

  /// What the network computes, by its description.
  static std::vector<uint8_t> getOutput(ArrayRef<uint8_t> input) {
    const int32_t bias[4] = {0, 1000, -1000, 5};
    std::vector<uint8_t> bytes;
    for (int o = 0; o < 4; ++o) {
      int32_t sum = bias[o];
      for (int i = 0; i < 8; ++i)
        sum += uint8_t(input[i] + 1) * (o + i);
      for (int byte = 0; byte < 4; ++byte)
        bytes.push_back(uint8_t(uint32_t(sum) >> (8 * byte)));
    }
    return bytes;
  }

  SmallString<128> folder;
  SimulationOptions options;
  const std::vector<uint8_t> first = {0, 1, 2, 3, 4, 5, 6, 7};
  const std::vector<uint8_t> second = {250, 3, 99, 255, 0, 0, 17, 128};
};

TEST_F(SimulatorTest, RunsEveryInputAndWritesEveryLayer) {
  options.inputs = {first, second, first};
  options.layers = true;
  SimulationResult result = run();
  ASSERT_EQ(result.outputs.size(), 3u);
  EXPECT_EQ(result.outputs[0], getOutput(first));
  EXPECT_EQ(result.outputs[1], getOutput(second));
  EXPECT_EQ(result.outputs[2], result.outputs[0]);
  ASSERT_EQ(result.layerOutputs.size(), 3u);
  ASSERT_EQ(result.layerOutputs[1].size(), 3u);
  EXPECT_EQ(result.layerOutputs[1][0],
            (std::vector<uint8_t>{251, 4, 100, 0, 1, 1, 18, 129}));
  EXPECT_EQ(result.layerOutputs[1][2], getOutput(second));
  EXPECT_EQ(result.name, "tiny");
  EXPECT_EQ(result.target, "cortex-m4");
  EXPECT_TRUE(sys::fs::exists(folder + "/build/tiny.elf"));
  EXPECT_TRUE(sys::fs::equivalent(result.elf, folder + "/build/tiny.elf"));
}

TEST_F(SimulatorTest, CountsAreExact) {
  SimulationResult small = run();
  SimulationResult again = run();
  configure("", /*loops=*/1001000);
  SimulationResult large = run();
  ASSERT_EQ(small.layers.size(), 3u);
  ASSERT_EQ(large.layers.size(), 3u);
  EXPECT_EQ(again.instructions, small.instructions);
  // Three instructions a turn; each of the numbers is loaded by one.
  EXPECT_EQ(large.layers[0].instructions - small.layers[0].instructions,
            3000000u);
  EXPECT_EQ(large.instructions - small.instructions, 3000000u);
  // The nine of use_stack, and no mark.
  EXPECT_EQ(small.layers[1].instructions, 9u);
  EXPECT_EQ(large.layers[1].instructions, 9u);
  EXPECT_EQ(large.layers[2].instructions, small.layers[2].instructions);
  EXPECT_EQ(small.layers[0].instructions + small.layers[1].instructions +
                small.layers[2].instructions,
            small.instructions);
  EXPECT_EQ(small.layers[2].name, "fc");
  EXPECT_EQ(small.layers[2].kind, "fully_connected");
  EXPECT_EQ(small.layers[2].macs, 32u);
}

TEST_F(SimulatorTest, EveryBoardRuns) {
  std::string manifest = read("tiny.json");
  size_t target = manifest.find("cortex-m4");
  ASSERT_NE(target, std::string::npos);
  options.inputs = {second};
  for (const std::string &name : getSimulatedTargets()) {
    std::string other = manifest;
    write("tiny.json", other.replace(target, strlen("cortex-m4"), name));
    SCOPED_TRACE(name);
    SimulationResult result = run();
    ASSERT_EQ(result.outputs.size(), 1u);
    EXPECT_EQ(result.outputs[0], getOutput(second));
    ASSERT_EQ(result.layers.size(), 3u);
    EXPECT_EQ(result.layers[1].instructions, 9u);
    EXPECT_GT(result.ram.stack, 1000u);
    EXPECT_LT(result.ram.stack, 1100u);
    configure("", 1000, /*stack=*/65528);
    EXPECT_EQ(fail(),
              "'tiny' ran over the end of the stack in layer 'nothing'; "
              "its kernels need more than 64 kB");
    configure();
  }
}

TEST_F(SimulatorTest, MeasuresMemory) {
  SimulationResult result = run();
  EXPECT_EQ(result.flash.weights, 8u * 4 + 4 * 4);
  EXPECT_GE(result.flash.other, 48u); // struct qat_fully_connected
  EXPECT_LE(result.flash.other, 64u);
  EXPECT_GT(result.flash.code, 200u);
  EXPECT_LT(result.flash.code, 2000u);
  EXPECT_EQ(result.ram.arena, 24u);
  EXPECT_EQ(result.ram.other, 0u);
  configure("", 1000, /*stack=*/5000);
  SimulationResult deep = run();
  EXPECT_EQ(deep.ram.stack - result.ram.stack, 4000u);
  EXPECT_GT(deep.ram.stack, 5000u);
  EXPECT_LT(deep.ram.stack, 5100u);
}

TEST_F(SimulatorTest, TheArenaMayBeTheCallers) {
  configure("#define TINY_ARENA_CALLER\n");
  options.inputs = {second};
  SimulationResult result = run();
  ASSERT_EQ(result.outputs.size(), 1u);
  EXPECT_EQ(result.outputs[0], getOutput(second));
  EXPECT_EQ(result.ram.arena, 24u);
}

TEST_F(SimulatorTest, LargeWeightsGoToTheLargeMemory) {
  configure("#define TINY_LARGE 1500000\n");
  options.inputs = {second};
  SimulationResult result = run();
  ASSERT_EQ(result.outputs.size(), 1u);
  EXPECT_EQ(result.outputs[0], getOutput(second));
  EXPECT_EQ(result.flash.weights, 8u * 4 + 4 * 4 + 6000000);
}

TEST_F(SimulatorTest, NamesTheLayerOfAFault) {
  configure("#define TINY_FAULT\n");
  std::string message = fail();
  EXPECT_TRUE(StringRef(message).starts_with(
      "'tiny' stopped with a processor fault in layer 'nothing' in function "
      "'tiny_run' (exception "))
      << message;
  EXPECT_NE(message.find("0x50000000"), std::string::npos) << message;
}

// The processor that stands in for the Cortex-M0+ could do it.
TEST_F(SimulatorTest, UnalignedAccessIsAFaultOfTheM0Plus) {
  configure("#define TINY_UNALIGNED\n");
  run();
  std::string manifest = read("tiny.json");
  size_t target = manifest.find("cortex-m4");
  ASSERT_NE(target, std::string::npos);
  write("tiny.json",
        manifest.replace(target, strlen("cortex-m4"), "cortex-m0plus"));
  std::string message = fail();
  EXPECT_TRUE(StringRef(message).starts_with(
      "'tiny' stopped with a processor fault in layer 'nothing'"))
      << message;
}

TEST_F(SimulatorTest, NamesTheLayerThatDoesNotEnd) {
  configure("#define TINY_HANG\n");
  options.timeout = 2;
  EXPECT_EQ(fail(), "'tiny' did not end within 2 s in layer 'nothing'; a "
                    "longer timeout helps if it only is slow");
}

TEST_F(SimulatorTest, ReportsTheStatusOfTheNetwork) {
  configure("", 1000, 1000, /*status=*/3);
  EXPECT_EQ(fail(), "'tiny_run' returned 0x00000003 input 0");
}

TEST_F(SimulatorTest, ReportsErrorsOfTheCompiler) {
  configure("#error this does not compile\n");
  std::string message = fail();
  EXPECT_TRUE(StringRef(message).starts_with("'arm-none-eabi-gcc' failed on '"))
      << message;
  EXPECT_TRUE(StringRef(message).ends_with("this does not compile")) << message;
}

TEST_F(SimulatorTest, RefusesWhatItCannotServe) {
  options.inputs = {first, {1, 2, 3}};
  EXPECT_EQ(fail(), "input 1 has 3 bytes, but 'tiny' takes 8");
  options.inputs.clear();
  options.compiler = "no-such-compiler";
  EXPECT_EQ(fail(), "'no-such-compiler' was not found; Debian and Ubuntu have "
                    "it in the package 'gcc-arm-none-eabi'");
  options.compiler = "arm-none-eabi-gcc";
  options.plugin = "no-such-plugin.so";
  EXPECT_TRUE(StringRef(fail()).starts_with("'no-such-plugin.so', the QEMU"));
  options.plugin.clear();
  options.dir = (folder + "/qat-rt").str();
  EXPECT_TRUE(StringRef(fail()).contains("holds no generated project"));
  options.dir = folder.str().str();
  write("tiny.json", R"({"name": "tiny", "target": "z80", "input": {"bytes": 8},
                         "output": {"bytes": 16}, "layers": []})");
  EXPECT_EQ(fail(), "no board is simulated for the target 'z80' of 'tiny'; "
                    "there is one for " +
                        join(getSimulatedTargets(), ", "));
  write("tiny.json", R"({"name": "tiny", "target": 4})");
  EXPECT_TRUE(StringRef(fail()).contains("tiny.json' is not a manifest: "));
}
} // namespace
