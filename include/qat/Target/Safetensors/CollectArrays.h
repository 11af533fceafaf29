//===- CollectArrays.h - the numbers of a network, by name ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_SAFETENSORS_COLLECTARRAYS_H
#define QAT_TARGET_SAFETENSORS_COLLECTARRAYS_H

#include "qat/Support/Safetensors.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The numbers that `module` holds, in its order; docs/Commands.md has the
/// table of names.
///
/// Of forms F and Q the parameters: each `ml_program.global` under its own
/// name, f32, in the network's layout (weights OHWI; HWCM where the convolution
/// is depthwise) and shape. `qat quantize --parameters` takes them.
///
/// Of form I what each layer of `@main` computes with, where LAYER is its name:
/// `LAYER.weight`, the stored values, zero point included, u8 or i8, in the
/// layout and shape of the op; `LAYER.weight.zero_point` (i32) and
/// `LAYER.weight.scale` (f32), a scalar or one a channel; `LAYER.bias` (i32);
/// `LAYER.thresholds` (i32) and `LAYER.falling` (u8) of a layer that compares;
/// the integers of the op's requantization under their own names, such as
/// `LAYER.multiplier` (i32) and `LAYER.shift` (i8; i32 where it is one number);
/// `LAYER.output.scale` (f64) and `LAYER.output.zero_point` (i32) of the
/// result, and of the network's input under its name. A layer without a name is
/// called as its op; layers of one name are numbered from the second on.
///
/// Of form Q after qat-freeze-fake-quantization, the fake-quantized graph of a
/// frozen network, each layer computes `(conv(x, weight) + bias) * scale` with
/// `LAYER.weight`, in the layout and shape of the op, `LAYER.bias` and
/// `LAYER.scale`, one a channel, all f32.
///
/// Fails, with a diagnostic, for a parameter that is not a tensor of f32 with
/// its data, and for weights or biases that are not constant.
FailureOr<std::vector<NamedArray>> collectArrays(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_TARGET_SAFETENSORS_COLLECTARRAYS_H
