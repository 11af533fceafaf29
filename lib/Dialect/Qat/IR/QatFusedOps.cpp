//===- QatFusedOps.cpp - the groups of a training step --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/Qat.h"

using namespace mlir;
using namespace mlir::qat;

LogicalResult FusedOp::verify() {
  if (getPartial().size() != getNumResults())
    return emitOpError("has ")
           << getNumResults() << " results, but 'partial' has "
           << getPartial().size() << " values";
  return success();
}

/// Whether a tensor of type `whole` is cut into `parts` of type `part`.
static bool isCutInto(RankedTensorType whole, RankedTensorType part,
                      int64_t parts) {
  if (parts == 1 && whole == part)
    return true;
  if (!whole.hasStaticShape() || !part.hasStaticShape() ||
      whole.getRank() == 0 || whole.getRank() != part.getRank() ||
      whole.getElementType() != part.getElementType() ||
      whole.getNumElements() != parts * part.getNumElements())
    return false;
  if (whole.getShape().drop_front() == part.getShape().drop_front())
    return true;
  // Runs of pixels, as images of one row.
  return whole.getRank() == 4 && part.getDimSize(1) == 1 &&
         whole.getDimSize(3) == part.getDimSize(3);
}

LogicalResult FusedOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 1 + getNumOperands() ||
      !block.getArgument(0).getType().isIndex())
    return emitOpError("must have a region with an index and ")
           << getNumOperands() << " operands as arguments";
  int64_t parts = getNumParts();
  auto argument = block.args_begin() + 1;
  for (Value operand : getBatched()) {
    auto type = dyn_cast<RankedTensorType>((*argument).getType());
    if (!type ||
        !isCutInto(cast<RankedTensorType>(operand.getType()), type, parts))
      return emitOpError("cannot cut ")
             << operand.getType() << " into " << parts << " parts of type "
             << (*argument).getType();
    ++argument;
  }
  for (Value operand : getWhole()) {
    if (operand.getType() != (*argument).getType())
      return emitOpError("gives its region ")
             << operand.getType() << " as " << (*argument).getType();
    ++argument;
  }
  auto yield = cast<FusedYieldOp>(block.getTerminator());
  if (yield.getNumOperands() != getNumResults())
    return emitOpError("has ") << getNumResults() << " results, but yields "
                               << yield.getNumOperands() << " values";
  for (auto [result, value, partial] :
       llvm::zip_equal(getResults(), yield.getValues(), getPartial())) {
    auto type = cast<RankedTensorType>(result.getType());
    auto part = cast<RankedTensorType>(value.getType());
    bool fits =
        partial ? type.getRank() == part.getRank() + 1 &&
                      type.getDimSize(0) == static_cast<int64_t>(getTiles()) &&
                      type.getShape().drop_front() == part.getShape() &&
                      type.getElementType() == part.getElementType()
                : isCutInto(type, part, parts);
    if (!fits)
      return emitOpError("cannot make ")
             << type << " of " << (partial ? getTiles() : parts)
             << " values of type " << part;
  }
  return success();
}
