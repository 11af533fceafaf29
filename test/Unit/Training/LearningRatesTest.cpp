//===- LearningRatesTest.cpp - rates worked out by hand -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/LearningRates.h"
#include "qat/Training/Recipe.h"

#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

static LearningRates parse(StringRef text) {
  Expected<LearningRates> rates = LearningRates::parse(text);
  if (rates)
    return *rates;
  ADD_FAILURE() << toString(rates.takeError());
  return {};
}

TEST(LearningRates, ReferenceHalvesAtFiveAndFallsToATenthAtEight) {
  LearningRates rates;
  const double expected[] = {1e-4, 1e-4, 1e-4, 1e-4, 1e-4, 5e-5,
                             5e-5, 5e-5, 1e-5, 1e-5, 1e-5, 1e-5};
  for (int epoch = 0; epoch < 12; ++epoch) {
    EXPECT_DOUBLE_EQ(rates.get(epoch, 12, 10), expected[epoch]) << epoch;
    EXPECT_DOUBLE_EQ(rates.get(epoch + 0.9, 12, 10), expected[epoch]) << epoch;
  }
}

TEST(LearningRates, ScalingKeepsTheShape) {
  LearningRates rates;
  rates.scaleTo(2e-3);
  EXPECT_DOUBLE_EQ(rates.get(0, 12, 10), 2e-3);
  EXPECT_DOUBLE_EQ(rates.get(5, 12, 10), 1e-3);
  EXPECT_DOUBLE_EQ(rates.get(8, 12, 10), 2e-4);
}

TEST(LearningRates, CosineFallsFromTheWarmUpToTheEnd) {
  LearningRates rates = parse(
      R"({"schedule": "cosine", "lr": 0.1, "final_lr": 0.02, "warmup_epochs": 2})");
  // Four steps an epoch: the eighth has the whole rate.
  EXPECT_DOUBLE_EQ(rates.get(0, 10, 4), 0.1 / 8);
  EXPECT_DOUBLE_EQ(rates.get(1.75, 10, 4), 0.1);
  EXPECT_DOUBLE_EQ(rates.get(2, 10, 4), 0.1);
  EXPECT_NEAR(rates.get(6, 10, 4), 0.06, 1e-15);
  EXPECT_NEAR(rates.get(4, 10, 4), 0.02 + 0.08 * 0.5 * (1 + std::sqrt(0.5)),
              1e-15);
  EXPECT_NEAR(rates.get(10, 10, 4), 0.02, 1e-15);
}

TEST(LearningRates, StepsAreThoseOfTheList) {
  LearningRates rates =
      parse(R"([{"epoch": 0, "lr": 1}, {"epoch": 2.5, "lr": 0.25}])");
  EXPECT_EQ(rates.get(2.4, 5, 10), 1);
  EXPECT_EQ(rates.get(2.5, 5, 10), 0.25);
}

TEST(LearningRates, JsonGivesTheSameRates) {
  for (StringRef text :
       {R"([{"epoch": 0, "lr": 0.3}, {"epoch": 2, "lr": 0.1}])", "cosine",
        "constant",
        R"({"schedule": "cosine", "lr": 0.1, "warmup_epochs": 1.5})"}) {
    LearningRates rates = parse(text);
    LearningRates again = parse(formatv("{0}", rates.toJson()).str());
    for (double position = 0; position < 6; position += 0.25)
      EXPECT_EQ(rates.get(position, 6, 4), again.get(position, 6, 4)) << text.str();
  }
}

TEST(LearningRates, RefusesWhatIsNone) {
  for (StringRef text :
       {"", "linear", "[]", "{}", "3", "[{\"epoch\": 1, \"lr\": 1}]",
        "[{\"epoch\": 0, \"lr\": -1}]", "[{\"epoch\": 0}]",
        "[{\"epoch\": 0, \"lr\": 1}, {\"epoch\": 0, \"lr\": 1}]",
        "{\"schedule\": \"linear\"}", "{\"schedule\": \"cosine\", \"l\": 1}",
        "{\"steps\": [{\"epoch\": 0, \"lr\": 1}], \"lr\": 1}",
        "{\"schedule\": \"constant\", \"final_lr\": 1}"}) {
    Expected<LearningRates> rates = LearningRates::parse(text);
    ASSERT_FALSE(bool(rates)) << text.str();
    std::string message = toString(rates.takeError());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(Recipe, HyperparametersFollowTheUpdate) {
  Recipe recipe;
  recipe.boundRateFactor = 0.5;
  recipe.accumulate = 4;
  // Update 50 of 10 an epoch begins epoch 5.
  Hyperparameters hyper = recipe.getHyperparameters(50, 10);
  EXPECT_EQ(hyper[Hyper::WeightRate], 5e-5f);
  EXPECT_EQ(hyper[Hyper::BoundRate], 2.5e-5f);
  EXPECT_EQ(hyper[Hyper::WeightDecay], 0.0f);
  EXPECT_EQ(hyper[Hyper::BoundDecay], 5e-4f);
  EXPECT_FLOAT_EQ(hyper[Hyper::Correction1], 1 - std::pow(0.9f, 51.0f));
  EXPECT_EQ(hyper[Hyper::Correction2], float(1 - std::pow(0.999, 51)));
  EXPECT_EQ(hyper[Hyper::BatchNormMomentum], 0.003f);
  EXPECT_EQ(hyper[Hyper::GradientFactor], 0.25f);
}

TEST(Recipe, JsonKeepsEveryMember) {
  Recipe recipe;
  recipe.epochs = 7;
  recipe.optimizer = "sgd";
  recipe.clip = 0.1;
  recipe.seed = ~uint64_t(0);
  recipe.rates = parse("cosine");
  recipe.augmentation = "flip";
  Expected<Recipe> again = Recipe::fromJson(recipe.toJson());
  ASSERT_TRUE(bool(again)) << toString(again.takeError());
  EXPECT_EQ(json::Value(recipe.toJson()), json::Value(again->toJson()));
  EXPECT_EQ(again->seed, ~uint64_t(0));
  // Each member is needed.
  for (const json::Object::value_type &member : recipe.toJson()) {
    json::Object object = recipe.toJson();
    object.erase(member.first);
    Expected<Recipe> without = Recipe::fromJson(std::move(object));
    EXPECT_FALSE(bool(without)) << member.first.str();
    consumeError(without.takeError());
  }
}

TEST(Recipe, RefusesValuesByTheNameOfTheirOption) {
  auto messageOf = [](auto change) {
    Recipe recipe;
    change(recipe);
    return toString(recipe.verify());
  };
  EXPECT_EQ(messageOf([](Recipe &recipe) { recipe.epochs = 0; }),
            "expects '--epochs' from 1 to 1000000, but got 0");
  EXPECT_EQ(messageOf([](Recipe &recipe) { recipe.dropout = 1; }),
            "expects '--dropout' of at least 0 and below 1, but got 1");
  EXPECT_EQ(messageOf([](Recipe &recipe) { recipe.clip = std::nan(""); }),
            "expects '--clip' of at least 0, but got nan");
  EXPECT_EQ(messageOf([](Recipe &recipe) { recipe.optimizer = "adamw"; }),
            "expects '--optimizer' to be adam or sgd, but got 'adamw'");
}
