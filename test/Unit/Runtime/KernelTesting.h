//===- KernelTesting.h - tensors in memory, kernels by name -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random tensors as plain integers, how they lie in memory, and the kernels of
// qat-rt behind one type. The storages of a kernel are read from its name, so
// that a kernel under a wrong name fails.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_KERNELTESTING_H
#define QAT_TEST_KERNELTESTING_H

#include "gtest/gtest.h"
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace qat_test {

struct Storage {
  int bits;
  bool isSigned;
  int64_t lowest() const { return isSigned ? -(int64_t(1) << (bits - 1)) : 0; }
  int64_t highest() const { return lowest() + (int64_t(1) << bits) - 1; }
};

/// The storages in a name such as "qat_conv2d_u8_i2_i32_acc64": u8, i2, i32.
inline std::vector<Storage> storagesOf(const std::string &name) {
  std::vector<Storage> storages;
  std::stringstream stream(name);
  for (std::string part; std::getline(stream, part, '_');)
    if ((part[0] == 'u' || part[0] == 'i') && part.size() <= 3 &&
        part.find_first_not_of("0123456789", 1) == std::string::npos)
      storages.push_back({std::stoi(part.substr(1)), part[0] == 'i'});
  return storages;
}

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  int64_t in(int64_t lowest, int64_t highest) {
    return std::uniform_int_distribution<int64_t>(lowest, highest)(engine);
  }
  bool chance(int percent) { return in(0, 99) < percent; }
  std::vector<int64_t> values(size_t count, Storage storage) {
    std::vector<int64_t> result(count);
    for (int64_t &value : result)
      value = in(storage.lowest(), storage.highest());
    return result;
  }

private:
  std::mt19937_64 engine;
};

/// Rows of elements in memory, packed low bits first, each row on a byte.
/// Around the rows and between them lie bytes that nobody may write.
class Rows {
public:
  static constexpr uint8_t guard = 0xa5;

  Rows(int64_t rows, int64_t elements, Storage storage, int64_t gap)
      : rows(rows), elements(elements), storage(storage),
        rowBytes((elements * storage.bits + 7) / 8), pitch(rowBytes + gap),
        // The last row ends the allocation: reading beyond it is noticed.
        bytes(new uint8_t[size()]) {
    std::fill_n(bytes.get(), size(), guard);
  }

  void set(const std::vector<int64_t> &values) {
    for (int64_t row = 0; row < rows; ++row) {
      uint8_t *line = bytes.get() + row * pitch;
      std::fill_n(line, rowBytes, 0);
      for (int64_t i = 0; i < elements; ++i)
        for (int bit = 0; bit < storage.bits; ++bit)
          if (uint64_t(values[row * elements + i]) >> bit & 1) {
            int64_t at = i * storage.bits + bit;
            line[at / 8] |= uint8_t(1 << at % 8);
          }
    }
  }

  std::vector<int64_t> get() const {
    std::vector<int64_t> values;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < elements; ++i) {
        int64_t value = 0;
        for (int bit = 0; bit < storage.bits; ++bit) {
          int64_t at = i * storage.bits + bit;
          value |= int64_t(bytes[row * pitch + at / 8] >> at % 8 & 1) << bit;
        }
        if (storage.isSigned && value >> (storage.bits - 1))
          value -= int64_t(1) << storage.bits;
        values.push_back(value);
      }
    return values;
  }

  /// Bytes between the rows are untouched, unused fields are 0.
  bool isClean() const {
    for (int64_t row = 0; row < rows; ++row) {
      const uint8_t *line = bytes.get() + row * pitch;
      int used = int(elements * storage.bits % 8);
      if (used && line[rowBytes - 1] >> used)
        return false;
      if (row + 1 < rows)
        for (int64_t i = rowBytes; i < pitch; ++i)
          if (line[i] != guard)
            return false;
    }
    return true;
  }

  int64_t size() const { return pitch * (rows - 1) + rowBytes; }
  uint8_t *data() { return bytes.get(); }
  const uint8_t *row(int64_t index) const {
    return bytes.get() + index * pitch;
  }

  const int64_t rows, elements;
  const Storage storage;
  const int64_t rowBytes, pitch;

private:
  std::unique_ptr<uint8_t[]> bytes;
};

/// Random room between rows; whole words where the elements are words.
inline int64_t randomGap(Random &random, Storage storage) {
  int64_t gap = random.chance(50) ? 0 : random.in(1, 9);
  return storage.bits == 32 ? gap * 4 : gap;
}

/// Weights: `runs` runs of `length` fields, each on a new word. The fields that
/// fill the last word are random, since the kernels must not look at them.
inline std::vector<uint32_t> packWords(Random &random,
                                       const std::vector<int64_t> &values,
                                       int64_t runs, int64_t length, int bits) {
  int64_t lanes = 32 / bits, words = (length + lanes - 1) / lanes;
  std::vector<uint32_t> packed(runs * words, 0);
  for (int64_t run = 0; run < runs; ++run)
    for (int64_t i = 0; i < words * lanes; ++i) {
      int64_t value = i < length ? values[run * length + i] : random.in(0, 255);
      uint32_t field = uint32_t(value) & uint32_t((1ULL << bits) - 1);
      packed[run * words + i / lanes] |= field << (i % lanes * bits);
    }
  return packed;
}

/// Makes kernels with different element types one type.
template <auto Kernel> struct Call;
template <typename Layer, typename In, typename Out,
          void (*Kernel)(const Layer *, const In *, int32_t, Out *, int32_t,
                         int32_t, int32_t, void *)>
struct Call<Kernel> {
  static void run(const Layer *layer, const void *input, int32_t inputPitch,
                  void *output, int32_t outputPitch, int32_t firstRow,
                  int32_t rowCount, void *scratch) {
    Kernel(layer, static_cast<const In *>(input), inputPitch,
           static_cast<Out *>(output), outputPitch, firstRow, rowCount,
           scratch);
  }
};

template <typename Layer> struct Kernel {
  const char *name;
  void (*run)(const Layer *, const void *, int32_t, void *, int32_t, int32_t,
              int32_t, void *);
  bool isWide() const {
    return std::string(name).find("_acc64") != std::string::npos;
  }
};

#define KERNEL(name) {#name, Call<name>::run}

/// Runs a kernel over all rows at once, then in random pieces in random order,
/// and compares both with what is expected.
template <typename Layer>
void expectRows(Random &random, const Kernel<Layer> &kernel, const Layer &layer,
                Rows &input, Storage out, int64_t rows, int64_t elements,
                size_t scratchBytes, const std::vector<int64_t> &expected) {
  for (bool pieces : {false, true}) {
    Rows output(rows, elements, out, randomGap(random, out));
    std::vector<std::pair<int64_t, int64_t>> runs;
    for (int64_t row = 0; row < rows;) {
      int64_t count = pieces ? random.in(1, rows - row) : rows;
      runs.insert(runs.begin() + random.in(0, int64_t(runs.size())),
                  {row, count});
      row += count;
    }
    for (auto [row, count] : runs) {
      // Exactly as large as promised, and full of something else each time.
      std::unique_ptr<uint8_t[]> scratch(new uint8_t[scratchBytes]);
      std::fill_n(scratch.get(), scratchBytes, uint8_t(random.in(0, 255)));
      kernel.run(&layer, input.data(), int32_t(input.pitch), output.data(),
                 int32_t(output.pitch), int32_t(row), int32_t(count),
                 scratch.get());
    }
    EXPECT_EQ(output.get(), expected)
        << kernel.name << (pieces ? " in pieces" : " at once");
    EXPECT_TRUE(output.isClean()) << kernel.name;
  }
}

/// floor(value / 2^shift) by division, which has no rounding of its own.
inline __int128 floorShift(__int128 value, int shift) {
  __int128 divisor = __int128(1) << shift;
  __int128 quotient = value / divisor;
  return quotient - (value % divisor < 0);
}

inline int64_t limit(__int128 value, int64_t lowest, int64_t highest) {
  return value < lowest ? lowest : value > highest ? highest : int64_t(value);
}

} // namespace qat_test

#endif // QAT_TEST_KERNELTESTING_H
