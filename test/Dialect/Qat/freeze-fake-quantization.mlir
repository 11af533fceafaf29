// RUN: qat-mlir-opt %s -split-input-file -qat-freeze-fake-quantization \
// RUN:   -mlir-print-debuginfo -mlir-print-local-scope -verify-diagnostics | FileCheck %s
// RUN: not qat-mlir-opt %s -split-input-file -qat-freeze-fake-quantization=bias-bits=1 2>&1 | FileCheck %s --check-prefix=FEW

// FEW: error: bias bits must be between 2 and 32, but got 1

// The numbers are computed by hand in the comments, from those of
// freeze-ranges.mlir; test/Integration has the comparison in breadth.

// Weights 1.5, 0.5 and -1, 0.5 (the integers 3, 1 and -2, 1 times 0.5), of the
// biases 3 and 2 in steps of 0.5 half an output step, 1, is for the rounding.
// Without a batch norm nothing is scaled.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @conv_per_channel
func.func @conv_per_channel(%x: !i) -> !i {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  // CHECK: %[[Q:.*]] = qat.quantize_input
  // CHECK: %[[W:.*]] = arith.constant dense<{{\[\[\[\[}}1.500000e+00, 5.000000e-01]]], {{\[\[\[}}-1.000000e+00, 5.000000e-01]]]]> : tensor<2x1x1x2xf32> loc("conv1.weight")
  // CHECK: %[[B:.*]] = arith.constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32> loc("conv1.bias")
  // CHECK: %[[Y:.*]] = tosa.conv2d %[[Q]], %[[W]], %[[B]], %{{[^ ]*}}, %{{[^ ]*}} {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : {{.*}} loc("conv1")
  // CHECK-NOT: tosa.mul
  // CHECK: %[[R:.*]] = qat.pact %[[Y]]
  // CHECK: return %[[R]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.pact %0, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %1 : !i
}

// -----

// Biases 4 and -6, of which 0.5 and -1 are for the rounding: (4 - 0.5) * 0.5 and
// (-6 + 1) * 0.5. Thresholds compute the same.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @conv_batch_norm
func.func @conv_batch_norm(%x: !i) -> (!i, !i) {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<15.0> : !s
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  // CHECK: arith.constant dense<[1.750000e+00, -2.500000e+00]> : tensor<2xf32> loc("conv1.bias")
  // CHECK: %[[Y:.*]] = tosa.conv2d
  // CHECK: %[[S:.*]] = arith.constant dense<{{\[\[\[\[}}2.000000e+00, -1.000000e+00]]]]> : tensor<1x1x1x2xf32> loc("conv1.scale")
  // CHECK: %[[N:.*]] = "tosa.const"() <{values = dense<0> : tensor<1xi8>}>
  // CHECK: %[[M:.*]] = tosa.mul %[[Y]], %[[S]], %[[N]] : {{.*}} loc("conv1")
  // CHECK-NOT: qat.batch_norm
  // CHECK: qat.pact %[[M]]
  // CHECK: arith.constant dense<[1.750000e+00, -2.500000e+00]> : tensor<2xf32> loc("conv2.bias")
  // CHECK: arith.constant dense<{{.*}}2.000000e+00, -1.000000e+00{{.*}} loc("conv2.scale")
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  %3 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_thresh>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv2")
  %4 = qat.batch_norm %3, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<folding_thresh>, frozen} : !i, !c
  %5 = qat.pact %4, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2, %5 : !i, !i
}

// -----

// A factor of 0 leaves a constant: no weights, (b - mean) * g + beta = 4, scale 1.
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
  // CHECK: arith.constant dense<{{\[\[\[\[}}0.000000e+00, 0.000000e+00]]], {{\[\[\[}}-1.000000e+00, 5.000000e-01]]]]>
  // CHECK: arith.constant dense<[4.000000e+00, -2.500000e+00]> : tensor<2xf32>
  // CHECK: arith.constant dense<{{\[\[\[\[}}1.000000e+00, -1.000000e+00]]]]> : tensor<1x1x1x2xf32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!i, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !i loc("conv1")
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !i, !c
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %2 : !i
}

// -----

// The last layer with a step a class: the softmax behind it stays. Biases of the
// integers 2 and 1 with h = 0.5/256 and 0.5/128, in steps of 0.5 and 0.25. The
// module's choices are carried out.
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
!m = tensor<1x2xf32>
// CHECK: module {
module attributes {qat.rounding = #qat.rounding<nearest>, qat.bias_bits = 16 : i32} {
// CHECK-LABEL: func.func @last_layer
func.func @last_layer(%x: !m) -> !m {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[0.0, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  // CHECK: arith.constant dense<[{{0.99902343[78]|9.990234.*e-01}}, {{0.24902343[78]|2.490234.*e-01}}]> : tensor<2xf32>
  // CHECK: tosa.conv2d
  // CHECK: tosa.reshape
  // CHECK: qat.softmax
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !m
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %s0 = tosa.const_shape {values = dense<[1, 1, 1, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.reshape %q, %s0 : (!m, !tosa.shape<4>) -> !x
  %1 = tosa.conv2d %0, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("fc")
  %s1 = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %2 = tosa.reshape %1, %s1 : (!x, !tosa.shape<2>) -> !m
  %3 = qat.softmax %2 : !m
  return %3 : !m
}
}

// -----

// Requantizations: onto another grid, clipped now that it is frozen; onto the
// same one, which is a copy; an add keeps its quantizer.
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
// CHECK-LABEL: func.func @requantize
func.func @requantize(%x: !i) -> !i {
  %a = arith.constant dense<15.0> : !s
  %c = arith.constant dense<7.5> : !s
  // CHECK: %[[Q:.*]] = qat.quantize_input
  // CHECK: %[[A:.*]] = qat.pact %[[Q]], %{{.*}} {activation_type = #qat.activation_type<clipped>, bits = 4 : i32
  // CHECK-NEXT: %[[S:.*]] = tosa.add %[[Q]], %[[A]]
  // CHECK-NEXT: %[[B:.*]] = qat.pact %[[S]]
  // CHECK-NEXT: return %[[B]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %1 = qat.pact %q, %c {bits = 4 : i32, rounding = #qat.rounding<nearest>, activation_type = #qat.activation_type<relu6>} : !i
  %2 = qat.pact %1, %c {bits = 4 : i32, rounding = #qat.rounding<floor>} : !i
  %3 = tosa.add %q, %2 : (!i, !i) -> !i
  %4 = qat.pact %3, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  return %4 : !i
}

// -----

// Operands of a concat move one by one, where they have to. A pad with 3.2 puts
// its input and the value on the grid of step 1.
!s = tensor<f32>
!i = tensor<1x3x3x2xf32>
!j = tensor<1x3x3x4xf32>
!p = tensor<1x5x3x4xf32>
// CHECK-LABEL: func.func @moves
func.func @moves(%x: !i) -> !p {
  %a = arith.constant dense<15.0> : !s
  %c = arith.constant dense<7.5> : !s
  // CHECK: %[[Q:.*]] = qat.quantize_input
  // CHECK: %[[A:.*]] = qat.pact %[[Q]]
  // CHECK: %[[M:.*]] = qat.pact %[[Q]], %{{.*}} {bits = 4 : i32, rounding = #qat.rounding<nearest>} : tensor<1x3x3x2xf32> loc("c.operand1")
  // CHECK: %[[C:.*]] = tosa.concat %[[A]], %[[M]] {{.*}} loc("c")
  // CHECK-NOT: qat.pact %[[C]] {{.*}} loc("c")
  // CHECK: %[[O:.*]] = qat.pact %[[C]], {{.*}} loc("p.operand")
  // CHECK: %[[V:.*]] = arith.constant dense<3.000000e+00> : tensor<1xf32> loc("p.value")
  // CHECK: %[[P:.*]] = tosa.pad %[[O]], %{{.*}}, %[[V]]
  // CHECK: return %[[P]]
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %1 = qat.pact %q, %c {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !i
  %2 = tosa.concat %1, %q {axis = 3 : i32} : (!i, !i) -> !j loc("c")
  %3 = qat.pact %2, %c {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !j loc("c")
  %n = tosa.const_shape {values = dense<[0, 0, 1, 1, 0, 0, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %v = "tosa.const"() {values = dense<3.2> : tensor<1xf32>} : () -> tensor<1xf32>
  %4 = tosa.pad %3, %n, %v : (!j, !tosa.shape<8>, tensor<1xf32>) -> !p loc("p")
  %5 = qat.pact %4, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : !p loc("p")
  return %5 : !p
}

// -----

// Averages are taken on levels, rounded as the module says; maxima and paddings
// with zero stay.
!i = tensor<1x3x3x2xf32>
!j = tensor<1x2x2x2xf32>
!x = tensor<1x1x1x2xf32>
module attributes {qat.rounding = #qat.rounding<floor>} {
// CHECK-LABEL: func.func @pools
func.func @pools(%x: !i) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // CHECK: %[[MAX:.*]] = tosa.max_pool2d
  // CHECK: %[[S:.*]] = arith.constant dense<1.000000e+00> : tensor<f32> loc("avg.step")
  // CHECK: qat.rounded_avg_pool2d %[[MAX]], %[[S]] {kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 0, 1>, rounding = #qat.rounding<floor>, stride = array<i64: 1, 1>} : {{.*}} loc("avg")
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %0 = tosa.max_pool2d %q {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>} : (!i) -> !j
  %1 = tosa.avg_pool2d %0, %zp, %zp {kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 1>, acc_type = f32} : (!j, tensor<1xf32>, tensor<1xf32>) -> !x loc("avg")
  return %1 : !x
}
}

// -----

// expected-error @+1 {{expects qat.quantize_input on its argument; run qat-insert-quantizers before}}
func.func @no_quantizer(%x: tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32> {
  %0 = tosa.add %x, %x : (tensor<1x3x3x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  return %0 : tensor<1x3x3x2xf32>
}

// -----

func.func @no_quantizer_behind(%x: tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32> {
  %a = arith.constant dense<15.0> : tensor<f32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : tensor<1x3x3x2xf32>
  // expected-error @+1 {{expects a quantizer behind it; run qat-insert-quantizers before}}
  %0 = tosa.add %q, %q : (tensor<1x3x3x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %1 = tosa.add %0, %q : (tensor<1x3x3x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : tensor<1x3x3x2xf32>
  return %2 : tensor<1x3x3x2xf32>
}

// -----

func.func @plain_clamp(%x: tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32> {
  %a = arith.constant dense<15.0> : tensor<f32>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : tensor<1x3x3x2xf32>
  // expected-error @+1 {{'tosa.clamp' has no integer form}}
  %0 = tosa.clamp %q {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %1 = tosa.add %0, %q : (tensor<1x3x3x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %2 = qat.pact %1, %a {bits = 4 : i32, rounding = #qat.rounding<nearest>} : tensor<1x3x3x2xf32>
  return %2 : tensor<1x3x3x2xf32>
}

// -----

func.func @no_form(%x: tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32> {
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : tensor<1x3x3x2xf32>
  // expected-error @+1 {{'tosa.exp' has no integer form}}
  %0 = tosa.exp %q : (tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  return %0 : tensor<1x3x3x2xf32>
}
