//===- Boards.cpp - the simulated boards ----------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Boards.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

// The memory maps are those that QEMU reports (`info mtree` in its monitor).
static constexpr Board boards[] = {
    // No board of QEMU has a Cortex-M0+; the Cortex-M3 executes its code, and
    // with it as many instructions.
    {"cortex-m0plus", "mps2-an385",
     "-mcpu=cortex-m0plus -mthumb -mfloat-abi=soft",
     /*code=*/{0x00000000, 4 << 20},
     /*data=*/{0x20000000, 4 << 20},
     /*large=*/{0x21000000, 16 << 20}},
    {"cortex-m3", "mps2-an385", "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft",
     /*code=*/{0x00000000, 4 << 20},
     /*data=*/{0x20000000, 4 << 20},
     /*large=*/{0x21000000, 16 << 20}},
    {"cortex-m4", "mps2-an386", "-mcpu=cortex-m4 -mthumb -mfloat-abi=soft",
     /*code=*/{0x00000000, 4 << 20},
     /*data=*/{0x20000000, 4 << 20},
     /*large=*/{0x21000000, 16 << 20}},
    {"cortex-m7", "mps2-an500", "-mcpu=cortex-m7 -mthumb -mfloat-abi=soft",
     /*code=*/{0x00000000, 4 << 20},
     /*data=*/{0x20000000, 4 << 20},
     /*large=*/{0x60000000, 16 << 20}},
    // These start in the secure state and see their memories by the addresses
    // of that.
    {"cortex-m33", "mps2-an505", "-mcpu=cortex-m33 -mthumb -mfloat-abi=soft",
     /*code=*/{0x10000000, 4 << 20},
     /*data=*/{0x38000000, 4 << 20},
     /*large=*/{0x90000000, 16 << 20}},
    {"cortex-m55", "mps3-an547", "-mcpu=cortex-m55 -mthumb -mfloat-abi=soft",
     /*code=*/{0x10000000, 512 << 10},
     /*data=*/{0x30000000, 512 << 10},
     /*large=*/{0x70000000, 256 << 20}},
};

ArrayRef<Board> mlir::qat::getBoards() { return boards; }

const Board *mlir::qat::findBoard(StringRef target) {
  for (const Board &board : boards)
    if (board.target == target)
      return &board;
  return nullptr;
}

std::string mlir::qat::getLinkerScript(const Board &board,
                                       uint64_t constantBytes,
                                       uint64_t variableBytes) {
  // Room for code, stack, input, output and what is not weights or arena.
  bool weightsFit = constantBytes <= board.code.length / 4 * 3;
  bool arenaFits = variableBytes <= board.data.length / 2;
  std::string text;
  raw_string_ostream os(text);
  auto printRegion = [&](StringRef name, const MemoryRegion &region) {
    os << "  " << name << " : ORIGIN = " << format_hex(region.origin, 10)
       << ", LENGTH = " << format_hex(region.length, 10) << "\n";
  };
  os << "MEMORY\n{\n";
  printRegion("CODE", board.code);
  printRegion("DATA", board.data);
  printRegion("LARGE", board.large);
  os << "}\nREGION_ALIAS(\"WEIGHTS\", " << (weightsFit ? "CODE" : "LARGE")
     << ")\nREGION_ALIAS(\"ARENA\", " << (arenaFits ? "DATA" : "LARGE")
     << ")\nINCLUDE sections.ld\n";
  return text;
}
