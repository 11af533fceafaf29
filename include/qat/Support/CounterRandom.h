//===- CounterRandom.h - random numbers by place ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_COUNTERRANDOM_H
#define QAT_SUPPORT_COUNTERRANDOM_H

#include <cstdint>
#include <initializer_list>

namespace mlir::qat {

/// Random numbers that are a function of where they are used, so that neither
/// threads nor a resumed run change them: the sequence of SplitMix64 (Steele,
/// Lea and Flood, OOPSLA 2014) from a key made of words such as seed, epoch
/// and sample. All modulo 2^64, with g = 0x9e3779b97f4a7c15:
///
///   mix(z):  z = (z xor z >> 30) * 0xbf58476d1ce4e5b9
///            z = (z xor z >> 27) * 0x94d049bb133111eb
///            z xor z >> 31
///   key:     0; for each word: key = mix((key xor word) + g)
///   draw i:  mix(key + (i + 1) * g)                          i = 0, 1, ...
///
/// Words that differ in the last place alone have different first draws.
class CounterRandom {
public:
  explicit CounterRandom(std::initializer_list<uint64_t> words) {
    for (uint64_t word : words)
      state = mix((state ^ word) + kStep);
  }

  /// The next draw, 0 to 2^64 - 1.
  uint64_t next() { return mix(state += kStep); }

  /// (next() >> 11) * 2^-53: 0 <= x < 1.
  double nextUniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// next() * count >> 64: 0 to count - 1, for a `count` of at least 1.
  uint64_t nextBelow(uint64_t count) {
    return static_cast<uint64_t>(
        (static_cast<unsigned __int128>(next()) * count) >> 64);
  }

private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state = 0;
};

} // namespace mlir::qat

#endif // QAT_SUPPORT_COUNTERRANDOM_H
