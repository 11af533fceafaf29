//===- KernelFamilies.cpp - the operations that have kernels --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/KernelInfo.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir::qat;
using llvm::ArrayRef;

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
