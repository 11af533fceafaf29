//===- KernelInfoTest.cpp -------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/KernelInfo.h"

#include "qat-rt/conv2d.h"
#include "qat-rt/depthwise_conv2d.h"
#include "qat-rt/fully_connected.h"
#include "qat/Runtime/RuntimeSources.h"
#include "qat/Target/C/Passes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "gtest/gtest.h"

#include <regex>

using namespace mlir::qat;

namespace {
TEST(KernelInfoTest, EveryRowIsAKernelOfTheRuntime) {
  llvm::StringSet<> seen;
  for (const KernelInfo &row : getKernels()) {
    auto source = getRuntimeSource(row.getSource());
    ASSERT_TRUE(source) << row.getSource();
    // The macros that instantiate and declare it.
    std::string body = row.getSource();
    body.replace(body.size() - 2, 2, "_body.h");
    auto macro = [](std::string line) {
      return "#define " + line.substr(0, line.find('(') + 1);
    };
    EXPECT_TRUE(getRuntimeSource(body)->contains(macro(row.getDefinition())));
    EXPECT_TRUE(getRuntimeSource(row.family->header)
                    ->contains(macro(row.getDeclaration())));
    EXPECT_TRUE(seen.insert(row.function).second) << row.function;
    EXPECT_EQ(findKernel(row.function), &row);
  }
}

// The members of each struct, read from the header that C includes.
TEST(KernelInfoTest, FieldsAreTheMembersOfTheStructs) {
  for (const KernelFamily &family : getKernelFamilies()) {
    SCOPED_TRACE(family.name.str());
    EXPECT_EQ(&getKernelFamily(family.kind), &family);
    auto source = getRuntimeSource(family.header);
    ASSERT_TRUE(source.has_value());
    std::string text =
        std::regex_replace(source->str(), std::regex("/\\*[^]*?\\*/"), "");
    size_t start = text.find("struct " + family.structName.str() + " {");
    ASSERT_NE(start, std::string::npos);
    start = text.find('{', start) + 1;
    std::string body = text.substr(start, text.find('}', start) - start);

    std::vector<std::pair<std::string, FieldType>> members;
    std::regex declaration("(const )?(u?int\\d+_t)([^;]*);");
    for (std::sregex_iterator it(body.begin(), body.end(), declaration), end;
         it != end; ++it) {
      std::string type = (*it)[2], names = (*it)[3];
      bool isPointer = names.find('*') != std::string::npos;
      FieldType field = FieldType::I32;
      if (type == "uint8_t")
        field = isPointer ? FieldType::Bytes : FieldType::U8;
      else if (type == "uint16_t")
        field = FieldType::U16;
      else if (type == "int64_t")
        field = FieldType::I64;
      else if (isPointer)
        field = type == "uint32_t" ? FieldType::Words : FieldType::Int32s;
      std::regex name("\\w+");
      for (std::sregex_iterator n(names.begin(), names.end(), name);
           n != std::sregex_iterator(); ++n)
        members.push_back({n->str(), field});
    }
    ASSERT_EQ(members.size(), family.fields.size());
    for (size_t i = 0; i < members.size(); ++i) {
      EXPECT_EQ(members[i].first, family.fields[i].name.str());
      EXPECT_EQ(members[i].second, family.fields[i].type) << members[i].first;
    }
  }
}

TEST(KernelInfoTest, TakesTheCheapestKernelThatServes) {
  KernelQuery query{KernelKind::Conv2D, "host", Storage::U8, Storage::I8,
                    Storage::U8};
  EXPECT_EQ(findKernel(query)->function, "qat_conv2d_u8_i8_u8");
  query.accumulatorBits = 64;
  EXPECT_EQ(findKernel(query)->function, "qat_conv2d_u8_i8_u8_acc64");
  query.output = Storage::U2;
  EXPECT_EQ(findKernel(query)->function, "qat_conv2d_u8_i8_u2_acc64");
  query.input = Storage::I32;
  EXPECT_EQ(findKernel(query), nullptr);
  EXPECT_EQ(findKernel("qat_conv2d"), nullptr);
}

TEST(KernelInfoTest, SaysHowAKernelIsWrittenInC) {
  auto texts = [](const char *function) {
    const KernelInfo *row = findKernel(function);
    return row->getSource() + ": " + row->getDefinition() + " " +
           row->getDeclaration();
  };
  EXPECT_EQ(texts("qat_depthwise_conv2d_u4_i2_i8_acc64"),
            "depthwise_conv2d.c: QAT_DEPTHWISE_CONV2D_KERNEL("
            "qat_depthwise_conv2d_u4_i2_i8_acc64, u4, i2, i8, QAT_ACC64) "
            "QAT_DEPTHWISE_CONV2D_DECLARE(qat_depthwise_conv2d_u4_i2_i8_acc64, "
            "uint8_t, int8_t)");
  EXPECT_EQ(texts("qat_conv2d_u4_i2_u2_acc64_thresholds"),
            "conv2d.c: QAT_CONV2D_KERNEL("
            "qat_conv2d_u4_i2_u2_acc64_thresholds, u4, i2, u2, QAT_ACC64 | "
            "QAT_THRESHOLDS) QAT_CONV2D_DECLARE("
            "qat_conv2d_u4_i2_u2_acc64_thresholds, uint8_t, uint8_t)");
  EXPECT_EQ(texts("qat_fully_connected_u8_i8_i32_unscaled"),
            "fully_connected.c: QAT_FULLY_CONNECTED_KERNEL("
            "qat_fully_connected_u8_i8_i32_unscaled, u8, i8, i32, QAT_ACC32 | "
            "QAT_UNSCALED) QAT_FULLY_CONNECTED_DECLARE("
            "qat_fully_connected_u8_i8_i32_unscaled, uint8_t, int32_t)");
  EXPECT_EQ(texts("qat_add_i8_u4_i2"),
            "add.c: QAT_ADD_KERNEL(qat_add_i8_u4_i2, i8, u4, i2) "
            "QAT_ADD_DECLARE(qat_add_i8_u4_i2, int8_t, uint8_t, uint8_t)");
  EXPECT_EQ(texts("qat_max_pool2d_i4_i4"),
            "max_pool2d.c: QAT_MAX_POOL2D_KERNEL(qat_max_pool2d_i4_i4, i4) "
            "QAT_MAX_POOL2D_DECLARE(qat_max_pool2d_i4_i4, uint8_t)");
}

TEST(KernelInfoTest, ThereIsAKernelForEveryCombinationOfStorages) {
  const Storage narrow[] = {Storage::U8, Storage::I8, Storage::U4,
                            Storage::I4, Storage::U2, Storage::I2};
  for (Storage input : narrow)
    for (Storage second : narrow)
      for (Storage output : {Storage::U8, Storage::I8, Storage::U4, Storage::I4,
                             Storage::U2, Storage::I2, Storage::I32})
        for (unsigned bits : {32, 64})
          for (const KernelFamily &family : getKernelFamilies()) {
            // Of imported int8 networks alone.
            if (llvm::is_contained({KernelKind::RescaledAdd, KernelKind::Table,
                                    KernelKind::TableSoftmax},
                                   family.kind))
              continue;
            if (family.packing == WeightPacking::None &&
                (bits == 64 || output == Storage::I32 ||
                 (family.keepsStorage && input != output)))
              continue;
            // Imported networks have 8 bits.
            if (family.kind >= KernelKind::RescaledAdd)
              continue;
            KernelQuery query{family.kind, "cortex-m0plus", input,
                              second,      output,          bits};
            const KernelInfo *kernel = findKernel(query);
            ASSERT_NE(kernel, nullptr);
            EXPECT_EQ(kernel->accumulatorBits, bits);
          }
}

TEST(KernelInfoTest, ScratchIsWhatTheHeadersState) {
  const KernelInfo *conv = findKernel("qat_conv2d_u8_u8_u8");
  const KernelInfo *depthwise = findKernel("qat_depthwise_conv2d_u8_u8_u8");
  const KernelInfo *dense = findKernel("qat_fully_connected_u8_i8_u8");
  for (int64_t size : {1, 2, 3, 5, 7})
    for (int64_t channels : {1, 3, 8, 30}) {
      EXPECT_EQ(conv->getScratchBytes(size * 3 * channels),
                QAT_CONV2D_SCRATCH_BYTES(size, 3, channels * 2, 2, 8));
      EXPECT_EQ(depthwise->getScratchBytes(size * 3),
                QAT_DEPTHWISE_CONV2D_SCRATCH_BYTES(size, 3));
      EXPECT_EQ(dense->getScratchBytes(size * channels),
                QAT_FULLY_CONNECTED_SCRATCH_BYTES(size * channels, 8));
      EXPECT_EQ(findKernel("qat_conv2d_u4_u2_u8")
                    ->getScratchBytes(size * 3 * channels),
                QAT_CONV2D_SCRATCH_BYTES(size, 3, channels * 2, 2, 2));
    }
  // The others state that they need none.
  for (const KernelFamily &family : getKernelFamilies())
    EXPECT_EQ(getRuntimeSource(family.header)->contains("// Scratch: none."),
              family.scratch == ScratchUse::None)
        << family.name.str();
}

TEST(KernelInfoTest, RowsOfWeightsAreWholeWords) {
  EXPECT_EQ(findKernel("qat_conv2d_u8_u8_u8")->getWordsPerRow(27), 7);
  EXPECT_EQ(findKernel("qat_depthwise_conv2d_u8_u8_u8")->getWordsPerRow(8), 2);
  EXPECT_EQ(findKernel("qat_conv2d_u8_i4_u8")->getWordsPerRow(27), 4);
  EXPECT_EQ(findKernel("qat_conv2d_u8_u2_u8")->getWordsPerRow(32), 2);
}

TEST(KernelInfoTest, StorageIsTheNextWiderField) {
  EXPECT_EQ(getStorage(3, false), Storage::U4);
  EXPECT_EQ(getStorage(2, true), Storage::I2);
  EXPECT_EQ(getStorage(5, true), Storage::I8);
  EXPECT_EQ(getStorage(32, true), Storage::I32);
  EXPECT_EQ(getStorage(16, true), std::nullopt);
  EXPECT_EQ(getStorage(32, false), std::nullopt);
  EXPECT_EQ(getStorage(0, false), std::nullopt);
}

TEST(KernelInfoTest, IdentifiersAreSafe) {
  EXPECT_EQ(makeCIdentifier("a/b//c-d.e"), "a_b_c_d_e");
  EXPECT_EQ(makeCIdentifier("_1x1_"), "n1x1");
  EXPECT_EQ(makeCIdentifier("\xc3\xa9"), "");
  EXPECT_TRUE(isUsableCIdentifier("lenet"));
  for (const char *name :
       {"", "int", "1x", "a-b", "qat_x", "_x", "printf", "INT32_MIN"})
    EXPECT_FALSE(isUsableCIdentifier(name)) << name;
}
} // namespace
