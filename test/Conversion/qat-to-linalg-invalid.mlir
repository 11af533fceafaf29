// RUN: qat-mlir-opt %s -convert-qat-to-linalg -verify-diagnostics -split-input-file

// Form C is for printing, not for the host.
!u8 = !quant.uniform<u8:f32, 0.1>
func.func @kernel_call(%x: memref<16xi8>, %y: memref<16xi8>) {
  // expected-error @+1 {{failed to legalize operation 'qat.kernel_call'}}
  qat.kernel_call "qat_copy" @copy ins(%x : memref<16xi8>) outs(%y : memref<16xi8>) fields {} {kind = "copy", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 4, 4>, tensors = [tensor<1x4x4x1x!u8>, tensor<1x4x4x1x!u8>]}
  return
}

// -----

// An op that does not know quantized tensors is left, and named.
!x = !quant.uniform<u8:f32, 0.1>
func.func @unknown(%x: tensor<1x4x!x>, %i: index) -> tensor<?x4x!x> {
  // expected-error @+1 {{failed to legalize operation 'tensor.cast'}}
  %0 = tensor.cast %x : tensor<1x4x!x> to tensor<?x4x!x>
  return %0 : tensor<?x4x!x>
}
