// RUN: qat-mlir-opt %s -convert-qat-to-linalg -canonicalize -split-input-file | FileCheck %s
// RUN: qat-mlir-opt %s -convert-qat-to-linalg=host-kernels=avx512vnni -split-input-file | FileCheck %s --check-prefix=KERNELS

// The host's kernels multiply; a layer that compares is compiled.
// KERNELS-NOT: qat.host_call

// A search in two steps; channel 0 is complemented. The bias is not read.
// CHECK-LABEL: func.func @search
// CHECK-DAG:     %[[T:.*]] = arith.constant dense<{{\[\[}}-20, 4, 4], [5, 6, 7]]> : tensor<2x3xi32>
// CHECK-DAG:     %[[F:.*]] = arith.constant dense<[-1, 0]> : tensor<2xi32>
// CHECK:         %[[ACC:.*]] = linalg.generic {{.*}}"reduction"
// CHECK:         linalg.generic {{.*}} ins(%[[ACC]], %[[F]] : tensor<1x2xi32>, tensor<2xi32>)
// CHECK:           %[[A:.*]] = arith.xori
// CHECK-NOT:       muli
// CHECK:           %[[C:.*]] = linalg.index 1
// CHECK:           %[[T1:.*]] = tensor.extract %[[T]][%[[C]], %c1]
// CHECK-NEXT:      arith.cmpi sge, %[[A]], %[[T1]]
// CHECK:           %[[T2:.*]] = tensor.extract %[[T]][%[[C]],
// CHECK-NEXT:      arith.cmpi sge, %[[A]], %[[T2]]
// CHECK-NOT:       tensor.extract
// CHECK-NOT:       arith.minsi
func.func @search(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>> {
  %k = arith.constant dense<[[100, -100], [3, 5]]> : tensor<2x2xi8>
  %w = quant.scast %k : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[-20, 4, 4], [5, 6, 7]]> : tensor<2x3xi32>
  %0 = qat.fully_connected %x, %w, %b, %t {falling = array<i1: true, false>, accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return %0 : tensor<1x2x!quant.uniform<u2:f32, 1.0>>
}

// -----

// Two thresholds are filled up to three, which the largest accumulator passes;
// the storage begins at -1.
// CHECK-LABEL: func.func @narrow
// CHECK:         arith.constant dense<{{\[\[}}5, 6, 2147483647]]> : tensor<1x3xi32>
// CHECK:         %[[COUNT:.*]] = arith.index_cast
// CHECK-NEXT:    %[[MOST:.*]] = arith.minsi %[[COUNT]], %c2_i32
// CHECK-NEXT:    arith.addi %[[MOST]], %c-1_i32
func.func @narrow(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i2<-1:1>:f32, 1.0>> {
  %k = arith.constant dense<[[3, 5]]> : tensor<1x2xi8>
  %w = quant.scast %k : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<0> : tensor<1xi32>
  %t = arith.constant dense<[[5, 6]]> : tensor<1x2xi32>
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>, tensor<1x2xi32>) -> tensor<1x1x!quant.uniform<i2<-1:1>:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i2<-1:1>:f32, 1.0>>
}
