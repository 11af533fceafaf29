//===- LayerConfigTest.cpp - what single layers are given -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/LayerConfig.h"

#include "gtest/gtest.h"

using namespace mlir::qat;

static std::string refusal(llvm::StringRef json) {
  auto config = parseLayerConfig(json);
  return config ? "accepted" : llvm::toString(config.takeError());
}

TEST(LayerConfigTest, Reads) {
  auto config = parseLayerConfig(
      R"([{"layer": 0, "w_bits": 4}, {"a_bits": 2, "layer": "conv \"1\""},
          {"layer": 3, "quant_type": "PerLayerDymPACT", "fold_type": "ICN"}])");
  ASSERT_TRUE(bool(config)) << llvm::toString(config.takeError());
  ASSERT_EQ(config->size(), 3u);
  EXPECT_EQ((*config)[0].index, 0);
  EXPECT_EQ((*config)[0].weightBits, 4u);
  EXPECT_FALSE((*config)[0].activationBits);
  EXPECT_EQ((*config)[1].name, "conv \"1\"");
  EXPECT_FALSE((*config)[1].concernsWeights());
  EXPECT_EQ((*config)[2].scheme, WeightScheme::PerLayerSymPACT);
  EXPECT_EQ((*config)[2].foldType, FoldType::ICN);
  std::string text = printLayerConfig(*config);
  EXPECT_EQ(text,
            R"([{"layer":0,"w_bits":4},{"a_bits":2,"layer":"conv \"1\""},)"
            R"({"fold_type":"ICN","layer":3,)"
            R"("quant_type":"PerLayerSymPACT"}])");
  auto again = parseLayerConfig(text);
  ASSERT_TRUE(bool(again));
  EXPECT_EQ(printLayerConfig(*again), text);
}

TEST(LayerConfigTest, Empty) { EXPECT_EQ(refusal("[]"), "accepted"); }

TEST(LayerConfigTest, Refuses) {
  EXPECT_EQ(refusal("[{"), "the per-layer configuration is not JSON: [1:2, "
                           "byte=2]: Expected object key");
  EXPECT_EQ(refusal("{}"), "the per-layer configuration must be a JSON list of "
                           "objects, but is {}");
  EXPECT_EQ(refusal("[3]"), "entry 1 of the per-layer configuration must be an "
                            "object, but is 3");
  EXPECT_EQ(refusal("[{\"w_bits\": 3}]"),
            "entry 1 of the per-layer configuration has no 'layer', the index "
            "or the name of one");
  EXPECT_EQ(refusal("[{\"layer\": -1}]"),
            "entry 1 of the per-layer configuration (layer -1): 'layer' must "
            "be the index or the name of a layer, but is -1");
  EXPECT_EQ(refusal("[{\"layer\": \"a\", \"bits\": 3}]"),
            "entry 1 of the per-layer configuration (layer 'a'): 'bits' is "
            "unknown; an entry has layer, w_bits, a_bits, quant_type and "
            "fold_type");
  EXPECT_EQ(refusal("[{\"layer\": 1, \"w_bits\": 9}]"),
            "entry 1 of the per-layer configuration (layer 1): 'w_bits' must "
            "be a number of bits from 2 to 8, but is 9");
  EXPECT_EQ(refusal("[{\"layer\": 1, \"a_bits\": \"8\"}]"),
            "entry 1 of the per-layer configuration (layer 1): 'a_bits' must "
            "be a number of bits from 2 to 8, but is \"8\"");
  EXPECT_EQ(refusal("[{\"layer\": 1, \"quant_type\": \"PerTensor\"}]"),
            "entry 1 of the per-layer configuration (layer 1): 'quant_type' "
            "must be PerLayerAsymPACT, PerLayerAsymMinMax, "
            "PerChannelsAsymMinMax or PerLayerSymPACT, but is \"PerTensor\"");
  EXPECT_EQ(refusal("[{\"layer\": 1, \"fold_type\": 1}]"),
            "entry 1 of the per-layer configuration (layer 1): 'fold_type' "
            "must be folding_weights, ICN or folding_thresh, but is 1");
  EXPECT_EQ(refusal("[{\"layer\": 1}, {\"layer\": 1}]"),
            "entry 2 of the per-layer configuration (layer 1) is for the layer "
            "of entry 1");
}

TEST(LayerConfigTest, RefusesDepth) {
  EXPECT_EQ(refusal(std::string(1000000, '[')),
            "the per-layer configuration must be a JSON list of objects, but "
            "nests deeper");
}
