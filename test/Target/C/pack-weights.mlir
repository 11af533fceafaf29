// RUN: qat-mlir-opt %s --qat-pack-weights | FileCheck %s
// RUN: qat-mlir-opt %s --qat-pack-weights --qat-pack-weights | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.05>

// Each output channel of a convolution begins on a word:
// 0x00030201 = 197121, 0x00ff0504 = 16712964.
// CHECK: @conv_weights : memref<2xi32> = dense<[197121, 16712964]>
memref.global "private" constant @conv_weights : memref<2x1x1x3xi8> = dense<[[[[1, 2, 3]]], [[[4, 5, -1]]]]>
// Each tap of a depthwise convolution does; 4-bit values that no kernel of four
// bits takes are zero-extended to the kernel's unsigned bytes:
// 0x0f080201 = 252183041, 0x00000003, 0x07060504 = 117835012, 0x00000008.
// CHECK: @dw_weights : memref<4xi32> = dense<[252183041, 3, 117835012, 8]>
memref.global "private" constant @dw_weights : memref<2x1x5xi4> = dense<[[[1, 2, -8, -1, 3]], [[4, 5, 6, 7, -8]]]>
// Signed ones are sign-extended: 0x0000fff8.
// CHECK: @fc_weights : memref<1xi32> = dense<65528>
memref.global "private" constant @fc_weights : memref<1x2xi4> = dense<[[-8, -1]]>
// Resources are read too: bytes 1, 255.
// CHECK: @big_weights : memref<1xi32> = dense<65281>
memref.global "private" constant @big_weights : memref<1x2xi8> = dense_resource<big>

func.func @main(%x: memref<48xi8>, %y: memref<32xi8>, %s: memref<8xi8>) {
  qat.kernel_call "qat_conv2d_u8_u8_u8" @conv ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) scratch(%s : memref<8xi8>) fields {weights = @conv_weights} {kind = "conv2d", macs = 96 : i64, rows = 4 : i32, pitches = array<i32: 12, 8>, tensors = [tensor<1x4x4x3x!u8>, tensor<1x4x4x2x!u8>]}
  qat.kernel_call "qat_depthwise_conv2d_u8_u8_u8" @dw ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) fields {weights = @dw_weights} {kind = "depthwise_conv2d", macs = 96 : i64, rows = 4 : i32, pitches = array<i32: 12, 8>, tensors = [tensor<1x4x4x3x!u8>, tensor<1x4x4x2x!u8>]}
  qat.kernel_call "qat_fully_connected_u8_i8_u8" @fc ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) scratch(%s : memref<8xi8>) fields {weights = @fc_weights} {kind = "fully_connected", macs = 2 : i64, rows = 1 : i32, pitches = array<i32: 2, 1>, tensors = [tensor<1x2x!u8>, tensor<1x1x!u8>]}
  qat.kernel_call "qat_fully_connected_u8_i8_u8" @big ins(%x : memref<48xi8>) outs(%y : memref<32xi8>) scratch(%s : memref<8xi8>) fields {weights = @big_weights} {kind = "fully_connected", macs = 2 : i64, rows = 1 : i32, pitches = array<i32: 2, 1>, tensors = [tensor<1x2x!u8>, tensor<1x1x!u8>]}
  return
}

{-#
  dialect_resources: {
    builtin: {
      big: "0x0400000001FF"
    }
  }
#-}
