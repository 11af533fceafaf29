// RUN: qat-mlir-opt %s -canonicalize -cse | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -qat-check-accumulators | FileCheck %s --check-prefix=BITS

!x = tensor<1x2x!quant.uniform<u8:f32, 1.0>>
!w = tensor<2x2x!quant.uniform<i8:f32, 1.0>>

// What the layer needs stays constant; all biases are one.
// CHECK-LABEL: func.func @fully_connected
// CHECK-DAG: %[[B:.*]] = arith.constant dense<0> : tensor<2xi32>
// CHECK-DAG: %[[T:.*]] = arith.constant dense<{{\[\[}}-2147483648, 4, 4], [5, 6, 2147483647]]> : tensor<2x3xi32>
// CHECK-DAG: %[[U:.*]] = arith.constant dense<7> : tensor<2x2xi32>
// CHECK: qat.fully_connected %{{.*}}, %{{.*}}, %[[B]], %[[T]] {falling = array<i1: true, false>} : ({{.*}}, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.000000e+00:1>>
// CHECK: qat.fully_connected %{{.*}}, %{{.*}}, %[[B]], %[[U]] : ({{.*}}) -> tensor<1x2x!quant.uniform<i2<-1:1>:f32, 1.000000e+00>>
// Accumulators without a bias have 32 bits.
// BITS-COUNT-2: accumulator_bits = 32 : i32
func.func @fully_connected(%x: !x) -> (tensor<1x2x!quant.uniform<u2:f32, 1.0:1>>, tensor<1x2x!quant.uniform<i2<-1:1>:f32, 1.0>>) {
  %k = arith.constant dense<[[100, -100], [3, 5]]> : tensor<2x2xi8>
  %w = quant.scast %k : tensor<2x2xi8> to !w
  %b = arith.constant dense<0> : tensor<2xi32>
  %b2 = arith.constant dense<[0, 0]> : tensor<2xi32>
  %t = arith.constant dense<[[-2147483648, 4, 4], [5, 6, 2147483647]]> : tensor<2x3xi32>
  %u = arith.constant dense<7> : tensor<2x2xi32>
  %0 = qat.fully_connected %x, %w, %b, %t {falling = array<i1: true, false>} : (!x, !w, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0:1>>
  %1 = qat.fully_connected %x, %w, %b2, %u : (!x, !w, tensor<2xi32>, tensor<2x2xi32>) -> tensor<1x2x!quant.uniform<i2<-1:1>:f32, 1.0>>
  return %0, %1 : tensor<1x2x!quant.uniform<u2:f32, 1.0:1>>, tensor<1x2x!quant.uniform<i2<-1:1>:f32, 1.0>>
}
