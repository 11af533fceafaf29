ml_program.global private mutable @"a.weight"(dense<1.0> : tensor<8x3x3x4xf32>) : tensor<8x3x3x4xf32>
ml_program.global private mutable @"b.weight"(dense<1.0> : tensor<8x1x1x8xf32>) : tensor<8x1x1x8xf32>
ml_program.global private mutable @"c.weight"(dense<1.0> : tensor<5x1x1x8xf32>) : tensor<5x1x1x8xf32>
func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x1x1x5xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<8xf32>} : () -> tensor<8xf32>
  %b5 = "tosa.const"() {values = dense<0.0> : tensor<5xf32>} : () -> tensor<5xf32>
  %wa = ml_program.global_load @"a.weight" : tensor<8x3x3x4xf32>
  %0 = tosa.conv2d %x, %wa, %b, %z, %z {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x4xf32>, tensor<8x3x3x4xf32>, tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x8xf32> loc("a")
  %r = tosa.clamp %0 {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("a")
  %wb = ml_program.global_load @"b.weight" : tensor<8x1x1x8xf32>
  %1 = tosa.conv2d %r, %wb, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>, tensor<8x1x1x8xf32>, tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x8xf32> loc("b")
  %2 = tosa.add %r, %1 : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> loc("sum")
  %p = tosa.avg_pool2d %2, %z, %z {acc_type = f32, kernel = array<i64: 8, 8>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 8, 8>} : (tensor<1x8x8x8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x8xf32> loc("pool")
  %wc = ml_program.global_load @"c.weight" : tensor<5x1x1x8xf32>
  %3 = tosa.conv2d %p, %wc, %b5, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x1x8xf32>, tensor<5x1x1x8xf32>, tensor<5xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x5xf32> loc("c")
  return %3 : tensor<1x1x1x5xf32>
}
