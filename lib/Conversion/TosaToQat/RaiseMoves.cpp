//===- RaiseMoves.cpp - pools and what moves values -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "Raiser.h"

#include "qat/Dialect/Qat/IR/LayerName.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

bool Raiser::raiseAvgPool(tosa::AvgPool2dOp op) {
  Value input = lookup(op.getInput(), /*mayBeCut=*/true);
  std::optional<int64_t> inputZero = getSplatInteger(op.getInputZp());
  std::optional<int64_t> outputZero = getSplatInteger(op.getOutputZp());
  if (!input || inputZero != outputZero)
    return false;
  // tosa.avg_pool2d rounds sum(x - zero point) half away from 0. Where every
  // difference has one sign, that is half up or half down of the stored sum.
  RoundingMode rounding = RoundingMode::HalfAway;
  if (inputZero == gridOf(input).getStorageTypeMin())
    rounding = RoundingMode::Nearest;
  else if (inputZero != 0)
    return false;
  ArrayRef<int64_t> shape = tensorType(input).getShape();
  RankedTensorType type = tensorType(op.getOutput());
  for (int axis : {0, 1})
    if (getWindowedSize(shape[1 + axis], op.getPad()[2 * axis],
                        op.getPad()[2 * axis + 1], op.getKernel()[axis],
                        op.getStride()[axis], 1) != type.getDimSize(1 + axis))
      return false;
  replace(op, AvgPool2DOp::create(
                  builder, op.getLoc(), type.clone(gridOf(input)), input,
                  op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr(),
                  RoundingModeAttr::get(builder.getContext(), rounding)));
  return true;
}

bool Raiser::raiseMaxPool(tosa::MaxPool2dOp op) {
  Value input = lookup(op.getInput(), /*mayBeCut=*/true);
  if (!input)
    return false;
  ArrayRef<int64_t> shape = tensorType(input).getShape();
  RankedTensorType type = tensorType(op.getOutput());
  for (int axis : {0, 1})
    if (getWindowedSize(shape[1 + axis], op.getPad()[2 * axis],
                        op.getPad()[2 * axis + 1], op.getKernel()[axis],
                        op.getStride()[axis], 1) != type.getDimSize(1 + axis))
      return false;
  replace(op, MaxPool2DOp::create(
                  builder, op.getLoc(), type.clone(gridOf(input)), input,
                  op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr()));
  return true;
}

/// All operands are on one grid: converters put a rescale before the others.
bool Raiser::raiseConcat(tosa::ConcatOp op) {
  SmallVector<Value> inputs;
  for (Value operand : op.getInput1())
    inputs.push_back(lookup(operand));
  if (!llvm::all_of(inputs, [](Value input) { return input; }))
    return false;
  // Where the types differ in what is known of the scale or in a limit, the
  // stored values still mean the same.
  UniformQuantizedType grid =
      getGrid(getLayerName(op.getLoc()), gridOf(inputs.front()).getZeroPoint());
  for (Value &input : inputs) {
    UniformQuantizedType other = gridOf(input);
    if (other.getZeroPoint() != grid.getZeroPoint())
      return false;
    if (other == grid)
      continue;
    SmallVector<int32_t> same = llvm::to_vector(llvm::seq_inclusive<int32_t>(
        other.getStorageTypeMin(), other.getStorageTypeMax()));
    input = TableOp::create(builder, op.getLoc(), tensorType(input).clone(grid),
                            input, same);
  }
  Type type = tensorType(op.getOutput()).clone(grid);
  replace(op, ConcatOp::create(builder, op.getLoc(), type, inputs,
                               op.getAxisAttr().getInt()));
  return true;
}

bool Raiser::raisePad(tosa::PadOp op) {
  Value input = lookup(op.getInput1());
  std::optional<std::vector<int64_t>> padding = getIntegers(op.getPadding());
  std::optional<int64_t> value = getSplatInteger(op.getPadConst());
  if (!input || !padding || !value || tensorType(input).getRank() != 4 ||
      padding->size() != 8)
    return false;
  SmallVector<int64_t> low, high;
  for (unsigned axis = 0; axis < 4; ++axis) {
    low.push_back((*padding)[2 * axis]);
    high.push_back((*padding)[2 * axis + 1]);
  }
  UniformQuantizedType grid = gridOf(input);
  if (low.front() != 0 || high.front() != 0 ||
      *value < grid.getStorageTypeMin() || *value > grid.getStorageTypeMax())
    return false;
  replace(op, PadOp::create(builder, op.getLoc(),
                            tensorType(op.getOutput()).clone(grid), input, low,
                            high, *value));
  return true;
}

bool Raiser::raiseReshape(tosa::ReshapeOp op) {
  Value input = lookup(op.getInput1());
  if (!input)
    return false;
  replace(op,
          reshape(op.getLoc(), input, tensorType(op.getOutput()).getShape()));
  return true;
}

/// A slice from the start whose missing rows and columns no window reaches:
/// its users read the whole input.
bool Raiser::raiseSlice(tosa::SliceOp op) {
  Value input = lookup(op.getInput1());
  std::optional<std::vector<int64_t>> start = getIntegers(op.getStart());
  RankedTensorType type = tensorType(op.getOutput());
  if (!input || !start || type.getRank() != 4 ||
      !llvm::all_of(*start, [](int64_t at) { return at == 0; }))
    return false;
  ArrayRef<int64_t> shape = tensorType(input).getShape();
  int64_t cuts[2] = {shape[1] - type.getDimSize(1),
                     shape[2] - type.getDimSize(2)};
  if (shape[0] != type.getDimSize(0) || shape[3] != type.getDimSize(3))
    return false;
  auto misses = [&](ArrayRef<int64_t> pad, ArrayRef<int64_t> stride) {
    return llvm::all_of(llvm::seq(2), [&](int axis) {
      return cuts[axis] == 0 ||
             (pad[2 * axis + 1] == 0 && cuts[axis] < stride[axis]);
    });
  };
  for (OpOperand &use : op->getUses()) {
    bool misled = true;
    llvm::TypeSwitch<Operation *>(use.getOwner())
        .Case<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, tosa::AvgPool2dOp,
              tosa::MaxPool2dOp>([&](auto window) {
          misled = !misses(window.getPad(), window.getStride());
        });
    if (misled)
      return false;
  }
  cut.insert(op.getOutput());
  replace(op, input);
  return true;
}
