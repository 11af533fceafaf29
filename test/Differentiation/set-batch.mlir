// RUN: qat-mlir-opt %s -qat-set-batch=batch=4 | FileCheck %s

ml_program.global private mutable @w(dense<0.5> : tensor<3x1x1x2xf32>) : tensor<3x1x1x2xf32>

// What does not depend on the input keeps its type.
// CHECK: func.func @main(%[[X:.*]]: tensor<4x4x4x2xf32>) -> tensor<4x3xf32>
// CHECK: ml_program.global_load @w : tensor<3x1x1x2xf32>
// CHECK: tosa.conv2d %[[X]]
// CHECK-SAME: -> tensor<4x4x4x3xf32>
// CHECK: tosa.const_shape {values = dense<[4, 3, 3, 3]>
// CHECK: tosa.slice
// CHECK-SAME: -> tensor<4x3x3x3xf32>
// CHECK: qat.softmax {{.*}} : tensor<4x3x3x3xf32>
// CHECK: tosa.const_shape {values = dense<[4, 27]>
// CHECK: tosa.reshape
// CHECK-SAME: -> tensor<4x27xf32>
func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x3xf32> {
  %w = ml_program.global_load @w : tensor<3x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<3xf32>}> : () -> tensor<3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x3xf32>
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 3, 3, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s = tosa.slice %y, %start, %size : (tensor<1x4x4x3xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x3x3x3xf32>
  %m = qat.softmax %s : tensor<1x3x3x3xf32>
  %flat = tosa.const_shape {values = dense<[1, 27]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %r = tosa.reshape %m, %flat : (tensor<1x3x3x3xf32>, !tosa.shape<2>) -> tensor<1x27xf32>
  %part = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %zero = tosa.const_shape {values = dense<0> : tensor<2xindex>} : () -> !tosa.shape<2>
  %o = tosa.slice %r, %zero, %part : (tensor<1x27xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x3xf32>
  return %o : tensor<1x3xf32>
}
