// Where bounds of activations come from. A clipped one is 6, or what the float
// network has if that is less; bounds without a ReLU are learned all the same.

// RUN: qat-mlir-opt %s -qat-insert-quantizers | FileCheck %s --check-prefixes=ALPHA,LEARNED --implicit-check-not=activation_type
// RUN: qat-mlir-opt %s -qat-insert-quantizers="activ-type=clipped" | FileCheck %s --check-prefixes=ALPHA,CLIPPED
// RUN: qat-mlir-opt %s -qat-insert-quantizers="activ-type=relu6 batch-fold-delay=4" | FileCheck %s --check-prefixes=DELAY,ALPHA,RELU6
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="activ-type=relu" 2>&1 | FileCheck %s --check-prefix=E0
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="bias-bits=33" 2>&1 | FileCheck %s --check-prefix=E1
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="batch-fold-delay=-2" 2>&1 | FileCheck %s --check-prefix=E2
// E0: error: unknown activation type 'relu'; expected learned, clipped or relu6
// E1: error: bias bits must be between 2 and 32, but got 33
// E2: error: the batch fold delay must be an epoch of at least 0, or -1, but got -2

// Taking the quantizers out gives the network that was there.
// RUN: qat-mlir-opt %s -o %t.before
// RUN: qat-mlir-opt %s -qat-insert-quantizers="activ-type=relu6 batch-fold-delay=4 bias-bits=9" -qat-remove-quantizers -o %t.after
// RUN: diff %t.before %t.after

// DELAY:   qat.batch_fold_delay = 4 : i32
// LEARNED: @wide.alpha(dense<8.000000e+00>
// CLIPPED: @wide.alpha(dense<6.000000e+00>
// RELU6:   @wide.alpha(dense<6.000000e+00>
// ALPHA:   @narrow.alpha(dense<4.000000e+00>
// ALPHA:   @open.alpha(dense<6.000000e+00>
// LEARNED: qat.pact %{{.*}} {bits = 8 : i32, float_bound = 8.000000e+00 : f32
// CLIPPED: qat.pact %{{.*}} {activation_type = #qat.activation_type<clipped>, bits = 8 : i32, float_bound = 8.000000e+00 : f32
// RELU6:   qat.pact %{{.*}} {activation_type = #qat.activation_type<relu6>, bits = 8 : i32, float_bound = 8.000000e+00 : f32
func.func @main(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %0 = tosa.clamp %x {max_val = 8.000000e+00 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> loc("wide")
  %1 = tosa.clamp %0 {max_val = 4.000000e+00 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> loc("narrow")
  %2 = tosa.clamp %1 {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> loc("open")
  return %2 : tensor<1x2x2x2xf32>
}
