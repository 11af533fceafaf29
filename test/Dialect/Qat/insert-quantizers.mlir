// RUN: qat-mlir-opt %s -split-input-file -qat-insert-quantizers -verify-diagnostics | FileCheck %s

// The default choice: PerChannelsAsymMinMax weights, ICN, 8 bits, nearest.

// The ReLU becomes a PACT with a bound of its own; the batch norm is told where it
// goes.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK: module attributes {qat.rounding = #qat.rounding<nearest>}
// CHECK: ml_program.global private mutable @conv1.alpha(dense<6.000000e+00> : tensor<f32>) : tensor<f32>
// CHECK-LABEL: func.func @conv_bn_relu
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4x4x3xf32>
func.func @conv_bn_relu(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[IN:.*]] = qat.quantize_input %[[X]] {maximum = 1.000000e+00 : f32, minimum = -1.000000e+00 : f32}
  // CHECK: %[[W:.*]] = qat.weight_min_max %{{.*}} {bits = 8 : i32, channel_axes = array<i64: 0>}
  // CHECK: %[[CONV:.*]] = tosa.conv2d %[[IN]], %[[W]], {{.*}}qat.fold_type = #qat.fold_type<ICN>
  // CHECK: %[[BN:.*]] = qat.batch_norm %[[CONV]], {{.*}}fold_type = #qat.fold_type<ICN>}
  // CHECK: %[[ALPHA:.*]] = ml_program.global_load @conv1.alpha
  // CHECK: %[[Y:.*]] = qat.pact %[[BN]], %[[ALPHA]] {bits = 8 : i32, rounding = #qat.rounding<nearest>}
  // CHECK-NOT: tosa.clamp
  // CHECK: return %[[Y]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : !y, !c
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %2 : !y
}

// -----

// The bound of a ReLU6 starts alpha and is kept for the way back.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK: @conv1.alpha(dense<6.500000e+00>
// CHECK-LABEL: func.func @bounded_relu
func.func @bounded_relu(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: qat.pact {{.*}} {bits = 8 : i32, float_bound = 6.500000e+00 : f32, rounding = #qat.rounding<nearest>}
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.5 : f32} : (!y) -> !y
  return %1 : !y
}

// -----

// The channels of HWCM weights are the last two dimensions.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @depthwise
func.func @depthwise(%x: !y) -> tensor<1x4x4x16xf32> {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : tensor<3x3x8x2xf32>
  %c = arith.constant dense<0.1> : tensor<16xf32>
  // CHECK: %[[W:.*]] = qat.weight_min_max %{{.*}} {bits = 8 : i32, channel_axes = array<i64: 2, 3>}
  // CHECK: tosa.depthwise_conv2d %{{.*}}, %[[W]]
  // CHECK: qat.pact
  %0 = tosa.depthwise_conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, tensor<3x3x8x2xf32>, tensor<16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x16xf32> loc("dw")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x4x4x16xf32>) -> tensor<1x4x4x16xf32>
  return %1 : tensor<1x4x4x16xf32>
}

// -----

// The ReLU of a dense layer stands behind the reshape; the last layer has no
// quantizer, and what follows it stays floating point.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!k = tensor<1x1x1x8xf32>
!m = tensor<1x8xf32>
// CHECK-LABEL: func.func @dense_layers
func.func @dense_layers(%x: !m) -> !m {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[IN:.*]] = qat.quantize_input
  // CHECK: tosa.reshape %[[IN]]
  // CHECK: %[[FC1:.*]] = tosa.conv2d
  // CHECK: %[[FLAT:.*]] = tosa.reshape %[[FC1]]
  // CHECK: qat.pact %[[FLAT]]
  // CHECK: tosa.conv2d
  // CHECK-NOT: qat.pact
  // CHECK-NOT: qat.bounded
  // CHECK: qat.softmax
  %s0 = tosa.const_shape {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.reshape %x, %s0 : (!m, !tosa.shape<4>) -> !k
  %1 = tosa.conv2d %0, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!k, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !k loc("fc1")
  %s1 = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %2 = tosa.reshape %1, %s1 : (!k, !tosa.shape<2>) -> !m
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!m) -> !m
  %s2 = tosa.const_shape {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %4 = tosa.reshape %3, %s2 : (!m, !tosa.shape<4>) -> !k
  %5 = tosa.conv2d %4, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!k, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !k loc("fc2")
  %s3 = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %6 = tosa.reshape %5, %s3 : (!k, !tosa.shape<2>) -> !m
  // expected-remark @+1 {{softmax stays floating point: the integer network ends with the logits}}
  %7 = qat.softmax %6 : !m
  return %7 : !m
}

// -----

// Both operands of an add need a grid: the linear output of a bottleneck has two
// bounds. The ReLU behind the add is its clamp.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK: @conv1.alpha(
// CHECK: @pw.lo(dense<-6.000000e+00>
// CHECK: @pw.hi(dense<6.000000e+00>
// CHECK: @add.alpha(
// CHECK-LABEL: func.func @residual_add_relu
func.func @residual_add_relu(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %p = arith.constant dense<0.5> : !p
  // CHECK: %[[A:.*]] = qat.pact
  // CHECK: %[[PW:.*]] = tosa.conv2d %[[A]]
  // CHECK: %[[B:.*]] = qat.bounded %[[PW]], %{{.*}}, %{{.*}} {bits = 8 : i32, rounding = #qat.rounding<nearest>}
  // CHECK: %[[SUM:.*]] = tosa.add %[[A]], %[[B]]
  // CHECK: qat.pact %[[SUM]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %2 = tosa.conv2d %1, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("pw")
  %3 = tosa.add %1, %2 : (!y, !y) -> !y loc("add")
  %4 = tosa.clamp %3 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %4 : !y
}

// -----

// An add without ReLU has two bounds, also where the network ends with it.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @residual_add_linear
func.func @residual_add_linear(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %p = arith.constant dense<0.5> : !p
  // CHECK: %[[SUM:.*]] = tosa.add
  // CHECK: %[[Y:.*]] = qat.bounded %[[SUM]]
  // CHECK: return %[[Y]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %2 = tosa.conv2d %1, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("pw")
  %3 = tosa.add %1, %2 : (!y, !y) -> !y loc("add")
  return %3 : !y
}

// -----

// A tensor added to itself has one grid.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @add_to_itself
func.func @add_to_itself(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[B:.*]] = qat.bounded
  // CHECK: tosa.add %[[B]], %[[B]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.add %0, %0 : (!y, !y) -> !y
  return %1 : !y
}

// -----

// Two users read one grid: the ReLU of one of them is a layer of its own.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @two_users
func.func @two_users(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[CONV:.*]] = tosa.conv2d
  // CHECK: %[[B:.*]] = qat.bounded %[[CONV]]
  // CHECK: %[[R:.*]] = qat.pact %[[B]]
  // CHECK: tosa.add %[[B]], %[[R]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y loc("relu")
  %2 = tosa.add %0, %1 : (!y, !y) -> !y
  return %2 : !y
}

// -----

// A layer that the network returns and reads on has a grid, unlike a last layer.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @returned_and_read
func.func @returned_and_read(%x: !x) -> (!y, !y) {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %p = arith.constant dense<0.5> : !p
  // CHECK: %[[B:.*]] = qat.bounded
  // CHECK: %[[LAST:.*]] = tosa.conv2d %[[B]]
  // CHECK: return %[[B]], %[[LAST]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.conv2d %0, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("pw")
  return %0, %1 : !y, !y
}

// -----

// Pools keep the grid of their input, also of the network's; a ReLU behind one is
// put on a new grid.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @pools
func.func @pools(%x: !y) -> tensor<1x1x1x8xf32> {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // CHECK: %[[IN:.*]] = qat.quantize_input
  // CHECK: %[[MAX:.*]] = tosa.max_pool2d %[[IN]]
  // CHECK-NOT: qat.bounded
  // CHECK: %[[R:.*]] = qat.pact %[[MAX]]
  // CHECK: %[[AVG:.*]] = tosa.avg_pool2d %[[R]]
  // CHECK: return %[[AVG]]
  %0 = tosa.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (!y) -> tensor<1x2x2x8xf32>
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32> loc("relu")
  %2 = tosa.avg_pool2d %1, %zp, %zp {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, acc_type = f32} : (tensor<1x2x2x8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x8xf32>
  return %2 : tensor<1x1x1x8xf32>
}

// -----

// A ReLU on the input itself.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @relu_on_input
func.func @relu_on_input(%x: !y) -> !y {
  // CHECK: %[[IN:.*]] = qat.quantize_input
  // CHECK: qat.pact %[[IN]]
  %0 = tosa.clamp %x {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %0 : !y
}

// -----

// Layers are named by their locations, then by their parameters, whose names may
// have dots and odd characters, then by their ops.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
ml_program.global private mutable @"features.0.0.weight"(dense<0.5> : !w) : !w
ml_program.global private mutable @"b/n:1.weight"(dense<0.5> : !p) : !p
// CHECK: @"named \22x\22.alpha"(
// CHECK: @features.0.0.alpha(
// CHECK: @"b/n:1.alpha"(
// CHECK: @add.lo(
// CHECK: @add_2.lo(
func.func @names(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = arith.constant dense<0.1> : !c
  %w = ml_program.global_load @"features.0.0.weight" : !w
  %p = ml_program.global_load @"b/n:1.weight" : !p
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("named \22x\22")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %2 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %4 = tosa.conv2d %3, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %5 = tosa.clamp %4 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %6 = tosa.add %1, %3 : (!y, !y) -> !y
  %7 = tosa.add %6, %5 : (!y, !y) -> !y
  return %7 : !y
}

// -----

// Layers that share a name have parameters of their own; so have layers that share
// weights.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
ml_program.global private mutable @"conv1.weight"(dense<0.5> : !w) : !w
// CHECK: @conv1.alpha(
// CHECK: @conv1_2.alpha(
// CHECK-LABEL: func.func @shared_weights
func.func @shared_weights(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = arith.constant dense<0.1> : !c
  %w = ml_program.global_load @"conv1.weight" : !w
  // CHECK: %[[W:.*]] = ml_program.global_load @conv1.weight
  // CHECK: qat.weight_min_max %[[W]]
  // CHECK: qat.weight_min_max %[[W]]
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %2 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  %4 = tosa.add %1, %3 : (!y, !y) -> !y
  return %4 : !y
}

// -----

// The range of pixels under the preprocessing, widened to hold 0.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
module attributes {qat.preprocessing = {scale = 0.0039215686274509803 : f64, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225], order = "rgb"}} {
// CHECK-LABEL: func.func @input_range_of_preprocessing
func.func @input_range_of_preprocessing(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // (0 - 0.485)/0.229 and (1 - 0.406)/0.225: the widest of the three channels
  // CHECK: qat.quantize_input {{.*}} {maximum = 2.640000e+00 : f32, minimum = -2.11790395 : f32}
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  return %0 : !y
}
}

// -----

// Pixels as they come: 0 to 255.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
module attributes {qat.preprocessing = {scale = 1.0 : f64, order = "rgb"}} {
// CHECK-LABEL: func.func @input_range_of_pixels
func.func @input_range_of_pixels(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: qat.quantize_input {{.*}} {maximum = 2.550000e+02 : f32, minimum = 0.000000e+00 : f32}
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  return %0 : !y
}
}

// -----

// A second function has quantizers and names of its own.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// CHECK-LABEL: func.func @first
// CHECK: qat.pact
func.func @first(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %1 : !y
}
// CHECK-LABEL: func.func @second
// CHECK: qat.quantize_input
// CHECK: ml_program.global_load @conv1.alpha_0
// CHECK: qat.pact
func.func @second(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %1 : !y
}

// -----

// TOSA wants the row that a stride leaves over cut off; the cut has no grid of its
// own.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!i = tensor<1x8x8x8xf32>
!j = tensor<1x7x7x8xf32>
!o = tensor<1x4x4x8xf32>
// CHECK-LABEL: func.func @crop_what_no_window_reaches
func.func @crop_what_no_window_reaches(%x: !i) -> !o {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[IN:.*]] = qat.quantize_input
  // CHECK: %[[CUT:.*]] = tosa.slice %[[IN]]
  // CHECK: tosa.conv2d %[[CUT]]
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 7, 7, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %start, %size : (!i, !tosa.shape<4>, !tosa.shape<4>) -> !j
  %1 = tosa.conv2d %0, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>} : (!j, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !o loc("conv")
  return %1 : !o
}

// -----

// Padding in the place of what was cut is not the image that was there.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!i = tensor<1x8x8x8xf32>
!j = tensor<1x7x7x8xf32>
!o = tensor<1x4x4x8xf32>
func.func @refuse_padding_behind_crop(%x: !i) -> !o {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : tensor<8x3x3x8xf32>
  %c = arith.constant dense<0.1> : !c
  // expected-error @+3 {{'tosa.slice' has no integer form}}
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 7, 7, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %start, %size : (!i, !tosa.shape<4>, !tosa.shape<4>) -> !j
  %1 = tosa.conv2d %0, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>} : (!j, tensor<8x3x3x8xf32>, !c, tensor<1xf32>, tensor<1xf32>) -> !o loc("conv")
  return %1 : !o
}

// -----

// Without a stride over it, a cut takes away what a window would read.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!i = tensor<1x8x8x8xf32>
!j = tensor<1x7x7x8xf32>
!o = tensor<1x4x4x8xf32>
func.func @refuse_crop_of_what_is_read(%x: !i) -> !j {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // expected-error @+3 {{'tosa.slice' has no integer form}}
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 7, 7, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %start, %size : (!i, !tosa.shape<4>, !tosa.shape<4>) -> !j
  %1 = tosa.conv2d %0, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!j, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !j loc("conv")
  return %1 : !j
}

// -----

// A step a channel leaves no way to fold, and a last layer has no other.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_batch_norm_of_last_layer(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // expected-error @+1 {{the last layer's batch norm has to be folded into its weights, since all logits have one scale, and PerChannelsAsymMinMax weights take no factor; give this layer a per-layer scheme, for example PerLayerAsymMinMax}}
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// A batch norm has to follow its layer alone, also where a fold type was chosen.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_batch_norm_of_shared_layer(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  // expected-error @+1 {{batch norm does not follow a convolution or dense layer, alone; it has no integer form}}
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<ICN>} : !y, !c
  %2 = tosa.add %0, %1 : (!y, !y) -> !y
  return %2 : !y
}

// -----

// A reshape that mixes channels parts a batch norm from the layer.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_batch_norm_behind_flattening(%x: !x) -> tensor<1x128xf32> {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %d = arith.constant dense<1.0> : tensor<128xf32>
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %s = tosa.const_shape {values = dense<[1, 128]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %1 = tosa.reshape %0, %s : (!y, !tosa.shape<2>) -> tensor<1x128xf32>
  // expected-error @+1 {{batch norm does not follow a convolution or dense layer, alone; it has no integer form}}
  %2 = qat.batch_norm %1, %d, %d, %d, %d {epsilon = 1.0e-3 : f32} : tensor<1x128xf32>, tensor<128xf32>
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x128xf32>) -> tensor<1x128xf32>
  return %3 : tensor<1x128xf32>
}

// -----

// A batch norm on the input.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_batch_norm_on_input(%x: !y) -> !y {
  %c = arith.constant dense<1.0> : !c
  // expected-error @+1 {{batch norm does not follow a convolution or dense layer, alone; it has no integer form}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : !y, !c
  return %0 : !y
}

// -----

// An op that nobody knows.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_unknown_op(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  // expected-error @+1 {{'tosa.sigmoid' has no integer form}}
  %1 = tosa.sigmoid %0 : (!y) -> !y
  return %1 : !y
}

// -----

// A softmax that a layer reads.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_softmax_within(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // expected-error @+1 {{a softmax within the network has no integer form}}
  %s = qat.softmax %x : !x
  %0 = tosa.conv2d %s, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  return %0 : !y
}

// -----

// A pool of what has no grid.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_pool_of_constant(%x: !y) -> !y {
  %k = arith.constant dense<0.5> : !y
  // expected-error @+1 {{has an operand that cannot be put on an integer grid: the result of 'arith.constant'}}
  %1 = tosa.max_pool2d %k {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!y) -> !y
  return %1 : !y
}

// -----

// A clamp that does not start at 0 moves the zero point.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_clamp_from_minus_one(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  // expected-error @+1 {{expects a clamp that starts at 0 on a quantized tensor; this one has no integer form}}
  %1 = tosa.clamp %0 {min_val = -1.0 : f32, max_val = 1.0 : f32} : (!y) -> !y
  return %1 : !y
}

// -----

// An add that broadcasts.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_broadcast(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %p = arith.constant dense<0.5> : !p
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  %1 = tosa.avg_pool2d %0, %zp, %zp {kernel = array<i64: 4, 4>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, acc_type = f32} : (!y, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x8xf32>
  // expected-error @+1 {{expects operands of one shape; an add that broadcasts has no integer form}}
  %2 = tosa.add %0, %1 : (!y, tensor<1x1x1x8xf32>) -> !y
  return %2 : !y
}

// -----

// An add of a constant.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_constant_operand(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %k = arith.constant dense<0.5> : !y loc("shift")
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  // expected-error @+1 {{has an operand that cannot be put on an integer grid: the result of 'arith.constant' in 'shift'}}
  %1 = tosa.add %0, %k : (!y, !y) -> !y
  return %1 : !y
}

// -----

// Weights that are computed.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
func.func @refuse_computed_weights(%x: tensor<8x1x1x8xf32>) -> tensor<8x1x1x8xf32> {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = arith.constant dense<0.1> : !c
  // expected-error @+1 {{expects its weights to be a parameter or a constant; computed weights have no integer form}}
  %0 = tosa.conv2d %x, %x, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!p, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !p
  return %0 : !p
}

// -----

// Sizes have to be known.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects tensors of static shape, but got 'tensor<?x4x4x8xf32>'}}
func.func @refuse_dynamic_batch(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  return %x : tensor<?x4x4x8xf32>
}

// -----

// Two inputs.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects a network of one block with one input, a tensor of f32}}
func.func @refuse_two_inputs(%x: !x, %y: !x) -> !x {
  return %x : !x
}

// -----

// No input.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects a network of one block with one input, a tensor of f32}}
func.func @refuse_no_input() -> !x {
  %x = arith.constant dense<0.5> : !x
  return %x : !x
}

// -----

// Integer TOSA.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects a network of one block with one input, a tensor of f32}}
func.func @refuse_integer_input(%x: tensor<1x4x4x3xi8>) -> tensor<1x4x4x3xi8> {
  return %x : tensor<1x4x4x3xi8>
}

// -----

// Other floats than f32.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects a network of one block with one input, a tensor of f32}}
func.func @refuse_half_floats(%x: tensor<1x4x4x3xf16>) -> tensor<1x4x4x3xf16> {
  return %x : tensor<1x4x4x3xf16>
}

// -----

// No body.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @+1 {{expects a network of one block with one input, a tensor of f32}}
func.func private @refuse_declaration(!x) -> !y

// -----

// Quantizers are there already.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @below {{the network has quantizers already; qat-remove-quantizers takes them out}}
module {
func.func @refuse_quantized_network(%x: !y) -> !y {
  %0 = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 1.0 : f32} : !y
  return %0 : !y
}
}

// -----

// Weight quantizers alone.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @below {{the network has quantizers already; qat-remove-quantizers takes them out}}
module {
func.func @refuse_quantized_weights(%x: !y) -> !y {
  %0 = qat.weight_min_max %x {bits = 8 : i32} : !y
  return %0 : !y
}
}

// -----

// An integer network.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!q = tensor<1x2x2x8x!quant.uniform<u8:f32, 0.05>>
// expected-error @below {{the network is integer already; quantizers go into the float network}}
module {
func.func @refuse_integer_network(%x: !q) -> !q {
  %0 = qat.max_pool2d %x {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!q) -> !q
  return %0 : !q
}
}

// -----

// Preprocessing without a grid.
!x = tensor<1x4x4x3xf32>
!y = tensor<1x4x4x8xf32>
!w = tensor<8x3x3x3xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
// expected-error @below {{the module's preprocessing gives the input range}}
module attributes {qat.preprocessing = {scale = 0.0 : f64, order = "rgb"}} {
func.func @refuse_preprocessing(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %w, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !y loc("conv1")
  return %0 : !y
}
}

// -----

// A convolution in groups is a layer as the others.
!x = tensor<1x4x4x4xf32>
!w = tensor<6x3x3x2xf32>
!y = tensor<1x4x4x6xf32>
!c = tensor<6xf32>
// CHECK-LABEL: func.func @grouped
func.func @grouped(%x: !x) -> !y {
  %w = arith.constant dense<0.5> : !w
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[W:.*]] = qat.weight_min_max %{{.*}} {bits = 8 : i32, channel_axes = array<i64: 0>}
  // CHECK: %[[CONV:.*]] = qat.grouped_conv2d %{{.*}}, %[[W]], {{.*}}qat.fold_type = #qat.fold_type<ICN>
  // CHECK: qat.batch_norm %[[CONV]], {{.*}}fold_type = #qat.fold_type<ICN>}
  // CHECK: qat.pact
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (!x, !w, !c) -> !y loc("conv1")
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : !y, !c
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!y) -> !y
  return %2 : !y
}
