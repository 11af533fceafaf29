//===- PoolOperators.cpp - pools ------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "Window.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

namespace {
enum class PoolKind { Average, Max };
} // namespace

static LogicalResult makePool(NodeContext &node, PoolKind kind,
                              const Data &input, const Window &window) {
  // TOSA wants this; a window that sees pads alone has no average and no
  // maximum either.
  for (int64_t side = 0; side < 4; ++side)
    if (window.pad[side] >= window.kernel[side / 2])
      return node.refuse("has a pad of " + Twine(window.pad[side]) +
                         ", not smaller than its kernel");
  Emitter &emit = node.emit();
  Value image = cropToWindows(node, window, input);
  SmallVector<int64_t, 4> shape = {input.shape[0], input.shape[1],
                                   window.output[0], window.output[1]};
  RankedTensorType type = emit.type({shape[0], shape[2], shape[3], shape[1]});
  if (kind == PoolKind::Max)
    return node.result(tosa::MaxPool2dOp::create(node.builder(), node.loc(),
                                                 type, image, window.kernel,
                                                 window.stride, window.pad),
                       shape);
  Value zeroPoint = emit.zeros(node.loc(), 1);
  return node.result(tosa::AvgPool2dOp::create(
                         node.builder(), node.loc(), type, image, zeroPoint,
                         zeroPoint, window.kernel, window.stride, window.pad,
                         node.builder().getF32Type()),
                     shape);
}

static LogicalResult importPool(NodeContext &node, PoolKind kind) {
  FailureOr<Data> input = node.image(0);
  if (failed(input))
    return failure();
  std::vector<int64_t> kernel;
  int64_t countsPads = 0;
  if (failed(node.read("kernel_shape", kernel)))
    return failure();
  if (kernel.size() != 2)
    return node.refuse("its kernel_shape has " + Twine(kernel.size()) +
                       " values; 2-D needs 2");
  if (kind == PoolKind::Average) {
    if (failed(node.read("count_include_pad", countsPads)))
      return failure();
  } else {
    // The order of the indices, which are a further output.
    node.ignore("storage_order");
  }
  FailureOr<Window> window = readWindow(node, {kernel[0], kernel[1]}, *input);
  if (failed(window) || failed(node.checkAllRead(1)))
    return failure();
  if (window->dilation != std::array<int64_t, 2>{1, 1})
    return node.refuse("dilated pools are not supported");
  if (countsPads != 0 && window->hasPads())
    return node.refuse("averages over its pads (count_include_pad=1), which "
                       "integer pools cannot do; export with "
                       "count_include_pad=0 or without pads");
  return makePool(node, kind, *input, *window);
}

LogicalResult qat::onnx::importAveragePool(NodeContext &node) {
  return importPool(node, PoolKind::Average);
}

LogicalResult qat::onnx::importMaxPool(NodeContext &node) {
  return importPool(node, PoolKind::Max);
}

static LogicalResult importGlobalPool(NodeContext &node, PoolKind kind) {
  FailureOr<Data> input = node.image(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  Window window;
  window.kernel = window.reached = {input->shape[2], input->shape[3]};
  window.output = {1, 1};
  return makePool(node, kind, *input, window);
}

LogicalResult qat::onnx::importGlobalAveragePool(NodeContext &node) {
  return importGlobalPool(node, PoolKind::Average);
}

LogicalResult qat::onnx::importGlobalMaxPool(NodeContext &node) {
  return importGlobalPool(node, PoolKind::Max);
}
