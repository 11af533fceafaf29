// RUN: qat-mlir-opt %s --qat-name-buffers --convert-qat-to-kernels=target=host | FileCheck %s

!byte = !quant.uniform<u8:f32, 0.05>
!crumb = !quant.uniform<u2:f32, 0.4>

// A requantize that only a concat reads computes in its place; what lies on the
// grid is copied. The last call completes the concat.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<30xi8>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<130xi8>
// CHECK: %[[LARGEST:.*]] = memref.alloc() : memref<30xi8>
// CHECK: qat.kernel_call "qat_max_pool2d_u8_u8" @top
// CHECK-SAME: qat.completes = 0 : i64
// CHECK: %[[NARROW:.*]] = memref.alloc() : memref<10xi8>
// CHECK: qat.kernel_call "qat_requantize_u8_u2" @narrow ins(%[[LARGEST]]{{.*}}) outs(%[[NARROW]]
// CHECK-SAME: qat.completes = 1 : i64
// CHECK: %[[JOINED:.*]] = memref.alloc() : memref<25xi8>
// CHECK: qat.kernel_call "qat_requantize_u8_u2" @moved ins(%[[LARGEST]]{{.*}}) outs(%[[JOINED]]
// CHECK-SAME: channels = 3 : i32
// CHECK-SAME: output_channels = 9 : i32, output_first_channel = 3 : i32, output_first_row = 0 : i32
// CHECK-SAME: width = 2 : i32
// CHECK-SAME: pitches = array<i32: 6, 5>, qat.completes = -1 : i64, rows = 5 : i32
// CHECK: qat.kernel_call "qat_concat_u2_u2" @joined_operand0 ins(%[[NARROW]]{{.*}}) outs(%[[JOINED]]
// CHECK-SAME: fields {channels = 3 : i32, output_channels = 9 : i32, output_first_channel = 0 : i32, output_first_row = 0 : i32, width = 2 : i32}
// CHECK-SAME: qat.completes = -1 : i64
// CHECK: qat.kernel_call "qat_concat_u2_u2" @joined ins(%[[NARROW]]{{.*}}) outs(%[[JOINED]]
// CHECK-SAME: output_first_channel = 6 : i32
// CHECK-SAME: qat.completes = 3 : i64
// Along the width a row is one run of elements, along the height whole rows.
// CHECK: %[[WIDE:.*]] = memref.alloc() : memref<45xi8>
// CHECK: qat.kernel_call "qat_concat_u2_u2" @wide_operand0 ins(%[[JOINED]]{{.*}}) outs(%[[WIDE]]
// CHECK-SAME: fields {channels = 18 : i32, output_channels = 36 : i32, output_first_channel = 0 : i32, output_first_row = 0 : i32, width = 1 : i32}
// CHECK: qat.kernel_call "qat_concat_u2_u2" @wide ins
// CHECK-SAME: output_first_channel = 18 : i32
// CHECK: qat.kernel_call "qat_concat_u2_u2" @high_operand0
// CHECK-SAME: fields {channels = 36 : i32, output_channels = 36 : i32, output_first_channel = 0 : i32, output_first_row = 0 : i32, width = 1 : i32}
// CHECK-SAME: rows = 5 : i32
// CHECK: qat.kernel_call "qat_concat_u2_u2" @high
// CHECK-SAME: output_first_row = 5 : i32
// CHECK-SAME: rows = 5 : i32
// CHECK: qat.kernel_call "qat_pad_u2_u2" @border
// CHECK-SAME: fields {front = 1 : i32, in_c = 9 : i32, in_h = 10 : i32, in_w = 4 : i32, left = 0 : i32, out_c = 10 : i32, out_h = 13 : i32, out_w = 4 : i32, top = 2 : i32, value = 3 : i32}
func.func @main(%x: tensor<1x5x2x3x!byte>) -> tensor<1x13x4x10x!crumb> {
  %top = qat.max_pool2d %x {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x5x2x3x!byte>) -> tensor<1x5x2x3x!byte> loc("top")
  %narrow = qat.requantize %top {multiplier = 131072 : i32, offset = 0 : i32, shift = 20 : i32} : (tensor<1x5x2x3x!byte>) -> tensor<1x5x2x3x!crumb> loc("narrow")
  %moved = qat.requantize %top {multiplier = 131072 : i32, offset = 524288 : i32, shift = 20 : i32} : (tensor<1x5x2x3x!byte>) -> tensor<1x5x2x3x!crumb> loc("moved")
  %joined = qat.concat %narrow, %moved, %narrow {axis = 3 : i64} : (tensor<1x5x2x3x!crumb>, tensor<1x5x2x3x!crumb>, tensor<1x5x2x3x!crumb>) -> tensor<1x5x2x9x!crumb> loc("joined")
  %wide = qat.concat %joined, %joined {axis = 2 : i64} : (tensor<1x5x2x9x!crumb>, tensor<1x5x2x9x!crumb>) -> tensor<1x5x4x9x!crumb> loc("wide")
  %high = qat.concat %wide, %wide {axis = 1 : i64} : (tensor<1x5x4x9x!crumb>, tensor<1x5x4x9x!crumb>) -> tensor<1x10x4x9x!crumb> loc("high")
  %border = qat.pad %high {low = array<i64: 0, 2, 0, 1>, high = array<i64: 0, 1, 0, 0>, value = 3 : i32} : (tensor<1x10x4x9x!crumb>) -> tensor<1x13x4x10x!crumb> loc("border")
  return %border : tensor<1x13x4x10x!crumb>
}
