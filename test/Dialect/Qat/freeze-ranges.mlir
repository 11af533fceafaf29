// RUN: qat-mlir-opt %s -split-input-file -qat-freeze-ranges -verify-diagnostics | FileCheck %s
// RUN: not qat-mlir-opt %s -split-input-file -qat-freeze-ranges=bias-bits=1 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not qat-mlir-opt %s -split-input-file -qat-freeze-ranges=bias-bits=33 2>&1 | FileCheck %s --check-prefix=MANY

// FEW: error: bias bits must be between 2 and 32, but got 1
// MANY: error: bias bits must be between 2 and 32, but got 33

// The numbers are computed by hand in the comments; test/Integration has the
// comparison in breadth.

// Input: step 255/255. Weights on 3 steps a channel: 1.5, 0.5 with step 0.5 and
// zero 0 are 3, 1; -0.75, 0.75 with step 0.5 and zero round(1.5) = 2 are
// round(-1.5) = -2 and round(1.5) = 2, of which 1 fits, stored 0 and 3. Result:
// step 15/15. Then e = 0.5, M = 0.5 = 2^30 / 2^31, h = 0.5/M = 1, and the bias is
// round(1/0.5 + 1), round(0.25/0.5 + 1).
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @conv_per_channel
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x3x3x2x!quant.uniform<u8:f32, 1.000000e+00>>
// CHECK-SAME: -> tensor<1x3x3x2x!quant.uniform<u4:f32, 1.000000e+00>>
func.func @conv_per_channel(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  // CHECK: %[[S:.*]] = arith.constant dense<{{\[\[\[\[}}-1, 1]]], {{\[\[\[}}0, -1]]]]> : tensor<2x1x1x2xi2>
  // CHECK: %[[W:.*]] = quant.scast %[[S]] : {{.*}} to tensor<2x1x1x2x!quant.uniform<u2:f32:0, {5.000000e-01,5.000000e-01:2}>>
  // CHECK: %[[B:.*]] = arith.constant dense<[3, 2]> : tensor<2xi32>
  // CHECK: %[[Y:.*]] = qat.conv2d %[[X]], %[[W]], %[[B]] {dilation = array<i64: 1, 1>, multiplier = array<i32: 1073741824>, pad = array<i64: 0, 0, 0, 0>, shift = array<i8: 31>, stride = array<i64: 1, 1>}
  // CHECK: return %[[Y]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// The same with a batch norm of factor 4/2 and -1: M = 2 * 0.5 = 2^30 / 2^30 and
// -0.5, h = 0.5 and -1, the bias is round((-1 + 1 + 4/2)/0.5 + 0.5) = round(4.5) and
// round((-2 + 0.25 - 1/1)/0.5 - 1) = round(-6.5).
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @conv_batch_norm_icn
func.func @conv_batch_norm_icn(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  // CHECK: arith.constant dense<[4, -6]> : tensor<2xi32>
  // CHECK: qat.conv2d {{.*}}multiplier = array<i32: 1073741824, -1073741824>, {{.*}}shift = array<i8: 30, 31>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// A factor of 0 leaves a constant: weights equal to the zero point, the bias
// floor(beta/1 + 0.5) = floor(4.5), M = 1 = 2^30 / 2^30.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @constant_channel
func.func @constant_channel(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %g = arith.constant dense<[0.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  // CHECK: arith.constant dense<{{\[\[\[\[}}0, 0]]], {{\[\[\[}}0, -1]]]]> : tensor<2x1x1x2xi2>
  // CHECK: arith.constant dense<[4, -6]> : tensor<2xi32>
  // CHECK: multiplier = array<i32: 1073741824, -1073741824>, {{.*}}shift = array<i8: 30, 31>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// Symmetric weights clamped to 0.75 on 3 steps of 0.5: round(1.5) = 2 of which 1
// fits, round(1) = 1, -2 and 1. With floor, h = 0.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @conv_symmetric
func.func @conv_symmetric(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %h = arith.constant dense<0.75> : !s
  // CHECK: arith.constant dense<{{\[\[\[\[}}1, 1]]], {{\[\[\[}}-2, 1]]]]> : tensor<2x1x1x2xi2>
  // CHECK: quant.scast {{.*}} to tensor<2x1x1x2x!quant.uniform<i2:f32, 5.000000e-01>>
  // CHECK: arith.constant dense<[2, 0]> : tensor<2xi32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_symmetric_pact %w, %h {bits = 2 : i32} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_weights>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<floor>} : !i
  return %1 : !i
}

// -----

// A convolution in groups is a qat.conv2d with groups; its batch norm goes into
// the multipliers.
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x4xf32>
!w = tensor<2x1x1x2xf32>
!y = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @grouped
func.func @grouped(%x: !i) -> !y {
  %w = arith.constant dense<[[[[1.5, 3.0]]], [[[0.75, -3.0]]]]> : !w
  %b = arith.constant dense<0.0> : !c
  %one = arith.constant dense<1.0> : !c
  %a = arith.constant dense<15.0> : !s
  // CHECK: quant.scast {{.*}} to tensor<2x1x1x2x!quant.uniform<u2:f32:0, {1.000000e+00,1.250000e+00:2}>>
  // CHECK: qat.conv2d {{.*}}groups = 2 : i64{{.*}} -> tensor<1x3x3x2x!quant.uniform<u4:f32
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = qat.grouped_conv2d %q, %wq, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (!i, !w, !c) -> !y loc("g")
  %1 = qat.batch_norm %0, %one, %b, %b, %one {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !y, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !y
  return %2 : !y
}

// -----

// HWCM weights lose the split of their channels.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!d = tensor<1x1x2x2xf32>
!c4 = tensor<4xf32>
!y = tensor<1x3x3x4xf32>
// CHECK-LABEL: func.func @depthwise
func.func @depthwise(%x: !i) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 3.0], [0.75, -3.0]]]]> : !d
  %b = arith.constant dense<0.0> : !c4
  %a = arith.constant dense<15.0> : !s
  // CHECK: arith.constant dense<{{\[\[\[}}-1, -1, -1, 0]]]> : tensor<1x1x4xi2>
  // CHECK: quant.scast {{.*}} to tensor<1x1x4x!quant.uniform<u2:f32:2, {5.000000e-01,1.000000e+00,2.500000e-01,1.000000e+00:3}>>
  // CHECK: qat.depthwise_conv2d {{.*}} -> tensor<1x3x3x4x!quant.uniform<u4:f32
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 2, 3>} : !d
  %0 = tosa.depthwise_conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!i, !d, !c4, tensor<1xf32>, tensor<1xf32>) -> !y loc("dw")
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !y
  return %1 : !y
}

// -----

// A 1x1 convolution of one pixel is a dense layer. The last one gives its
// accumulators, scale 0.5 * 1, bias round(1/0.5), round(0.25/0.5) = round(0.5).
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!m = tensor<1x2xf32>
module attributes {qat.rounding = #qat.rounding<nearest>} {
// CHECK-LABEL: func.func @last_layer
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x2x!quant.uniform<u8:f32, 1.000000e+00>>
// CHECK-SAME: -> tensor<1x2x!quant.uniform<i32:f32, 5.000000e-01>>
func.func @last_layer(%x: !m) -> !m {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[0.0, 0.5]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  // CHECK: arith.constant dense<{{\[\[}}-1, 1], [0, 1]]> : tensor<2x2xi2>
  // CHECK: arith.constant dense<[2, 0]> : tensor<2xi32>
  // CHECK: qat.fully_connected %{{.*}}, %{{.*}}, %{{.*}} : (tensor<1x2x!quant.uniform<u8
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !m
  %wq = qat.weight_min_max %w {bits = 2 : i32} : !w
  %s0 = tosa.const_shape {values = dense<[1, 1, 1, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.reshape %q, %s0 : (!m, !tosa.shape<4>) -> !x
  %1 = tosa.conv2d %0, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("fc")
  %s1 = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %2 = tosa.reshape %1, %s1 : (!x, !tosa.shape<2>) -> !m
  // expected-remark @+1 {{softmax is dropped: the integer network ends with the logits}}
  %3 = qat.softmax %2 : !m
  return %3 : !m
}
}

// -----

// A step a class: classes share the scale 0.5/256 of the largest step, M is 256
// and 128, h = 0.5/M, the bias round(1/0.5 + h), round(0.25/0.25 + h).
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
module attributes {qat.rounding = #qat.rounding<nearest>} {
// CHECK-LABEL: func.func @last_layer_per_channel
// CHECK-SAME: -> tensor<1x1x1x2x!quant.uniform<i32:f32, {{0.001953125|1.953125e-03}}>>
func.func @last_layer_per_channel(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[0.0, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  // CHECK: arith.constant dense<[2, 1]> : tensor<2xi32>
  // CHECK: qat.fully_connected {{.*}} {multiplier = array<i32: 1073741824, 1073741824>, shift = array<i8: 22, 23>}
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !x
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %1 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("fc")
  return %1 : !x
}
}

// -----

// From step 1 to 0.5: 1/0.5 = 0.5 * 2^2, so s = 18, m = 2 * 2^18, half is 2^17. Their
// sum on step 2: 1/2 = 0.5 * 2^0, so s = 20, m = 2^19 and 2^18, half is 2^19.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @add
func.func @add(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %a = arith.constant dense<15.0> : !s
  %l = arith.constant dense<-10.0> : !s
  %h = arith.constant dense<20.0> : !s
  %c = arith.constant dense<7.5> : !s
  // CHECK: %[[P:.*]] = qat.requantize %[[X:[a-z0-9]+]] {multiplier = 524288 : i32, offset = 131072 : i32, shift = 18 : i32} : {{.*}} -> tensor<1x3x3x2x!quant.uniform<u4:f32, 5.000000e-01>>
  // CHECK: qat.add %[[X]], %[[P]] {lhs_multiplier = 524288 : i32, offset = 524288 : i32, rhs_multiplier = 262144 : i32, shift = 20 : i32} : {{.*}} -> tensor<1x3x3x2x!quant.uniform<u4:f32, 2.000000e+00:5>>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %1 = qat.pact %q, %c {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  %2 = tosa.add %q, %1 : (!i, !i) -> !i
  %3 = qat.bounded %2, %l, %h {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %3 : !i
}

// -----

// A tensor added to itself.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @add_to_itself
// CHECK-SAME: %[[X:[a-z0-9]+]]:
func.func @add_to_itself(%x: !i) -> !i {
  %a = arith.constant dense<15.0> : !s
  // CHECK: qat.add %[[X]], %[[X]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %2 = tosa.add %q, %q : (!i, !i) -> !i
  %3 = qat.pact %2, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %3 : !i
}

// -----

// Pools keep the type; pads are not counted. The module says how averages round.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!j = tensor<1x2x2x2xf32>
module attributes {qat.rounding = #qat.rounding<floor>} {
// CHECK-LABEL: func.func @pools
func.func @pools(%x: !i) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // CHECK: %[[MAX:.*]] = qat.max_pool2d %{{.*}} {kernel = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>}
  // CHECK: qat.avg_pool2d %[[MAX]] {kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 0, 1>, rounding = #qat.rounding<floor>, stride = array<i64: 1, 1>}
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %0 = tosa.max_pool2d %q {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>} : (!i) -> !j
  %1 = tosa.avg_pool2d %0, %zp, %zp {kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 1>, acc_type = f32} : (!j, tensor<1xf32>, tensor<1xf32>) -> !x
  return %1 : !x
}
}

// -----

// Reshapes of any kind: split and joined dimensions, and through a flat tensor.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @reshapes
func.func @reshapes(%x: !i) -> (tensor<1x18xf32>, tensor<1x2x3x3xf32>, tensor<3x3x2x1xf32>, !i) {
  // CHECK-DAG: %[[A:.*]] = tensor.collapse_shape %[[X:[a-z0-9]+]] {{\[\[}}0], [1, 2, 3]]
  // CHECK-DAG: %[[F:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1, 2, 3]]
  // CHECK-DAG: %[[B:.*]] = tensor.expand_shape %[[F]] {{.*}} output_shape [1, 2, 3, 3]
  // CHECK: return %[[A]], %[[B]], %{{.*}}, %[[X]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %s0 = tosa.const_shape {values = dense<[1, 18]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reshape %q, %s0 : (!i, !tosa.shape<2>) -> tensor<1x18xf32>
  %s1 = tosa.const_shape {values = dense<[1, 2, 3, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %1 = tosa.reshape %0, %s1 : (tensor<1x18xf32>, !tosa.shape<4>) -> tensor<1x2x3x3xf32>
  %s2 = tosa.const_shape {values = dense<[3, 3, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %2 = tosa.reshape %q, %s2 : (!i, !tosa.shape<4>) -> tensor<3x3x2x1xf32>
  %s3 = tosa.const_shape {values = dense<[1, 3, 3, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %3 = tosa.reshape %0, %s3 : (tensor<1x18xf32>, !tosa.shape<4>) -> !i
  return %0, %1, %2, %3 : tensor<1x18xf32>, tensor<1x2x3x3xf32>, tensor<3x3x2x1xf32>, !i
}

// -----

// One element is the bias of both channels.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @one_bias
func.func @one_bias(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<1.0> : tensor<1xf32>
  %a = arith.constant dense<15.0> : !s
  // CHECK: arith.constant dense<3> : tensor<2xi32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!i, !w, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Names and attributes of the function stay.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @attributes(
// CHECK-SAME: {qat.name = "pixels"}) -> (tensor<{{.*}}> {qat.name = "result"})
func.func @attributes(%x: !i {qat.name = "pixels"}) -> (!i {qat.name = "result"}) {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  return %q : !i
}

// -----

// What no window reaches needs no cut.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!j = tensor<1x2x2x2xf32>
// CHECK-LABEL: func.func @crop
// CHECK-SAME: %[[X:[a-z0-9]+]]:
func.func @crop(%x: !i) -> !x {
  // CHECK-NEXT: qat.max_pool2d %[[X]] {{.*}} : (tensor<1x3x3x2x{{.*}}>) -> tensor<1x1x1x2x
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %q, %start, %size : (!i, !tosa.shape<4>, !tosa.shape<4>) -> !j
  %1 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (!j) -> !x
  return %1 : !x
}

// -----

// What nothing reads is dropped.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @drop_dead_relu
// CHECK-NEXT: return
func.func @drop_dead_relu(%x: !i) -> !i {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %0 = tosa.clamp %q {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!i) -> !i
  return %q : !i
}

// -----

// Parameters come first.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
ml_program.global private mutable @"conv1.alpha"(dense<6.0> : !s) : !s
func.func @refuse_unbound_alpha(%x: !i) -> !i {
  %a = ml_program.global_load @"conv1.alpha" : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{expects constant bounds; run qat-bind-parameters before}}
  %1 = qat.pact %q, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Weights that are arguments.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_unbound_weights(%x: !i, %w: !w) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error @+1 {{expects constant weights and bias; run qat-bind-parameters before}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Form F.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_float_network(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  // expected-error @+1 {{has an operand without an integer form; was qat-insert-quantizers run?}}
  %0 = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  return %0 : !i
}

// -----

// A float op.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_float_op(%x: !i) -> !i {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{'tosa.sigmoid' has no integer form}}
  %0 = tosa.sigmoid %q : (!i) -> !i
  return %0 : !i
}

// -----

// Raw weights.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_raw_weights(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{expects quantized weights; run qat-insert-quantizers before}}
  %0 = tosa.conv2d %q, %w, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// No grid for the result.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_raw_activation(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error @+1 {{expects a quantizer behind it; run qat-insert-quantizers before}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = tosa.add %0, %0 : (!i, !i) -> !i
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// No grid for a sum.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_raw_sum(%x: !i) -> !i {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{expects a quantizer behind it; run qat-insert-quantizers before}}
  %1 = tosa.add %q, %q : (!i, !i) -> !i
  return %1 : !i
}

// -----

// A live batch norm.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_live_batch_norm(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  // expected-error @+1 {{is not frozen; run qat-fold-batch-norm before}}
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// A frozen batch norm at the end.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_frozen_batch_norm_of_last_layer(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  // expected-error @+1 {{has neither a quantizer behind it nor was it folded into weights}}
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  return %1 : !i
}

// -----

// The reach of an accumulator that thresholds cannot be compared with: 255 *
// 255 * 33026 is above 2^31 - 1, one input less is not.
!x = tensor<1x1x1x33026xf32>
!w = tensor<1x1x1x33026xf32>
!y = tensor<1x1x1x1xf32>
!c = tensor<1xf32>
func.func @refuse_reach(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<1.0> : !w
  %b = arith.constant dense<1.0> : !c
  %a = arith.constant dense<15.0> : tensor<f32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !x
  %wq = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error @+1 {{fold type folding_thresh compares accumulators of 32 bits, but those of channel 0 reach [0, 2147515650]; ICN has no such limit, and fewer bits reach less far}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_thresh>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !y
  return %1 : !y
}

// -----

// Parameters of a batch norm that are arguments.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_unbound_batch_norm(%x: !i, %g: !c, %t: !c, %m: !c, %v: !c) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  // expected-error @+1 {{expects constant parameters; run qat-bind-parameters before}}
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// A negative variance.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_negative_variance(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, -1.0]> : !c
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  // expected-error @+1 {{channel 1 is not finite (gamma -1.000000e+00, beta 1.000000e+00, mean 2.000000e+00, variance -1.000000e+00)}}
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// Steps along another dimension than the output channel.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_other_channel_axes(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{expects the 'channel_axes' [0] of its layer, but got [3]}}
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 3>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// No numbers.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_nan_weight(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0x7FC00000> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error @+1 {{has a weight that is not a finite number}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// No number for the bias.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_infinite_bias(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<0x7F800000> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error @+1 {{has a bias that is not a finite number}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// No number for a bound of weights.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_nan_weight_bound(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %h = arith.constant dense<0x7FC00000> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_symmetric_pact %w, %h {bits = 2 : i32} : !w
  // expected-error @+1 {{has a weight bound that is not a finite number}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// A range that float32 cannot hold.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_infinite_step(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[3.0e38, -3.0e38]]], [[[1.0, 1.0]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  // expected-error-re @+1 {{cannot put its weights on a grid: {{.*}}scale}}
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// A bound that training drove below 0.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_negative_alpha(%x: !i) -> !i {
  %a = arith.constant dense<-1.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{activation bound -1.000000e+00 must be positive and finite}}
  %1 = qat.pact %q, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Bounds that are no numbers.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_nan_bounds(%x: !i) -> !i {
  %a = arith.constant dense<0x7FC00000> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error @+1 {{activation bounds nan and nan must be finite}}
  %1 = qat.bounded %q, %a, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Steps too far apart.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_far_steps(%x: !i) -> !i {
  %a = arith.constant dense<1.0e-9> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  // expected-error-re @+1 {{operands of step {{.*}} cannot be added onto a result of step {{.*}}}}
  %1 = qat.pact %q, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// A softmax that a layer reads.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_softmax_within(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !x
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %c0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x
  %0 = qat.pact %c0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !x
  // expected-error @+1 {{a softmax within the network has no integer form}}
  %1 = qat.softmax %0 : !x
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !x
  return %2 : !x
}

// -----

// Form I.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!q = tensor<1x3x3x2x!quant.uniform<u8:f32, 0.05>>
// expected-error @+1 {{is integer already}}
func.func @refuse_integer_network(%x: !q) -> !q {
  %0 = qat.max_pool2d %x {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!q) -> !q
  return %0 : !q
}

// -----

// Sizes have to be known.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// expected-error @+1 {{expects tensors of static shape, but got 'tensor<?x3xf32>'}}
func.func @refuse_dynamic_batch(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

// An argument that is not quantized.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// expected-error @+1 {{expects qat.quantize_input on its argument; run qat-insert-quantizers before}}
func.func @refuse_raw_argument(%x: !i, %n: index) -> !i {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  return %q : !i
}

// -----

// An input with another reader.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
func.func @refuse_second_reader(%x: !i) -> (!i, !i) {
  // expected-error @+1 {{expects to be the one reader of the network's input}}
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  return %q, %x : !i, !i
}

// -----

// No body.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// expected-error @+1 {{expects a body of one block}}
func.func private @refuse_declaration(!i) -> !i
