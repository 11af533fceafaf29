// RUN: qat-mlir-opt %s --qat-import-tosa-pipeline --mlir-print-debuginfo | FileCheck %s

// Integer weights with a scale become a parameter, the written-out softmax one
// op, and the batch is 1.
// CHECK: ml_program.global private mutable @dense_3.weight(dense_resource<dense_3.weight> : tensor<2x1x1x2xf32>)
// CHECK-NOT: @dense_3.bias
// CHECK-LABEL: func.func @main
// CHECK-SAME: tensor<1x2xf32> {qat.name = "input"}
// CHECK: %[[IMAGE:.*]] = tosa.reshape {{.*}} -> tensor<1x1x1x2xf32> loc([[DENSE:#.*]])
// CHECK: tosa.conv2d %[[IMAGE]], %dense_3.weight{{.*}} loc([[DENSE]])
// CHECK: qat.softmax {{.*}} : tensor<1x2xf32> loc([[SOFTMAX:#.*]])
// CHECK-DAG: [[DENSE]] = loc("dense_3")
// CHECK-DAG: [[SOFTMAX]] = loc("softmax_0")
// 0.5, 1, 1.5, -2.
// CHECK: dense_3.weight: "0x080000000000003F0000803F0000C03F000000C0"
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = "tosa.const"() <{values = dense<[[[[1, 2]]], [[[3, -4]]]]> : tensor<2x1x1x2xi8>}> : () -> tensor<2x1x1x2xi8>
  %scale = "tosa.const"() <{values = dense<0.5> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %no = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %image = tosa.const_shape {values = dense<[-1, 1, 1, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %flat = tosa.const_shape {values = dense<[-1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %wf = tosa.cast %w : (tensor<2x1x1x2xi8>) -> tensor<2x1x1x2xf32>
  %ws = tosa.mul %wf, %scale, %no : (tensor<2x1x1x2xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<2x1x1x2xf32>
  %0 = tosa.reshape %x, %image : (tensor<?x2xf32>, !tosa.shape<4>) -> tensor<?x1x1x2xf32>
  %1 = tosa.conv2d %0, %ws, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<?x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x1x2xf32> loc("model/act/Relu;model/dense_3/MatMul;model/dense_3/BiasAdd")
  %2 = tosa.reshape %1, %flat : (tensor<?x1x1x2xf32>, !tosa.shape<2>) -> tensor<?x2xf32>
  %3 = tosa.reduce_max %2 {axis = 1 : i32} : (tensor<?x2xf32>) -> tensor<?x1xf32>
  %4 = tosa.sub %2, %3 : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %5 = tosa.exp %4 : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %6 = tosa.reduce_sum %5 {axis = 1 : i32} : (tensor<?x2xf32>) -> tensor<?x1xf32>
  %7 = tosa.reciprocal %6 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %8 = tosa.mul %5, %7, %no : (tensor<?x2xf32>, tensor<?x1xf32>, tensor<1xi8>) -> tensor<?x2xf32> loc("Identity")
  return %8 : tensor<?x2xf32>
}
