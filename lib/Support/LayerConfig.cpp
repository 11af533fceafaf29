//===- LayerConfig.cpp - what single layers are given ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/LayerConfig.h"

#include "qat/Support/JsonNesting.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static constexpr StringLiteral configName = "the per-layer configuration";

std::string mlir::qat::describeEntry(const LayerOverride &entry, size_t place) {
  std::string text = ("entry " + Twine(place + 1) + " of " + configName).str();
  if (entry.index)
    text += " (layer " + std::to_string(*entry.index) + ")";
  else if (!entry.name.empty())
    text += " (layer '" + entry.name + "')";
  return text;
}

/// A JSON value as messages show it.
static std::string show(const json::Value &value) {
  std::string text;
  raw_string_ostream(text) << value;
  if (text.size() > 40)
    text = text.substr(0, 37) + "...";
  return text;
}

static Expected<unsigned> readBits(const json::Value &value) {
  std::optional<int64_t> bits = value.getAsInteger();
  if (!bits || *bits < minBits || *bits > maxBits)
    return createStringError("must be a number of bits from 2 to 8, but is " +
                             show(value));
  return static_cast<unsigned>(*bits);
}

static Error readMember(StringRef key, const json::Value &value,
                        LayerOverride &entry) {
  if (key == "layer") {
    entry.index = value.getAsInteger();
    if (std::optional<StringRef> name = value.getAsString())
      entry.name = name->str();
    if (entry.index ? *entry.index < 0 : entry.name.empty())
      return createStringError("must be the index or the name of a layer, but "
                               "is " +
                               show(value));
    return Error::success();
  }
  if (key == "w_bits" || key == "a_bits") {
    Expected<unsigned> bits = readBits(value);
    if (!bits)
      return bits.takeError();
    (key == "w_bits" ? entry.weightBits : entry.activationBits) = *bits;
    return Error::success();
  }
  StringRef word = value.getAsString().value_or("");
  if (key == "quant_type") {
    entry.scheme = symbolizeWeightScheme(word);
    if (!entry.scheme)
      return createStringError(
          "must be PerLayerAsymPACT, PerLayerAsymMinMax, PerChannelsAsymMinMax "
          "or PerLayerSymPACT, but is " +
          show(value));
    return Error::success();
  }
  if (key == "fold_type") {
    entry.foldType = symbolizeFoldType(word);
    if (!entry.foldType)
      return createStringError(
          "must be folding_weights, ICN or folding_thresh, but is " +
          show(value));
    return Error::success();
  }
  return createStringError("is unknown; an entry has layer, w_bits, a_bits, "
                           "quant_type and fold_type");
}

Expected<std::vector<LayerOverride>>
mlir::qat::parseLayerConfig(StringRef text) {
  if (jsonNestsDeeply(text))
    return createStringError(configName + " must be a JSON list of objects, "
                                          "but nests deeper");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return createStringError(configName +
                             " is not JSON: " + toString(value.takeError()));
  const json::Array *list = value->getAsArray();
  if (!list)
    return createStringError(configName +
                             " must be a JSON list of objects, "
                             "but is " +
                             show(*value));
  std::vector<LayerOverride> config;
  for (const json::Value &item : *list) {
    LayerOverride entry;
    size_t place = config.size();
    const json::Object *object = item.getAsObject();
    if (!object)
      return createStringError(describeEntry(entry, place) +
                               " must be an object, but is " + show(item));
    // The layer first, so that messages can name it; then in order of keys.
    std::vector<StringRef> keys;
    for (const json::Object::value_type &member : *object)
      keys.push_back(member.first);
    sort(keys, [](StringRef a, StringRef b) {
      return std::pair(a != "layer", a) < std::pair(b != "layer", b);
    });
    if (keys.empty() || keys.front() != "layer")
      return createStringError(describeEntry(entry, place) +
                               " has no 'layer', the index or the name of one");
    for (StringRef key : keys)
      if (Error error = readMember(key, *object->get(key), entry))
        return createStringError(describeEntry(entry, place) + ": '" + key +
                                 "' " + toString(std::move(error)));
    for (auto [other, earlier] : enumerate(config))
      if (earlier.index == entry.index && earlier.name == entry.name)
        return createStringError(describeEntry(entry, place) +
                                 " is for the layer of entry " +
                                 Twine(other + 1));
    config.push_back(std::move(entry));
  }
  return config;
}

std::string mlir::qat::printLayerConfig(ArrayRef<LayerOverride> config) {
  json::Array list;
  for (const LayerOverride &entry : config) {
    json::Object object;
    if (entry.index)
      object["layer"] = *entry.index;
    else
      object["layer"] = entry.name;
    if (entry.weightBits)
      object["w_bits"] = *entry.weightBits;
    if (entry.activationBits)
      object["a_bits"] = *entry.activationBits;
    if (entry.scheme)
      object["quant_type"] = stringifyWeightScheme(*entry.scheme);
    if (entry.foldType)
      object["fold_type"] = stringifyFoldType(*entry.foldType);
    list.push_back(std::move(object));
  }
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(list));
  return text;
}
