//===- Window.h - sliding windows: pads, strides, output sizes --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_WINDOW_H
#define QAT_LIB_TARGET_ONNX_WINDOW_H

#include "GraphImporter.h"

#include <array>

namespace mlir::qat::onnx {

/// The geometry of a convolution or a pool as TOSA wants it: every row of the
/// input and of the pads is reached by a window, so that sizes divide exactly.
struct Window {
  std::array<int64_t, 2> kernel{}, stride{1, 1}, dilation{1, 1};
  /// top, bottom, left, right
  std::array<int64_t, 4> pad{};
  /// The rows and columns of the input that windows reach; the rest is cut off.
  std::array<int64_t, 2> reached{};
  std::array<int64_t, 2> output{};
  /// What ceil_mode added to the pads at the bottom and right.
  std::array<int64_t, 2> added{};

  bool hasPads() const {
    return llvm::any_of(pad, [](int64_t size) { return size != 0; });
  }
};

/// Reads `auto_pad`, `ceil_mode`, `dilations`, `pads` and `strides` of a node
/// and resolves them for an image, whose pending pads are added; `kernel` is
/// height and width. `ceil_mode`, where it makes a difference, becomes a larger
/// pad at the bottom or right, which a pool that does not count pads may have.
FailureOr<Window> readWindow(NodeContext &node, std::array<int64_t, 2> kernel,
                             const Image &image);

/// Takes the pads that the model states out of `window` for an image that will
/// have them as zeros of its own; those that ceil_mode added stay.
std::array<int64_t, 4> takePads(Window &window);

/// `image` without the rows and columns that no window reaches.
Value cropToWindows(NodeContext &node, const Window &window,
                    const Image &image);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_WINDOW_H
