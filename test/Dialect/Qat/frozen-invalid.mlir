// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @weight_step_c1(%w: tensor<2x3xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{expects at most two bounds, but got 3}}
  %s = qat.weight_step %w, %b, %b, %b {bits = 4 : i32} : tensor<2x3xf32> -> tensor<f32>
  return
}

// -----

func.func @weight_step_c2(%w: tensor<2x3xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{expects no bounds with 'channel_axes'}}
  %s = qat.weight_step %w, %b {bits = 4 : i32, channel_axes = array<i64: 0>} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @weight_step_c2_axes(%w: tensor<2x3xf32>) {
  // expected-error @+1 {{dimensions}}
  %s = qat.weight_step %w {bits = 4 : i32, channel_axes = array<i64: 2>} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @weight_step_c3(%w: tensor<2x3xf32>) {
  // expected-error @+1 {{expects a step of rank 0 without 'channel_axes', but got 'tensor<2xf32>'}}
  %s = qat.weight_step %w {bits = 4 : i32} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @weight_step_c3_channels(%w: tensor<2x3xf32>) {
  // expected-error @+1 {{expects a step with one element a channel (2), but got 'tensor<3xf32>'}}
  %s = qat.weight_step %w {bits = 4 : i32, channel_axes = array<i64: 0>} : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @quantize_folded_bias_c1(%b: tensor<2xf32>, %w: tensor<3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'weight_step' of rank 0 or with one element a channel (2), but got 'tensor<3xf32>'}}
  %0:3 = qat.quantize_folded_bias %b, %w, %s, %s {bias_bits = 32 : i32, rounding = #qat.rounding<floor>} : tensor<2xf32>, tensor<3xf32>
  return
}

// -----

func.func @quantize_folded_bias_bits(%b: tensor<2xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{attribute 'bias_bits' failed to satisfy constraint}}
  %0:3 = qat.quantize_folded_bias %b, %s, %s, %s {bias_bits = 33 : i32, rounding = #qat.rounding<floor>} : tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_logit_bias_c1(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %t: tensor<3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'weight_step' of rank 0 or with one element a channel (2)}}
  %0:4 = qat.quantize_logit_bias %b, %w, %t, %s {bias_bits = 32 : i32, channel_axes = array<i64: 0>, rounding = #qat.rounding<floor>} : tensor<2xf32>, tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @quantize_logit_bias_c2(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'channel_axes' that hold one index a channel (2), but they hold 3}}
  %0:4 = qat.quantize_logit_bias %b, %w, %s, %s {bias_bits = 32 : i32, channel_axes = array<i64: 1>, rounding = #qat.rounding<floor>} : tensor<2xf32>, tensor<2x3xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_channels_c1(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects gamma, beta, mean and variance as 'norm', but got 1 operands}}
  %0:6 = qat.quantize_channels %w, %b, %s, %s, %s norm(%b : tensor<2xf32>) {bias_bits = 32 : i32, channel_axes = array<i64: 0>, epsilon = 0.1 : f32, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_channels_c1_length(%b: tensor<2xf32>, %v: tensor<3xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'norm' with one element a channel (2), but got 'tensor<3xf32>'}}
  %0:6 = qat.quantize_channels %w, %b, %s, %s, %s norm(%b, %b, %b, %v : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>) {bias_bits = 32 : i32, channel_axes = array<i64: 0>, epsilon = 0.1 : f32, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_channels_c2(%b: tensor<2xf32>, %v: tensor<3xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'weight_step' of rank 0 or with one element a channel (2), but got 'tensor<3xf32>'}}
  %0:6 = qat.quantize_channels %w, %b, %v, %s, %s {bias_bits = 32 : i32, channel_axes = array<i64: 0>, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<3xf32>
  return
}

// -----

func.func @quantize_channels_c3(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'channel_axes' that hold one index a channel (2), but they hold 3}}
  %0:6 = qat.quantize_channels %w, %b, %s, %s, %s {bias_bits = 32 : i32, channel_axes = array<i64: 1>, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_channels_c4(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects 'epsilon' to go with 'norm'}}
  %0:6 = qat.quantize_channels %w, %b, %s, %s, %s {bias_bits = 32 : i32, channel_axes = array<i64: 0>, epsilon = 0.1 : f32, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @quantize_channels_c4_negative(%b: tensor<2xf32>, %w: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects a finite 'epsilon' of at least 0, but got -1.}}
  %0:6 = qat.quantize_channels %w, %b, %s, %s, %s norm(%b, %b, %b, %b : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {bias_bits = 32 : i32, channel_axes = array<i64: 0>, epsilon = -1.0 : f32, rounding = #qat.rounding<floor>} : tensor<2x3xf32>, tensor<2xf32>, tensor<f32>
  return
}

// -----

func.func @scale_channels_c1(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{dimensions}}
  %0 = qat.scale_channels %x, %s {channel_axes = array<i64: 2>} : tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @scale_channels_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects 'scale' with one element a channel (3), but got 'tensor<2xf32>'}}
  %0 = qat.scale_channels %x, %s : tensor<2x3xf32>, tensor<2xf32>
  return
}

// -----

func.func @scale_channels_c2_dynamic(%x: tensor<2x?xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects a static number of channels}}
  %0 = qat.scale_channels %x, %s : tensor<2x?xf32>, tensor<2xf32>
  return
}

// -----

func.func @levels_c1(%x: tensor<2x3xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{'qat.levels' op expects a step of rank 0 without 'channel_axes', but got 'tensor<3xf32>'}}
  %0 = qat.levels %x, %v : tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @levels_c1_channels(%x: tensor<2x3xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{'qat.levels' op expects a step with one element a channel (2), but got 'tensor<3xf32>'}}
  %0 = qat.levels %x, %v {channel_axes = array<i64: 0>} : tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @levels_c2(%x: tensor<2x3xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{dimensions}}
  %0 = qat.levels %x, %v {channel_axes = array<i64: 2>} : tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @dequantize_sums_c1(%x: tensor<2x3xf32>, %s: tensor<f32>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'qat.dequantize_sums' op expects 'bias' with one element a channel (3), but got 'tensor<2xf32>'}}
  %0 = qat.dequantize_sums %x, %s, %s, %v : tensor<2x3xf32>, tensor<f32>, tensor<2xf32>
  return
}

// -----

func.func @dequantize_sums_c1_step(%x: tensor<2x3xf32>, %s: tensor<f32>, %v: tensor<3xf32>, %w: tensor<2xf32>) {
  // expected-error @+1 {{'qat.dequantize_sums' op expects 'weight_step' of rank 0 or with one element a channel (3), but got 'tensor<2xf32>'}}
  %0 = qat.dequantize_sums %x, %w, %s, %v : tensor<2x3xf32>, tensor<2xf32>, tensor<3xf32>
  return
}

// -----

func.func @requantize_sums_c1(%x: tensor<2x3xf32>, %s: tensor<f32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{'qat.requantize_sums' op expects at most two bounds, but got 3}}
  %0 = qat.requantize_sums %x, %v, %v, %s, %s, %s, %s {bits = 8 : i32} : tensor<2x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @requantize_sums_c2(%x: tensor<2x3xf32>, %s: tensor<f32>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'qat.requantize_sums' op expects 'integer_bias' with one element a channel (3), but got 'tensor<2xf32>'}}
  %0 = qat.requantize_sums %x, %v, %v, %s, %s {bits = 8 : i32} : tensor<2x3xf32>, tensor<2xf32>
  return
}

// -----

func.func @requantize_levels_c1(%x: tensor<2x3xf32>, %s: tensor<f32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.requantize_levels' op expects one or two inputs and as many steps, but got 3 and 3}}
  %0 = qat.requantize_levels %x, %x, %x steps(%d, %d, %d) onto(%d) bounds(%s) {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @requantize_levels_c1_steps(%x: tensor<2x3xf32>, %s: tensor<f32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.requantize_levels' op expects one or two inputs and as many steps, but got 2 and 1}}
  %0 = qat.requantize_levels %x, %x steps(%d) onto(%d) bounds(%s) {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @requantize_levels_c1_type(%x: tensor<2x3xf32>, %y: tensor<3x3xf32>, %s: tensor<f32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.requantize_levels' op expects inputs of the type of the result, but got 'tensor<3x3xf32>'}}
  %0 = qat.requantize_levels %x, %y steps(%d, %d) onto(%d) bounds(%s) {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<2x3xf32>, tensor<3x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @requantize_levels_c2(%x: tensor<2x3xf32>, %s: tensor<f32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.requantize_levels' op expects one or two bounds, but got 3}}
  %0 = qat.requantize_levels %x steps(%d) onto(%d) bounds(%s, %s, %s) {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}
