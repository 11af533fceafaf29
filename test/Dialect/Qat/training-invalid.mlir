// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @count_samples_classes(%y: tensor<2xi32>) {
  // expected-error @+1 {{'qat.count_samples' op attribute 'classes' failed to satisfy constraint}}
  %0 = qat.count_samples %y {classes = 0 : i64} : tensor<2xi32> -> tensor<f32>
  return
}

// -----

func.func @count_samples_labels(%y: tensor<2xi64>) {
  // expected-error @+1 {{'qat.count_samples' op operand #0 must be 1D tensor of 32-bit signless integer values}}
  %0 = qat.count_samples %y {classes = 3 : i64} : tensor<2xi64> -> tensor<f32>
  return
}

// -----

func.func @softmax_cross_entropy_c1(%x: tensor<2x3xf32>, %y: tensor<3xi32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.softmax_cross_entropy' op expects 'labels' to have one element a row (2), but got 3}}
  %0, %1 = qat.softmax_cross_entropy %x, %y, %s, %s : tensor<2x3xf32>, tensor<3xi32>, tensor<f32>
  return
}

// -----

func.func @softmax_cross_entropy_c2(%x: tensor<2x3xf32>, %y: tensor<2xi32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.softmax_cross_entropy' op expects 'smoothing' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1 = qat.softmax_cross_entropy %x, %y, %d, %d : tensor<2x3xf32>, tensor<2xi32>, tensor<f64>
  return
}

// -----

func.func @softmax_cross_entropy_rank(%x: tensor<2x3x1xf32>, %y: tensor<2xi32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.softmax_cross_entropy' op operand #0 must be 2D tensor of}}
  %0, %1 = qat.softmax_cross_entropy %x, %y, %s, %s : tensor<2x3x1xf32>, tensor<2xi32>, tensor<f32>
  return
}

// -----

func.func @softmax_cross_entropy_size(%x: tensor<?x3xf32>, %y: tensor<2xi32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.softmax_cross_entropy' op operand #0 must be 2D tensor of}}
  %0, %1 = qat.softmax_cross_entropy %x, %y, %s, %s : tensor<?x3xf32>, tensor<2xi32>, tensor<f32>
  return
}

// -----

func.func @mean_squared_error_c1(%s: tensor<f32>) {
  // expected-error @+1 {{'qat.mean_squared_error' op expects 'output' to have a batch}}
  %0, %1 = qat.mean_squared_error %s, %s, %s : tensor<f32>, tensor<f32>
  return
}

// -----

func.func @mean_squared_error_c2(%x: tensor<2x3xf32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.mean_squared_error' op expects 'samples' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1 = qat.mean_squared_error %x, %x, %d : tensor<2x3xf32>, tensor<f64>
  return
}

// -----

func.func @distillation_loss_c1(%x: tensor<2x3xf32>, %y: tensor<1xi32>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.distillation_loss' op expects 'labels' to have one element a row (2), but got 1}}
  %0, %1 = qat.distillation_loss %x, %x, %y, %s, %s : tensor<2x3xf32>, tensor<1xi32>, tensor<f32>
  return
}

// -----

func.func @distillation_loss_c2(%x: tensor<2x3xf32>, %y: tensor<2xi32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.distillation_loss' op expects 'temperature' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1 = qat.distillation_loss %x, %x, %y, %d, %d : tensor<2x3xf32>, tensor<2xi32>, tensor<f64>
  return
}

// -----

func.func @blend_c1(%x: tensor<2x3xf32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.blend' op expects 'weight' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0 = qat.blend %x, %x, %d : tensor<2x3xf32>, tensor<f64>
  return
}

// -----

func.func @mean_loss_c1(%l: tensor<2xf32>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.mean_loss' op expects 'samples' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0 = qat.mean_loss %l, %d : tensor<2xf32>, tensor<f64>
  return
}

// -----

func.func @count_correct_c1(%x: tensor<2x3xf32>, %y: tensor<3xi32>) {
  // expected-error @+1 {{'qat.count_correct' op expects 'labels' to have one element a row (2), but got 3}}
  %0, %1 = qat.count_correct %x, %y : tensor<2x3xf32>, tensor<3xi32> -> tensor<f32>
  return
}

// -----

func.func @count_correct_c2(%x: tensor<2x3xf32>, %y: tensor<2xi32>) {
  // expected-error @+1 {{'qat.count_correct' op expects 'top1' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1 = qat.count_correct %x, %y : tensor<2x3xf32>, tensor<2xi32> -> tensor<f64>
  return
}

// -----

func.func @adam_c1(%x: tensor<2x3xf32>, %a: tensor<i1>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.adam' op expects 'scale' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1, %2 = qat.adam %x, %x, %x, %x if %a scale %d rate %d decay %d beta %d, %d correction %d, %d epsilon %d : tensor<2x3xf32>, tensor<f64>
  return
}

// -----

func.func @adam_apply(%x: tensor<2x3xf32>, %a: tensor<1xi1>, %s: tensor<f32>) {
  // expected-error @+1 {{rank-0 tensor of i1}}
  %0:3 = "qat.adam"(%x, %x, %x, %x, %a, %s, %s, %s, %s, %s, %s, %s, %s) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<1xi1>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @sgd_c1(%x: tensor<2x3xf32>, %a: tensor<i1>, %d: tensor<f64>) {
  // expected-error @+1 {{'qat.sgd' op expects 'scale' to be a number of type 'f32', but got 'tensor<f64>'}}
  %0, %1 = qat.sgd %x, %x, %x if %a scale %d rate %d decay %d momentum %d : tensor<2x3xf32>, tensor<f64>
  return
}

// -----

func.func @sgd_moment(%x: tensor<2x3xf32>, %m: tensor<3x2xf32>, %a: tensor<i1>, %s: tensor<f32>) {
  // expected-error @+1 {{'qat.sgd' op failed to verify that all of {parameter, gradient, moment, new_parameter, new_moment} have same type}}
  %0:2 = "qat.sgd"(%x, %x, %m, %a, %s, %s, %s, %s) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2xf32>, tensor<i1>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

// -----

func.func @squared_norm_type(%x: tensor<2x3xi32>) {
  // expected-error @+1 {{'qat.squared_norm' op operand #0 must be variadic of ranked tensor of}}
  %0 = qat.squared_norm(%x : tensor<2x3xi32>)
  return
}

// -----

func.func @clip_factor_squares(%s: tensor<f32>) {
  // expected-error @+1 {{'qat.clip_factor' op operand #0 must be rank-0 tensor of f64, but got 'tensor<f32>'}}
  %0:2 = "qat.clip_factor"(%s, %s, %s) : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @are_finite_rank(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'qat.are_finite' op operand #0 must be variadic of 0D tensor of}}
  %0 = qat.are_finite(%x : tensor<2x3xf32>)
  return
}

// -----

func.func @select_type(%x: tensor<2x3xf32>, %c: tensor<i1>, %y: tensor<3x2xf32>) {
  // expected-error @+1 {{'qat.select' op failed to verify that all of {new_value, old_value, result} have same type}}
  %0 = "qat.select"(%c, %x, %y) : (tensor<i1>, tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @accumulate_type(%x: tensor<2x3xf32>, %c: tensor<i1>, %y: tensor<3x2xf32>) {
  // expected-error @+1 {{'qat.accumulate' op failed to verify that all of {sum, gradient, result} have same type}}
  %0 = "qat.accumulate"(%x, %y, %c) : (tensor<2x3xf32>, tensor<3x2xf32>, tensor<i1>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scale_c1(%s: tensor<f32>) {
  // expected-error @+1 {{'qat.scale' op expects a finite 'factor', but got INF}}
  %0 = qat.scale %s {factor = 0x7FF0000000000000 : f64} : tensor<f32>
  return
}

// -----

func.func @dropout_c1(%x: tensor<2x3xf32>, %k: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{'qat.dropout' op expects 'rate' in [0, 1), but got 1}}
  %0 = qat.dropout %x, %k, %n {rate = 1.0 : f64, stream = 0 : i32} : tensor<2x3xf32>, tensor<2xi32>
  return
}

// -----

func.func @dropout_c1_negative(%x: tensor<2x3xf32>, %k: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{'qat.dropout' op expects 'rate' in [0, 1), but got -}}
  %0 = qat.dropout %x, %k, %n {rate = -0.5 : f64, stream = 0 : i32} : tensor<2x3xf32>, tensor<2xi32>
  return
}

// -----

func.func @dropout_c1_nan(%x: tensor<2x3xf32>, %k: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{'qat.dropout' op expects 'rate' in [0, 1), but got nan}}
  %0 = qat.dropout %x, %k, %n {rate = 0x7FF8000000000000 : f64, stream = 0 : i32} : tensor<2x3xf32>, tensor<2xi32>
  return
}

// -----

func.func @dropout_c2(%x: tensor<2x3xf32>, %k: tensor<2xi32>, %n: tensor<3xi32>) {
  // expected-error @+1 {{'qat.dropout' op expects 'samples' to have one element a sample of 'tensor<2x3xf32>', but got 3}}
  %0 = qat.dropout %x, %k, %n {rate = 0.5 : f64, stream = 0 : i32} : tensor<2x3xf32>, tensor<3xi32>
  return
}

// -----

func.func @dropout_c2_rank(%x: tensor<f32>, %k: tensor<2xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{'qat.dropout' op expects 'samples' to have one element a sample of 'tensor<f32>', but got 2}}
  %0 = qat.dropout %x, %k, %n {rate = 0.5 : f64, stream = 0 : i32} : tensor<f32>, tensor<2xi32>
  return
}

// -----

func.func @dropout_seed(%x: tensor<2x3xf32>, %k: tensor<3xi32>, %n: tensor<2xi32>) {
  // expected-error @+1 {{'qat.dropout' op operand #1 must be tensor of 2 i32, but got 'tensor<3xi32>'}}
  %0 = "qat.dropout"(%x, %k, %n) {rate = 0.5 : f64, stream = 0 : i32} : (tensor<2x3xf32>, tensor<3xi32>, tensor<2xi32>) -> tensor<2x3xf32>
  return
}
