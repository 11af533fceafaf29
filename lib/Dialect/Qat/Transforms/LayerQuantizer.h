//===- LayerQuantizer.h - the numbers of a frozen layer ----------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERQUANTIZER_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERQUANTIZER_H

#include "LayerGroup.h"

#include "qat/Support/Grid.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/Thresholds.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

namespace mlir::qat {

/// The integers of a layer with weights, as its op holds them, and the real
/// numbers that the fake-quantized graph computes with in their place (section
/// 5 of docs/Spec.md).
struct LayerIntegers {
  /// The grid of the result: null for a last layer, whose logits have none.
  quant::UniformQuantizedType resultType;
  QuantizedWeights weights;
  SmallVector<int32_t> biases;
  /// Empty: the result is the accumulator.
  SmallVector<Multiplier> multipliers;
  /// Of each channel, in the place of multipliers and of biases, which are 0
  /// then (folding_thresh).
  SmallVector<ChannelThresholds> thresholds;
  /// The real value of a unit of the logits (last layers).
  float logitScale = 1;
  /// The fake layer is (conv(x, weights.getFake()) + fakeBiases) * fakeScales,
  /// one each a channel.
  SmallVector<float> fakeBiases, fakeScales;
};

/// Lets a quantizer behind a layer with weights that is frozen round up what
/// lies on a step but for the error of a float sum.
void raise(ActivationQuantizerOpInterface quantizer);

/// Computes the integers of the layers of one function of form Q, whose
/// parameters are constants and whose batch norms are folded or frozen. Both
/// forms of a frozen network, integer and fake-quantized, come from here.
class LayerQuantizer {
public:
  LayerQuantizer(func::FuncOp function, unsigned biasBits);

  /// The integers of a layer with weights that reads a tensor on the grid
  /// `input`. Emits an error where a quantizer is missing, a number is not
  /// constant or not finite, or a multiplier has no integer form.
  FailureOr<LayerIntegers>
  quantizeLayer(const LayerGroup &group,
                quant::UniformQuantizedType input) const;

  /// How the quantizer of `group` rounds; of a last layer, as the module says.
  Rounding getRounding(const LayerGroup &group) const;
  /// The rounding of what has no quantizer of its own.
  RoundingMode getModuleRounding() const { return moduleRounding; }

private:
  /// The grid of the result of a layer with weights: null for a last layer.
  FailureOr<quant::UniformQuantizedType>
  getResultType(const LayerGroup &group) const;
  LogicalResult setLastLayer(Operation *op, ArrayRef<float> biases, Grid input,
                             LayerIntegers &layer) const;
  LogicalResult setHiddenLayer(const LayerGroup &group, ArrayRef<float> biases,
                               Grid input, Grid output,
                               LayerIntegers &layer) const;
  LogicalResult setThresholds(Operation *op, Grid input, Grid output,
                              LayerIntegers &layer) const;

  unsigned biasBits;
  RoundingMode moduleRounding = RoundingMode::Nearest;
};

/// The type of the result of `op`, whose bounds have to be constants.
FailureOr<quant::UniformQuantizedType>
getFrozenType(ActivationQuantizerOpInterface op);

/// The bits of integer biases: `option`, or, where that is 0, what the module
/// says. Emits an error for what is not 2 to 32.
FailureOr<unsigned> getBiasBits(ModuleOp module, unsigned option);

/// Takes off `module` what was said there about freezing it.
void removeFreezingAttributes(ModuleOp module);

Grid gridOf(quant::UniformQuantizedType type);

Rounding toRounding(RoundingMode mode);
/// How `quantizer` rounds; none where it has no choice, or is null.
std::optional<RoundingMode> getRoundingMode(Operation *quantizer);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERQUANTIZER_H
