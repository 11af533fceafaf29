//===- Recipe.cpp - how a network is trained ------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Recipe.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

Hyperparameters Recipe::getHyperparameters(int64_t update,
                                           int64_t updatesPerEpoch) const {
  double perEpoch = static_cast<double>(updatesPerEpoch);
  double position = static_cast<double>(update) / perEpoch;
  double rate = rates.get(position, static_cast<double>(epochs), perEpoch);
  double count = static_cast<double>(update) + 1;
  using H = Hyper;
  Hyperparameters hyper;
  auto set = [&](H place, double value) {
    hyper[place] = static_cast<float>(value);
  };
  set(H::WeightRate, rate);
  set(H::BoundRate, rate * boundRateFactor);
  set(H::WeightDecay, weightDecay);
  set(H::BoundDecay, boundDecay);
  set(H::Correction1, 1 - std::pow(beta1, count));
  set(H::Correction2, 1 - std::pow(beta2, count));
  set(H::Beta1, beta1);
  set(H::Beta2, beta2);
  set(H::AdamEpsilon, epsilon);
  set(H::SgdMomentum, momentum);
  set(H::ClipNorm, clip);
  set(H::BatchNormMomentum, normMomentum);
  set(H::LabelSmoothing, labelSmoothing);
  set(H::DistillationWeight, distillation);
  set(H::Temperature, temperature);
  set(H::GradientFactor, 1 / static_cast<double>(accumulate));
  return hyper;
}

static std::string print(double value) {
  std::string text;
  raw_string_ostream(text) << format("%.6g", value);
  return text;
}

Error Recipe::verify() const {
  auto fail = [](StringRef option, StringRef expected, const Twine &got) {
    return createStringError("expects '--" + option + "' " + expected +
                             ", but got " + got);
  };
  struct Range {
    StringRef option;
    double value, least, greatest;
    bool open;
    StringRef expected;
  };
  constexpr double any = 1e30;
  const Range ranges[] = {
      {"epochs", double(epochs), 1, 1e6, false, "from 1 to 1000000"},
      {"batch-size", double(batch), 1, 65536, false, "from 1 to 65536"},
      {"accumulate", double(accumulate), 1, 65536, false, "from 1 to 65536"},
      {"bound-lr-factor", boundRateFactor, 0, any, false, "of at least 0"},
      {"weight-decay", weightDecay, 0, any, false, "of at least 0"},
      {"bound-weight-decay", boundDecay, 0, any, false, "of at least 0"},
      {"beta1", beta1, 0, 1, true, "of at least 0 and below 1"},
      {"beta2", beta2, 0, 1, true, "of at least 0 and below 1"},
      {"momentum", momentum, 0, 1, true, "of at least 0 and below 1"},
      {"clip", clip, 0, any, false, "of at least 0"},
      {"bn-momentum", normMomentum, 0, 1, false, "from 0 to 1"},
      {"bn-batches", double(normBatches), 0, 1e9, false, "of at least 0"},
      {"dropout", dropout, 0, 1, true, "of at least 0 and below 1"},
      {"label-smoothing", labelSmoothing, 0, 1, true,
       "of at least 0 and below 1"},
      {"distillation", distillation, 0, 1, false, "from 0 to 1"},
      {"batch-fold-delay", double(batchFoldDelay), -1, 1e9, false,
       "to be an epoch of at least 0"},
  };
  for (const Range &range : ranges)
    if (!(range.value >= range.least && range.value <= range.greatest) ||
        (range.open && range.value == range.greatest))
      return fail(range.option, range.expected, print(range.value));
  if (!(epsilon > 0 && epsilon <= 1))
    return fail("adam-epsilon", "above 0 and at most 1", print(epsilon));
  if (!(temperature > 0 && temperature <= 1e6))
    return fail("temperature", "above 0", print(temperature));
  struct Word {
    StringRef option, value;
    SmallVector<StringRef, 2> known;
  };
  for (const Word &word : {Word{"optimizer", optimizer, {"adam", "sgd"}},
                           Word{"bound-scale", boundScale, {"none", "lsq"}},
                           Word{"loss", loss, {"cross-entropy", "mse"}},
                           Word{"forward", forward, {"integer", "float"}}})
    if (!is_contained(word.known, word.value))
      return fail(word.option,
                  ("to be " + word.known[0] + " or " + word.known[1]).str(),
                  "'" + word.value + "'");
  return Error::success();
}

namespace {
/// Reads or writes the members of a recipe; one list for both.
template <typename R, typename F> void visitMembers(R &recipe, F &&visit) {
  visit("epochs", recipe.epochs);
  visit("batch", recipe.batch);
  visit("accumulate", recipe.accumulate);
  visit("optimizer", recipe.optimizer);
  visit("bound_lr_factor", recipe.boundRateFactor);
  visit("bound_scale", recipe.boundScale);
  visit("weight_decay", recipe.weightDecay);
  visit("bound_weight_decay", recipe.boundDecay);
  visit("beta1", recipe.beta1);
  visit("beta2", recipe.beta2);
  visit("epsilon", recipe.epsilon);
  visit("momentum", recipe.momentum);
  visit("clip", recipe.clip);
  visit("bn_momentum", recipe.normMomentum);
  visit("bn_batches", recipe.normBatches);
  visit("dropout", recipe.dropout);
  visit("loss", recipe.loss);
  visit("label_smoothing", recipe.labelSmoothing);
  visit("distillation", recipe.distillation);
  visit("temperature", recipe.temperature);
  visit("batch_fold_delay", recipe.batchFoldDelay);
  visit("forward", recipe.forward);
  visit("augmentation", recipe.augmentation);
}
} // namespace

json::Object Recipe::toJson() const {
  json::Object object;
  visitMembers(
      *this, [&](StringRef name, const auto &value) { object[name] = value; });
  object["seed"] = seed;
  object["lr_schedule"] = rates.toJson();
  return object;
}

Expected<Recipe> Recipe::fromJson(const json::Value &value) {
  const json::Object *object = value.getAsObject();
  std::string wrong;
  Recipe recipe;
  auto read = [&](StringRef name, auto &target) {
    using T = std::decay_t<decltype(target)>;
    const json::Value *member = object->get(name);
    auto set = [&](auto number) {
      if (number)
        target = T(*number);
      else if (wrong.empty())
        wrong = name.str();
    };
    if (!member)
      set(std::optional<T>());
    else if constexpr (std::is_same_v<T, std::string>)
      set(member->getAsString());
    else if constexpr (std::is_same_v<T, double>)
      set(member->getAsNumber());
    else if constexpr (std::is_same_v<T, uint64_t>)
      set(member->getAsUINT64());
    else
      set(member->getAsInteger());
  };
  if (!object)
    return createStringError("the recipe is not an object");
  visitMembers(recipe, read);
  read("seed", recipe.seed);
  const json::Value *rates = object->get("lr_schedule");
  if (!wrong.empty() || !rates)
    return createStringError("the recipe has no valid '" +
                             (wrong.empty() ? "lr_schedule" : wrong) + "'");
  Expected<LearningRates> parsed =
      LearningRates::parse(formatv("{0}", *rates).str());
  if (!parsed)
    return parsed.takeError();
  recipe.rates = *parsed;
  return recipe;
}
