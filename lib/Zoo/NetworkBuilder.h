//===- NetworkBuilder.h - layers of form F, one by one ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_ZOO_NETWORKBUILDER_H
#define QAT_LIB_ZOO_NETWORKBUILDER_H

#include "qat/Dialect/Qat/IR/FormFEmitter.h"
#include "qat/Support/Preprocessing.h"

#include "mlir/IR/OwningOpRef.h"

#include <array>
#include <optional>

namespace mlir::qat {

/// Kernel and stride of a convolution, height and width; it pads as
/// TensorFlow's SAME does: an output of ceil(size / stride), and the odd row
/// of pads at the bottom and right.
struct ZooWindow {
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
};

/// Writes a network of one input and one output, in the order of the calls and
/// with the locations and parameters that `qat import` gives. `layer` names
/// the parameters of a layer, `name` is the location of an op without any.
class NetworkBuilder {
public:
  NetworkBuilder(MLIRContext *context, uint64_t seed);

  /// The input of `@main`, once.
  Value input(int64_t height, int64_t width, int64_t channels);

  Value conv(Value x, const llvm::Twine &layer, int64_t outputs,
             const ZooWindow &window, bool hasBias);
  Value depthwise(Value x, const llvm::Twine &layer, const ZooWindow &window,
                  bool hasBias);
  Value batchNorm(Value x, const llvm::Twine &layer, const llvm::Twine &name);
  /// clamp(x, 0, 6), or without `bound`.
  Value relu6(Value x, const llvm::Twine &name);
  Value relu(Value x, const llvm::Twine &name);
  Value add(Value lhs, Value rhs, const llvm::Twine &name);
  /// The average of each channel.
  Value globalPool(Value x, const llvm::Twine &name);
  /// A dense layer after a globalPool; the result is 1 x `outputs`.
  Value classifier(Value x, const llvm::Twine &layer, int64_t outputs);

  /// The network with this output.
  OwningOpRef<ModuleOp>
  finish(Value output, const llvm::Twine &source,
         const std::optional<Preprocessing> &preprocessing);

private:
  Location nameLoc(const llvm::Twine &name);
  llvm::ArrayRef<int64_t> shapeOf(Value x);
  /// Uniform in +-sqrt(gain / inputs).
  Value random(Location loc, const llvm::Twine &name,
               llvm::ArrayRef<int64_t> shape, double gain, int64_t inputs);
  Value filled(Location loc, const llvm::Twine &name, int64_t size,
               float value);
  /// A bias of zeros, as a parameter or as a constant.
  Value zeroBias(Location loc, llvm::StringRef layer, int64_t size,
                 bool isParameter);
  /// The pads of a window, and the part of `x` that windows reach.
  std::array<int64_t, 4> padSame(Location loc, Value &x,
                                 const ZooWindow &window,
                                 llvm::SmallVectorImpl<int64_t> &output);
  Value clamp(Value x, const llvm::Twine &name, float bound);

  uint64_t seed;
  OwningOpRef<ModuleOp> module;
  func::FuncOp main;
  std::optional<FormFEmitter> emitter;
};

} // namespace mlir::qat

#endif // QAT_LIB_ZOO_NETWORKBUILDER_H
