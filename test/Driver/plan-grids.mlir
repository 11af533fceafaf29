// What shares bits and what has its own; results stay at 8 bits.

// RUN: split-file %s %t
// RUN: qat plan %t/zero.mlir --mem_constraint 1M,1M | FileCheck %s --check-prefix=ZERO
// The pad and the pool have the bits of 'a' and are no rows; the ReLU behind
// them is one. 64 + 32 elements; 36 and 36; 3 times 36.
// ZERO:      layer
// ZERO-NEXT: a     {{.*}} 96
// ZERO-NEXT: late  {{.*}} 72
// ZERO-NEXT: sum   {{.*}} 108
// ZERO-EMPTY:
// ZERO:      peak at 'sum'

// RUN: not qat plan %t/zero.mlir --mem_constraint 1M,50 2>&1 | FileCheck %s --check-prefix=RESULT
// RESULT: live are 'pool' 9 bytes (36 x 2 bits), 'late' 9 bytes (36 x 2 bits), 'sum' 36 bytes (36 x 8 bits, never cut)
// RESULT: the smallest RAM budget is 54 bytes
// RESULT: 'a_bits' of layer 'sum' of 4 lowers it by 6 to 48
// RUN: qat plan %t/zero.mlir --mem_constraint 1M,48 --quant_add_config '[{"layer":"sum","a_bits":4}]' | FileCheck %s --check-prefix=LOWERED
// LOWERED: RAM: 48 of 48 bytes (peak at 'a'), 0 left

// Another value than zero needs a grid that holds it: a row, 64 + 144 elements.
// RUN: qat plan %t/one.mlir --mem_constraint 1M,1M | FileCheck %s --check-prefix=ONE
// ONE:      a     {{.*}} 96
// ONE-NEXT: pad   {{.*}} 208
// ONE-NEXT: late  {{.*}} 72

// Logits behind a pool keep their pool's source at 8 bits as well.
// RUN: not qat plan %t/pooled.mlir --mem_constraint 1M,95 2>&1 | FileCheck %s --check-prefix=POOLED
// POOLED: live are 'input' 32 bytes (32 x 8 bits, never cut), 'a' 64 bytes (64 x 8 bits, never cut)
// POOLED: 'a_bits' of layer 'a' of 4 lowers it by 32 to 64

// RUN: not qat plan %t/sine.mlir --mem_constraint 1M,1M 2>&1 | FileCheck %s --check-prefix=SINE
// SINE: error: 'wave': 'tosa.sin' has no integer form

//--- zero.mlir
ml_program.global private mutable @"a.weight"(dense<1.0> : tensor<4x1x1x2xf32>) : tensor<4x1x1x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %w = ml_program.global_load @"a.weight" : tensor<4x1x1x2xf32>
  %s = tosa.const_shape {values = dense<[0, 0, 1, 1, 1, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<4x1x1x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32> loc("a")
  %1 = tosa.pad %0, %s, %z : (tensor<1x4x4x4xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x6x6x4xf32> loc("pad")
  %2 = tosa.max_pool2d %1 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x6x6x4xf32>) -> tensor<1x3x3x4xf32> loc("pool")
  %3 = tosa.clamp %2 {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32> loc("late")
  %4 = tosa.add %2, %3 : (tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32> loc("sum")
  return %4 : tensor<1x3x3x4xf32>
}
//--- one.mlir
ml_program.global private mutable @"a.weight"(dense<1.0> : tensor<4x1x1x2xf32>) : tensor<4x1x1x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %one = "tosa.const"() {values = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %w = ml_program.global_load @"a.weight" : tensor<4x1x1x2xf32>
  %s = tosa.const_shape {values = dense<[0, 0, 1, 1, 1, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<4x1x1x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32> loc("a")
  %1 = tosa.pad %0, %s, %one : (tensor<1x4x4x4xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x6x6x4xf32> loc("pad")
  %2 = tosa.max_pool2d %1 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x6x6x4xf32>) -> tensor<1x3x3x4xf32> loc("pool")
  %3 = tosa.clamp %2 {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x3x3x4xf32>) -> tensor<1x3x3x4xf32> loc("late")
  return %3 : tensor<1x3x3x4xf32>
}
//--- pooled.mlir
ml_program.global private mutable @"a.weight"(dense<1.0> : tensor<4x1x1x2xf32>) : tensor<4x1x1x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x1x1x4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %w = ml_program.global_load @"a.weight" : tensor<4x1x1x2xf32>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<4x1x1x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32> loc("a")
  %1 = tosa.avg_pool2d %0, %z, %z {acc_type = f32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 4, 4>} : (tensor<1x4x4x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x4xf32> loc("pool")
  return %1 : tensor<1x1x1x4xf32>
}
//--- sine.mlir
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = tosa.sin %x : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("wave")
  return %0 : tensor<1x4xf32>
}
