// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

// One case a constraint, under its label; what ODS guarantees has a word behind
// the op.

//===----------------------------------------------------------------------===//
// Float ops
//===----------------------------------------------------------------------===//

func.func @rounded_avg_pool2d_c1_static(%x: tensor<1x8x?x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects 'input' to have static height, width and channels below 2^31, but got 'tensor<1x8x?x4xf32>'}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x?x4xf32> -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_c1_channels(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects a result of shape [1, 4, 4, 4], but got [1, 4, 4, 3]}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x8x4xf32> -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_c1_batch(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects a result of shape [1, 4, 4, 4], but got [2, 4, 4, 4]}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x8x4xf32> -> tensor<2x4x4x4xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_c2(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects a result of shape [1, 4, 4, 4], but got [1, 5, 4, 4]}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x8x4xf32> -> tensor<1x5x4x4xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_c2_window(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects a result of shape [1, 0, 4, 4], but got [1, 1, 4, 4]}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 9, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x8x4xf32> -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_c3(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.rounded_avg_pool2d' op expects each pad to be smaller than the kernel [2, 2], but got [0, 0, 2, 0]}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 2, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<floor>} : tensor<1x8x8x4xf32> -> tensor<1x4x5x4xf32>
  return
}

// -----

func.func @rounded_avg_pool2d_half_away(%x: tensor<1x8x8x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{failed to satisfy constraint: how a real value between two steps is put on the grid that is floor or nearest}}
  %0 = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, rounding = #qat.rounding<half_away>} : tensor<1x8x8x4xf32> -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @grouped_conv2d_c1_input(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x1xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects 'weight' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 4, groups = 3), but got [6, 3, 3, 1]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 3 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c1_output(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x1xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects 'weight' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 4, groups = 4), but got [6, 3, 3, 1]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 4 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c1_weight(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x4xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects 'weight' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 4, groups = 2), but got [6, 3, 3, 4]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c2(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects 'bias' to have one element a channel (6), but got 4}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<4xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c3(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects a result of shape [1, 8, 8, 6], but got [1, 8, 7, 6]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<1x8x7x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c3_batch(%x: tensor<2x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects a result of shape [2, 8, 8, 6], but got [1, 8, 8, 6]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<2x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c3_window(%x: tensor<1x2x2x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects a result of shape [1, 0, 0, 6], but got [1, 1, 1, 6]}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x2x2x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<1x1x1x6xf32>
  return
}

// -----

func.func @grouped_conv2d_c4(%x: tensor<1x?x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op expects 'input' to have static height, width and channels below 2^31, but got 'tensor<1x?x8x4xf32>'}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x?x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @grouped_conv2d_groups(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) {
  // expected-error @+1 {{'qat.grouped_conv2d' op attribute 'groups' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 0 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @batch_norm_c1(%x: tensor<1x4x4x8xf32>, %c: tensor<7xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects 'gamma' to have one element a channel (8), but got 7}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x4x4x8xf32>, tensor<7xf32>
  return
}

// -----

// A number of channels that is not known cannot be checked.
func.func @batch_norm_c1_dynamic(%x: tensor<1x4x4x?xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects 'input' to have a static number of channels}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x4x4x?xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c2_negative(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects a finite 'epsilon' of at least 0, but got -1.000000e-03}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = -1.0e-3 : f32} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c2_infinite(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects a finite 'epsilon' of at least 0, but got INF}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 0x7F800000 : f32} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c2_nan(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects a finite 'epsilon' of at least 0, but got nan}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 0x7FC00000 : f32} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c3_folded(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects a frozen batch norm to have 'fold_type' ICN or folding_thresh}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<folding_weights>, frozen} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c3_missing(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op expects a frozen batch norm to have 'fold_type' ICN or folding_thresh}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, frozen} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_rank(%x: tensor<4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op operand #0 must be 2D tensor of 32-bit float values without empty dimensions or 4D tensor of 32-bit float values without empty dimensions, but got 'tensor<4x4x8xf32>'}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_unranked(%x: tensor<*xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op operand #0 must be 2D tensor of 32-bit float values without empty dimensions or 4D tensor of 32-bit float values without empty dimensions, but got 'tensor<*xf32>'}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<*xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_element_type(%x: tensor<1x4x4x8xf16>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op operand #0 must be 2D tensor of 32-bit float values without empty dimensions or 4D tensor of 32-bit float values without empty dimensions, but got 'tensor<1x4x4x8xf16>'}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x4x4x8xf16>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_empty(%x: tensor<0x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op operand #0 must be 2D tensor of 32-bit float values without empty dimensions or 4D tensor of 32-bit float values without empty dimensions, but got 'tensor<0x4x4x8xf32>'}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<0x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

func.func @batch_norm_dynamic_gamma(%x: tensor<1x4x4x8xf32>, %c: tensor<?xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op operand #1 must be 1D tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<?xf32>'}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x4x4x8xf32>, tensor<?xf32>
  return
}

// -----

func.func @batch_norm_fold_type(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>) {
  // expected-error @+2 {{failed to parse Qat_FoldTypeAttr parameter 'value' which is to be a `::mlir::qat::BatchNormFold`}}
  // expected-error @+1 {{expected ::mlir::qat::BatchNormFold to be one of: folding_weights, ICN, folding_thresh}}
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<thresh>} : tensor<1x4x4x8xf32>, tensor<8xf32>
  return
}

// -----

// The four vectors are of one type.
func.func @batch_norm_vectors(%x: tensor<1x4x4x8xf32>, %c: tensor<8xf32>, %d: tensor<4xf32>) {
  // expected-error @+1 {{'qat.batch_norm' op failed to verify that all of {gamma, beta, mean, variance} have same type}}
  %0 = "qat.batch_norm"(%x, %c, %c, %c, %d) {epsilon = 1.0e-3 : f32} : (tensor<1x4x4x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<1x4x4x8xf32>
  return
}

// -----

func.func @softmax_c1(%x: tensor<f32>) {
  // expected-error @+1 {{'qat.softmax' op expects 'input' to have at least one dimension}}
  %0 = qat.softmax %x : tensor<f32>
  return
}

// -----

func.func @softmax_empty(%x: tensor<1x0xf32>) {
  // expected-error @+1 {{'qat.softmax' op operand #0 must be ranked tensor of 32-bit float values without empty dimensions, but got 'tensor<1x0xf32>'}}
  %0 = qat.softmax %x : tensor<1x0xf32>
  return
}

// -----

func.func @fold_weight_c1(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [4]}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 4>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_c1_negative(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [-1]}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: -1>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_c1_order(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [3, 2]}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 3, 2>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_c1_twice(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [0, 0]}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0, 0>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_c2(%w: tensor<8x3x3x4xf32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'gamma' to have one element an output channel (8), but got 4}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<4xf32>
  return
}

// -----

// Without axes there is one channel.
func.func @fold_weight_c2_no_axes(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects 'gamma' to have one element an output channel (1), but got 8}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64>, epsilon = 1.0e-3 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_c3(%w: tensor<8x3x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op expects a finite 'epsilon' of at least 0, but got -1.000000e+00}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = -1.0 : f32} : tensor<8x3x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_dynamic(%w: tensor<?x?x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x?x3x4xf32>'}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0, 1>, epsilon = 1.0e-3 : f32} : tensor<?x?x3x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_weight_empty(%w: tensor<8x0x3x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<8x0x3x4xf32>'}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : tensor<8x0x3x4xf32>, tensor<8xf32>
  return
}

// -----

// The number of elements does not fit 31 bits.
func.func @fold_weight_too_large(%w: tensor<8x65536x65536x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<8x65536x65536x4xf32>'}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : tensor<8x65536x65536x4xf32>, tensor<8xf32>
  return
}

// -----

// The number of elements does not fit 64 bits.
func.func @fold_weight_overflow(%w: tensor<8x4294967296x4294967296x4xf32>, %c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_weight' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<8x4294967296x4294967296x4xf32>'}}
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : tensor<8x4294967296x4294967296x4xf32>, tensor<8xf32>
  return
}

// -----

func.func @fold_bias_c1(%c: tensor<8xf32>) {
  // expected-error @+1 {{'qat.fold_bias' op expects a finite 'epsilon' of at least 0, but got -1.000000e+00}}
  %0 = qat.fold_bias %c, %c, %c, %c, %c {epsilon = -1.0 : f32} : tensor<8xf32>
  return
}

// -----

func.func @fold_bias_types(%c: tensor<8xf32>, %d: tensor<1xf32>) {
  // expected-error @+1 {{'qat.fold_bias' op failed to verify that all of {bias, gamma, beta, mean, variance, result} have same type}}
  %0 = "qat.fold_bias"(%d, %c, %c, %c, %c) {epsilon = 1.0e-3 : f32} : (tensor<1xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

//===----------------------------------------------------------------------===//
// Quantizers
//===----------------------------------------------------------------------===//

// -----

func.func @quantize_input_c1(%x: tensor<1x4x4x8xf32>) {
  // expected-error @+1 {{'qat.quantize_input' op expects finite 'minimum' <= 0 <= 'maximum' that differ, but got 1.000000e+00 and 2.000000e+00}}
  %0 = qat.quantize_input %x {minimum = 1.0 : f32, maximum = 2.0 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @quantize_input_c1_negative(%x: tensor<1x4x4x8xf32>) {
  // expected-error @+1 {{'qat.quantize_input' op expects finite 'minimum' <= 0 <= 'maximum' that differ, but got -2.000000e+00 and -1.000000e+00}}
  %0 = qat.quantize_input %x {minimum = -2.0 : f32, maximum = -1.0 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @quantize_input_c1_empty(%x: tensor<1x4x4x8xf32>) {
  // expected-error @+1 {{'qat.quantize_input' op expects finite 'minimum' <= 0 <= 'maximum' that differ, but got 0.000000e+00 and -0.000000e+00}}
  %0 = qat.quantize_input %x {minimum = 0.0 : f32, maximum = -0.0 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @quantize_input_c1_infinite(%x: tensor<1x4x4x8xf32>) {
  // expected-error @+1 {{'qat.quantize_input' op expects finite 'minimum' <= 0 <= 'maximum' that differ, but got 0.000000e+00 and INF}}
  %0 = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 0x7F800000 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @quantize_input_c1_nan(%x: tensor<1x4x4x8xf32>) {
  // expected-error @+1 {{'qat.quantize_input' op expects finite 'minimum' <= 0 <= 'maximum' that differ, but got nan and 1.000000e+00}}
  %0 = qat.quantize_input %x {minimum = 0x7FC00000 : f32, maximum = 1.0 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_c1(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op expects a positive, finite 'float_bound', but got 0.000000e+00}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>, float_bound = 0.0 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_c1_nan(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op expects a positive, finite 'float_bound', but got nan}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>, float_bound = 0x7FC00000 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_c1_infinite(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op expects a positive, finite 'float_bound', but got INF}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>, float_bound = 0x7F800000 : f32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_few_bits(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.pact' 'qat.pact' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.pact %x, %a {bits = 1 : i32, rounding = #qat.rounding<floor>} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_many_bits(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.pact' 'qat.pact' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.pact %x, %a {bits = 9 : i32, rounding = #qat.rounding<floor>} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_rounding(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+2 {{failed to parse Qat_RoundingModeAttr parameter 'value' which is to be a `::mlir::qat::RoundingMode`}}
  // expected-error @+1 {{expected ::mlir::qat::RoundingMode to be one of: floor, nearest}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<up>} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_no_rounding(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op requires attribute 'rounding'}}
  %0 = qat.pact %x, %a {bits = 8 : i32} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_element_type(%x: tensor<4xf64>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op operand #0 must be ranked tensor of 32-bit float values without empty dimensions, but got 'tensor<4xf64>'}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : tensor<4xf64>
  return
}

// -----

func.func @pact_unranked(%x: tensor<*xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.pact' invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : tensor<*xf32>
  return
}

// -----

func.func @pact_bound(%x: tensor<1x4x4x8xf32>, %a: tensor<1xf32>) {
  // expected-error @+1 {{'qat.pact' op operand #1 must be rank-0 tensor of f32, but got 'tensor<1xf32>'}}
  %0 = "qat.pact"(%x, %a) {bits = 8 : i32, rounding = #qat.rounding<floor>} : (tensor<1x4x4x8xf32>, tensor<1xf32>) -> tensor<1x4x4x8xf32>
  return
}

// -----

func.func @pact_result(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact' op failed to verify that all of {input, result} have same type}}
  %0 = "qat.pact"(%x, %a) {bits = 8 : i32, rounding = #qat.rounding<floor>} : (tensor<1x4x4x8xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @bounded_bits(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.bounded' 'qat.bounded' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.bounded %x, %a, %a {bits = 0 : i32, rounding = #qat.rounding<floor>} : tensor<1x4x4x8xf32>
  return
}

// -----

func.func @bounded_bound(%x: tensor<1x4x4x8xf32>, %a: tensor<f32>, %b: tensor<f16>) {
  // expected-error @+1 {{'qat.bounded' op operand #2 must be rank-0 tensor of f32, but got 'tensor<f16>'}}
  %0 = "qat.bounded"(%x, %a, %b) {bits = 8 : i32, rounding = #qat.rounding<floor>} : (tensor<1x4x4x8xf32>, tensor<f32>, tensor<f16>) -> tensor<1x4x4x8xf32>
  return
}

// -----

func.func @weight_asymmetric_pact_bits(%w: tensor<8x3x3x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.weight_asymmetric_pact' 'qat.weight_asymmetric_pact' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.weight_asymmetric_pact %w, %a, %a {bits = 9 : i32} : tensor<8x3x3x4xf32>
  return
}

// -----

func.func @weight_symmetric_pact_bits(%w: tensor<8x3x3x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{custom op 'qat.weight_symmetric_pact' 'qat.weight_symmetric_pact' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.weight_symmetric_pact %w, %a {bits = 1 : i32} : tensor<8x3x3x4xf32>
  return
}

// -----

func.func @weight_symmetric_pact_dynamic(%w: tensor<?x3x3x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.weight_symmetric_pact' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x3x3x4xf32>'}}
  %0 = qat.weight_symmetric_pact %w, %a {bits = 8 : i32} : tensor<?x3x3x4xf32>
  return
}

// -----

func.func @weight_min_max_c1(%w: tensor<8x3x3x4xf32>) {
  // expected-error @+1 {{'qat.weight_min_max' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [4]}}
  %0 = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 4>} : tensor<8x3x3x4xf32>
  return
}

// -----

func.func @weight_min_max_c1_order(%w: tensor<8x3x3x4xf32>) {
  // expected-error @+1 {{'qat.weight_min_max' op expects 'channel_axes' to be rising dimensions of 'weight' (rank 4), but got [2, 1]}}
  %0 = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 2, 1>} : tensor<8x3x3x4xf32>
  return
}

// -----

func.func @weight_min_max_bits(%w: tensor<8x3x3x4xf32>) {
  // expected-error @+1 {{custom op 'qat.weight_min_max' 'qat.weight_min_max' op attribute 'bits' failed to satisfy constraint: 32-bit signless integer attribute whose minimum value is 2 whose maximum value is 8}}
  %0 = qat.weight_min_max %w {bits = 1 : i32, channel_axes = array<i64: 0>} : tensor<8x3x3x4xf32>
  return
}

// -----

func.func @weight_min_max_empty(%w: tensor<0x3x3x4xf32>) {
  // expected-error @+1 {{'qat.weight_min_max' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<0x3x3x4xf32>'}}
  %0 = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 0>} : tensor<0x3x3x4xf32>
  return
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

// -----

func.func @conv2d_c1(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x3x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'weights' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 4, groups = 1), but got [8, 3, 3, 3]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x3x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// 3 groups do not divide 8 output channels.
func.func @conv2d_c1_groups(%x: tensor<1x8x8x9x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x3x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'weights' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 9, groups = 3), but got [8, 3, 3, 3]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 3 : i64, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x9x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x3x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c1_many_groups(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'weights' of shape OC x KH x KW x IC/groups with 'groups' dividing IC and OC (IC = 4, groups = 9223372036854775807), but got [8, 3, 3, 4]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 9223372036854775807 : i64, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c2(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<1xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'bias' to have one element a channel (8), but got 1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<1xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c3(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'multiplier' and 'shift' together}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c3_shift_alone(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'multiplier' and 'shift' together}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, shift = array<i8: 5>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @conv2d_c3_count(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'multiplier' and 'shift' to have 1 or 8 elements, but got 2 and 2}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5, 6>, shift = array<i8: 3, 4>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c3_different(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'multiplier' and 'shift' to have 1 or 8 elements, but got 1 and 8}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3, 3, 3, 3, 3, 3, 3, 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c3_empty(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'multiplier' and 'shift' to have 1 or 8 elements, but got 0 and 0}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32>, shift = array<i8>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c4(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'shift' between 0 and 63, but got 64}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 64>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c4_negative(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'shift' between 0 and 63, but got -1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: -1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c5(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<u8:f32, 5.000000e-02>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c5_unsigned(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<u32:f32, 1.000000e-03>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u32:f32, 1.0e-3>>
  return
}

// -----

func.func @conv2d_c5_zero_point(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<i32:f32, 1.000000e-03:1>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<i32:f32, 1.0e-3:1>>
  return
}

// -----

func.func @conv2d_c5_range(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<i32<-8:7>:f32, 1.000000e-03>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<i32<-8:7>:f32, 1.0e-3>>
  return
}

// -----

func.func @conv2d_c6(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of shape [1, 8, 7, 8], but got [1, 8, 8, 8]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c6_batch(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of shape [1, 8, 8, 8], but got [2, 8, 8, 8]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<2x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The window does not fit.
func.func @conv2d_c6_no_window(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x9x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of shape [1, 0, 8, 8], but got [1, 1, 8, 8]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 0, 0, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x9x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x1x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// (kernel - 1) * dilation is above 2^32.
func.func @conv2d_c6_dilation(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of shape [1, 0, 0, 8], but got [1, 8, 8, 8]}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 2147483647, 2147483647>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c7(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32:3, {0.02, 0.02, 0.02, 0.02}>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects the scales of 'weights' along dimension 0, but got dimension 3}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32:3, {0.02, 0.02, 0.02, 0.02}>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// Nine scales for eight channels.
func.func @conv2d_c7_count(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32:0, {0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1}>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'weights' to have one scale a channel (8), but got 9}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32:0, {0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1, 0.02:1}>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c8(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 256}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c8_weights(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u4:f32:0, {0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02:16}>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects the zero point of operand #1 to lie in its storage range [0, 15], but got 16}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u4:f32:0, {0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02:16}>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c8_result(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects the zero point of result #0 to lie in its storage range [-7, 7], but got -8}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<i4<-7:7>:f32, 0.05:-8>>
  return
}

// -----

func.func @conv2d_c9(%x: tensor<1x8x8x4x!quant.uniform<i16:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'input' of at most 8 bits, but got '!quant.uniform<i16:f32, 5.000000e-02>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<i16:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c9_weights(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<i16:f32, 0.05>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects 'weights' of at most 8 bits, but got '!quant.uniform<i16:f32, 5.000000e-02>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<i16:f32, 0.05>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_c9_result(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op expects a result of at most 8 bits or of 32, but got '!quant.uniform<i16:f32, 5.000000e-02>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<i16:f32, 0.05>>
  return
}

// -----

func.func @conv2d_dynamic(%x: tensor<?x?x?x?x!quant.uniform<u8:f32, 0.05>>, %w: tensor<?x?x?x?x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<?xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x?x?x?x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<?x?x?x?x!quant.uniform<u8:f32, 0.05>>, tensor<?x?x?x?x!quant.uniform<u8:f32, 0.02:128>>, tensor<?xi32>) -> tensor<?x?x?x?x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_empty_batch(%x: tensor<0x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<0x8x8x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<0x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<0x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// All taps lie in the padding.
func.func @conv2d_empty_input(%x: tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x0x8x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 2, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x1x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_empty_weights(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x0x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #1 must be 4D tensor of uniform quantized type of f32 or per-axis uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<8x0x3x4x!quant.uniform<u8:f32, 2.000000e-02:128>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x0x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x11x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_no_channels(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<0x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<0xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #1 must be 4D tensor of uniform quantized type of f32 or per-axis uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<0x3x3x4x!quant.uniform<u8:f32, 2.000000e-02:128>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32>, shift = array<i8>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<0x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<0xi32>) -> tensor<1x8x8x0x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_overflow(%x: tensor<1x4294967296x4294967296x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x4294967296x4294967296x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x4294967296x4294967296x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_huge_pad(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'pad' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements whose value is non-negative whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 9223372036854775807, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_negative_pad(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'pad' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements whose value is non-negative whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: -1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_three_pads(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'pad' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements whose value is non-negative whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_huge_stride(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'stride' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements whose value is positive whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 9223372036854775807, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_zero_stride(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'stride' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements whose value is positive whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 0, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_huge_dilation(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'dilation' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements whose value is positive whose values are at most 2^31-1}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 9223372036854775807, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_zero_groups(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'groups' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 0 : i64, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_accumulator_bits(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{custom op 'qat.conv2d' 'qat.conv2d' op attribute 'accumulator_bits' failed to satisfy constraint: 32-bit signless integer attribute whose value is 32 or 64}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, accumulator_bits = 16 : i32, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_float_input(%x: tensor<1x8x8x4xf32>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8x8x4xf32>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4xf32>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_expressed_type(%x: tensor<1x8x8x4x!quant.uniform<u8:f16, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8x8x4x!quant.uniform<u8:f16, 5.000000e-02>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f16, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_float_bias(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #2 must be 1D tensor of 32-bit signless integer values of static shape with 1 to 2^31-1 elements, but got 'tensor<8xf32>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xf32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_per_axis_input(%x: tensor<1x8x8x4x!quant.uniform<u8:f32:3, {0.02, 0.02, 0.02, 0.02}>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8x8x4x!quant.uniform<u8:f32:3, {2.000000e-02,2.000000e-02,2.000000e-02,2.000000e-02}>>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32:3, {0.02, 0.02, 0.02, 0.02}>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @conv2d_bias_rank(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<1x8xi32>) {
  // expected-error @+1 {{'qat.conv2d' op operand #2 must be 1D tensor of 32-bit signless integer values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8xi32>'}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<8x3x3x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<1x8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

//===----------------------------------------------------------------------===//
// Depthwise convolution
//===----------------------------------------------------------------------===//

// -----

func.func @depthwise_conv2d_c1(%x: tensor<1x8x8x3x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'weights' of shape KH x KW x OC with OC a multiple of the input channels (3), but got [3, 3, 8]}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x3x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c2(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<4xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'bias' to have one element a channel (8), but got 4}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<4xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c3(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'multiplier' and 'shift' together}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c4(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'shift' between 0 and 63, but got 127}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 127>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c5(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<u8:f32, 5.000000e-02>'}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c6(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects a result of shape [1, 8, 8, 8], but got [1, 8, 7, 8]}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:128>>, tensor<8xi32>) -> tensor<1x8x7x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c7(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32:0, {0.02, 0.02, 0.02}>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects the scales of 'weights' along dimension 2, but got dimension 0}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32:0, {0.02, 0.02, 0.02}>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c7_count(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32:2, {0.02, 0.02, 0.02}>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'weights' to have one scale a channel (8), but got 3}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32:2, {0.02, 0.02, 0.02}>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c8(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<u8:f32, 0.02:-1>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects the zero point of operand #1 to lie in its storage range [0, 255], but got -1}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<u8:f32, 0.02:-1>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_c9(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x8x!quant.uniform<i32:f32, 0.02>>, %b: tensor<8xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'weights' of at most 8 bits, but got '!quant.uniform<i32:f32, 2.000000e-02>'}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x8x!quant.uniform<i32:f32, 0.02>>, tensor<8xi32>) -> tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// No division by the channels of the input.
func.func @depthwise_conv2d_no_channels(%x: tensor<1x8x8x0x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x0x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<0xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8x8x0x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x0x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x0x!quant.uniform<u8:f32, 0.02:128>>, tensor<0xi32>) -> tensor<1x8x8x0x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @depthwise_conv2d_dynamic(%x: tensor<1x8x8x?x!quant.uniform<u8:f32, 0.05>>, %w: tensor<3x3x?x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<?xi32>) {
  // expected-error @+1 {{'qat.depthwise_conv2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x8x8x?x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x8x8x?x!quant.uniform<u8:f32, 0.05>>, tensor<3x3x?x!quant.uniform<u8:f32, 0.02:128>>, tensor<?xi32>) -> tensor<1x8x8x?x!quant.uniform<u8:f32, 0.05>>
  return
}

//===----------------------------------------------------------------------===//
// Dense layer
//===----------------------------------------------------------------------===//

// -----

func.func @fully_connected_c1(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x63x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'weights' of shape OC x K with K = 64, but got [10, 63]}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x63x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c2(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<9xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'bias' to have one element a channel (10), but got 9}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<9xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c3(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'multiplier' and 'shift' together}}
  %0 = qat.fully_connected %x, %w, %b {shift = array<i8: 3>} : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c4(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'shift' between 0 and 63, but got -128}}
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 5>, shift = array<i8: -128>} : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c5(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects a result of storage type i32 with zero point 0 where there is no 'multiplier', but got '!quant.uniform<u8:f32, 5.000000e-02>'}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @fully_connected_c6(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects a result of shape [1, 10], but got [1, 9]}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x9x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c7(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32:0, {0.02, 0.02}>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'weights' to have one scale a channel (10), but got 2}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32:0, {0.02, 0.02}>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c8(%x: tensor<1x64x!quant.uniform<u8:f32, 0.05:999>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 999}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<u8:f32, 0.05:999>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_c9(%x: tensor<1x64x!quant.uniform<i32:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op expects 'input' of at most 8 bits, but got '!quant.uniform<i32:f32, 5.000000e-02>'}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!quant.uniform<i32:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_rank(%x: tensor<1x1x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op operand #0 must be 2D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x1x64x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x1x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_dynamic(%x: tensor<?x64x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op operand #0 must be 2D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x64x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<?x64x!quant.uniform<u8:f32, 0.05>>, tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<?x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @fully_connected_empty(%x: tensor<1x0x!quant.uniform<u8:f32, 0.05>>, %w: tensor<10x0x!quant.uniform<u8:f32, 0.02:128>>, %b: tensor<10xi32>) {
  // expected-error @+1 {{'qat.fully_connected' op operand #0 must be 2D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x0x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x0x!quant.uniform<u8:f32, 0.05>>, tensor<10x0x!quant.uniform<u8:f32, 0.02:128>>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

//===----------------------------------------------------------------------===//
// Add and requantize
//===----------------------------------------------------------------------===//

// -----

func.func @add_c1(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x1x1x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects operands of the result's shape [1, 4, 4, 8], but got [1, 1, 1, 8]}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x1x1x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c1_result(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects operands of the result's shape [1, 4, 8, 4], but got [1, 4, 4, 8]}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x8x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c2(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects 'shift' between 1 and 31, but got 0}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 0 : i32, shift = 0 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c2_large(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects 'shift' between 1 and 31, but got 32}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 0 : i32, shift = 32 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c2_offset(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects 'offset' to be 0 or 2^(shift-1) (262144), but got 1}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 1 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c2_negative_offset(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects 'offset' to be 0 or 2^(shift-1) (262144), but got -262144}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = -262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c3(%x: tensor<1x4x4x8x!quant.uniform<i16:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects operands of at most 8 bits, but got 'i16'}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<i16:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c3_result(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects a result of at most 8 bits, but got 'i32'}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @add_c4(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects a sum that fits int32, but it reaches 4278452224}}
  %0 = qat.add %x, %y {lhs_multiplier = 8388608 : i32, rhs_multiplier = 8388608 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The sum is bounded on both sides.
func.func @add_c4_negative(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects a sum that fits int32, but it reaches 547608592384}}
  %0 = qat.add %x, %y {lhs_multiplier = -2147483648 : i32, rhs_multiplier = 0 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_c5(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05:256>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 256}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05:256>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The product with the multiplier would not fit 64 bits.
func.func @add_c5_huge(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05:9223372036854775807>>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 9223372036854775807}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05:9223372036854775807>>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_dynamic(%x: tensor<?x4x!quant.uniform<u8:f32, 0.05>>, %y: tensor<?x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op operand #0 must be ranked tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<?x4x!quant.uniform<u8:f32, 0.05>>, tensor<?x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<?x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @add_float(%x: tensor<1x4x4x8xf32>, %y: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.add' op operand #0 must be ranked tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x4x4x8xf32>'}}
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8xf32>, tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c1(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects operands of the result's shape [1, 4, 4, 4], but got [1, 4, 4, 8]}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c2(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects 'shift' between 1 and 31, but got -1}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = -1 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c2_offset(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects 'offset' to be 0 or 2^(shift-1) (262144), but got 2}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 2 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c3(%x: tensor<1x4x4x8x!quant.uniform<i32:f32, 1.0e-3>>) {
  // expected-error @+1 {{'qat.requantize' op expects operands of at most 8 bits, but got 'i32'}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<i32:f32, 1.0e-3>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c3_result(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects a result of at most 8 bits, but got 'i16'}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<i16:f32, 0.05>>
  return
}

// -----

func.func @requantize_c4(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects a sum that fits int32, but it reaches 547608592129}}
  %0 = qat.requantize %x {multiplier = 2147483647 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @requantize_c5(%x: tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op expects the zero point of result #0 to lie in its storage range [0, 15], but got 16}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u4:f32, 0.05:16>>
  return
}

// -----

func.func @requantize_empty(%x: tensor<0x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.requantize' op operand #0 must be ranked tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<0x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.requantize %x {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<0x!quant.uniform<u8:f32, 0.05>>) -> tensor<0x!quant.uniform<u8:f32, 0.05>>
  return
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

// -----

func.func @avg_pool2d_c1(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects a result with the element type and the channels of the input ('!quant.uniform<u8:f32, 5.000000e-02>', 4), but got '!quant.uniform<u8:f32, 6.000000e-02>', 4}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.06>>
  return
}

// -----

func.func @avg_pool2d_c1_channels(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects a result with the element type and the channels of the input ('!quant.uniform<u8:f32, 5.000000e-02>', 4), but got '!quant.uniform<u8:f32, 5.000000e-02>', 8}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @avg_pool2d_c2(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects a result of shape [1, 4, 4, 4], but got [1, 4, 5, 4]}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x5x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The window does not fit.
func.func @avg_pool2d_c2_no_window(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects a result of shape [1, 0, 4, 4], but got [1, 1, 4, 4]}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 9, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x1x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The first window would hold padding alone.
func.func @avg_pool2d_c3(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects each pad to be smaller than the kernel [2, 2], but got [0, 0, 2, 0]}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 2, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x5x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @avg_pool2d_c4(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 256}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05:256>>
  return
}

// -----

func.func @avg_pool2d_c5(%x: tensor<1x8x8x4x!quant.uniform<i32:f32, 1.0e-3>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op expects an input of at most 8 bits, but got '!quant.uniform<i32:f32, 1.000000e-03>'}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<i32:f32, 1.0e-3>>) -> tensor<1x4x4x4x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @avg_pool2d_dynamic(%x: tensor<1x?x?x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x?x?x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x?x?x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @avg_pool2d_empty(%x: tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x0x8x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 1, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x0x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// Sums of these sizes do not fit 64 bits.
func.func @avg_pool2d_huge(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{custom op 'qat.avg_pool2d' 'qat.avg_pool2d' op attribute 'kernel' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements whose value is positive whose values are at most 2^31-1}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 9223372036854775807, 2>, stride = array<i64: 2, 2>, pad = array<i64: 9223372036854775806, 9223372036854775806, 0, 0>, rounding = #qat.rounding<floor>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @max_pool2d_c1(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects a result with the element type and the channels of the input ('!quant.uniform<u8:f32, 5.000000e-02>', 4), but got '!quant.uniform<u8:f32, 6.000000e-02>', 4}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.06>>
  return
}

// -----

func.func @max_pool2d_c1_channels(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects a result with the element type and the channels of the input ('!quant.uniform<u8:f32, 5.000000e-02>', 4), but got '!quant.uniform<u8:f32, 5.000000e-02>', 8}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @max_pool2d_c2(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects a result of shape [1, 4, 4, 4], but got [1, 4, 5, 4]}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x5x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The window does not fit.
func.func @max_pool2d_c2_no_window(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects a result of shape [1, 0, 4, 4], but got [1, 1, 4, 4]}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 9, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x1x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// The first window would hold padding alone.
func.func @max_pool2d_c3(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects each pad to be smaller than the kernel [2, 2], but got [0, 0, 2, 0]}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 2, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x5x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @max_pool2d_c4(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects the zero point of operand #0 to lie in its storage range [0, 255], but got 256}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05:256>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05:256>>
  return
}

// -----

func.func @max_pool2d_c5(%x: tensor<1x8x8x4x!quant.uniform<i32:f32, 1.0e-3>>) {
  // expected-error @+1 {{'qat.max_pool2d' op expects an input of at most 8 bits, but got '!quant.uniform<i32:f32, 1.000000e-03>'}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<i32:f32, 1.0e-3>>) -> tensor<1x4x4x4x!quant.uniform<i32:f32, 1.0e-3>>
  return
}

// -----

func.func @max_pool2d_dynamic(%x: tensor<1x?x?x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x?x?x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x?x?x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @max_pool2d_empty(%x: tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.max_pool2d' op operand #0 must be 4D tensor of uniform quantized type of f32 values of static shape with 1 to 2^31-1 elements, but got 'tensor<1x0x8x4x!quant.uniform<u8:f32, 5.000000e-02>>'}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 1, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x0x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x0x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

// Sums of these sizes do not fit 64 bits.
func.func @max_pool2d_huge(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{custom op 'qat.max_pool2d' 'qat.max_pool2d' op attribute 'kernel' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements whose value is positive whose values are at most 2^31-1}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 9223372036854775807, 2>, stride = array<i64: 2, 2>, pad = array<i64: 9223372036854775806, 9223372036854775806, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

func.func @avg_pool2d_rounding(%x: tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) {
  // expected-error @+1 {{'qat.avg_pool2d' op requires attribute 'rounding'}}
  %0 = qat.avg_pool2d %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4x!quant.uniform<u8:f32, 0.05>>) -> tensor<1x4x4x4x!quant.uniform<u8:f32, 0.05>>
  return
}

//===----------------------------------------------------------------------===//
// Kernel calls
//===----------------------------------------------------------------------===//

// -----

func.func @kernel_call_c1(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'layer' to be a C identifier, but got 'conv1/relu'}}
  qat.kernel_call "qat_add_u8" @"conv1/relu" ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c1_digit(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'layer' to be a C identifier, but got '1conv'}}
  qat.kernel_call "qat_add_u8" @"1conv" ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c1_empty(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'layer' to be a C identifier, but got ''}}
  qat.kernel_call "qat_add_u8" @"" ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c1_kernel(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'kernel' to be a C identifier, but got 'qat_add(); main'}}
  qat.kernel_call "qat_add(); main" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c1_kind(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'kind' to be a C identifier, but got 'add */'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add */", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c1_field(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects fields that are C identifiers, but got 'n.m'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {"n.m" = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c2(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects field 'n' to be an integer of at most 64 bits or a symbol, but got 8.000000e+00 : f32}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8.0 : f32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c2_wide(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects field 'n' to be an integer of at most 64 bits or a symbol, but got 8 : i128}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i128} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c2_nested(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects field 'n' to be an integer of at most 64 bits or a symbol, but got @a::@b}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = @a::@b} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c3(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'macs' of at least 0, but got -1}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = -1 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c3_rows(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'rows' of at least 1, but got 0}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 0 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c4(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'tensors' and 'pitches' to have one element a buffer (2), but got 2 and 1}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_c4_tensors(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op expects 'tensors' and 'pitches' to have one element a buffer (2), but got 3 and 2}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_tensors(%x: memref<8xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{custom op 'qat.kernel_call' 'qat.kernel_call' op attribute 'tensors' failed to satisfy constraint: type array attribute}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [8 : i32, 8 : i32]}
  return
}

// -----

func.func @kernel_call_dynamic(%x: memref<?xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<?xi8>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<?xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_dynamic_output(%x: memref<8xi8>, %y: memref<?xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #1 must be 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<?xi8>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<?xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_empty_scratch(%x: memref<8xi8>, %y: memref<8xi8>, %s: memref<0xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #2 must be 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<0xi8>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8>) outs(%y : memref<8xi8>) scratch(%s : memref<0xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

// Bytes with gaps between them are no buffer.
func.func @kernel_call_strided(%x: memref<8xi8, strided<[2]>>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<8xi8, strided<[2]>>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8, strided<[2]>>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_offset(%x: memref<8xi8, strided<[1], offset: 4>>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<8xi8, strided<[1], offset: 4>>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi8, strided<[1], offset: 4>>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_element_type(%x: memref<8xi32>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<8xi32>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<8xi32>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_rank(%x: memref<2x4xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<2x4xi8>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<2x4xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}

// -----

func.func @kernel_call_unranked(%x: memref<*xi8>, %y: memref<8xi8>) {
  // expected-error @+1 {{'qat.kernel_call' op operand #0 must be variadic of 1D memref of i8 of static shape with 1 to 2^31-1 elements and identity layout, but got 'memref<*xi8>'}}
  qat.kernel_call "qat_add_u8" @add ins(%x : memref<*xi8>) outs(%y : memref<8xi8>) fields {n = 8 : i32} {kind = "add", macs = 0 : i64, rows = 1 : i32, pitches = array<i32: 8, 8>, tensors = [tensor<8xi8>, tensor<8xi8>]}
  return
}
