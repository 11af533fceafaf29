//===- PackWeights.cpp - weights in the order of the kernels --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Passes.h"

#include "IntegerConstants.h"

#include "qat/Target/C/KernelInfo.h"

#include "mlir/IR/SymbolTable.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATPACKWEIGHTS
#include "qat/Target/C/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Field `i` of a row goes to the bits [i * width, (i + 1) * width) of the
/// row's words; include/qat-rt/base.h.
static std::vector<int32_t> pack(ArrayRef<int32_t> values, int64_t rows,
                                 const KernelInfo &kernel) {
  unsigned width = getBits(kernel.second), lanes = 32 / width;
  uint32_t mask = (uint32_t(1) << width) - 1;
  int64_t rowFields = values.size() / rows;
  int64_t rowWords = kernel.getWordsPerRow(rowFields);
  std::vector<int32_t> words(rows * rowWords);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < rowFields; ++i) {
      uint32_t field =
          static_cast<uint32_t>(values[row * rowFields + i]) & mask;
      words[row * rowWords + i / lanes] |=
          static_cast<int32_t>(field << (i % lanes * width));
    }
  return words;
}

namespace {
class PackWeightsPass : public qat::impl::QatPackWeightsBase<PackWeightsPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    WalkResult result = getOperation().walk([&](KernelCallOp call) {
      return WalkResult(packWeightsOf(call, symbols));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult packWeightsOf(KernelCallOp call, SymbolTable &symbols) {
    const KernelInfo *kernel = findKernel(call.getKernel());
    if (!kernel)
      return call.emitError("unknown kernel '") << call.getKernel() << "'";
    if (kernel->family->packing == WeightPacking::None)
      return success();
    auto symbol =
        dyn_cast_or_null<FlatSymbolRefAttr>(call.getFields().get("weights"));
    auto global =
        symbol ? symbols.lookup<memref::GlobalOp>(symbol.getValue()) : nullptr;
    auto stored =
        global ? dyn_cast_or_null<ElementsAttr>(global.getInitialValueAttr())
               : nullptr;
    if (!stored)
      return call.emitError("expects constant weights");
    if (global.getType().getElementType().isInteger(32))
      return success(); // packed before
    std::optional<std::vector<int32_t>> values =
        getIntegers(stored, isSigned(kernel->second));
    if (!values)
      return call.emitError("expects weights that are integers of up to 8 "
                            "bits, with their data");

    unsigned leading =
        kernel->family->packing == WeightPacking::RowPerTap ? 2 : 1;
    int64_t rows = 1;
    for (int64_t size : global.getType().getShape().take_front(leading))
      rows *= size;
    std::vector<int32_t> words = pack(*values, rows, *kernel);

    OpBuilder builder(global);
    int64_t count = words.size();
    auto type = RankedTensorType::get(count, builder.getI32Type());
    global.setInitialValueAttr(
        DenseElementsAttr::get(type, ArrayRef<int32_t>(words)));
    global.setType(MemRefType::get(count, builder.getI32Type()));
    return success();
  }
};
} // namespace
