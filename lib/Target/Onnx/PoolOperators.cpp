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

/// The pool's result, NHWC.
static FailureOr<Value> makePool(NodeContext &node, PoolKind kind,
                                 const Image &input, const Window &window) {
  // TOSA wants this; a window that sees pads alone has no average and no
  // maximum either.
  for (int64_t side = 0; side < 4; ++side)
    if (window.pad[side] >= window.kernel[side / 2])
      return node.refuse("has a pad of " + Twine(window.pad[side]) +
                         ", not smaller than its kernel");
  Emitter &emit = node.emit();
  SmallVector<int64_t, 4> shape = {input.batch, window.output[0],
                                   window.output[1], input.channels};
  if (!countElements(shape))
    return node.refuse("its result has the impossible shape " +
                       formatShape(shape));
  Value image = cropToWindows(node, window, input);
  RankedTensorType type = emit.type(shape);
  if (kind == PoolKind::Max)
    return tosa::MaxPool2dOp::create(node.builder(), node.loc(), type, image,
                                     window.kernel, window.stride, window.pad)
        .getResult();
  Value zeroPoint = emit.zeros(node.loc(), 1);
  return tosa::AvgPool2dOp::create(node.builder(), node.loc(), type, image,
                                   zeroPoint, zeroPoint, window.kernel,
                                   window.stride, window.pad,
                                   node.builder().getF32Type())
      .getResult();
}

static LogicalResult importPool(NodeContext &node, PoolKind kind) {
  FailureOr<Image> input = node.image(0);
  if (failed(input))
    return failure();
  std::vector<int64_t> kernel;
  int64_t countsPads = 0;
  if (failed(node.read("kernel_shape", kernel)))
    return failure();
  size_t rank = input->isSignal ? 1 : 2;
  if (kernel.size() != rank)
    return node.refuse("its kernel_shape has " + Twine(kernel.size()) +
                       " values; " + Twine(rank) + "-D needs " + Twine(rank));
  if (kind == PoolKind::Average) {
    if (failed(node.read("count_include_pad", countsPads)))
      return failure();
  } else {
    // The order of the indices, which are a further output.
    node.ignore("storage_order");
  }
  FailureOr<Window> window = readWindow(
      node, {input->isSignal ? 1 : kernel.front(), kernel.back()}, *input);
  if (failed(window) || failed(node.checkAllRead(1)))
    return failure();
  if (window->dilation != std::array<int64_t, 2>{1, 1})
    return node.refuse("dilated pools are not supported");
  if (countsPads != 0 && window->hasPads()) {
    // The pads become zeros of the image. Of what ceil_mode adds, ONNX counts
    // nothing.
    std::array<int64_t, 4> pads = takePads(*window);
    input->height += pads[0] + pads[1];
    input->width += pads[2] + pads[3];
    if (!countElements(
            {input->batch, input->height, input->width, input->channels}))
      return node.refuse("its pads make an image of impossible size");
    // Rows that no window reaches are cut off behind the pad: in the integer
    // network a pool reads past such a cut, a pad does not.
    input->value =
        node.emit().pad(node.loc(), input->value,
                        {0, 0, pads[0], pads[1], pads[2], pads[3], 0, 0}, 0.0f);
  }
  FailureOr<Value> result = makePool(node, kind, *input, *window);
  if (failed(result))
    return failure();
  return node.result(*result, input->shape(input->channels, window->output[0],
                                           window->output[1]));
}

LogicalResult qat::onnx::importAveragePool(NodeContext &node) {
  return importPool(node, PoolKind::Average);
}

LogicalResult qat::onnx::importMaxPool(NodeContext &node) {
  return importPool(node, PoolKind::Max);
}

/// A pool over the whole of height, width or both.
static FailureOr<Value> makeGlobalPool(NodeContext &node, PoolKind kind,
                                       const Image &input, bool overHeight,
                                       bool overWidth) {
  Window window;
  window.kernel = {overHeight ? input.height : 1, overWidth ? input.width : 1};
  window.reached = {input.height, input.width};
  window.output = {overHeight ? 1 : input.height, overWidth ? 1 : input.width};
  return makePool(node, kind, input, window);
}

static LogicalResult importGlobalPool(NodeContext &node, PoolKind kind) {
  FailureOr<Image> input = node.image(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  FailureOr<Value> result = makeGlobalPool(node, kind, *input, true, true);
  return failed(result)
             ? failure()
             : node.result(*result, input->shape(input->channels, 1, 1));
}

LogicalResult qat::onnx::importGlobalAveragePool(NodeContext &node) {
  return importGlobalPool(node, PoolKind::Average);
}

LogicalResult qat::onnx::importGlobalMaxPool(NodeContext &node) {
  return importGlobalPool(node, PoolKind::Max);
}

/// A mean or a maximum over height, width or both, whichever dimensions of the
/// model these are.
static LogicalResult importReduce(NodeContext &node, PoolKind kind) {
  FailureOr<Data> data = node.tensor(0);
  if (failed(data))
    return failure();
  size_t rank = data->shape.size();
  std::vector<int64_t> axes;
  int64_t keepsDims = 1, isNoop = 0;
  if (failed(node.read("keepdims", keepsDims)) ||
      (node.opset() >= 18 &&
       failed(node.read("noop_with_empty_axes", isNoop))) ||
      failed(readAxes(node, rank, 18, axes)))
    return failure();
  if (axes.empty() && isNoop != 0) {
    node.shareInput(0, *data);
    return node.result(std::move(*data));
  }
  if (axes.empty())
    axes.assign(llvm::seq<int64_t>(rank).begin(),
                llvm::seq<int64_t>(rank).end());
  // The shape without the reduced dimensions or with them as 1, and what is to
  // be reduced in truth.
  SmallVector<int64_t, 4> kept = data->shape, result;
  SmallVector<bool> isReduced(rank, false);
  for (int64_t axis : axes) {
    isReduced[axis] = data->shape[axis] != 1;
    kept[axis] = 1;
  }
  for (size_t dim = 0; dim < rank; ++dim)
    if (keepsDims != 0 || !llvm::is_contained(axes, static_cast<int64_t>(dim)))
      result.push_back(kept[dim]);

  // Memory has to hold what is reduced between the batch and the channels: an
  // image or, channels-last in the model, its transpose.
  SmallVector<unsigned> order = channelsLastOrder(rank);
  if (data->layout == Layout::rowMajor(data->shape) &&
      data->layout != Layout::channelsLast(data->shape))
    order = modelOrder(rank);
  if (rank < 3 || rank > 4 || isReduced[order.front()] ||
      isReduced[order.back()]) {
    if (llvm::is_contained(isReduced, true))
      return node.refuse("reduces the axes [" + Twine(joinNumbers(axes)) +
                         "] of " + formatShape(data->shape) +
                         "; height, width or both are supported");
    return reshapeTo(node, *data, result);
  }
  Data ordered = node.inOrder(*data, order);
  Image image;
  image.isSignal = rank == 3;
  image.batch = data->shape[order[0]];
  image.height = image.isSignal ? 1 : data->shape[order[1]];
  image.width = data->shape[order[rank - 2]];
  image.channels = data->shape[order[rank - 1]];
  image.value = node.emit().reshape(
      node.loc(), ordered.value,
      {image.batch, image.height, image.width, image.channels});
  FailureOr<Value> value =
      makeGlobalPool(node, kind, image, !image.isSignal && isReduced[order[1]],
                     isReduced[order[rank - 2]]);
  if (failed(value))
    return failure();
  Data reduced;
  reduced.value = *value;
  reduced.shape = kept;
  reduced.layout = Layout::permuted(kept, order);
  return reshapeTo(node, reduced, result);
}

LogicalResult qat::onnx::importReduceMean(NodeContext &node) {
  return importReduce(node, PoolKind::Average);
}

LogicalResult qat::onnx::importReduceMax(NodeContext &node) {
  return importReduce(node, PoolKind::Max);
}
