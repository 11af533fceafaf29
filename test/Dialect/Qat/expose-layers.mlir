// RUN: qat-mlir-opt %s -qat-expose-layers | FileCheck %s
// RUN: qat-mlir-opt %s -qat-expose-layers=what=quantizer-inputs | FileCheck %s --check-prefix=INPUTS
// RUN: not qat-mlir-opt %s -qat-expose-layers=what=weights 2>&1 | FileCheck %s --check-prefix=WHAT

// The last op of a layer speaks for it; weights and ops without a name do not.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    -> (tensor<1x4xf32> {qat.name = "output"}, tensor<1x2x2x4xf32> {qat.name = "conv1"}, tensor<1x4xf32> {qat.name = "dense"})
// CHECK:         %[[PACT:.*]] = qat.pact
// CHECK:         %[[SOFTMAX:.*]] = qat.softmax
// CHECK:         return %[[SOFTMAX]], %[[PACT]], %[[SOFTMAX]]
// INPUTS-LABEL: func.func @main
// INPUTS-SAME:    (tensor<1x4xf32> {qat.name = "output"}, tensor<1x2x2x4xf32> {qat.name = "conv1"})
// INPUTS:         %[[BN:.*]] = qat.batch_norm
// INPUTS:         %[[SOFTMAX:.*]] = qat.softmax
// INPUTS:         return %[[SOFTMAX]], %[[BN]]
// WHAT: error: 'what' must be layers or quantizer-inputs, but is 'weights'
func.func @main(%x: tensor<1x2x2x4xf32> {qat.name = "input"}, %w: tensor<4xf32>, %a: tensor<f32>) -> (tensor<1x4xf32> {qat.name = "output"}) {
  %g = arith.constant dense<1.0> : tensor<4xf32> loc("conv1")
  %0 = qat.batch_norm %x, %g, %g, %g, %g {epsilon = 1.0e-3 : f32} : tensor<1x2x2x4xf32>, tensor<4xf32> loc("conv1")
  %1 = qat.pact %0, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : tensor<1x2x2x4xf32> loc("conv1")
  %2 = tosa.max_pool2d %1 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x4xf32>) -> tensor<1x1x1x4xf32>
  %3 = tensor.collapse_shape %2 [[0], [1, 2, 3]] : tensor<1x1x1x4xf32> into tensor<1x4xf32> loc("dense")
  %4 = qat.softmax %3 : tensor<1x4xf32> loc("dense")
  return %4 : tensor<1x4xf32>
}
