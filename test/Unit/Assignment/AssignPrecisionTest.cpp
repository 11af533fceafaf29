//===- AssignPrecisionTest.cpp ------------------------------------- -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/AssignPrecision.h"

#include "RandomPrecisionNetwork.h"

#include "gtest/gtest.h"

using namespace mlir::qat;

namespace {
constexpr int64_t plenty = 1 << 30;

std::string bitsOf(const Assignment &assignment) {
  std::string text;
  for (unsigned bits : assignment.gridBits)
    text += std::to_string(bits);
  return text;
}

std::string activations(const PrecisionNetwork &network, int64_t ram) {
  AssignmentOptions options;
  options.romBytes = plenty;
  options.ramBytes = ram;
  return bitsOf(assignPrecision(network, options));
}

// Elements of input, output, weights; output channels.
TEST(AssignPrecision, CutsByBitsThenByFootprint) {
  PrecisionNetwork chain = makeChain(
      {{80, 160, 10, 1}, {160, 160, 10, 1}, {160, 80, 10, 1}, {80, 8, 10, 1}});
  // 80 + 160, 160 + 160, 160 + 80, 80 + 8 bytes at 8 bits.
  EXPECT_EQ(activations(chain, 320), "88888");
  // Footprints of the second layer tie: its output is cut.
  EXPECT_EQ(activations(chain, 319), "88488");
  // The first layer's output; then the second's, which has more bits.
  EXPECT_EQ(activations(chain, 239), "84488");
  // Twice the first, once each that follow: 80 + 40, 40 + 80, 80 + 40 bytes.
  EXPECT_EQ(activations(chain, 120), "82448");
}

TEST(AssignPrecision, CutsTheInputOnTheWayBack) {
  // The middle layer's input is larger than its output; the first layer fits.
  PrecisionNetwork chain =
      makeChain({{8, 160, 10, 1}, {160, 80, 10, 1}, {80, 8, 10, 1}});
  EXPECT_EQ(activations(chain, 168), "8488");
  // Backward, the last layer's input is cut first, then the largest.
  EXPECT_EQ(activations(chain, 48), "8228");
}

TEST(AssignPrecision, ChargesWhatLivesAcross) {
  // in -> a -> b -> add(a, b) -> logits: `a` lives while b is computed.
  PrecisionNetwork network = makeChain({{8, 80, 9, 1}, {80, 40, 9, 1}});
  network.grids.back() = {"1", 8, true, true, false, true};
  network.steps.back().weights->isLast = false;
  network.tensors[2] = network.tensors[1]; // one tensor, written and read
  PrecisionNetwork::Step add;
  add.name = "add";
  add.inputs = {1, 3};
  add.output = network.tensors.size();
  network.tensors.push_back({"add", 80, 3});
  network.grids.push_back({"add", 8, false, false, false, true});
  add.live = {1, 3, add.output};
  network.steps[1].inputs = {1};
  network.steps[1].live = {1, 3};
  network.steps.push_back(add);
  AssignmentOptions options;
  options.romBytes = plenty;
  options.ramBytes = 200;
  Assignment assignment = assignPrecision(network, options);
  EXPECT_EQ(assignment.stepBits[2], 8 * (80 + 40 + 80));
  EXPECT_EQ(assignment.peakStep, 2u);
  // The output of the add is a result: the larger of the others goes first.
  options.ramBytes = 199;
  EXPECT_EQ(bitsOf(assignPrecision(network, options)), "8488");
  EXPECT_EQ(findSmallestRam(network), 20 + 10 + 80);
}

TEST(AssignPrecision, HalvesOfBytesDecide) {
  // 8 * 1 + 3 * 2 bits are 1.75 bytes.
  PrecisionNetwork chain = makeChain({{1, 3, 3, 1}, {1, 1, 3, 1}});
  EXPECT_EQ(findSmallestRam(chain), 2);
  AssignmentOptions options;
  options.ramBytes = 2;
  options.romBytes = plenty;
  EXPECT_EQ(assignPrecision(chain, options).stepBits[0], 14);
  options.ramBytes = 1;
  EXPECT_EQ(assignPrecision(chain, options).status,
            AssignmentStatus::FailActivation);
}

TEST(AssignPrecision, ExtraBytesByHand) {
  PrecisionNetwork chain = makeChain({{8, 8, 90, 10}, {8, 8, 30, 3}});
  AssignmentOptions options;
  options.romBytes = options.ramBytes = plenty;
  options.mode = AssignmentMode::MixPC;
  EXPECT_EQ(assignPrecision(chain, options).romBits,
            8 * (90 + 30 + (10 * 10 + 8) + (7 * 3 + 4)));
  options.mode = AssignmentMode::MixPL;
  EXPECT_EQ(assignPrecision(chain, options).romBits,
            8 * (90 + 30 + (4 * 10 + 20) + (4 * 3 + 20)));
  // Per-layer ICN by configuration; 3 bits lie in fields of 4.
  chain.steps[0].weights->pinnedFold = FoldType::ICN;
  chain.steps[0].weights->pinnedBits = 3;
  EXPECT_EQ(assignPrecision(chain, options).romBits,
            8 * (45 + 30 + (9 * 10 + 12) + (4 * 3 + 20)));
  // 3 thresholds a channel at 2 bits of output.
  chain.steps[0].weights->pinnedFold = FoldType::FoldingThresh;
  chain.grids[1] = {"0", 2, false, true, true, true};
  EXPECT_EQ(assignPrecision(chain, options).romBits,
            8 * (45 + 30 + (4 * 10 * 3 + 12) + (4 * 3 + 20)));
}

TEST(AssignPrecision, PoliciesDifferWhereNothingIsCut) {
  PrecisionNetwork chain =
      makeChain({{80, 80, 90, 10}, {80, 8, 30, 3}, {8, 8, 8, 1}});
  AssignmentOptions options;
  options.mode = AssignmentMode::MixPL;
  options.romBytes = plenty;
  options.ramBytes = 120;
  Assignment consistent = assignPrecision(chain, options);
  options.policy = AssignmentPolicy::Reference;
  Assignment reference = assignPrecision(chain, options);
  EXPECT_EQ(bitsOf(consistent), "8488");
  EXPECT_EQ(consistent.weights[0]->fold, FoldType::ICN);
  EXPECT_EQ(reference.weights[0]->fold, FoldType::FoldingWeights);
  // With one cut they agree.
  options.romBytes = reference.romBits / 8 - 1;
  reference = assignPrecision(chain, options);
  EXPECT_GT(reference.romEvaluations, 1);
  EXPECT_EQ(reference.weights[0]->fold, FoldType::ICN);
}

TEST(AssignPrecision, CutsTheFirstOfAlmostLargest) {
  // Shares of 0.30, 0.34, 0.36: the first lies more than 5 % below.
  PrecisionNetwork chain =
      makeChain({{8, 8, 300, 1}, {8, 8, 340, 1}, {8, 8, 360, 1}});
  AssignmentOptions options;
  options.mode = AssignmentMode::MixPC;
  options.ramBytes = plenty;
  options.romBytes = 1000 + 18 + 18 + 11 - 1;
  Assignment assignment = assignPrecision(chain, options);
  EXPECT_EQ(assignment.weights[0]->bits, 8u);
  EXPECT_EQ(assignment.weights[1]->bits, 4u);
  EXPECT_EQ(assignment.weights[2]->bits, 8u);
}

/// What holds of any outcome.
void expectSound(const PrecisionNetwork &network,
                 const AssignmentOptions &options, const Assignment &result) {
  for (size_t grid = 0; grid < network.grids.size(); ++grid) {
    if (!network.grids[grid].mayBeCut)
      EXPECT_EQ(result.gridBits[grid], network.grids[grid].bits);
    EXPECT_GE(result.gridBits[grid], 2u);
  }
  int64_t peak = 0;
  for (size_t step = 0; step < network.steps.size(); ++step) {
    // Without the library's sums.
    int64_t bits = 0;
    for (unsigned tensor : network.steps[step].live) {
      unsigned width = result.gridBits[network.tensors[tensor].grid];
      bits += network.tensors[tensor].elements * (width > 4   ? 8
                                                  : width > 2 ? 4
                                                              : 2);
    }
    EXPECT_EQ(bits, result.stepBits[step]);
    peak = std::max(peak, bits);
  }
  EXPECT_EQ(peak, result.peakBits());
  if (result.status == AssignmentStatus::FailActivation) {
    EXPECT_GT(result.stepBits[result.failedStep], 8 * options.ramBytes);
    return;
  }
  EXPECT_LE(peak, 8 * options.ramBytes);
  EXPECT_EQ(result.romBits,
            result.romWeightBits() + 8 * result.romExtraBytes());
  EXPECT_EQ(result.romBits <= 8 * options.romBytes,
            result.status == AssignmentStatus::Ok);
}

TEST(AssignPrecision, SmallestBudgetsAreTheSmallest) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    PrecisionNetwork network = makeRandomPrecisionNetwork(random, round % 2);
    AssignmentOptions options;
    options.mode =
        round % 4 < 2 ? AssignmentMode::MixPL : AssignmentMode::MixPC;
    options.policy = round % 8 < 4 ? AssignmentPolicy::Consistent
                                   : AssignmentPolicy::Reference;
    options.romBytes = plenty;
    int64_t ram = findSmallestRam(network);
    for (int64_t bytes : {ram - 1, ram, ram + int64_t(random() % 200)}) {
      options.ramBytes = bytes;
      Assignment result = assignPrecision(network, options);
      expectSound(network, options, result);
      ASSERT_EQ(result.status, bytes < ram ? AssignmentStatus::FailActivation
                                           : AssignmentStatus::Ok)
          << "round " << round << ", " << bytes << " bytes of RAM";
    }
    std::optional<int64_t> rom = findSmallestRom(network, options);
    ASSERT_TRUE(rom.has_value());
    for (int64_t bytes : {*rom - 1, *rom, *rom + int64_t(random() % 500)}) {
      options.romBytes = bytes;
      Assignment result = assignPrecision(network, options);
      expectSound(network, options, result);
      ASSERT_EQ(result.status, bytes < *rom ? AssignmentStatus::FailWeights
                                            : AssignmentStatus::Ok)
          << "round " << round << ", " << bytes << " bytes of ROM";
    }
  }
}
} // namespace
