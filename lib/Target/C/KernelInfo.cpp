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

std::string KernelInfo::getSource() const {
  return family->header.drop_back(2).str() + ".c";
}

std::string KernelInfo::getDefinition() const {
  std::string text =
      "QAT_" + family->name.upper() + "_KERNEL(" + function + ", ";
  text += getName(input);
  if (family->hasSecond())
    text += (", " + getName(second)).str();
  if (!family->keepsStorage)
    text += (", " + getName(output)).str();
  if (family->packing != WeightPacking::None)
    text += accumulatorBits == 64 ? ", QAT_ACC64" : ", QAT_ACC32";
  switch (rounding) {
  case KernelRounding::Floor:
    break;
  case KernelRounding::SingleRound:
    text += " | QAT_SINGLE_ROUND";
    break;
  case KernelRounding::DoubleRound:
    text += " | QAT_DOUBLE_ROUND";
    break;
  case KernelRounding::Thresholds:
    text += " | QAT_THRESHOLDS";
    break;
  case KernelRounding::Unscaled:
    text += " | QAT_UNSCALED";
    break;
  }
  return text + ")";
}

std::string KernelInfo::getDeclaration() const {
  std::string text =
      "QAT_" + family->name.upper() + "_DECLARE(" + function + ", ";
  text += getCType(input);
  if (family->inputs == 2)
    text += (", " + getCType(second)).str();
  if (!family->keepsStorage)
    text += (", " + getCType(output)).str();
  return text + ")";
}

/// What the name of a kernel ends in.
static StringRef getSuffix(KernelRounding rounding) {
  switch (rounding) {
  case KernelRounding::Floor:
    return "";
  case KernelRounding::SingleRound:
    return "_single_round";
  case KernelRounding::DoubleRound:
    return "_double_round";
  case KernelRounding::Thresholds:
    return "_thresholds";
  case KernelRounding::Unscaled:
    return "_unscaled";
  }
  llvm_unreachable("all ways are listed");
}

/// The portable C99 bodies of lib/Runtime/C for every combination of storages.
static void addPortableKernels(std::vector<KernelInfo> &rows) {
  const Storage fields[] = {Storage::U8, Storage::I8, Storage::U4,
                            Storage::I4, Storage::U2, Storage::I2};
  auto add = [&](KernelKind kind, Storage input, Storage second, Storage output,
                 unsigned accumulatorBits, double cost,
                 KernelRounding rounding = KernelRounding::Floor) {
    const KernelFamily &family = getKernelFamily(kind);
    std::string function = ("qat_" + family.name + "_" + getName(input)).str();
    if (family.hasSecond())
      function += ("_" + getName(second)).str();
    function += ("_" + getName(output)).str();
    if (accumulatorBits == 64)
      function += "_acc64";
    function += getSuffix(rounding);
    rows.push_back({std::move(function), &family, /*target=*/"", input, second,
                    output, accumulatorBits, cost, rounding});
  };

  struct Weighted {
    KernelKind kind;
    double cost;
  };
  for (auto [kind, cost] : {Weighted{KernelKind::Conv2D, 4.0},
                            Weighted{KernelKind::DepthwiseConv2D, 7.0},
                            Weighted{KernelKind::FullyConnected, 4.0}}) {
    // What networks come with that were quantized elsewhere.
    for (Storage weights : {Storage::I8, Storage::I4})
      for (KernelRounding rounding :
           {KernelRounding::SingleRound, KernelRounding::DoubleRound})
        for (unsigned bits : {32, 64})
          add(kind, Storage::I8, weights, Storage::I8, bits,
              bits == 64 ? cost * 1.5 : cost, rounding);
    for (Storage input : fields)
      for (Storage weights : fields) {
        for (Storage output : fields)
          for (KernelRounding rounding :
               {KernelRounding::Floor, KernelRounding::Thresholds})
            for (unsigned bits : {32, 64})
              add(kind, input, weights, output, bits,
                  bits == 64 ? cost * 1.5 : cost, rounding);
        for (KernelRounding rounding :
             {KernelRounding::Floor, KernelRounding::Unscaled})
          for (unsigned bits : {32, 64})
            add(kind, input, weights, Storage::I32, bits,
                bits == 64 ? cost * 1.5 : cost, rounding);
      }
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
    add(KernelKind::Concat, storage, storage, storage, 32, 4.0);
    add(KernelKind::Pad, storage, storage, storage, 32, 6.0);
  }
  const Storage i8 = Storage::I8;
  add(KernelKind::RescaledAdd, i8, i8, i8, 32, 60.0);
  add(KernelKind::Table, i8, i8, i8, 32, 6.0);
  add(KernelKind::TableSoftmax, i8, i8, i8, 32, 60.0);
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
    if (row.family->kind != query.kind || row.input != query.input ||
        (row.family->hasSecond() && row.second != query.second) ||
        row.output != query.output || row.rounding != query.rounding ||
        row.accumulatorBits < query.accumulatorBits ||
        (!row.target.empty() && row.target != query.target))
      continue;
    if (!best || row.cost < best->cost)
      best = &row;
  }
  return best;
}

const KernelInfo *mlir::qat::findKernel(StringRef function) {
  static const llvm::StringMap<const KernelInfo *> byName = [] {
    llvm::StringMap<const KernelInfo *> byName;
    for (const KernelInfo &row : getKernels())
      byName[row.function] = &row;
    return byName;
  }();
  return byName.lookup(function);
}
