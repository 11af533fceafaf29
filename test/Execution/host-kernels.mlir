// RUN: qat-mlir-opt %s -qat-host-pipeline=host-kernels=generic | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.05>
!w8 = !quant.uniform<i8:f32, 0.02>

// The kernel takes addresses; scratch memory lives for the call.
// CHECK:       llvm.func @qat_host_conv2d_generic(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr)
// CHECK-LABEL: llvm.func @main
// CHECK:         llvm.call @malloc
// CHECK:         llvm.call @qat_host_conv2d_generic
// CHECK:         llvm.call @free
func.func @main(%x: tensor<1x3x!u8>) -> tensor<1x2x!u8> {
  %c = arith.constant dense<[[1, -2, 3], [4, 5, -6]]> : tensor<2x3xi8>
  %w = quant.scast %c : tensor<2x3xi8> to tensor<2x3x!w8>
  %b = arith.constant dense<[7, 8]> : tensor<2xi32>
  %y = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1518500250>, shift = array<i8: 33>} : (tensor<1x3x!u8>, tensor<2x3x!w8>, tensor<2xi32>) -> tensor<1x2x!u8>
  return %y : tensor<1x2x!u8>
}
