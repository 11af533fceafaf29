//===- MemoryPlanTest.cpp ------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/MemoryPlan.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <random>
#include <vector>

using namespace mlir::qat;

namespace {
using Buffers = std::vector<BufferLifetime>;

bool liveTogether(const BufferLifetime &a, const BufferLifetime &b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Every rule that a plan has to keep, checked pair by pair.
void expectValid(const Buffers &buffers, const MemoryPlan &plan) {
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  int64_t end = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_GE(plan.offsets[i], 0);
    EXPECT_EQ(plan.offsets[i] % buffers[i].alignment, 0);
    end = std::max(end, plan.offsets[i] + buffers[i].size);
    for (size_t j = 0; j < i; ++j)
      if (liveTogether(buffers[i], buffers[j]))
        EXPECT_TRUE(plan.offsets[i] + buffers[i].size <= plan.offsets[j] ||
                    plan.offsets[j] + buffers[j].size <= plan.offsets[i])
            << "buffers " << j << " and " << i << " overlap";
  }
  EXPECT_EQ(plan.size, end);
}

/// Whether the buffers from `index` on fit below `size`, by trying every
/// multiple of the alignment.
bool fits(const Buffers &buffers, std::vector<int64_t> &offsets, size_t index,
          int64_t size) {
  if (index == buffers.size())
    return true;
  const BufferLifetime &buffer = buffers[index];
  for (int64_t offset = 0; offset + buffer.size <= size;
       offset += buffer.alignment) {
    bool isFree = true;
    for (size_t j = 0; j < index && isFree; ++j)
      isFree = !liveTogether(buffer, buffers[j]) ||
               offset + buffer.size <= offsets[j] ||
               offsets[j] + buffers[j].size <= offset;
    if (!isFree)
      continue;
    offsets[index] = offset;
    if (fits(buffers, offsets, index + 1, size))
      return true;
  }
  return false;
}

int64_t bruteForce(const Buffers &buffers) {
  std::vector<int64_t> offsets(buffers.size());
  for (int64_t size = peakOfLiveBytes(buffers);; ++size)
    if (fits(buffers, offsets, 0, size))
      return size;
}

Buffers randomBuffers(std::mt19937 &random, unsigned count, int64_t largest,
                      int64_t steps, int64_t alignment) {
  Buffers buffers(count);
  for (BufferLifetime &buffer : buffers) {
    buffer.size = 1 + random() % largest;
    buffer.alignment = alignment;
    buffer.first = random() % steps;
    buffer.last = std::min<int64_t>(steps - 1, buffer.first + random() % 4);
  }
  return buffers;
}

TEST(MemoryPlanTest, NothingNeedsNothing) {
  MemoryPlan plan = planMemory({});
  EXPECT_EQ(plan.size, 0);
  EXPECT_TRUE(plan.offsets.empty());
  EXPECT_EQ(peakOfLiveBytes({}), 0);
}

TEST(MemoryPlanTest, PeakIsAtTheMostCrowdedStep) {
  Buffers chain = {{10, 1, 0, 1}, {20, 1, 1, 2}, {5, 1, 2, 3}};
  EXPECT_EQ(peakOfLiveBytes(chain), 30);
  MemoryPlan plan = planMemory(chain);
  expectValid(chain, plan);
  EXPECT_EQ(plan.size, 30);
}

TEST(MemoryPlanTest, AlignsOffsets) {
  Buffers buffers = {{3, 4, 0, 0}, {5, 8, 0, 0}, {1, 4, 0, 0}};
  MemoryPlan plan = planMemory(buffers);
  expectValid(buffers, plan);
  EXPECT_EQ(plan.size, bruteForce(buffers));
}

TEST(MemoryPlanTest, IsOptimalForFewBuffers) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Buffers buffers = randomBuffers(random, 2 + round % 6, 9, 6,
                                    /*alignment=*/1 + round % 2);
    MemoryPlan plan = planMemory(buffers);
    expectValid(buffers, plan);
    EXPECT_EQ(plan.size, bruteForce(buffers)) << "round " << round;
  }
}

// A residual network of 60 layers: each block keeps its input for the add.
TEST(MemoryPlanTest, IsWithinFivePercentOfThePeakOnResidualNetworks) {
  std::mt19937 random(2);
  for (int round = 0; round < 10; ++round) {
    Buffers buffers;
    for (int64_t step = 0; step < 60; step += 3) {
      int64_t size = 256 * (1 + random() % 64);
      buffers.push_back({size, 4, step, step + 3});
      buffers.push_back({size * 6, 4, step + 1, step + 2});
      buffers.push_back({size * 3, 4, step + 2, step + 3});
    }
    MemoryPlan plan = planMemory(buffers);
    expectValid(buffers, plan);
    EXPECT_LE(plan.size * 100, peakOfLiveBytes(buffers) * 105)
        << "round " << round;
  }
}

TEST(MemoryPlanTest, IsWithinFivePercentOfThePeakOnRandomLifetimes) {
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    Buffers buffers = randomBuffers(random, 80, 5000, 100, 4);
    MemoryPlan plan = planMemory(buffers);
    expectValid(buffers, plan);
    EXPECT_LE(plan.size * 100, peakOfLiveBytes(buffers) * 105)
        << "round " << round;
  }
}

TEST(MemoryPlanTest, IsAFunctionOfItsInput) {
  std::mt19937 random(4);
  Buffers buffers = randomBuffers(random, 40, 1000, 30, 4);
  MemoryPlan first = planMemory(buffers), second = planMemory(buffers);
  EXPECT_EQ(first.size, second.size);
  EXPECT_EQ(first.offsets, second.offsets);
}
} // namespace
