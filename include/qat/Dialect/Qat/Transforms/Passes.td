//===- Passes.td - the transforms of the qat dialect --*- tablegen -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRANSFORMS_PASSES
#define QAT_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def QatAssignPrecision : Pass<"qat-assign-precision", "::mlir::ModuleOp"> {
  let summary = "Choose bits of every layer by the memory there is (form F)";
  let description = [{
    The memory-driven assignment (docs/Spec.md, section 9): activations are cut
    from 8 bits to 4 and 2 until the tensors that are live at every layer fit
    `ram`, then weights until all fit `rom`. What `layer-config` gives is fixed
    first. Each layer is left with the attribute `qat.precision`, which
    qat-insert-quantizers reads:

    ```mlir
    %1 = tosa.conv2d %x, %w, ... {qat.precision = {a_bits = 4 : i32,
      fold_type = "ICN", quant_type = "PerChannelsAsymMinMax", w_bits = 8 : i32}}
    ```

    Fails where a budget cannot be met, and says what is live where, the smallest
    budget that would do, and which single changes would help.
  }];
  let options = [
    Option<"rom", "rom", "std::string", /*default=*/"\"512k\"",
           "Bytes for weights and what goes with them, such as 2M">,
    Option<"ram", "ram", "std::string", /*default=*/"\"64k\"",
           "Bytes for activations, such as 512k">,
    Option<"mode", "mode", "std::string", /*default=*/"\"MixPC\"",
           "MixPL (per-layer weights) or MixPC (per-channel)">,
    Option<"policy", "policy", "std::string", /*default=*/"\"consistent\"",
           "Fold types by the bits alone (consistent) or as the reference gives "
           "them (reference)">,
    Option<"memoryModel", "memory-model", "std::string",
           /*default=*/"\"reference\"",
           "What a layer is charged: the live tensors (reference)">,
    Option<"layerConfig", "layer-config", "std::string", /*default=*/"\"\"",
           "What single layers are given in any case, as JSON (docs/Spec.md, "
           "section 8)">,
  ];
}

def QatInsertQuantizers : Pass<"qat-insert-quantizers", "::mlir::ModuleOp"> {
  let summary = "Put quantizers where the integer network rounds (form F to Q)";
  let description = [{
    Finds the layers of the graph - a convolution or dense layer with its bias,
    batch norm and activation; a residual add with its activation; pools - and
    inserts

    * `qat.quantize_input` on the network's input,
    * a weight quantizer before every convolution and dense layer,
    * `qat.pact` in place of every ReLU (a clamp that starts at 0),
    * `qat.bounded` where a tensor needs a grid and has no ReLU: the linear
      output of a bottleneck, an operand of a residual add.

    The last layer gets none: its logits are 32 bits. Pools keep the grid of
    their input. What stays floating point (a softmax at the end) is said by a
    remark. Each batch norm is given the `fold_type` that it is to have.

    Bounds become parameters: `LAYER.alpha` starts at the bound of the float
    activation, 6 where there is none; `LAYER.lo` and `LAYER.hi` at -6 and 6
    (calibration sets them all); bounds of weights start as docs/Spec.md,
    section 3, says. Where they are those of weights with a batch norm folded
    in, the quantizer is `unclamped` until qat-fold-batch-norm does so.

    ```mlir
    %1 = tosa.conv2d %x, %w, ...
    %2 = tosa.clamp %1 {min_val = 0.0, max_val = 6.0}
    // becomes
    %wq = qat.weight_min_max %w {bits = 8, channel_axes = array<i64: 0>}
    %1 = tosa.conv2d %x, %wq, ...
    %2 = qat.pact %1, %alpha {bits = 8, rounding = nearest, float_bound = 6.0}
    ```
  }];
  let options = [
    Option<"weightScheme", "type-quant", "std::string",
           /*default=*/"\"PerChannelsAsymMinMax\"",
           "Weight scheme: PerLayerAsymPACT, PerLayerAsymMinMax, "
           "PerChannelsAsymMinMax or PerLayerSymPACT">,
    Option<"foldType", "batch-fold-type", "std::string", /*default=*/"\"\"",
           "Where batch norms go: folding_weights, ICN or folding_thresh "
           "(default: ICN for per-channel weights, else folding_weights)">,
    Option<"weightBits", "weight-bits", "unsigned", /*default=*/"8",
           "Bits of a weight, 2 to 8">,
    Option<"activationBits", "activ-bits", "unsigned", /*default=*/"8",
           "Bits of an activation, 2 to 8">,
    Option<"rounding", "activ-rounding", "std::string",
           /*default=*/"\"nearest\"",
           "Rounding of activations: nearest or floor">,
    Option<"inputRange", "input-range", "std::string", /*default=*/"\"\"",
           "Range of the real input as lo,hi (default: that of pixels 0 to 255 "
           "under the module's preprocessing, -1,1 without one)">,
    Option<"activationType", "activ-type", "std::string",
           /*default=*/"\"learned\"",
           "Where the bounds of activations come from: learned, clipped or "
           "relu6 (docs/Spec.md, section 2)">,
    Option<"biasBits", "bias-bits", "unsigned", /*default=*/"32",
           "Bits to which integer biases saturate, 2 to 32">,
    Option<"batchFoldDelay", "batch-fold-delay", "int", /*default=*/"-1",
           "Epoch of a training at which batch norms are frozen; -1 leaves it "
           "to the training">,
    Option<"layerConfig", "layer-config", "std::string", /*default=*/"\"\"",
           "What single layers are given instead, as JSON (docs/Spec.md, "
           "section 8): [{\"layer\":\"conv1\",\"w_bits\":4}]">,
  ];
  let dependentDialects = [
    "::mlir::qat::QatDialect", "::mlir::ml_program::MLProgramDialect"];
}

def QatSetParameters : Pass<"qat-set-parameters", "::mlir::ModuleOp"> {
  let summary = "Give parameters the values of a safetensors file";
  let description = [{
    Sets each `ml_program.global` whose name is in the file, and marks it
    `qat.given`: its value is not replaced by another run of this pass, and
    qat-calibrate and qat-clip-weights leave bounds alone that carry the mark.
    qat-clear-given takes the marks off. Parameters of the float network are
    best set before qat-insert-quantizers, whose initial bounds of weights
    follow from them; bounds exist only behind it.
  }];
  let options = [
    Option<"file", "file", "std::string", /*default=*/"\"\"",
           "The safetensors file: parameters by name, f32 or f64, in the "
           "network's shapes">,
    Option<"complete", "complete", "bool", /*default=*/"false",
           "Refuse names in the file that the network does not have">,
  ];
}

def QatClearGiven : Pass<"qat-clear-given", "::mlir::ModuleOp"> {
  let summary = "Take off the marks of qat-set-parameters";
}

def QatRemoveQuantizers : Pass<"qat-remove-quantizers", "::mlir::ModuleOp"> {
  let summary = "Take the quantizers out again (form Q to F)";
  let description = [{
    Replaces each activation quantizer by what the float network has in its
    place (the clamp that a PACT replaced, or nothing), drops the weight
    quantizers and the parameters that only quantizers used, and takes off the
    attributes that qat-insert-quantizers left (fold types, rounding, bits of
    biases, the epoch at which batch norms are frozen).
  }];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

def QatBindParameters : Pass<"qat-bind-parameters", "::mlir::ModuleOp"> {
  let summary = "Turn parameters into constants";
  let description = [{
    Replaces every load of an `ml_program.global` that is never stored to by a
    constant located at the parameter's name, and erases private globals that
    nothing reads any more. From here
    on canonicalization may merge and fold parameters, which before would tie
    together what must train apart.

    ```mlir
    %w = ml_program.global_load @conv1.weight : tensor<16x3x3x3xf32>
    // becomes
    %w = arith.constant dense_resource<conv1.weight> : tensor<16x3x3x3xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def QatFoldBatchNorm : Pass<"qat-fold-batch-norm", "::mlir::ModuleOp"> {
  let summary = "Freeze every batch norm into its layer";
  let description = [{
    By the `fold_type` of each batch norm:

    * `folding_weights`: each output channel of the weights is multiplied by
      `gamma / sqrt(variance + epsilon)` before it is quantized, and the bias
      takes the rest. The batch norm is gone, and the weights are clamped from
      here on (`unclamped` is taken off their quantizer).
    * `ICN`, `folding_thresh`: the op stays and is marked `frozen`; it becomes
      the integer scale and bias of its layer in `qat-freeze-ranges`.

    A network that qat-freeze-for-training froze is taken back first: its batch
    norms are frozen already.

    A batch norm that does not follow a convolution or dense layer directly, or
    whose layer has another user, is refused. The ops of a layer move down to
    its batch norm, where all parameters are at hand.

    ```mlir
    %1 = tosa.conv2d %x, quantizer(%w), %b, ...
    %2 = qat.batch_norm %1, %gamma, %beta, %mean, %variance
    // becomes
    %t = qat.fold_weight %w, %gamma, %variance
    %c = qat.fold_bias %b, %gamma, %beta, %mean, %variance
    %2 = tosa.conv2d %x, quantizer(%t), %c, ...
    ```
  }];
  let options = [
    Option<"defaultFoldType", "default", "std::string",
           /*default=*/"\"folding_weights\"",
           "The fold of batch norms that carry no fold_type: folding_weights, "
           "ICN or folding_thresh">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::qat::QatDialect"];
}

def QatFreezeRanges : Pass<"qat-freeze-ranges", "::mlir::ModuleOp"> {
  let summary = "Turn learned bounds into quantized types (form Q to I)";
  let description = [{
    The only door from form Q to form I. Every layer with its quantizers, whose
    bounds and weights must be constants by now, becomes one integer layer:
    integer weights, a bias in accumulator units, multipliers and shifts by the
    scalar reference of docs/Spec.md, and a result type that holds scale, zero
    point and storage range. The softmax at the end is dropped, with a remark:
    the integer network ends with its logits.
  }];
  let options = [
    Option<"biasBits", "bias-bits", "unsigned", /*default=*/"0",
           "Bits to which integer biases saturate, 2 to 32 (default: the "
           "module's qat.bias_bits, 32 without one)">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::qat::QatDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect"];
}

def QatFreezeFakeQuantization
    : Pass<"qat-freeze-fake-quantization", "::mlir::ModuleOp"> {
  let summary = "The fake-quantized graph of a frozen network (form Q)";
  let description = [{
    Runs in the place of qat-freeze-ranges and gives, in floating point, the
    network that pass gives in integers (docs/Spec.md, section 5): both take
    their numbers from one computation.

    * A layer with weights becomes `(conv(x, w) + b) * s` on constants: `w` the
      integer weights times their step, `b` the integer bias in real units
      without the half step of its rounding, `s` the factor of a batch norm that
      was not folded into the weights (by `tosa.mul`; left out where it is 1
      for all channels). Thresholds compute what ICN does. The constants are
      located at `LAYER.weight`, `LAYER.bias` and `LAYER.scale`.
    * Activation quantizers stay, with constant bounds; those of type relu6
      are clipped.
    * An average pool becomes `qat.rounded_avg_pool2d`.
    * Operands of a concat, and the input of a pad with another value than zero,
      are quantized one by one where they lie on another grid than the result;
      the value to pad with is put on the grid. Nothing is quantized twice.

    A softmax at the end stays.

    ```mlir
    %wq = qat.weight_min_max %w {bits = 8, channel_axes = array<i64: 0>}
    %1 = tosa.conv2d %x, %wq, %b, ...
    %2 = qat.batch_norm %1, ... {fold_type = ICN, frozen}
    %3 = qat.pact %2, %alpha
    // becomes
    %1 = tosa.conv2d %x, %conv1.weight, %conv1.bias, ...
    %2 = tosa.mul %1, %conv1.scale, %shift
    %3 = qat.pact %2, %alpha
    ```
  }];
  let options = [
    Option<"biasBits", "bias-bits", "unsigned", /*default=*/"0",
           "Bits to which integer biases saturate, 2 to 32 (default: the "
           "module's qat.bias_bits, 32 without one)">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::qat::QatDialect",
    "::mlir::tosa::TosaDialect"];
}

def QatFreezeForTraining : Pass<"qat-freeze-for-training", "::mlir::ModuleOp"> {
  let summary = "The fake-quantized graph of a frozen network, to be trained on";
  let description = [{
    From epoch `batch_fold_delay` on a network is trained as it will be
    deployed. This pass freezes the batch norms (as qat-fold-batch-norm) and
    sets the bounds of weights anew into which one was folded (docs/Spec.md,
    sections 3 and 4): their globals get new values. `keep-bounds`, or the
    attribute `qat.trained_bounds` on the module, leaves them.

    The result computes what qat-freeze-fake-quantization computes for the same
    values, to the same bits, but stays form Q: weights, biases and bounds are
    parameters, and steps, integer biases, constant channels and scales are
    computed from them (`qat.weight_step`, `qat.quantize_channels`, ...).

    * Biases become those of the integer network, `(b_int - h) * e`.
    * A frozen batch norm becomes `qat.scale_channels`.
    * An average pool becomes `qat.rounded_avg_pool2d`, with the step of its
      input.
    * A quantizer of type relu6 is clipped from here on.

    qat-fold-batch-norm, and so every pipeline that begins with it, undoes what
    this pass did to a frozen network, so that it becomes integers as it is.

    With rounding `floor`, where the operand of a concat comes to lie on the
    very grid of the result, the network is trained with the result of the
    quantizer, which may lie a step below; the integer network copies it.

    ```mlir
    %wq = qat.weight_min_max %w {bits = 8, channel_axes = array<i64: 0>}
    %1 = tosa.conv2d %x, %wq, %b, ...
    %2 = qat.batch_norm %1, %gamma, %beta, %mean, %variance {fold_type = ICN}
    %3 = qat.pact %2, %alpha
    // becomes
    %wq = qat.weight_min_max %w {bits = 8, channel_axes = array<i64: 0>}
    %sw = qat.weight_step %w {bits = 8, channel_axes = array<i64: 0>}
    %so = qat.pact_step %alpha {bits = 8}
    %c:6 = qat.quantize_channels %wq, %b, %sw, %sx, %so
             norm(%gamma, %beta, %mean, %variance)
    %1 = tosa.conv2d %x, %c#0, %c#1, ...
    %2 = qat.scale_channels %1, %c#2
    %3 = qat.pact %2, %alpha
    ```
  }];
  let options = [
    Option<"keepBounds", "keep-bounds", "bool", /*default=*/"false",
           "Leave the bounds of weights as they are">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::qat::QatDialect"];
}

def QatIntegerForward : Pass<"qat-integer-forward", "::mlir::ModuleOp"> {
  let summary = "Compute the layers of a frozen network on their exact integers";
  let description = [{
    The integer evaluation of docs/Spec.md, section 5, of a network that
    qat-freeze-for-training froze, or of a training step that was made from one:
    convolutions run on levels in place of fake-quantized numbers, and bias,
    scale, rounding, adds and concats follow the integer network's rules. So the
    network computes what the integer network computes, as long as f32 holds the
    sums: below 2^24. A remark names the layers, of a network with its
    parameters, whose sums may be larger.

    What gradients read stays: fake-quantized tensors, and the real sums that
    masks compare with bounds. A layer whose input lies on no grid (behind
    dropout) and a pad with another value than zero stay in floating point.

    ```mlir
    %1 = tosa.conv2d %x, %w, %b, ...
    %2 = qat.scale_channels %1, %s
    %3 = qat.pact %2, %alpha
    // becomes
    %xl = qat.levels %x, %sx
    %wl = qat.levels %w, %sw
    %1 = tosa.conv2d %xl, %wl, %zero, ...
    %3 = qat.requantize_sums %1, %bi, %m, %so, %alpha
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::qat::QatDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect",
    "::mlir::tosa::TosaDialect"];
}

def QatCheckAccumulators : Pass<"qat-check-accumulators", "::mlir::ModuleOp"> {
  let summary = "Prove which accumulators fit 32 bits";
  let description = [{
    Bounds, for the actual weights and every input that the type allows, each
    partial sum of each layer in any order of its terms, with and without the
    bias. `accumulator_bits` becomes 32 where all of them fit, else 64 with a
    remark. Constant weights outside of their storage range are an error.

    With `float-sums`, a remark also names each layer whose sums leave
    [-2^24, 2^24], within which float32 holds every integer.
  }];
  let options = [
    Option<"floatSums", "float-sums", "bool", /*default=*/"false",
           "Remark sums that float32 does not hold">,
  ];
}

def QatExposeLayers : Pass<"qat-expose-layers", "::mlir::ModuleOp"> {
  let summary = "Return what every layer computes";
  let description = [{
    Adds results to @main, each with the name of its layer as `qat.name`, in
    the order of the network:

    * `what=layers`: the result of each layer: in form I that of the integer
      layer, in forms F and Q that of the last op which carries the layer's
      name (activation and quantizer included);
    * `what=quantizer-inputs`: the tensors that activation quantizers put on a
      grid, under the name of the quantizer's layer (calibration watches them).

    Weights, parameters and what has no name are not exposed. The first results
    stay as they are.
  }];
  let options = [
    Option<"what", "what", "std::string", /*default=*/"\"layers\"",
           "What is returned: layers or quantizer-inputs">,
  ];
}

def QatIsolateLayers : Pass<"qat-isolate-layers", "::mlir::ModuleOp"> {
  let summary = "Let every layer read what it is given";
  let description = [{
    Adds an argument to @main for each layer whose result another op reads, with
    the name of the layer as `qat.name`, in the order of the network. Other
    layers then read the argument in place of the result, so that each layer can
    be run on inputs of its own: what it computes is the error that it makes
    itself. Run qat-expose-layers before to see the results.

    ```mlir
    func.func @main(%x) {
      %1 = tosa.conv2d %x, ...  loc("a")
      %2 = tosa.conv2d %1, ...  loc("b")
      return %2
    // becomes
    func.func @main(%x, %a {qat.name = "a"}) {
      %1 = tosa.conv2d %x, ...  loc("a")
      %2 = tosa.conv2d %a, ...  loc("b")
      return %2
    ```
  }];
}

#endif // QAT_TRANSFORMS_PASSES
