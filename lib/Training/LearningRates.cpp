//===- LearningRates.cpp - the rate of every step -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/LearningRates.h"

#include "qat/Support/JsonNesting.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::qat;

/// The reference's first rate.
static constexpr double kFirstRate = 1e-4;

LearningRates::LearningRates() : steps{{0, kFirstRate}, {5, 5e-5}, {8, 1e-5}} {}

static Error wrongSchedule(const Twine &why) {
  return createStringError("a learning rate schedule is reference, constant, "
                           "cosine, a list of {\"epoch\", \"lr\"} or an "
                           "object with \"schedule\" or \"steps\": " +
                           why);
}

/// A member that is a finite number of at least 0; `otherwise` without it.
static Expected<double> readNumber(const json::Object &object, StringRef name,
                                   std::optional<double> otherwise) {
  const json::Value *value = object.get(name);
  if (!value && otherwise)
    return *otherwise;
  std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
  if (!number || !std::isfinite(*number) || *number < 0)
    return wrongSchedule("\"" + name + "\" is not a number of at least 0");
  return *number;
}

static Error checkMembers(const json::Object &object,
                          ArrayRef<StringRef> known) {
  for (const json::Object::value_type &member : object)
    if (!is_contained(known, StringRef(member.first)))
      return wrongSchedule("there is no member \"" +
                           StringRef(member.first).take_front(40) + "\"");
  return Error::success();
}

Expected<std::vector<LearningRates::Step>>
LearningRates::readSteps(const json::Value &value) {
  const json::Array *list = value.getAsArray();
  if (!list || list->empty())
    return wrongSchedule("the list of steps is empty");
  std::vector<Step> steps;
  for (const json::Value &item : *list) {
    const json::Object *object = item.getAsObject();
    if (!object)
      return wrongSchedule("a step is not an object");
    if (Error error = checkMembers(*object, {"epoch", "lr"}))
      return std::move(error);
    Expected<double> epoch = readNumber(*object, "epoch", std::nullopt);
    if (!epoch)
      return epoch.takeError();
    Expected<double> rate = readNumber(*object, "lr", std::nullopt);
    if (!rate)
      return rate.takeError();
    if (steps.empty() ? *epoch != 0 : *epoch <= steps.back().epoch)
      return wrongSchedule("the epochs of steps rise from 0");
    steps.push_back({*epoch, *rate});
  }
  return steps;
}

Expected<LearningRates> LearningRates::fromJson(const json::Value &value) {
  LearningRates rates;
  if (value.kind() == json::Value::Array) {
    Expected<std::vector<Step>> steps = readSteps(value);
    if (!steps)
      return steps.takeError();
    rates.steps = std::move(*steps);
    return rates;
  }
  const json::Object *object = value.getAsObject();
  if (!object)
    return wrongSchedule("this is neither a list nor an object");
  if (Error error = checkMembers(
          *object, {"schedule", "steps", "lr", "final_lr", "warmup_epochs"}))
    return std::move(error);
  Expected<double> warmup = readNumber(*object, "warmup_epochs", 0.0);
  if (!warmup)
    return warmup.takeError();
  rates.warmupEpochs = *warmup;
  if (const json::Value *list = object->get("steps")) {
    for (StringRef other : {"schedule", "lr", "final_lr"})
      if (object->get(other))
        return wrongSchedule("\"steps\" and \"" + other +
                             "\" exclude each other");
    Expected<std::vector<Step>> steps = readSteps(*list);
    if (!steps)
      return steps.takeError();
    rates.steps = std::move(*steps);
    return rates;
  }
  std::optional<StringRef> name = object->getString("schedule");
  if (!name || !is_contained({"reference", "constant", "cosine"}, *name))
    return wrongSchedule("\"schedule\" is not reference, constant or cosine");
  rates.isCosine = *name == "cosine";
  if (!rates.isCosine && object->get("final_lr"))
    return wrongSchedule("\"final_lr\" is for cosine");
  Expected<double> finalRate = readNumber(*object, "final_lr", 0.0);
  if (!finalRate)
    return finalRate.takeError();
  rates.finalRate = *finalRate;
  if (*name != "reference")
    rates.steps = {{0, kFirstRate}};
  if (object->get("lr")) {
    Expected<double> rate = readNumber(*object, "lr", std::nullopt);
    if (!rate)
      return rate.takeError();
    double lowest = rates.finalRate;
    rates.scaleTo(*rate);
    rates.finalRate = lowest;
  }
  return rates;
}

Expected<LearningRates> LearningRates::parse(StringRef text) {
  text = text.trim();
  if (is_contained({"reference", "constant", "cosine"}, text))
    return fromJson(json::Object{{"schedule", text}});
  if (jsonNestsDeeply(text))
    return wrongSchedule("brackets nest too deep");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return wrongSchedule(toString(value.takeError()));
  return fromJson(*value);
}

void LearningRates::scaleTo(double rate) {
  double highest = 0;
  for (const Step &step : steps)
    highest = std::max(highest, step.rate);
  // A schedule of zeros has no shape that could be kept.
  double factor = highest > 0 ? rate / highest : 0;
  for (Step &step : steps)
    step.rate = highest > 0 ? step.rate * factor : rate;
  finalRate *= factor;
}

double LearningRates::get(double position, double epochs,
                          double stepsPerEpoch) const {
  double rate = steps.front().rate;
  for (const Step &step : steps)
    if (position >= step.epoch)
      rate = step.rate;
  if (position < warmupEpochs)
    return rate * std::min(1.0, (position + 1 / stepsPerEpoch) / warmupEpochs);
  if (!isCosine)
    return rate;
  double length = epochs - warmupEpochs;
  double passed =
      length > 0 ? std::min(1.0, (position - warmupEpochs) / length) : 1.0;
  constexpr double pi = 3.14159265358979323846;
  return finalRate + (rate - finalRate) * 0.5 * (1 + std::cos(pi * passed));
}

json::Value LearningRates::toJson() const {
  if (isCosine)
    return json::Object{{"schedule", "cosine"},
                        {"lr", steps.front().rate},
                        {"final_lr", finalRate},
                        {"warmup_epochs", warmupEpochs}};
  json::Array list;
  for (const Step &step : steps)
    list.push_back(json::Object{{"epoch", step.epoch}, {"lr", step.rate}});
  return json::Object{{"steps", std::move(list)},
                      {"warmup_epochs", warmupEpochs}};
}
