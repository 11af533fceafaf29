//===- OnnxMutator.cpp - mutants of ONNX models that still parse ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Changes single fields of a model through protobuf's reflection: numbers,
/// strings (often to one that stands elsewhere), repeated fields that lose,
/// double or swap an element. Half of the mutants are still libFuzzer's own.
///
//===----------------------------------------------------------------------===//

#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

using Random = std::minstd_rand;

static size_t pick(Random &random, size_t count) {
  return std::uniform_int_distribution<size_t>(0, count - 1)(random);
}

namespace {
/// A field of a message that is set.
struct Place {
  Message *message;
  const FieldDescriptor *field;
};

struct Places {
  std::vector<Place> fields;
  std::vector<std::string> strings;

  void collect(Message &message) {
    const Reflection *reflection = message.GetReflection();
    std::vector<const FieldDescriptor *> set;
    reflection->ListFields(message, &set);
    for (const FieldDescriptor *field : set) {
      fields.push_back({&message, field});
      bool isString = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (!field->is_repeated()) {
        if (isMessage)
          collect(*reflection->MutableMessage(&message, field));
        if (isString)
          strings.push_back(reflection->GetString(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        if (isMessage)
          collect(*reflection->MutableRepeatedMessage(&message, field, i));
        if (isString)
          strings.push_back(reflection->GetRepeatedString(message, field, i));
      }
    }
  }
};
} // namespace

static int64_t pickInteger(Random &random) {
  static const int64_t values[] = {
      0,       1,       2,         3,         4,        5,     7,
      8,       16,      -1,        -2,        64,       65535, 65536,
      1 << 24, 1 << 30, INT32_MAX, INT64_MAX, INT64_MIN};
  return values[pick(random, std::size(values))];
}

static float pickReal(Random &random) {
  static const float values[] = {0.f, -1.f, 1.f, 6.f, 1e-45f, 1e38f};
  return values[pick(random, std::size(values))];
}

static void changeRepeated(Message &message, const FieldDescriptor *field,
                           Random &random, const Places &places) {
  const Reflection *reflection = message.GetReflection();
  int size = reflection->FieldSize(message, field);
  int a = pick(random, size), b = pick(random, size);
  switch (pick(random, 4)) {
  case 0: // lose one
    reflection->SwapElements(&message, field, a, size - 1);
    reflection->RemoveLast(&message, field);
    return;
  case 1:
    reflection->SwapElements(&message, field, a, b);
    return;
  default:
    break;
  }
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT64:
    reflection->SetRepeatedInt64(&message, field, a, pickInteger(random));
    return;
  case FieldDescriptor::CPPTYPE_FLOAT:
    reflection->SetRepeatedFloat(&message, field, a, pickReal(random));
    return;
  case FieldDescriptor::CPPTYPE_STRING:
    reflection->SetRepeatedString(
        &message, field, a,
        places.strings[pick(random, places.strings.size())]);
    return;
  case FieldDescriptor::CPPTYPE_MESSAGE: { // double one
    Message *copy = reflection->AddMessage(&message, field);
    copy->CopyFrom(reflection->GetRepeatedMessage(message, field, a));
    return;
  }
  default:
    reflection->SwapElements(&message, field, a, b);
  }
}

static void change(const Place &place, Random &random, const Places &places) {
  Message &message = *place.message;
  const FieldDescriptor *field = place.field;
  const Reflection *reflection = message.GetReflection();
  if (field->is_repeated())
    return changeRepeated(message, field, random, places);
  if (pick(random, 6) == 0)
    return reflection->ClearField(&message, field);
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT64:
    return reflection->SetInt64(&message, field, pickInteger(random));
  case FieldDescriptor::CPPTYPE_INT32:
    return reflection->SetInt32(&message, field, pick(random, 24));
  case FieldDescriptor::CPPTYPE_ENUM:
    return reflection->SetEnumValue(&message, field, pick(random, 12));
  case FieldDescriptor::CPPTYPE_FLOAT:
    return reflection->SetFloat(&message, field, pickReal(random));
  case FieldDescriptor::CPPTYPE_STRING: {
    // Bytes, of weights, are cut; names become other names.
    std::string text = places.strings[pick(random, places.strings.size())];
    if (field->type() == FieldDescriptor::TYPE_BYTES) {
      text = reflection->GetString(message, field);
      text.resize(pick(random, text.size() + 8));
    }
    return reflection->SetString(&message, field, text);
  }
  default:
    return;
  }
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  Random random(seed);
  google::protobuf::LogSilencer silence;
  onnx::ModelProto model;
  if (pick(random, 2) == 0 || !model.ParseFromArray(data, int(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  for (size_t i = 0, count = 1 + pick(random, 3); i < count; ++i) {
    Places places;
    places.strings = {"", "Conv", "Relu", "Add", "Concat", "Pad", "Gemm"};
    places.collect(model);
    if (!places.fields.empty())
      change(places.fields[pick(random, places.fields.size())], random, places);
  }
  std::string bytes = model.SerializeAsString();
  if (bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
