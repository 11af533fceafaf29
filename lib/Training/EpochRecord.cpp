//===- EpochRecord.cpp - rows of results.jsonl ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/EpochRecord.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// JSON has no number for what is not finite.
static json::Value numberOrNull(double value) {
  return std::isfinite(value) ? json::Value(value) : json::Value(nullptr);
}

static void add(json::Object &row, StringRef key,
                const std::optional<Accuracy> &accuracy) {
  if (accuracy)
    row[key] = json::Object{{"top1", accuracy->top1}, {"top5", accuracy->top5}};
}

static json::Value toJson(const std::optional<double> &decibels) {
  if (!decibels || std::isnan(*decibels))
    return nullptr;
  if (std::isinf(*decibels))
    return *decibels > 0 ? "inf" : "-inf";
  return *decibels;
}

json::Object EpochRecord::toJson() const {
  json::Object row{{"epoch", epoch},     {"steps", steps},
                   {"images", images},   {"loss", numberOrNull(loss)},
                   {"lr", learningRate}, {"bound_lr", boundLearningRate},
                   {"frozen", frozen},   {"best", best},
                   {"seconds", seconds}};
  add(row, "train", train);
  add(row, "float", real);
  add(row, "fake", fake);
  add(row, "integer", integer);
  if (evaluationLoss)
    row["evaluation_loss"] = numberOrNull(*evaluationLoss);
  if (agreement)
    row["agreement"] = *agreement;
  json::Object values;
  for (const BoundRecord &bound : bounds) {
    if (bound.least == bound.greatest)
      values[bound.name] = numberOrNull(bound.mean);
    else
      values[bound.name] =
          json::Array{numberOrNull(bound.least), numberOrNull(bound.mean),
                      numberOrNull(bound.greatest)};
  }
  row["bounds"] = std::move(values);
  json::Object layers;
  for (const NoiseRecord &layer : noise)
    layers[layer.layer] =
        json::Array{::toJson(layer.local), ::toJson(layer.accumulated)};
  if (!noise.empty())
    row["noise"] = std::move(layers);
  return row;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// Takes members from a row; remembers the first that is missing or wrong.
class RowReader {
public:
  explicit RowReader(const json::Object &row) : row(row) {}

  double number(StringRef key) { return toNumber(row.get(key), key); }
  int64_t integer(StringRef key) {
    std::optional<int64_t> value = row.getInteger(key);
    if (!value)
      refuse(key, "an integer");
    return value.value_or(0);
  }
  bool boolean(StringRef key) {
    std::optional<bool> value = row.getBoolean(key);
    if (!value)
      refuse(key, "true or false");
    return value.value_or(false);
  }
  std::optional<double> optionalNumber(StringRef key) {
    if (!row.get(key))
      return std::nullopt;
    return number(key);
  }
  std::optional<Accuracy> accuracy(StringRef key) {
    const json::Value *value = row.get(key);
    if (!value)
      return std::nullopt;
    const json::Object *members = value->getAsObject();
    if (!members) {
      refuse(key, "an object of top1 and top5");
      return std::nullopt;
    }
    return Accuracy{toNumber(members->get("top1"), key),
                    toNumber(members->get("top5"), key)};
  }
  std::vector<BoundRecord> bounds(StringRef key) {
    std::vector<BoundRecord> records;
    const json::Object *members = row.getObject(key);
    if (!members) {
      refuse(key, "an object");
      return records;
    }
    for (const auto &[name, value] : *members) {
      BoundRecord bound;
      bound.name = name.str();
      if (const json::Array *three = value.getAsArray()) {
        if (three->size() != 3) {
          refuse(key, "a number or three a bound");
          return records;
        }
        bound.least = toNumber(&(*three)[0], key);
        bound.mean = toNumber(&(*three)[1], key);
        bound.greatest = toNumber(&(*three)[2], key);
      } else {
        bound.least = bound.mean = bound.greatest = toNumber(&value, key);
      }
      records.push_back(std::move(bound));
    }
    // The order of a JSON object is none.
    llvm::sort(records, [](const BoundRecord &a, const BoundRecord &b) {
      return a.name < b.name;
    });
    return records;
  }
  std::vector<NoiseRecord> noise(StringRef key) {
    std::vector<NoiseRecord> records;
    if (!row.get(key))
      return records;
    const json::Object *members = row.getObject(key);
    if (!members) {
      refuse(key, "an object");
      return records;
    }
    for (const auto &[name, value] : *members) {
      const json::Array *two = value.getAsArray();
      if (!two || two->size() != 2) {
        refuse(key, "two numbers a layer");
        return records;
      }
      records.push_back(
          {name.str(), toDecibels((*two)[0], key), toDecibels((*two)[1], key)});
    }
    llvm::sort(records, [](const NoiseRecord &a, const NoiseRecord &b) {
      return a.layer < b.layer;
    });
    return records;
  }

  Error takeError() const {
    return wrong.empty() ? Error::success()
                         : createStringError(inconvertibleErrorCode(), wrong);
  }

private:
  double toNumber(const json::Value *value, StringRef key) {
    if (value && value->kind() == json::Value::Null)
      return std::nan("");
    std::optional<double> found =
        value ? value->getAsNumber() : std::optional<double>();
    if (!found)
      refuse(key, "a number");
    return found.value_or(0);
  }
  std::optional<double> toDecibels(const json::Value &value, StringRef key) {
    if (value.kind() == json::Value::Null)
      return std::nullopt;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (value.getAsString() == "inf")
      return infinity;
    if (value.getAsString() == "-inf")
      return -infinity;
    return toNumber(&value, key);
  }
  void refuse(StringRef key, const Twine &expected) {
    if (wrong.empty())
      wrong = ("member '" + key + "' is missing or wrong, expected " + expected)
                  .str();
  }

  const json::Object &row;
  std::string wrong;
};
} // namespace

Expected<EpochRecord> EpochRecord::fromJson(const json::Value &value) {
  const json::Object *row = value.getAsObject();
  if (!row)
    return createStringError(inconvertibleErrorCode(),
                             "expected an object of an epoch");
  RowReader reader(*row);
  EpochRecord record;
  record.epoch = reader.integer("epoch");
  record.steps = reader.integer("steps");
  record.images = reader.integer("images");
  record.loss = reader.number("loss");
  record.train = reader.accuracy("train");
  record.real = reader.accuracy("float");
  record.fake = reader.accuracy("fake");
  record.integer = reader.accuracy("integer");
  record.evaluationLoss = reader.optionalNumber("evaluation_loss");
  record.agreement = reader.optionalNumber("agreement");
  record.learningRate = reader.number("lr");
  record.boundLearningRate = reader.number("bound_lr");
  record.frozen = reader.boolean("frozen");
  record.best = reader.boolean("best");
  record.seconds = reader.number("seconds");
  record.bounds = reader.bounds("bounds");
  record.noise = reader.noise("noise");
  if (Error error = reader.takeError())
    return std::move(error);
  return record;
}

Expected<std::vector<EpochRecord>> mlir::qat::parseRecords(StringRef text) {
  std::vector<EpochRecord> records;
  for (unsigned number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    // Without its end the line was cut off in writing.
    if (end == StringRef::npos)
      break;
    StringRef line = text.take_front(end).trim();
    text = text.drop_front(end + 1);
    if (line.empty())
      continue;
    Expected<json::Value> value = json::parse(line);
    if (!value)
      return createStringError(inconvertibleErrorCode(),
                               "line " + Twine(number) + " is not JSON: " +
                                   toString(value.takeError()));
    Expected<EpochRecord> record = EpochRecord::fromJson(*value);
    if (!record)
      return createStringError(inconvertibleErrorCode(),
                               "line " + Twine(number) + ": " +
                                   toString(record.takeError()));
    records.push_back(std::move(*record));
  }
  return records;
}
