//===- Shape.h - the vectors of each instruction set -------------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What packing and kernels must agree on. This file is included by code that
// is compiled for several instruction sets, so it must define no function that
// the linker could share between them.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_HOSTKERNELS_SHAPE_H
#define QAT_LIB_HOSTKERNELS_SHAPE_H

namespace mlir::qat::kernels {

/// The inputs of a convolution are taken four bytes at a time: four of 8 bits
/// or two of 16. A vector of weights has four such bytes for each of its lanes,
/// which are output channels; a block is the vectors of channels whose sums
/// are held in registers, for `pixels` output pixels at a time.
struct Shape {
  int lanes;
  int inputBytes;
  int vectors;
  int pixels;
};

constexpr Shape kGenericShape = {4, 2, 2, 4};
constexpr Shape kAvx2Shape = {8, 2, 2, 6};
constexpr Shape kAvx512VnniShape = {16, 1, 4, 6};

/// What a row of per-channel integers is longer than the channels: a vector
/// that starts at the last channel stays inside.
constexpr int kChannelPadding = 16;

} // namespace mlir::qat::kernels

#endif // QAT_LIB_HOSTKERNELS_SHAPE_H
