//===- Window.cpp - sliding windows: pads, strides, output sizes ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Window.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// Strides, dilations, kernels and pads beyond this are not of this world;
/// below it no sum of theirs leaves 64 bits.
static constexpr int64_t kMaxExtent = int64_t(1) << 24;

/// Reads a list of numbers of at least `minimum`, `values.size()` of them, if
/// the attribute is there.
static LogicalResult readExtents(NodeContext &node, StringRef name,
                                 int64_t minimum,
                                 MutableArrayRef<int64_t> values,
                                 unsigned spatialRank) {
  std::vector<int64_t> list(values.begin(), values.end());
  if (failed(node.read(name, list)))
    return failure();
  if (list.size() != values.size())
    return node.refuse("attribute '" + name + "' has " + Twine(list.size()) +
                       " values; " + Twine(spatialRank) + "-D needs " +
                       Twine(values.size()));
  for (int64_t value : list)
    if (value < minimum || value > kMaxExtent)
      return node.refuse("attribute '" + name + "' holds " + Twine(value) +
                         "; expected " + Twine(minimum) + " to " +
                         Twine(kMaxExtent));
  llvm::copy(list, values.begin());
  return success();
}

FailureOr<Window> qat::onnx::readWindow(NodeContext &node,
                                        std::array<int64_t, 2> kernel,
                                        const Image &image) {
  Window window;
  window.kernel = kernel;
  std::string autoPad = "NOTSET";
  int64_t ceilMode = 0;
  // A signal is an image of one row: only the last numbers are given.
  unsigned first = image.isSignal ? 1 : 0, rank = 2 - first;
  std::array<int64_t, 4> pads{}; // before and after each given axis
  MutableArrayRef<int64_t> givenPads(pads.data(), 2 * rank);
  if (failed(node.read("auto_pad", autoPad)) ||
      failed(node.read("ceil_mode", ceilMode)) ||
      failed(readExtents(
          node, "strides", 1,
          MutableArrayRef<int64_t>(window.stride).drop_front(first), rank)) ||
      failed(readExtents(
          node, "dilations", 1,
          MutableArrayRef<int64_t>(window.dilation).drop_front(first), rank)) ||
      failed(readExtents(node, "pads", 0, givenPads, rank)))
    return failure();
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!isSame && autoPad != "VALID" && autoPad != "NOTSET")
    return node.refuse("auto_pad " + quote(autoPad) + " is not known");
  if (autoPad != "NOTSET" && llvm::any_of(pads, [](int64_t p) { return p; }))
    return node.refuse("has both auto_pad " + autoPad + " and pads");

  std::array<int64_t, 4> extra{};
  if (image.pending && image.pending->kind == Pending::Kind::Pad)
    extra = image.pending->pad;
  for (unsigned axis : {0u, 1u}) {
    if (kernel[axis] < 1 || kernel[axis] > kMaxExtent)
      return node.refuse("has a kernel of size " + Twine(kernel[axis]));
    int64_t size = axis == 0 ? image.height : image.width;
    int64_t extent = (kernel[axis] - 1) * window.dilation[axis] + 1;
    int64_t stride = window.stride[axis];
    int64_t before = 0, after = 0;
    if (axis >= first) {
      before = pads[axis - first];
      after = pads[rank + axis - first];
    }
    int64_t padded = size + extra[2 * axis] + extra[2 * axis + 1];
    if (isSame) {
      int64_t output = divideCeil(padded, stride);
      int64_t total =
          std::max<int64_t>((output - 1) * stride + extent - padded, 0);
      before = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
      after = total - before;
    }
    before += extra[2 * axis];
    after += extra[2 * axis + 1];
    int64_t beyond = size + before + after - extent;
    if (beyond < 0)
      return node.refuse(
          "its window of " + Twine(extent) +
          (axis == 0 ? " rows" : " columns") + " does not fit an image of " +
          formatShape(image.shape(image.channels, image.height, image.width)));
    int64_t rest = beyond % stride;
    int64_t reached = size;
    if (ceilMode != 0 && rest != 0) {
      // One more window, unless it saw nothing of the image: whether such a
      // window exists depends on the version of ONNX.
      window.added[axis] = stride - rest;
      after += stride - rest;
      if (size + before + after - extent >= size + before)
        return node.refuse("ceil_mode adds a window that lies in the pads "
                           "alone, which versions of ONNX treat differently; "
                           "export with ceil_mode=0");
    } else {
      int64_t dropped = std::min(rest, after);
      after -= dropped;
      reached -= rest - dropped;
    }
    if (reached < 1)
      return node.refuse("none of its windows reaches the image");
    window.reached[axis] = reached;
    window.output[axis] = (reached + before + after - extent) / stride + 1;
    window.pad[2 * axis] = before;
    window.pad[2 * axis + 1] = after;
  }
  return window;
}

std::array<int64_t, 4> qat::onnx::takePads(Window &window) {
  std::array<int64_t, 4> taken = window.pad;
  for (unsigned axis : {0u, 1u}) {
    taken[2 * axis + 1] -= window.added[axis];
    window.pad[2 * axis] = 0;
    window.pad[2 * axis + 1] = window.added[axis];
    window.reached[axis] += taken[2 * axis] + taken[2 * axis + 1];
  }
  return taken;
}

Value qat::onnx::cropToWindows(NodeContext &node, const Window &window,
                               const Image &image) {
  return node.emit().slice(
      node.loc(), image.value,
      {image.batch, window.reached[0], window.reached[1], image.channels});
}
