//===- RandomParameters.cpp - weights of a fresh network ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomParameters.h"

using namespace mlir;

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t hashName(llvm::StringRef name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : name)
    hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

std::vector<float> qat::drawUniform(uint64_t seed, llvm::StringRef name,
                                    int64_t count, float bound) {
  uint64_t state = mix(seed) ^ hashName(name);
  float step = bound * 0x1p-24f;
  std::vector<float> values(count);
  for (float &value : values) {
    state += 0x9e3779b97f4a7c15u;
    auto level = static_cast<int32_t>(mix(state) >> 40);
    // Odd numbers below 2^24: exact, as many on each side, and never 0.
    value = step * static_cast<float>(2 * level + 1 - (1 << 24));
  }
  return values;
}
