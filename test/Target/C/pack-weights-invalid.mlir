// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --qat-pack-weights

!u8 = !quant.uniform<u8:f32, 0.05>

func.func @main(%x: memref<48xi8>, %y: memref<32xi8>) {
  // expected-error @+1 {{unknown kernel 'qat_conv3d'}}
  qat.kernel_call "qat_conv3d" @conv ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) fields {} {kind = "conv2d", macs = 96 : i64, rows = 4 : i32, pitches = array<i32: 12, 8>, tensors = [tensor<1x4x4x3x!u8>, tensor<1x4x4x2x!u8>]}
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.05>

func.func @main(%x: memref<48xi8>, %y: memref<32xi8>) {
  // expected-error @+1 {{expects constant weights}}
  qat.kernel_call "qat_conv2d_u8_u8_u8" @conv ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) fields {weights = @missing} {kind = "conv2d", macs = 96 : i64, rows = 4 : i32, pitches = array<i32: 12, 8>, tensors = [tensor<1x4x4x3x!u8>, tensor<1x4x4x2x!u8>]}
  return
}
