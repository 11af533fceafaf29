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

/// Reads a list of `size` numbers of at least `minimum` into `values`, if the
/// attribute is there.
template <size_t size>
static LogicalResult readExtents(NodeContext &node, StringRef name,
                                 int64_t minimum,
                                 std::array<int64_t, size> &values) {
  std::vector<int64_t> list(values.begin(), values.end());
  if (failed(node.read(name, list)))
    return failure();
  if (list.size() != size)
    return node.refuse("attribute '" + name + "' has " + Twine(list.size()) +
                       " values; 2-D needs " + Twine(size));
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
                                        const Data &image) {
  Window window;
  window.kernel = kernel;
  std::string autoPad = "NOTSET";
  std::array<int64_t, 4> pads{}; // top, left, bottom, right
  int64_t ceilMode = 0;
  if (failed(node.read("auto_pad", autoPad)) ||
      failed(node.read("ceil_mode", ceilMode)) ||
      failed(readExtents(node, "strides", 1, window.stride)) ||
      failed(readExtents(node, "dilations", 1, window.dilation)) ||
      failed(readExtents(node, "pads", 0, pads)))
    return failure();
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!isSame && autoPad != "VALID" && autoPad != "NOTSET")
    return node.refuse("auto_pad " + quote(autoPad) + " is not known");
  if (autoPad != "NOTSET" && llvm::any_of(pads, [](int64_t p) { return p; }))
    return node.refuse("has both auto_pad " + autoPad + " and pads");

  for (int64_t axis : {0, 1}) {
    if (kernel[axis] < 1 || kernel[axis] > kMaxExtent)
      return node.refuse("has a kernel of size " + Twine(kernel[axis]));
    int64_t size = image.shape[2 + axis];
    int64_t extent = (kernel[axis] - 1) * window.dilation[axis] + 1;
    int64_t stride = window.stride[axis];
    int64_t before = pads[axis], after = pads[2 + axis];
    if (isSame) {
      int64_t output = divideCeil(size, stride);
      int64_t total =
          std::max<int64_t>((output - 1) * stride + extent - size, 0);
      before = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
      after = total - before;
    }
    int64_t beyond = size + before + after - extent;
    if (beyond < 0)
      return node.refuse("its window of " + Twine(extent) +
                         (axis == 0 ? " rows" : " columns") +
                         " does not fit an image of " +
                         formatShape(image.shape));
    int64_t rest = beyond % stride;
    int64_t reached = size;
    if (ceilMode != 0 && rest != 0) {
      // One more window, unless it saw nothing of the image: whether such a
      // window exists depends on the version of ONNX.
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

Value qat::onnx::cropToWindows(NodeContext &node, const Window &window,
                               const Data &image) {
  return node.emit().slice(
      node.loc(), image.value,
      {image.shape[0], window.reached[0], window.reached[1], image.shape[1]});
}
