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
    6 of a ReLU6) is never exceeded.

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
    Option<"keepInputRange", "keep-input-range", "bool", /*default=*/"false",
           "Leave the range of the network's input as it is">,
    Option<"threads", "threads", "unsigned", /*default=*/"0",
           "Threads; 0 takes as many as the machine has. The result does not "
           "depend on it">,
  ];
}

#endif // QAT_CALIBRATION_PASSES
