//===- KernelInfo.cpp - the table of C kernels ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/KernelInfo.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

#include <vector>

using namespace mlir::qat;
using llvm::ArrayRef;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Storage
//===----------------------------------------------------------------------===//

unsigned mlir::qat::getBits(Storage storage) {
  switch (storage) {
  case Storage::U8:
  case Storage::I8:
    return 8;
  case Storage::U4:
  case Storage::I4:
    return 4;
  case Storage::U2:
  case Storage::I2:
    return 2;
  case Storage::I32:
    return 32;
  }
  llvm_unreachable("all storages are listed");
}

bool mlir::qat::isSigned(Storage storage) {
  return storage == Storage::I8 || storage == Storage::I4 ||
         storage == Storage::I2 || storage == Storage::I32;
}

StringRef mlir::qat::getName(Storage storage) {
  switch (storage) {
  case Storage::U8:
    return "u8";
  case Storage::I8:
    return "i8";
  case Storage::U4:
    return "u4";
  case Storage::I4:
    return "i4";
  case Storage::U2:
    return "u2";
  case Storage::I2:
    return "i2";
  case Storage::I32:
    return "i32";
  }
  llvm_unreachable("all storages are listed");
}

StringRef mlir::qat::getCType(Storage storage) {
  if (storage == Storage::I32)
    return "int32_t";
  return storage == Storage::I8 ? "int8_t" : "uint8_t";
}

std::optional<Storage> mlir::qat::getStorage(unsigned bits, bool isSigned) {
  if (bits == 32 && isSigned)
    return Storage::I32;
  if (bits == 0 || bits > 8)
    return std::nullopt;
  if (bits <= 2)
    return isSigned ? Storage::I2 : Storage::U2;
  if (bits <= 4)
    return isSigned ? Storage::I4 : Storage::U4;
  return isSigned ? Storage::I8 : Storage::U8;
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

// The structs of include/qat-rt, member by member.
static const KernelField conv2DFields[] = {
    {"in_h", FieldType::U16},
    {"in_w", FieldType::U16},
    {"in_c", FieldType::U16},
    {"out_h", FieldType::U16},
    {"out_w", FieldType::U16},
    {"out_c", FieldType::U16},
    {"kernel_h", FieldType::U16},
    {"kernel_w", FieldType::U16},
    {"stride_h", FieldType::U16},
    {"stride_w", FieldType::U16},
    {"dilation_h", FieldType::U16},
    {"dilation_w", FieldType::U16},
    {"pad_top", FieldType::U16},
    {"pad_left", FieldType::U16},
    {"groups", FieldType::U16},
    {"per_channel_multiplier", FieldType::U8},
    {"per_channel_weight_zero_point", FieldType::U8},
    {"input_zero_point", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"weights", FieldType::Words},
    {"weight_zero_points", FieldType::Int32s},
    {"bias", FieldType::Int32s},
    {"multiplier", FieldType::Int32s},
    {"shift", FieldType::Bytes},
};

static const KernelField depthwiseConv2DFields[] = {
    {"in_h", FieldType::U16},
    {"in_w", FieldType::U16},
    {"out_h", FieldType::U16},
    {"out_w", FieldType::U16},
    {"channels", FieldType::U16},
    {"multiplicity", FieldType::U16},
    {"kernel_h", FieldType::U16},
    {"kernel_w", FieldType::U16},
    {"stride_h", FieldType::U16},
    {"stride_w", FieldType::U16},
    {"dilation_h", FieldType::U16},
    {"dilation_w", FieldType::U16},
    {"pad_top", FieldType::U16},
    {"pad_left", FieldType::U16},
    {"per_channel_multiplier", FieldType::U8},
    {"per_channel_weight_zero_point", FieldType::U8},
    {"input_zero_point", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"weights", FieldType::Words},
    {"weight_zero_points", FieldType::Int32s},
    {"bias", FieldType::Int32s},
    {"multiplier", FieldType::Int32s},
    {"shift", FieldType::Bytes},
};

static const KernelField fullyConnectedFields[] = {
    {"inputs", FieldType::I32},
    {"outputs", FieldType::I32},
    {"per_channel_multiplier", FieldType::U8},
    {"per_channel_weight_zero_point", FieldType::U8},
    {"input_zero_point", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"weights", FieldType::Words},
    {"weight_zero_points", FieldType::Int32s},
    {"bias", FieldType::Int32s},
    {"multiplier", FieldType::Int32s},
    {"shift", FieldType::Bytes},
};

static const KernelField addFields[] = {
    {"row_elements", FieldType::I32},
    {"input1_zero_point", FieldType::I32},
    {"input2_zero_point", FieldType::I32},
    {"input1_multiplier", FieldType::I32},
    {"input2_multiplier", FieldType::I32},
    {"rounding", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"shift", FieldType::U8},
};

static const KernelField requantizeFields[] = {
    {"width", FieldType::U16},
    {"channels", FieldType::U16},
    {"output_channels", FieldType::U16},
    {"output_first_channel", FieldType::U16},
    {"input_zero_point", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"multiplier", FieldType::I32},
    {"shift", FieldType::U8},
    {"rounding", FieldType::I64},
};

// avg_pool2d has one member more.
static const KernelField poolFields[] = {
    {"in_h", FieldType::U16},     {"in_w", FieldType::U16},
    {"out_h", FieldType::U16},    {"out_w", FieldType::U16},
    {"channels", FieldType::U16}, {"kernel_h", FieldType::U16},
    {"kernel_w", FieldType::U16}, {"stride_h", FieldType::U16},
    {"stride_w", FieldType::U16}, {"pad_top", FieldType::U16},
    {"pad_left", FieldType::U16}, {"round_to_nearest", FieldType::U8},
};

ArrayRef<KernelFamily> mlir::qat::getKernelFamilies() {
  ArrayRef<KernelField> avgPool2DFields = poolFields;
  static const KernelFamily families[] = {
      {KernelKind::Conv2D, "conv2d", "qat_conv2d", "conv2d.h", conv2DFields, 1,
       WeightPacking::RowPerOutput, false, ScratchUse::Window},
      {KernelKind::DepthwiseConv2D, "depthwise_conv2d", "qat_depthwise_conv2d",
       "depthwise_conv2d.h", depthwiseConv2DFields, 1, WeightPacking::RowPerTap,
       false, ScratchUse::UnpackedWeights},
      {KernelKind::FullyConnected, "fully_connected", "qat_fully_connected",
       "fully_connected.h", fullyConnectedFields, 1,
       WeightPacking::RowPerOutput, false, ScratchUse::Window},
      {KernelKind::Add, "add", "qat_add", "add.h", addFields, 2,
       WeightPacking::None, true, ScratchUse::None},
      {KernelKind::Requantize, "requantize", "qat_requantize", "requantize.h",
       requantizeFields, 1, WeightPacking::None, true, ScratchUse::None},
      {KernelKind::AvgPool2D, "avg_pool2d", "qat_avg_pool2d", "avg_pool2d.h",
       avgPool2DFields, 1, WeightPacking::None, false, ScratchUse::None},
      {KernelKind::MaxPool2D, "max_pool2d", "qat_max_pool2d", "max_pool2d.h",
       avgPool2DFields.drop_back(), 1, WeightPacking::None, false,
       ScratchUse::None},
  };
  return families;
}

const KernelFamily &mlir::qat::getKernelFamily(KernelKind kind) {
  return getKernelFamilies()[static_cast<size_t>(kind)];
}

int64_t KernelFamily::getStructBytes() const {
  int64_t bytes = 0, alignment = 1;
  for (const KernelField &field : fields) {
    int64_t size = 4;
    if (field.type == FieldType::U8)
      size = 1;
    else if (field.type == FieldType::U16)
      size = 2;
    else if (field.type == FieldType::I64)
      size = 8;
    bytes = llvm::alignTo(bytes, size) + size;
    alignment = std::max(alignment, size);
  }
  return llvm::alignTo(bytes, alignment);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

int64_t KernelInfo::getWordsPerRow(int64_t fields) const {
  return llvm::divideCeil(fields, 32 / getBits(second));
}

int64_t KernelInfo::getScratchBytes(int64_t windowElements) const {
  switch (family->scratch) {
  case ScratchUse::None:
    return 0;
  case ScratchUse::Window:
    return llvm::alignTo(windowElements, 32 / getBits(second)) * 2;
  case ScratchUse::UnpackedWeights:
    return windowElements * 16;
  }
  llvm_unreachable("all uses are listed");
}

/// The portable C99 bodies of lib/Runtime/C: every combination of storages
/// that the runtime instantiates.
static void addPortableKernels(std::vector<KernelInfo> &rows) {
  const Storage fields[] = {Storage::U8, Storage::I8};
  const Storage outputs[] = {Storage::U8, Storage::I8, Storage::I32};
  auto add = [&](KernelKind kind, Storage input, Storage second, Storage output,
                 unsigned accumulatorBits, double cost) {
    const KernelFamily &family = getKernelFamily(kind);
    std::string function = ("qat_" + family.name + "_" + getName(input)).str();
    if (family.inputs == 2 || family.packing != WeightPacking::None)
      function += ("_" + getName(second)).str();
    function += ("_" + getName(output)).str();
    if (accumulatorBits == 64)
      function += "_acc64";
    rows.push_back({std::move(function), &family, /*target=*/"", input, second,
                    output, accumulatorBits, cost});
  };

  struct Weighted {
    KernelKind kind;
    double cost;
  };
  for (auto [kind, cost] : {Weighted{KernelKind::Conv2D, 4.0},
                            Weighted{KernelKind::DepthwiseConv2D, 7.0},
                            Weighted{KernelKind::FullyConnected, 4.0}})
    for (Storage input : fields)
      for (Storage weights : fields)
        for (Storage output : outputs) {
          add(kind, input, weights, output, 32, cost);
          add(kind, input, weights, output, 64, cost * 1.5);
        }
  for (Storage input : fields)
    for (Storage output : fields) {
      for (Storage second : fields)
        add(KernelKind::Add, input, second, output, 32, 12.0);
      add(KernelKind::Requantize, input, input, output, 32, 14.0);
    }
  for (Storage storage : fields) {
    add(KernelKind::AvgPool2D, storage, storage, storage, 32, 5.0);
    add(KernelKind::MaxPool2D, storage, storage, storage, 32, 6.0);
  }
}

ArrayRef<KernelInfo> mlir::qat::getKernels() {
  static const std::vector<KernelInfo> rows = [] {
    std::vector<KernelInfo> rows;
    addPortableKernels(rows);
    return rows;
  }();
  return rows;
}

const KernelInfo *mlir::qat::findKernel(const KernelQuery &query) {
  const KernelInfo *best = nullptr;
  for (const KernelInfo &row : getKernels()) {
    bool usesSecond =
        row.family->inputs == 2 || row.family->packing != WeightPacking::None;
    if (row.family->kind != query.kind || row.input != query.input ||
        (usesSecond && row.second != query.second) ||
        row.output != query.output ||
        row.accumulatorBits < query.accumulatorBits ||
        (!row.target.empty() && row.target != query.target))
      continue;
    if (!best || row.cost < best->cost)
      best = &row;
  }
  return best;
}

const KernelInfo *mlir::qat::findKernel(StringRef function) {
  const KernelInfo *row = llvm::find_if(
      getKernels(), [&](auto &row) { return row.function == function; });
  return row == getKernels().end() ? nullptr : row;
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

ArrayRef<CTarget> mlir::qat::getCTargets() {
  static const CTarget targets[] = {
      {"cortex-m0plus", false}, {"cortex-m3", false}, {"cortex-m4", true},
      {"cortex-m33", false},    {"cortex-m7", false}, {"cortex-m55", false},
      {"host", true},
  };
  return targets;
}

const CTarget *mlir::qat::findCTarget(StringRef name) {
  const CTarget *target = llvm::find_if(
      getCTargets(), [&](auto &target) { return target.name == name; });
  return target == getCTargets().end() ? nullptr : target;
}

std::string mlir::qat::listAvailableCTargets() {
  std::string text;
  for (const CTarget &target : getCTargets())
    if (target.isAvailable)
      text += ((text.empty() ? "'" : ", '") + target.name + "'").str();
  return text;
}
