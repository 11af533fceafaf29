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
