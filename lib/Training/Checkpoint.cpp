//===- Checkpoint.cpp - a training that can go on -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Checkpoint.h"

#include "qat/Support/JsonNesting.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static constexpr StringLiteral kJsonArray = "checkpoint.json";
static constexpr StringLiteral kNetworkArray = "checkpoint.network";
static constexpr int64_t kVersion = 1;

static json::Object toJson(const TrainingPosition &position) {
  json::Object object{{"epoch", position.epoch},
                      {"step", position.step},
                      {"updates", position.updates},
                      {"frozen", position.frozen},
                      {"loss_sum", position.lossSum},
                      {"right", position.right},
                      {"right_in_five", position.rightInFive},
                      {"batches", position.batches},
                      {"seconds", position.seconds},
                      {"best_epoch", position.bestEpoch}};
  if (position.bestScore)
    object["best_score"] = *position.bestScore;
  return object;
}

static bool fromJson(const json::Value &value, TrainingPosition &position,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("epoch", position.epoch) &&
         map.map("step", position.step) &&
         map.map("updates", position.updates) &&
         map.map("frozen", position.frozen) &&
         map.map("loss_sum", position.lossSum) &&
         map.map("right", position.right) &&
         map.map("right_in_five", position.rightInFive) &&
         map.map("batches", position.batches) &&
         map.map("seconds", position.seconds) &&
         map.map("best_epoch", position.bestEpoch) &&
         map.map("best_score", position.bestScore);
}

static NdArray toBytes(StringRef text) {
  return NdArray::of<uint8_t>(static_cast<int64_t>(text.size()),
                              arrayRefFromStringRef(text));
}

Error mlir::qat::writeCheckpoint(StringRef path,
                                 const TrainingPosition &position,
                                 const Recipe &recipe,
                                 const json::Object &setup,
                                 const NetworkGraph &graph,
                                 const TrainingState &state) {
  json::Object about{{"version", kVersion},
                     {"position", toJson(position)},
                     {"recipe", recipe.toJson()},
                     {"setup", json::Object(setup)}};
  std::vector<NamedArray> arrays;
  state.save(arrays);
  arrays.push_back(
      {kJsonArray.str(),
       toBytes(formatv("{0}", json::Value(std::move(about))).str())});
  arrays.push_back({kNetworkArray.str(), toBytes(graph.getBytes())});
  return writeSafetensors(path, arrays);
}

Expected<Checkpoint> Checkpoint::read(StringRef path) {
  Expected<std::vector<NamedArray>> arrays = readSafetensors(path);
  if (!arrays)
    return arrays.takeError();
  auto findText = [&](StringRef name) -> std::optional<StringRef> {
    for (const NamedArray &named : *arrays)
      if (named.name == name && named.array.kind() == ElementKind::U8)
        return toStringRef(named.array.bytes());
    return std::nullopt;
  };
  auto fail = [&](const Twine &why) {
    return createStringError("'" + path +
                             "' is not a checkpoint that can be "
                             "gone on from: " +
                             why);
  };
  std::optional<StringRef> text = findText(kJsonArray);
  std::optional<StringRef> network = findText(kNetworkArray);
  if (!text || !network)
    return fail("it lacks 'checkpoint.json' or 'checkpoint.network'");
  if (jsonNestsDeeply(*text))
    return fail("brackets nest too deep");
  Expected<json::Value> about = json::parse(*text);
  if (!about)
    return fail(toString(about.takeError()));
  const json::Object *object = about->getAsObject();
  const json::Value *position = object ? object->get("position") : nullptr;
  const json::Value *recipe = object ? object->get("recipe") : nullptr;
  const json::Object *setup = object ? object->getObject("setup") : nullptr;
  if (!position || !recipe || !setup ||
      object->getInteger("version") != kVersion)
    return fail("it is of another version");
  Checkpoint checkpoint;
  json::Path::Root root("position");
  if (!fromJson(*position, checkpoint.position, root))
    return fail(toString(root.getError()));
  Expected<Recipe> read = Recipe::fromJson(*recipe);
  if (!read)
    return fail(toString(read.takeError()));
  checkpoint.recipe = std::move(*read);
  checkpoint.setup = *setup;
  checkpoint.graph = NetworkGraph(network->str());
  checkpoint.state.load(*arrays);
  return checkpoint;
}
