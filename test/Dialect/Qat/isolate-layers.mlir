// RUN: qat-mlir-opt %s -split-input-file -qat-expose-layers -qat-isolate-layers -verify-diagnostics | FileCheck %s

// What a layer computes is a result, what it reads is an argument; the last
// layer is read by nothing.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2x4xf32> {qat.name = "input"}, %{{.*}}, %[[A:.*]]: tensor<1x2x2x4xf32> {qat.name = "a"}, %[[POOL:.*]]: tensor<1x1x1x4xf32> {qat.name = "pool"})
// CHECK:         %[[NORM:.*]] = qat.batch_norm %[[X]]
// CHECK:         %[[CLAMP:.*]] = tosa.clamp %[[NORM]]
// CHECK:         %[[MAX:.*]] = tosa.max_pool2d %[[A]]
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[POOL]]
// CHECK:         %[[SOFTMAX:.*]] = qat.softmax %[[FLAT]]
// CHECK:         return %[[SOFTMAX]], %[[CLAMP]], %[[MAX]], %[[SOFTMAX]]
func.func @main(%x: tensor<1x2x2x4xf32> {qat.name = "input"}, %g: tensor<4xf32>) -> (tensor<1x4xf32> {qat.name = "output"}) {
  %0 = qat.batch_norm %x, %g, %g, %g, %g {epsilon = 1.0e-3 : f32} : tensor<1x2x2x4xf32>, tensor<4xf32> loc("a")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> loc("a")
  %2 = tosa.max_pool2d %1 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x4xf32>) -> tensor<1x1x1x4xf32> loc("pool")
  %3 = tensor.collapse_shape %2 [[0], [1, 2, 3]] : tensor<1x1x1x4xf32> into tensor<1x4xf32>
  %4 = qat.softmax %3 : tensor<1x4xf32> loc("softmax")
  return %4 : tensor<1x4xf32>
}

// -----

// expected-error @+1 {{layers can be exposed in a function of one block only}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^end
^end:
  return %x : tensor<4xf32>
}
