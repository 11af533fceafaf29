//===- GoldenUnitsTest.cpp - golden/units.npz, bit for bit ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpzReader.h"
#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/AddRule.h"
#include "qat/Support/Packing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

#include <cmath>
#include <numeric>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
/// A grid of which only what an add reads is known.
Grid gridOf(double zeroPoint, double bits) {
  return {1.0, static_cast<int32_t>(zeroPoint), 0,
          getMaxLevel(static_cast<unsigned>(bits))};
}

Rounding roundingOf(double nearest) {
  return nearest != 0 ? Rounding::Nearest : Rounding::Floor;
}

size_t checkAdds(NpzReader &units) {
  const NpzArray &x1 = units["add/x1"], &x2 = units["add/x2"];
  const NpzArray &y = units["add/y"], &scale1 = units["add/S1"];
  // Widths of the operands change nothing but their values.
  (void)units["add/bits1"], (void)units["add/bits2"];
  size_t cases = scale1.size(), perCase = y.size() / cases;
  for (size_t i = 0; i < cases; ++i) {
    SCOPED_TRACE("add case " + std::to_string(i));
    Expected<AddRule> rule =
        getAddRule(scale1[i], units["add/S2"][i], units["add/So"][i],
                   roundingOf(units["add/nearest"][i]));
    if (!rule) {
      ADD_FAILURE() << toString(rule.takeError());
      continue;
    }
    EXPECT_EQ(rule->multiplier1, units["add/m1"][i]);
    EXPECT_EQ(rule->multiplier2, units["add/m2"][i]);
    EXPECT_EQ(rule->shift, units["add/s"][i]);
    EXPECT_EQ(rule->offset, units["add/c"][i]);
    Grid grid1 = gridOf(units["add/Z1"][i], 8);
    Grid grid2 = gridOf(units["add/Z2"][i], 8);
    Grid result = gridOf(units["add/Zo"][i], units["add/bits"][i]);
    for (size_t k = i * perCase; k < (i + 1) * perCase; ++k)
      EXPECT_EQ(addRequantize(x1[k], grid1, x2[k], grid2, result, *rule), y[k]);
  }
  return cases;
}

size_t checkRefusedAdds(NpzReader &units) {
  const NpzArray &refused = units["add_refused/refused"];
  for (size_t i = 0; i < refused.size(); ++i) {
    Expected<AddRule> rule =
        getAddRule(units["add_refused/S1"][i], units["add_refused/S2"][i],
                   units["add_refused/So"][i], Rounding::Nearest);
    EXPECT_EQ(!rule, refused[i] != 0) << "refused add " << i;
    consumeError(rule.takeError());
  }
  return refused.size();
}

size_t checkConcats(NpzReader &units) {
  const NpzArray &x = units["concat/x"], &y = units["concat/y"];
  const NpzArray &scale = units["concat/S1"];
  (void)units["concat/bits1"];
  size_t cases = scale.size(), perCase = y.size() / cases;
  for (size_t i = 0; i < cases; ++i) {
    SCOPED_TRACE("concat case " + std::to_string(i));
    Expected<AddRule> rule =
        getRescaleRule(scale[i], units["concat/So"][i],
                       roundingOf(units["concat/nearest"][i]));
    if (!rule) {
      ADD_FAILURE() << toString(rule.takeError());
      continue;
    }
    EXPECT_EQ(rule->multiplier1, units["concat/m"][i]);
    EXPECT_EQ(rule->multiplier2, 0);
    EXPECT_EQ(rule->shift, units["concat/s"][i]);
    EXPECT_EQ(rule->offset, units["concat/c"][i]);
    Grid grid = gridOf(units["concat/Z1"][i], 8);
    Grid result = gridOf(units["concat/Zo"][i], units["concat/bits"][i]);
    for (size_t k = i * perCase; k < (i + 1) * perCase; ++k)
      EXPECT_EQ(rescale(x[k], grid, result, *rule), y[k]);
  }
  return cases;
}

size_t checkBounds(NpzReader &units) {
  size_t cases = 0;
  for (int k = 0; units.contains("bounds/" + std::to_string(k) + "/x"); ++k) {
    std::string key = "bounds/" + std::to_string(k) + "/";
    SCOPED_TRACE(key);
    float lo = units[key + "lo"][0], hi = units[key + "hi"][0];
    std::vector<float> x = units[key + "x"].floats();
    std::vector<float> g = units[key + "g"].floats();
    std::vector<float> dx(x.size());
    BoundGradient gradient = twoBoundGradient(x, g, lo, hi, dx);
    EXPECT_EQ(dx, units[key + "dx"].floats());
    double tolerance = 0;
    for (float value : g)
      tolerance += 1e-5 * std::fabs(value);
    EXPECT_NEAR(gradient.lo, units[key + "dlo"][0], tolerance);
    EXPECT_NEAR(gradient.hi, units[key + "dhi"][0], tolerance);
    for (unsigned bits = minBits; bits <= maxBits; ++bits)
      for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
        std::string sub = key + "b" + std::to_string(bits) + "/";
        SCOPED_TRACE(sub);
        Expected<Grid> grid = getTwoBoundGrid(lo, hi, bits);
        if (!grid) {
          ADD_FAILURE() << toString(grid.takeError());
          continue;
        }
        EXPECT_EQ(grid->scale, units[sub + "scale"][0]);
        EXPECT_EQ(grid->zeroPoint, units[sub + "zero_point"][0]);
        TwoBoundQuantizer quantizer(lo, hi, bits, rounding);
        EXPECT_EQ(quantizer.getGrid(), *grid);
        sub += stringifyRounding(rounding).str() + "/";
        const NpzArray &integers = units[sub + "int"], &y = units[sub + "y"];
        for (auto [i, value] : enumerate(x)) {
          EXPECT_EQ(quantizer.quantize(value), integers[i]) << "x = " << value;
          EXPECT_EQ(quantizer.fakeQuantize(value), y[i]) << "x = " << value;
        }
        ++cases;
      }
  }
  return cases;
}

size_t checkRequantize(NpzReader &units) {
  const NpzArray &y = units["requant_z/y"];
  for (size_t i = 0; i < y.size(); ++i) {
    SplitMultiplier split{static_cast<int32_t>(units["requant_z/M0"][i]),
                          static_cast<int32_t>(units["requant_z/N"][i])};
    int64_t sum = static_cast<int64_t>(units["requant_z/acc"][i]) +
                  static_cast<int64_t>(units["requant_z/b"][i]);
    EXPECT_EQ(requantize(sum, split.getMultiplier(), 0, units["requant_z/n"][i],
                         units["requant_z/Z"][i]),
              y[i])
        << "case " << i;
  }
  return y.size();
}

size_t checkPacking(NpzReader &units, StringRef group, bool isSigned) {
  size_t cases = 0;
  for (unsigned bits = minBits; bits <= maxBits; ++bits)
    for (int k = 0;; ++k, ++cases) {
      std::string key = group.str() + "/b" + std::to_string(bits) + "/" +
                        std::to_string(k) + "/";
      if (!units.contains(key + "values"))
        break;
      SCOPED_TRACE(key);
      std::vector<int32_t> values = units[key + "values"].ints();
      const NpzArray &expected = units[key + "bytes"];
      std::vector<uint8_t> bytes(expected.values.begin(),
                                 expected.values.end());
      auto packed = packValues(values, bits, isSigned);
      auto unpacked = unpackValues(bytes, values.size(), bits, isSigned);
      if (!packed || !unpacked) {
        ADD_FAILURE() << toString(
            joinErrors(packed.takeError(), unpacked.takeError()));
        continue;
      }
      EXPECT_EQ(*packed, bytes);
      EXPECT_EQ(*unpacked, values);
    }
  return cases;
}

TEST(GoldenUnitsTest, MatchesEveryArray) {
  std::string path = getSharedPath("golden/units.npz");
  QAT_SKIP_WITHOUT(path);
  Expected<NpzReader> units = NpzReader::open(path);
  ASSERT_TRUE(static_cast<bool>(units)) << toString(units.takeError());
  size_t adds = checkAdds(*units), refused = checkRefusedAdds(*units);
  size_t concats = checkConcats(*units), bounds = checkBounds(*units);
  size_t requants = checkRequantize(*units);
  size_t packs = checkPacking(*units, "pack", /*isSigned=*/false) +
                 checkPacking(*units, "packs", /*isSigned=*/true);
  // A case that is never reached would pass too.
  EXPECT_EQ(units->unused(), std::vector<std::string>());
  EXPECT_GT(adds, 0u);
  EXPECT_GT(refused, 0u);
  EXPECT_GT(concats, 0u);
  EXPECT_GT(bounds, 0u);
  EXPECT_GT(requants, 0u);
  EXPECT_GT(packs, 0u);
  printf("units.npz: %zu arrays; %zu adds, %zu refused, %zu concats, %zu "
         "bounds, %zu requantizations, %zu packings\n",
         units->size(), adds, refused, concats, bounds, requants, packs);
}
} // namespace
