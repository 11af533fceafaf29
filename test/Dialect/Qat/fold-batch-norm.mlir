// RUN: qat-mlir-opt %s -split-input-file -qat-fold-batch-norm -verify-diagnostics | FileCheck %s
// RUN: qat-mlir-opt %s -split-input-file -qat-fold-batch-norm -qat-fold-batch-norm -verify-diagnostics | FileCheck %s
// RUN: not qat-mlir-opt %s -split-input-file -qat-fold-batch-norm=default=weights 2>&1 | FileCheck %s --check-prefix=OPTION

// A second run changes nothing.
// OPTION: error: unknown fold type 'weights'; expected folding_weights, ICN or folding_thresh

// The factor goes into the weights before they are quantized, the rest into the bias.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-LABEL: func.func @fold_into_weights
// CHECK-SAME:    %[[X:[a-z0-9]+]]: {{[^,]*}}, %[[G:[a-z0-9]+]]: {{[^,]*}}, %[[B:[a-z0-9]+]]: {{[^,]*}}, %[[M:[a-z0-9]+]]: {{[^,]*}}, %[[V:[a-z0-9]+]]:
func.func @fold_into_weights(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK-DAG: %[[W:.*]] = arith.constant dense<5.000000e-01>
  // CHECK-DAG: %[[C:.*]] = arith.constant dense<1.000000e-01>
  // CHECK: %[[T:.*]] = qat.fold_weight %[[W]], %[[G]], %[[V]] {channel_axes = array<i64: 0>, epsilon = 1.000000e-03 : f32}
  // CHECK: %[[Q:.*]] = qat.weight_min_max %[[T]]
  // CHECK: %[[D:.*]] = qat.fold_bias %[[C]], %[[G]], %[[B]], %[[M]], %[[V]] {epsilon = 1.000000e-03 : f32}
  // CHECK: %[[Y:.*]] = tosa.conv2d %[[X]], %[[Q]], %[[D]], {{.*}}qat.fold_type = #qat.fold_type<folding_weights>
  // CHECK-NEXT: return %[[Y]]
  %q = qat.weight_min_max %p {bits = 8 : i32} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// The parameters of the batch norm are read behind the layer: it moves down.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
ml_program.global private mutable @"gamma"(dense<1.0> : !c) : !c
ml_program.global private mutable @"beta"(dense<2.0> : !c) : !c
ml_program.global private mutable @"mean"(dense<3.0> : !c) : !c
ml_program.global private mutable @"var"(dense<4.0> : !c) : !c
// CHECK-LABEL: func.func @parameters_behind_layer
func.func @parameters_behind_layer(%x: !y) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK: ml_program.global_load @var
  // CHECK-NEXT: qat.fold_weight
  // CHECK-NEXT: qat.weight_min_max
  // CHECK-NEXT: qat.fold_bias
  // CHECK-NEXT: tosa.conv2d
  // CHECK-NEXT: return
  %q = qat.weight_min_max %p {bits = 8 : i32} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %g = ml_program.global_load @"gamma" : !c
  %b = ml_program.global_load @"beta" : !c
  %m = ml_program.global_load @"mean" : !c
  %v = ml_program.global_load @"var" : !c
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// The output channels of a depthwise convolution are two dimensions of its weights.
!y = tensor<1x4x4x8xf32>
!c = tensor<16xf32>
!d = tensor<3x3x8x2xf32>
!z = tensor<1x4x4x16xf32>
// CHECK-LABEL: func.func @fold_into_depthwise
func.func @fold_into_depthwise(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !z {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %d = arith.constant dense<0.5> : !d
  %c = arith.constant dense<0.1> : !c
  // CHECK: qat.fold_weight {{.*}} {channel_axes = array<i64: 2, 3>,
  // CHECK: tosa.depthwise_conv2d
  %0 = tosa.depthwise_conv2d %x, %d, %c, %zp, %zp {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !d, !c, tensor<1xf32>, tensor<1xf32>) -> !z
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !z, !c
  return %1 : !z
}

// -----

// The batch norm of a dense layer stands behind the reshape.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
!k = tensor<1x1x1x8xf32>
!m = tensor<1x8xf32>
// CHECK-LABEL: func.func @fold_into_dense
func.func @fold_into_dense(%x: !k, %g: !c, %b: !c, %m: !c, %v: !c) -> !m {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK: qat.fold_weight
  // CHECK: %[[CONV:.*]] = tosa.conv2d
  // CHECK: %[[Y:.*]] = tosa.reshape %[[CONV]]
  // CHECK: return %[[Y]]
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!k, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !k
  %s = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %1 = tosa.reshape %0, %s : (!k, !tosa.shape<2>) -> !m
  %2 = qat.batch_norm %1, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !m, !c
  return %2 : !m
}

// -----

// TOSA lets one element be the bias of every channel.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-LABEL: func.func @one_bias_for_all_channels
func.func @one_bias_for_all_channels(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.25> : tensor<1xf32>
  // CHECK: %[[C:.*]] = arith.constant dense<2.500000e-01> : tensor<8xf32>
  // CHECK: qat.fold_bias %[[C]],
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// The batch norm stays as the scale and bias of its layer. The layer says so too.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-LABEL: func.func @freeze_icn
func.func @freeze_icn(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK-NOT: qat.fold_weight
  // CHECK: tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<ICN>
  // CHECK: qat.batch_norm {{.*}}fold_type = #qat.fold_type<ICN>, frozen}
  // CHECK: tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<folding_thresh>
  // CHECK: qat.batch_norm {{.*}}fold_type = #qat.fold_type<folding_thresh>, frozen}
  %q = qat.weight_min_max %p {bits = 8 : i32, channel_axes = array<i64: 0>} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_weights>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<ICN>} : !y, !c
  %2 = tosa.conv2d %1, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %3 = qat.batch_norm %2, %g, %b, %m, %v {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<folding_thresh>} : !y, !c
  return %3 : !y
}

// -----

// Weights read by two layers are folded for each.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-LABEL: func.func @shared_weights
func.func @shared_weights(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  // CHECK: %[[W:.*]] = arith.constant dense<5.000000e-01>
  // CHECK: qat.fold_weight %[[W]]
  // CHECK: qat.fold_weight %[[W]]
  %q = qat.weight_min_max %p {bits = 8 : i32} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  %r = qat.weight_min_max %p {bits = 8 : i32} : !p
  %2 = tosa.conv2d %1, %r, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %3 = qat.batch_norm %2, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %3 : !y
}

// -----

// One quantizer for two layers: the other one reads raw weights.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_shared_quantizer(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  %q = qat.weight_min_max %p {bits = 8 : i32} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  // expected-error @+1 {{cannot be folded into weights that another layer shares}}
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  %2 = tosa.conv2d %1, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  return %2 : !y
}

// -----

// A step a channel.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_per_channel_weights(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  %q = qat.weight_min_max %p {bits = 8 : i32, channel_axes = array<i64: 0>} : !p
  %0 = tosa.conv2d %x, %q, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  // expected-error @+1 {{fold type folding_weights has no meaning with a step a channel; use ICN}}
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// The other reader wants the raw value.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_layer_with_two_users(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  // expected-error @+1 {{does not follow a convolution or dense layer that it could be folded into}}
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  %2 = tosa.add %0, %1 : (!y, !y) -> !y
  return %2 : !y
}

// -----

// Nothing to fold into.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_batch_norm_on_input(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  // expected-error @+1 {{does not follow a convolution or dense layer that it could be folded into}}
  %1 = qat.batch_norm %x, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}

// -----

// Only the first of two batch norms belongs to the layer.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_second_batch_norm(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !c
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  // expected-error @+1 {{does not follow a convolution or dense layer that it could be folded into}}
  %2 = qat.batch_norm %1, %g, %b, %m, %v {epsilon = 0.0 : f32} : !y, !c
  return %2 : !y
}

// -----

// The channels of the batch norm are not those of the layer.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!d = tensor<8xf32>
!c = tensor<128xf32>
!m = tensor<1x128xf32>
func.func @refuse_batch_norm_behind_flattening(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c) -> !m {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  %c = arith.constant dense<0.1> : !d
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !d, tensor<1xf32>, tensor<1xf32>) -> !y
  %s = tosa.const_shape {values = dense<[1, 128]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %1 = tosa.reshape %0, %s : (!y, !tosa.shape<2>) -> !m
  // expected-error @+1 {{does not follow a convolution or dense layer that it could be folded into}}
  %2 = qat.batch_norm %1, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !m, !c
  return %2 : !m
}

// -----

// A bias that is computed, one element for all channels.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
func.func @refuse_one_computed_bias(%x: !y, %g: !c, %b: !c, %m: !c, %v: !c, %c: tensor<1xf32>) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = arith.constant dense<0.5> : !p
  // expected-error @+1 {{expects a bias of type 'tensor<8xf32>' to fold its batch norm into, but got 'tensor<1xf32>'}}
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : !y, !c
  return %1 : !y
}
