// Bits by the memory there is (docs/Spec.md, section 9).

// RUN: qat-mlir-opt %s -qat-assign-precision='ram=900 rom=600 mode=MixPL' | FileCheck %s
// The skip of 'a' is live at 'b'; the pool keeps the grid of 'sum' and is not
// charged.
// CHECK:      tosa.conv2d {{.*}}qat.precision = {a_bits = 4 : i32, fold_type = "ICN", quant_type = "PerLayerAsymPACT", w_bits = 8 : i32}
// CHECK:      tosa.conv2d {{.*}}qat.precision = {a_bits = 4 : i32, fold_type = "ICN", quant_type = "PerLayerAsymPACT", w_bits = 8 : i32}
// CHECK:      tosa.add {{.*}} {qat.precision = {a_bits = 4 : i32}}
// CHECK:      tosa.avg_pool2d
// CHECK-NOT:  qat.precision
// CHECK:      tosa.conv2d {{.*}}qat.precision = {fold_type = "folding_weights", quant_type = "PerLayerAsymPACT", w_bits = 8 : i32}

// RUN: qat-mlir-opt %s -qat-assign-precision='ram=900 rom=600 mode=MixPL' -qat-insert-quantizers | FileCheck %s --check-prefix=INSERT
// INSERT-NOT: qat.precision
// INSERT:     qat.weight_asymmetric_pact {{.*}}bits = 8
// INSERT:     fold_type<ICN>
// INSERT:     qat.pact {{.*}}bits = 4
// INSERT:     qat.weight_asymmetric_pact {{.*}}bits = 8
// INSERT:     fold_type<ICN>
// INSERT:     qat.bounded {{.*}}bits = 4
// INSERT:     qat.bounded {{.*}}bits = 4
// INSERT:     qat.weight_asymmetric_pact {{.*}}bits = 8
// INSERT:     fold_type<folding_weights>
// INSERT-NOT: qat.precision

// What the configuration gives is fixed first; its scheme keeps the fold type
// that was assigned with it (a layer of less than 8 bits is ICN).
// RUN: qat-mlir-opt %s -qat-assign-precision='ram=2k rom=600 mode=MixPL layer-config=[{"layer":"b","w_bits":3,"quant_type":"PerLayerSymPACT"},{"layer":"sum","a_bits":5}]' -qat-insert-quantizers='layer-config=[{"layer":"b","w_bits":3,"quant_type":"PerLayerSymPACT"},{"layer":"sum","a_bits":5}]' | FileCheck %s --check-prefix=CONFIG
// CONFIG:     qat.weight_asymmetric_pact {{.*}}bits = 8
// CONFIG:     fold_type<folding_weights>
// CONFIG:     qat.pact {{.*}}bits = 8
// CONFIG:     qat.weight_symmetric_pact {{.*}}bits = 3
// CONFIG:     fold_type<ICN>
// CONFIG:     qat.bounded {{.*}}bits = 8
// CONFIG:     qat.bounded {{.*}}bits = 5

// RUN: not qat-mlir-opt %s -qat-assign-precision='ram=383 rom=600' 2>&1 | FileCheck %s --check-prefix=RAM
// RAM: error: layer 'a' needs 384 bytes of RAM, 1 more than the budget of 383, with all cut there that may be: live are 'input' 256 bytes (256 x 8 bits, never cut), 'a' 128 bytes (512 x 2 bits); the smallest RAM budget is 384 bytes; no single option lowers it
// RUN: not qat-mlir-opt %s -qat-assign-precision='ram=900 rom=300' 2>&1 | FileCheck %s --check-prefix=ROM
// ROM: error: the weights need 313 bytes of ROM (98 and 215 of biases, multipliers and the like), 13 more than the budget of 300, with all cut that may be; the largest are 'a' 160 bytes (2 bits), 'b' 104 bytes (2 bits), 'c' 49 bytes (2 bits); the smallest ROM budget is 313 bytes; --mixed-prec-quant MixPL lowers it by 7 to 306
// RUN: not qat-mlir-opt %s -qat-assign-precision='layer-config=[{"layer":"c","a_bits":4}]' 2>&1 | FileCheck %s --check-prefix=LAST
// LAST: error: {{.*}}is for the last layer, whose logits have 32 bits: it takes no 'a_bits'
// RUN: not qat-mlir-opt %s -qat-assign-precision='layer-config=[{"layer":"d","w_bits":4}]' 2>&1 | FileCheck %s --check-prefix=NOBODY
// NOBODY: error: entry 1 of the per-layer configuration (layer 'd') is for no layer that takes one
// RUN: not qat-mlir-opt %s -qat-assign-precision='layer-config=[{"layer":"b","w_bits":4},{"layer":1,"w_bits":2}]' 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: {{.*}}entry 2 of the per-layer configuration (layer 1) is for the same layer as entry 1 of the per-layer configuration (layer 'b')
// RUN: not qat-mlir-opt %s -qat-assign-precision='layer-config=[{"layer":"b","fold_type":"folding_weights"}]' 2>&1 | FileCheck %s --check-prefix=FOLD
// FOLD: error: {{.*}}the entry of layer 'b' of the per-layer configuration has fold type folding_weights, which PerChannelsAsymMinMax weights cannot take; MixPC gives them unless 'quant_type' says otherwise
// RUN: not qat-mlir-opt %s -qat-assign-precision='ram=64q' 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: error: ram: expects a size in bytes such as 65536, 64k or 1.5M, but got '64q'
// RUN: not qat-mlir-opt %s -qat-assign-precision='mode=Mix' 2>&1 | FileCheck %s --check-prefix=MODE
// MODE: error: unknown mode 'Mix'; expected MixPL or MixPC
// RUN: not qat-mlir-opt %s -qat-assign-precision='policy=x' 2>&1 | FileCheck %s --check-prefix=POLICY
// POLICY: error: unknown policy 'x'; expected consistent or reference
// RUN: not qat-mlir-opt %s -qat-assign-precision='memory-model=planned' 2>&1 | FileCheck %s --check-prefix=MODEL
// MODEL: error: memory model 'planned' is not built;
// RUN: not qat-mlir-opt %s -qat-insert-quantizers -qat-assign-precision 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: error: the network has quantizers already

// An attribute that nobody could have left.
// RUN: sed 's/array<i64: 1, 1>} : (tensor<1x1x1x8/array<i64: 1, 1>, qat.precision = {w_bits = 9 : i32}} : (tensor<1x1x1x8/' %s | not qat-mlir-opt -qat-insert-quantizers 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: {{.*}}expects 'qat.precision' to hold w_bits and a_bits from 2 to 8, quant_type and fold_type, but got {w_bits = 9 : i32}
// RUN: sed 's/array<i64: 1, 1>} : (tensor<1x1x1x8/array<i64: 1, 1>, qat.precision = {quant_type = "PerChannelsAsymMinMax", fold_type = "folding_weights"}} : (tensor<1x1x1x8/' %s | not qat-mlir-opt -qat-insert-quantizers 2>&1 | FileCheck %s --check-prefix=PAIR
// PAIR: error: {{.*}}PerChannelsAsymMinMax weights cannot take fold type folding_weights

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
