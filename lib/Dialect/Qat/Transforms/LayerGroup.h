//===- LayerGroup.h - a layer and the ops that follow it -------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERGROUP_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERGROUP_H

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::qat {

/// A convolution, a dense layer or a residual add with what belongs to it: the
/// ops between `layer` and `end` form a chain without other users.
struct LayerGroup {
  /// tosa.conv2d, tosa.depthwise_conv2d, qat.grouped_conv2d or tosa.add.
  Operation *layer = nullptr;
  /// The batch norm, if there is one (never after an add).
  BatchNormOp batchNorm;
  /// The ReLU of a float network: a tosa.clamp that starts at 0.
  tosa::ClampOp relu;
  /// The quantizer of form Q.
  ActivationQuantizerOpInterface quantizer;
  /// The last value of the group.
  Value end;

  /// The chain from `layer` on, reshapes (of dense layers) included.
  static LayerGroup get(Operation *layer);

  /// Whether only the network's result, through reshapes and a softmax, reads
  /// `end`: the last layer, whose logits have no grid.
  bool isLast() const;
};

/// Whether `op` has weights: tosa.conv2d, tosa.depthwise_conv2d or
/// qat.grouped_conv2d.
bool isWeightedLayer(Operation *op);

/// Whether `clamp` is a ReLU, of whatever upper bound.
bool isRelu(tosa::ClampOp clamp);

/// Whether `slice` only drops rows or columns at the end of an image, and only
/// windows read it that would not reach them: TOSA wants window sizes to divide
/// exactly, so importers cut off what no window reaches. The integer layers
/// need no such cut.
bool isUnreachedCrop(tosa::SliceOp slice);

/// What `pad` surrounds its input with; none where it is not a constant.
std::optional<float> getPadValue(tosa::PadOp pad);

/// The dimensions of the weights of `layer` that make up the output channel.
SmallVector<int64_t> getChannelAxes(Operation *layer);

/// Whether `image` (NHWC) is one pixel.
bool isPoint(Value image);

/// Whether `layer` is a dense layer: a 1x1 convolution of a 1x1 image.
bool isDense(Operation *layer);

/// Whether only the network's results, through reshapes and softmaxes, read
/// `value`.
bool feedsOnlyResults(Value value);

/// Calls layers by their names and tells those apart that share one: "conv",
/// "conv_2". To be asked once a layer, in order.
class LayerNamer {
public:
  std::string getName(Operation *layer);

private:
  llvm::StringMap<unsigned> counts;
};

/// Checks that `module` is a float network (form F): nothing quantized, each
/// function of one block with one f32 tensor as input and static shapes; else
/// emits an error.
LogicalResult checkIsFloatNetwork(ModuleOp module);

/// Checks that every tensor of `function` has a static shape; else emits an
/// error.
LogicalResult checkSizes(func::FuncOp function);

/// Appends which op, of which layer, gave a value that cannot be used.
void appendProducer(InFlightDiagnostic &diagnostic, Operation *producer);

/// The operands of a weighted layer.
OpOperand &getWeightOperand(Operation *layer);
OpOperand &getBiasOperand(Operation *layer);

/// The attribute that qat-insert-quantizers leaves on a weighted layer: the
/// fold type of the layer, whether it has a batch norm or not.
inline constexpr StringLiteral kFoldTypeAttribute = "qat.fold_type";

/// The attributes on the module, i32: the bits to which integer biases saturate
/// (absent: 32), and the epoch of a training at which batch norms are frozen
/// (absent: the training's own choice). The dialect verifies both.
inline constexpr StringLiteral kBiasBitsAttribute = "qat.bias_bits";
inline constexpr StringLiteral kBatchFoldDelayAttribute =
    "qat.batch_fold_delay";
/// The attribute that qat-assign-precision leaves on a layer, a dictionary of
/// those of w_bits, a_bits (i32), quant_type and fold_type (strings) that the
/// layer takes. qat-insert-quantizers reads and removes it.
inline constexpr StringLiteral kPrecisionAttribute = "qat.precision";

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERGROUP_H
