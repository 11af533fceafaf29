//===- Passes.td - passes that run the network on data --*- tablegen -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CALIBRATION_PASSES
#define QAT_CALIBRATION_PASSES

include "mlir/Pass/PassBase.td"

def QatCalibrate : Pass<"qat-calibrate", "::mlir::ModuleOp"> {
  let summary = "Set every activation's range by running the float network";
  let description = [{
    Compiles the float network that form Q stands for (its quantizers taken
    out), runs it over a data set and notes the least and the greatest value
    that each quantizer would have met. The bounds (`LAYER.alpha`, `LAYER.lo`,
    `LAYER.hi`) are set to hold these; a bound that the float network has (the
    6 of a ReLU6) is never exceeded. Bounds that were given (qat-set-parameters)
    and those of clipped activations stay as they are, and the layers behind see
    values that are clipped there.

    With `method=percentile` the bounds hold `percentile` percent of the values
    (what a PACT cuts off lies above it, what two bounds cut off half at either
    end); with `method=mse` they are those for which the sum of squared errors
    of the quantizer itself is least. Both look at a histogram of each tensor,
    whose memory does not grow with the images (`Histogram`, `BoundSearch`).

    The images are spread evenly over the data set. The range of the network's
    input becomes that of pixels 0 to 255 under the module's preprocessing; for
    a data set of real values, that of the values seen.
  }];
  let options = [
    Option<"dataset", "dataset", "std::string", /*default=*/"\"\"",
           "Data set: cifar10, mnist, imagenet, folder, npy or digits">,
    Option<"path", "data", "std::string", /*default=*/"\"\"",
           "File or folder of the data set">,
    Option<"images", "images", "unsigned", /*default=*/"512",
           "How many images to run, at most">,
    Option<"method", "method", "std::string", /*default=*/"\"minmax\"",
           "How bounds follow from values: minmax, percentile or mse">,
    Option<"percentile", "percentile", "double", /*default=*/"99.99",
           "Percent of the values that method percentile holds, above 50">,
    Option<"keepInputRange", "keep-input-range", "bool", /*default=*/"false",
           "Leave the range of the network's input as it is">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];
}

def QatEqualizeLayers : Pass<"qat-equalize-layers", "::mlir::ModuleOp"> {
  let summary = "Balance the ranges of channels across layers (form F)";
  let description = [{
    Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721, section 4.1).
    Where only one convolution or dense layer reads what another one computes,
    through a ReLU, pools or reshapes, channel c may be divided by s[c] > 0
    behind the first and multiplied by s[c] in the weights of the second. With
    r1[c] the greatest weight of output channel c of the first layer (its batch
    norm folded in) and r2[c] that of input channel c of the second,
    `s = sqrt(r1 / r2)`, repeated over all pairs `rounds` times, so that chains
    of depthwise and pointwise layers settle. The first layer's scale goes into
    gamma and beta where it has a batch norm, else into weights and bias.

    With `granularity=channel` (weights with a step a channel) a weight of the
    second layer counts by its share of its own row's range, and, where there is
    data, r1[c] is the greatest value that channel c of the activation reaches.

    A ReLU6 has one bound for all channels, which a scale a channel would tear
    apart. `relu6=keep` runs the float network on `data`: a channel that reaches
    the bound there keeps its scale; another one may grow until what was seen,
    with a quarter of headroom, is at the bound. Without data such pairs are
    left alone. `relu6=replace` turns these activations into ReLU, which changes
    the network where channels reach the bound. With data the remark says how
    far the float outputs are apart.
  }];
  let options = [
    Option<"granularity", "granularity", "std::string",
           /*default=*/"\"layer\"",
           "What has a step: the layer's weights, or each channel's (layer, "
           "channel)">,
    Option<"relu6", "relu6", "std::string", /*default=*/"\"keep\"",
           "What becomes of bounded activations: keep or replace">,
    Option<"rounds", "rounds", "unsigned", /*default=*/"20",
           "Rounds over all pairs">,
    Option<"dataset", "dataset", "std::string", /*default=*/"\"\"",
           "Data set: cifar10, mnist, imagenet, folder, npy or digits">,
    Option<"path", "data", "std::string", /*default=*/"\"\"",
           "File or folder of the data set">,
    Option<"images", "images", "unsigned", /*default=*/"64",
           "How many images to run, at most">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];
  let dependentDialects = ["::mlir::ml_program::MLProgramDialect"];
}

def QatClipWeights : Pass<"qat-clip-weights", "::mlir::ModuleOp"> {
  let summary = "Clip weights where their quantizer loses least (form Q)";
  let description = [{
    Searches, for each range of weights (the layer's, or each channel's), the
    bounds for which the squared error of the quantizer itself is least, on the
    tensor that is quantized (with its batch norm folded in for fold type
    folding_weights). Schemes with bounds get them as `LAYER.weight.lo` and
    `LAYER.weight.hi`. Min-max schemes have none: their weights are clamped, and
    the step follows from the clamped data. The remark gives signal to noise of
    the weights before and after.

    With data an error counts by the variance, in the float network, of the
    input channel that the weight is multiplied with: that is its part in the
    error of the output, whose mean qat-correct-biases takes care of.

    Clipping shortens weights, and over many layers the signal would fade: what
    was clipped is scaled so that its quantized form is as long, along the float
    weights, as these are.
  }];
  let options = [
    Option<"dataset", "dataset", "std::string", /*default=*/"\"\"",
           "Data set: cifar10, mnist, imagenet, folder, npy or digits">,
    Option<"path", "data", "std::string", /*default=*/"\"\"",
           "File or folder of the data set">,
    Option<"images", "images", "unsigned", /*default=*/"64",
           "How many images to run, at most">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];

  let dependentDialects = ["::mlir::ml_program::MLProgramDialect"];
}

def QatRecordFloatMoments : Pass<"qat-record-float-moments", "::mlir::ModuleOp"> {
  let summary = "Note what the float network gives on average (form Q)";
  let description = [{
    Runs the float network that form Q stands for and leaves mean and variance of
    each channel of what activations read as the attributes `qat.float_mean` and
    `qat.float_variance` on every convolution and dense layer. qat-correct-biases takes it from there: passes
    between the two may change weights.
  }];
  let options = [
    Option<"dataset", "dataset", "std::string", /*default=*/"\"\"",
           "Data set: cifar10, mnist, imagenet, folder, npy or digits">,
    Option<"path", "data", "std::string", /*default=*/"\"\"",
           "File or folder of the data set">,
    Option<"images", "images", "unsigned", /*default=*/"64",
           "How many images to run, at most">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];
}

def QatCorrectBiases : Pass<"qat-correct-biases", "::mlir::ModuleOp"> {
  let summary = "Give quantized layers the mean of the float network (form Q)";
  let description = [{
    Bias correction (Nagel et al. 2019, section 4.2, the empirical form). Runs
    the quantized network, frozen as it will be, on data, layer by layer: at each
    layer the mean over images and pixels of every channel of what the activation
    reads is compared with the float network's, and the difference is added to
    the bias (to the batch norm's beta where there is one) before the next layer
    is run. With `gains` each channel is also stretched, by at most 2, to the float
    network's variance, where the integer weights can stay what they are: where
    each channel has a step, or a batch norm that is not folded into the weights.
    The float network's means and variances are those that
    qat-record-float-moments left, else those of the network as it is now. The
    remark says how far off the means were.
  }];
  let options = [
    Option<"gains", "gains", "bool", /*default=*/"false",
           "Correct the variances of channels, too">,
    Option<"dataset", "dataset", "std::string", /*default=*/"\"\"",
           "Data set: cifar10, mnist, imagenet, folder, npy or digits">,
    Option<"path", "data", "std::string", /*default=*/"\"\"",
           "File or folder of the data set">,
    Option<"images", "images", "unsigned", /*default=*/"64",
           "How many images to run, at most">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::ml_program::MLProgramDialect"];
}

#endif // QAT_CALIBRATION_PASSES
