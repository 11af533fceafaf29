// RUN: qat-mlir-opt %s --qat-name-buffers --convert-qat-to-kernels=target=cortex-m4 | FileCheck %s

!in = !quant.uniform<i8:f32, 0.0078125>
!act = !quant.uniform<u8:f32, 0.05>
!nibble = !quant.uniform<u4:f32, 0.4>
!logit = !quant.uniform<i32:f32, 0.001>

// CHECK: module attributes {qat.network = "network", qat.target = "cortex-m4"}
// Zero points that are all 0 are a null pointer, equal ones are one.
// CHECK:      memref.global "private" constant @stem_weights : memref<2x1x1x3xi8> = dense<{{\[\[\[\[}}1, 2, 3]]], {{\[\[\[}}-4, 5, 6]]]]>
// CHECK:      memref.global "private" constant @stem_bias : memref<2xi32> = dense<[7, -8]>
// CHECK:      memref.global "private" constant @stem_weight_zero_points : memref<1xi32> = dense<128>
// CHECK:      memref.global "private" constant @stem_multiplier : memref<2xi32> = dense<[1073741824, 1518500250]>
// CHECK:      memref.global "private" constant @stem_shift : memref<2xi8> = dense<[38, 39]>
// CHECK-NOT:  @fc_weight_zero_points
// CHECK-NOT:  @fc_multiplier
module {
  // CHECK: func.func @main(%[[X:.*]]: memref<12xi8> {qat.name = "image", qat.storage = "i8", qat.tensor = tensor<1x2x2x3x!quant.uniform<i8:f32, 7.812500e-03>>}, %[[Y:.*]]: memref<20xi8> {qat.name = "output", qat.storage = "i32",
  func.func @main(%x: tensor<1x2x2x3x!in> {qat.name = "image"}) -> tensor<1x5x!logit> {
    %w = arith.constant dense<[[[[1, 2, 3]]], [[[-4, 5, 6]]]]> : tensor<2x1x1x3xi8>
    %wq = quant.scast %w : tensor<2x1x1x3xi8> to tensor<2x1x1x3x!quant.uniform<u8:f32:0, {0.1:128, 0.2:128}>>
    %b = arith.constant dense<[7, -8]> : tensor<2xi32>
    // CHECK: %[[STEM:.*]] = memref.alloc() : memref<4xi8>
    // CHECK: %[[SCRATCH:.*]] = memref.alloc() {alignment = 8 : i64} : memref<8xi8>
    // Two pixels of two nibbles are a row of two bytes.
    // CHECK: qat.kernel_call "qat_conv2d_i8_u8_u4" @stem ins(%[[X]] : memref<12xi8>) outs(%[[STEM]] : memref<4xi8>) scratch(%[[SCRATCH]] : memref<8xi8>) fields {bias = @stem_bias, dilation_h = 1 : i32, dilation_w = 1 : i32, groups = 1 : i32, in_c = 3 : i32, in_h = 2 : i32, in_w = 2 : i32, input_zero_point = 0 : i32, kernel_h = 1 : i32, kernel_w = 1 : i32, multiplier = @stem_multiplier, out_c = 2 : i32, out_h = 2 : i32, out_w = 2 : i32, output_max = 15 : i32, output_min = 0 : i32, output_zero_point = 0 : i32, pad_left = 0 : i32, pad_top = 0 : i32, per_channel_multiplier = 1 : i32, per_channel_weight_zero_point = 0 : i32, shift = @stem_shift, stride_h = 1 : i32, stride_w = 1 : i32, weight_zero_points = @stem_weight_zero_points, weights = @stem_weights} {kind = "conv2d", macs = 24 : i64, pitches = array<i32: 6, 2>, qat.completes = 0 : i64, rows = 2 : i32, tensors = [
    %0 = qat.conv2d %x, %wq, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 1073741824, 1518500250>, shift = array<i8: 38, 39>, accumulator_bits = 32 : i32} : (tensor<1x2x2x3x!in>, tensor<2x1x1x3x!quant.uniform<u8:f32:0, {0.1:128, 0.2:128}>>, tensor<2xi32>) -> tensor<1x2x2x2x!nibble> loc("stem")
    // A layer whose result nobody reads is left out.
    // CHECK-NOT: max_pool2d
    %unused = qat.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x2x!nibble>) -> tensor<1x1x1x2x!nibble> loc("unused")
    // A reshape is the same buffer; 64-bit accumulators are a kernel of their own.
    %1 = tensor.collapse_shape %0 [[0], [1, 2, 3]] : tensor<1x2x2x2x!nibble> into tensor<1x8x!nibble>
    %v = arith.constant dense<1> : tensor<5x8xi2>
    %vq = quant.scast %v : tensor<5x8xi2> to tensor<5x8x!quant.uniform<i2:f32, 0.1>>
    %c = arith.constant dense<0> : tensor<5xi32>
    // CHECK: qat.kernel_call "qat_fully_connected_u4_i2_i32_acc64_unscaled" @fc ins(%[[STEM]] : memref<4xi8>) outs(%[[Y]] : memref<20xi8>)
    // CHECK-SAME: inputs = 8 : i32
    // CHECK-SAME: output_min = -2147483648 : i32
    // CHECK-SAME: pitches = array<i32: 4, 20>, qat.completes = 1 : i64, rows = 1 : i32
    %2 = qat.fully_connected %1, %vq, %c {accumulator_bits = 64 : i32} : (tensor<1x8x!nibble>, tensor<5x8x!quant.uniform<i2:f32, 0.1>>, tensor<5xi32>) -> tensor<1x5x!logit> loc("fc")
    return %2 : tensor<1x5x!logit>
  }
}
