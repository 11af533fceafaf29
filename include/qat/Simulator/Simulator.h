//===- Simulator.h - a generated project on a simulated board --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `qat simulate` does: builds a generated project with the cross compiler,
// runs it under QEMU on the board of its target, and measures it. Instruction
// counts and sizes are exact and the same on every machine that has the same
// compiler; QEMU says nothing about cycles.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SIMULATOR_SIMULATOR_H
#define QAT_SIMULATOR_SIMULATOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::qat {

struct SimulationOptions {
  /// The folder of the generated project: N.json, N.h, N.c, qat-rt/.
  std::string dir;
  /// Inputs of the network, each as its stored values: one byte an element, or
  /// the bytes of wider types. None: one input of zeros, for the measurements
  /// alone.
  std::vector<std::vector<uint8_t>> inputs;
  /// Whether every layer's output is wanted as well.
  bool layers = false;
  /// Programs, by name or path.
  std::string compiler = "arm-none-eabi-gcc";
  std::string qemu = "qemu-system-arm";
  /// The plugin that counts instructions. Empty: the environment variable
  /// QAT_QEMU_PLUGIN, else the library folder beside the one of the running
  /// program.
  std::string plugin;
  /// Seconds that each run under QEMU may take; 0: any time.
  unsigned timeout = 300;
};

struct SimulatedLayer {
  std::string name, kind;
  uint64_t macs = 0;
  /// Executed for the first input. The last layer's include the return from
  /// N_run, the first one's what precedes it.
  uint64_t instructions = 0;
  /// The place among the layers of the project's .mlirbc file.
  uint64_t moduleLayer = 0;
};

/// All sizes are bytes, and those of the network alone: the start-up code and
/// the buffers of the simulation are not part of them.
struct SimulationResult {
  std::string name, target;
  /// One for each input: stored values as `inputs` are given.
  std::vector<std::vector<uint8_t>> outputs;
  /// With `layers`: for each input, for each layer, its stored values.
  std::vector<std::vector<std::vector<uint8_t>>> layerOutputs;
  /// Executed by N_run for the first input.
  uint64_t instructions = 0;
  std::vector<SimulatedLayer> layers;
  struct {
    uint64_t code = 0; ///< N.c, kernels and what they call in libraries
    /// Weights, biases, multipliers, shifts, zero points, thresholds.
    uint64_t weights = 0;
    uint64_t other = 0; ///< all other constants
  } flash;
  struct {
    uint64_t arena = 0; ///< the arena, also where it is the caller's
    uint64_t stack = 0; ///< the most that N_run used, over all inputs
    uint64_t other = 0; ///< variables that are not the arena
  } ram;
  /// DIR/build/N.elf: the program without any instrumentation.
  std::string elf;
};

/// Builds in DIR/build and runs. Fails with one line that says what would help:
/// no project in `dir`, a target without a board, a program that is missing and
/// the package that has it, an input of a wrong size, an error of the compiler,
/// a fault or an endless loop and the layer in which it happened.
llvm::Expected<SimulationResult> simulate(const SimulationOptions &options);

/// Builds the project's self-test (`qat deploy --with-test`) and runs it.
/// Returns the name of the first layer whose output differs from the golden
/// one, or "" where all are equal. `options.inputs` and `options.layers` are
/// not used. Fails as `simulate`.
llvm::Expected<std::string> runSelfTest(const SimulationOptions &options);

/// The targets that have a board, for messages: "cortex-m4".
std::vector<std::string> getSimulatedTargets();

} // namespace mlir::qat

#endif // QAT_SIMULATOR_SIMULATOR_H
