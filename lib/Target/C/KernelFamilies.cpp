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
using llvm::StringRef;

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
    {"thresholds", FieldType::Int32s},
    {"falling", FieldType::Bytes},
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
    {"thresholds", FieldType::Int32s},
    {"falling", FieldType::Bytes},
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
    {"thresholds", FieldType::Int32s},
    {"falling", FieldType::Bytes},
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
    {"width", FieldType::I32},
    {"channels", FieldType::I32},
    {"output_channels", FieldType::I32},
    {"output_first_channel", FieldType::I32},
    {"output_first_row", FieldType::I32},
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

static const KernelField concatFields[] = {
    {"width", FieldType::I32},
    {"channels", FieldType::I32},
    {"output_channels", FieldType::I32},
    {"output_first_channel", FieldType::I32},
    {"output_first_row", FieldType::I32},
};

static const KernelField padFields[] = {
    {"in_h", FieldType::U16},  {"in_w", FieldType::U16},
    {"in_c", FieldType::U16},  {"out_h", FieldType::U16},
    {"out_w", FieldType::U16}, {"out_c", FieldType::U16},
    {"top", FieldType::U16},   {"left", FieldType::U16},
    {"front", FieldType::U16}, {"value", FieldType::I32},
};

static const KernelField rescaledAddFields[] = {
    {"row_elements", FieldType::I32},
    {"input1_zero_point", FieldType::I32},
    {"input2_zero_point", FieldType::I32},
    {"input1_first_multiplier", FieldType::I32},
    {"input1_second_multiplier", FieldType::I32},
    {"input2_first_multiplier", FieldType::I32},
    {"input2_second_multiplier", FieldType::I32},
    {"multiplier", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"input1_first_shift", FieldType::U8},
    {"input1_second_shift", FieldType::U8},
    {"input2_first_shift", FieldType::U8},
    {"input2_second_shift", FieldType::U8},
    {"shift", FieldType::U8},
    {"double_round", FieldType::U8},
};

static const KernelField tableFields[] = {
    {"row_elements", FieldType::I32},
    {"input_min", FieldType::I32},
    {"values", FieldType::Bytes},
};

static const KernelField tableSoftmaxFields[] = {
    {"width", FieldType::I32},
    {"channels", FieldType::I32},
    {"output_zero_point", FieldType::I32},
    {"output_min", FieldType::I32},
    {"output_max", FieldType::I32},
    {"table", FieldType::Int32s},
};

/// A family whose kernels read weights.
static KernelFamily makeWeighted(KernelKind kind, StringRef name,
                                 StringRef structName, StringRef header,
                                 ArrayRef<KernelField> fields,
                                 WeightPacking packing, ScratchUse scratch) {
  return {kind,
          name,
          structName,
          header,
          fields,
          /*inputs=*/1,
          packing,
          /*keepsStorage=*/false,
          /*mayRunInPlace=*/false,
          scratch};
}

/// A family without weights.
static KernelFamily makePlain(KernelKind kind, StringRef name,
                              StringRef structName, StringRef header,
                              ArrayRef<KernelField> fields, unsigned inputs,
                              bool keepsStorage, bool mayRunInPlace) {
  return {kind,
          name,
          structName,
          header,
          fields,
          inputs,
          WeightPacking::None,
          keepsStorage,
          mayRunInPlace,
          ScratchUse::None};
}

ArrayRef<KernelFamily> mlir::qat::getKernelFamilies() {
  ArrayRef<KernelField> avgPool2DFields = poolFields;
  static const KernelFamily families[] = {
      makeWeighted(KernelKind::Conv2D, "conv2d", "qat_conv2d", "conv2d.h",
                   conv2DFields, WeightPacking::RowPerOutput,
                   ScratchUse::Window),
      makeWeighted(KernelKind::DepthwiseConv2D, "depthwise_conv2d",
                   "qat_depthwise_conv2d", "depthwise_conv2d.h",
                   depthwiseConv2DFields, WeightPacking::RowPerTap,
                   ScratchUse::UnpackedWeights),
      makeWeighted(KernelKind::FullyConnected, "fully_connected",
                   "qat_fully_connected", "fully_connected.h",
                   fullyConnectedFields, WeightPacking::RowPerOutput,
                   ScratchUse::Window),
      makePlain(KernelKind::Add, "add", "qat_add", "add.h", addFields,
                /*inputs=*/2, /*keepsStorage=*/false, /*mayRunInPlace=*/true),
      makePlain(KernelKind::Requantize, "requantize", "qat_requantize",
                "requantize.h", requantizeFields, 1, /*keepsStorage=*/false,
                /*mayRunInPlace=*/true),
      makePlain(KernelKind::AvgPool2D, "avg_pool2d", "qat_avg_pool2d",
                "avg_pool2d.h", avgPool2DFields, 1, /*keepsStorage=*/true,
                /*mayRunInPlace=*/false),
      makePlain(KernelKind::MaxPool2D, "max_pool2d", "qat_max_pool2d",
                "max_pool2d.h", avgPool2DFields.drop_back(), 1,
                /*keepsStorage=*/true, /*mayRunInPlace=*/false),
      makePlain(KernelKind::Concat, "concat", "qat_concat", "concat.h",
                concatFields, 1, /*keepsStorage=*/true,
                /*mayRunInPlace=*/false),
      makePlain(KernelKind::Pad, "pad", "qat_pad", "pad.h", padFields, 1,
                /*keepsStorage=*/true, /*mayRunInPlace=*/false),
      makePlain(KernelKind::RescaledAdd, "rescaled_add", "qat_rescaled_add",
                "rescaled_add.h", rescaledAddFields, /*inputs=*/2,
                /*keepsStorage=*/false, /*mayRunInPlace=*/true),
      makePlain(KernelKind::Table, "table", "qat_table", "table.h", tableFields,
                1, /*keepsStorage=*/false, /*mayRunInPlace=*/true),
      makePlain(KernelKind::TableSoftmax, "table_softmax", "qat_table_softmax",
                "table_softmax.h", tableSoftmaxFields, 1,
                /*keepsStorage=*/false, /*mayRunInPlace=*/false),
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
