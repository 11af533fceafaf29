//===- ExplainAssignmentTest.cpp ----------------------------------- -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/ExplainAssignment.h"

#include "RandomPrecisionNetwork.h"

#include "gtest/gtest.h"

#include <set>

using namespace mlir::qat;

namespace {
std::string explain(const PrecisionNetwork &network, AssignmentMode mode,
                    int64_t rom, int64_t ram) {
  AssignmentOptions options;
  options.mode = mode;
  options.romBytes = rom;
  options.ramBytes = ram;
  std::string text;
  for (const std::string &part :
       explainAssignment(network, options, assignPrecision(network, options)))
    text += part + "\n";
  return text;
}

TEST(ExplainAssignment, NamesWhatIsLive) {
  PrecisionNetwork chain = makeChain({{8, 21, 90, 10}, {21, 8, 30, 3}});
  EXPECT_EQ(explain(chain, AssignmentMode::MixPC, 1000, 13),
            "layer '0' needs 13.25 bytes of RAM, 0.25 more than the budget of "
            "13, with all cut there that may be: live are 'input' 8 bytes (8 x "
            "8 bits, never cut), '0' 5.25 bytes (21 x 2 bits)\n"
            "the smallest RAM budget is 14 bytes\n"
            "no single option lowers it; a smaller input or a narrower network "
            "does\n");
  EXPECT_EQ(explain(chain, AssignmentMode::MixPC, 1000, 14), "");
  chain.grids[1] = {"0", 8, false, true, true, true};
  EXPECT_EQ(explain(chain, AssignmentMode::MixPC, 1000, 13),
            "layer '0' needs 29 bytes of RAM, 16 more than the budget of "
            "13, with all cut there that may be: live are 'input' 8 bytes (8 x "
            "8 bits, never cut), '0' 21 bytes (21 x 8 bits, configured)\n"
            "the smallest RAM budget is 29 bytes\n"
            "leaving out 'a_bits' of layer '0' lowers it by 15 to 14, still "
            "too much\n");
}

TEST(ExplainAssignment, NamesTheTightestLayer) {
  // 8 + 5 bytes at layer 0, 5 + 10 bytes at layer 1, with 2 bits each.
  PrecisionNetwork chain =
      makeChain({{8, 20, 9, 1}, {20, 40, 9, 1}, {40, 2, 9, 1}});
  std::string text = explain(chain, AssignmentMode::MixPC, 1000, 12);
  EXPECT_NE(text.find("layer '0' needs 13 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("the smallest RAM budget is 15 bytes, which layer '1' "
                      "needs\n"),
            std::string::npos)
      << text;
}

TEST(ExplainAssignment, NamesTheLargestWeights) {
  PrecisionNetwork chain = makeChain({{8, 8, 90, 10}, {8, 8, 30, 3}});
  chain.steps[0].weights->pinnedBits = 8;
  // 90 + 7.5 bytes and (100 + 8) + (21 + 4); 4-bit thereafter.
  EXPECT_EQ(explain(chain, AssignmentMode::MixPC, 200, 1000),
            "the weights need 230.5 bytes of ROM (97.5 and 133 of biases, "
            "multipliers and the like), 30.5 more than the budget of 200, with "
            "all cut that may be; the largest are '0' 198 bytes (8 bits), '1' "
            "32.5 bytes (2 bits)\n"
            "the smallest ROM budget is 231 bytes\n"
            "leaving out 'w_bits' of layer '0' lowers it by 68 to 163\n"
            "--mixed-prec-quant MixPL lowers it by 41 to 190\n");
}

TEST(ExplainAssignment, ChangesDoWhatTheySay) {
  std::mt19937 random(2);
  std::set<AssignmentChange::Kind> kinds;
  for (int round = 0; round < 2000; ++round) {
    PrecisionNetwork network = makeRandomPrecisionNetwork(random, round % 8);
    // A result of a grid of its own, which a configuration may lower.
    if (round % 3 == 0 && network.steps.size() > 2) {
      network.grids.back().takesBits = true;
      network.steps.back().weights->isLast = false;
    }
    AssignmentOptions options;
    options.mode = round % 2 ? AssignmentMode::MixPL : AssignmentMode::MixPC;
    options.policy = round % 4 < 2 ? AssignmentPolicy::Consistent
                                   : AssignmentPolicy::Reference;
    int64_t ram = findSmallestRam(network);
    for (bool failsRam : {true, false}) {
      options.ramBytes = ram - failsRam + (failsRam ? 0 : random() % 100);
      options.romBytes =
          failsRam ? 1 << 30 : *findSmallestRom(network, options) - 1;
      Assignment result = assignPrecision(network, options);
      ASSERT_NE(result.status, AssignmentStatus::Ok);
      int64_t need = failsRam ? ram : *findSmallestRom(network, options);
      int64_t before = std::numeric_limits<int64_t>::max();
      for (const AssignmentChange &change :
           findHelpfulChanges(network, options, result)) {
        kinds.insert(change.kind);
        EXPECT_GT(change.gain, 0);
        EXPECT_LE(change.gain, before);
        before = change.gain;
        EXPECT_EQ(change.need, need - change.gain);
        // The need that is printed is where it starts to fit, to the byte.
        PrecisionNetwork changed = network;
        AssignmentOptions asked = options;
        change.apply(changed, asked);
        int64_t &budget = failsRam ? asked.ramBytes : asked.romBytes;
        budget = change.need;
        EXPECT_EQ(assignPrecision(changed, asked).status, AssignmentStatus::Ok)
            << change.describe(network, options);
        budget = change.need - 1;
        EXPECT_EQ(assignPrecision(changed, asked).status, result.status)
            << change.describe(network, options);
      }
    }
  }
  // Every kind has been tested.
  EXPECT_EQ(kinds.size(), 8u);
}

TEST(ExplainAssignment, KeepsFoldsLegal) {
  PrecisionNetwork chain = makeChain({{8, 8, 90, 10}, {8, 8, 30, 3}});
  chain.steps[0].weights->pinnedFold = FoldType::FoldingWeights;
  EXPECT_TRUE(areFoldsLegal(chain, AssignmentMode::MixPL));
  EXPECT_FALSE(areFoldsLegal(chain, AssignmentMode::MixPC));
  chain.steps[0].weights->pinnedScheme = WeightScheme::PerLayerSymPACT;
  EXPECT_TRUE(areFoldsLegal(chain, AssignmentMode::MixPC));
}
} // namespace
