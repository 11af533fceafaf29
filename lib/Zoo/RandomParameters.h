//===- RandomParameters.h - weights of a fresh network ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_ZOO_RANDOMPARAMETERS_H
#define QAT_LIB_ZOO_RANDOMPARAMETERS_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <vector>

namespace mlir::qat {

/// `count` values, uniform in (-bound, bound), for parameter `name`: element i
/// is bound * 2^-24 * (2*k + 1 - 2^24) with k the upper 24 bits of
/// mix(key + (i + 1) * 0x9e3779b97f4a7c15), where `mix` is the finalizer of
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) and key = mix(seed) xor
/// the 64-bit FNV-1a hash of the name. Integers and two float32 products, so
/// that every machine has the same.
std::vector<float> drawUniform(uint64_t seed, llvm::StringRef name,
                               int64_t count, float bound);

} // namespace mlir::qat

#endif // QAT_LIB_ZOO_RANDOMPARAMETERS_H
