// The per-layer configuration (docs/Spec.md, section 8).

// RUN: qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":"a","w_bits":3,"a_bits":5},{"layer":1,"quant_type":"PerLayerAsymMinMax"},{"layer":"sum","a_bits":2}]' | FileCheck %s
// An index counts the layers with weights; a scheme brings its fold type.
// CHECK:     qat.weight_min_max %{{.*}} {bits = 3 : i32, channel_axes = array<i64: 0>}
// CHECK:     tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<ICN>
// CHECK:     qat.bounded {{.*}} {bits = 5 : i32
// CHECK:     qat.weight_min_max %{{.*}} {bits = 8 : i32}
// CHECK:     tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<folding_weights>
// CHECK:     qat.bounded {{.*}} {bits = 8 : i32
// CHECK:     qat.bounded {{.*}} {bits = 2 : i32
// CHECK:     qat.weight_min_max %{{.*}} {bits = 8 : i32, channel_axes = array<i64: 0>}

// RUN: not qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":"d","w_bits":3}]' 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: entry 1 of the per-layer configuration (layer 'd') is for no layer that takes one: the network has 3 layers with weights, and adds and concats; qat info lists their names
// RUN: not qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":3,"w_bits":3}]' 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: entry 1 of the per-layer configuration (layer 3) is for no layer
// RUN: not qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":"sum","w_bits":3}]' 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: {{.*}}entry 1 of the per-layer configuration (layer 'sum') is for a layer without weights, which takes only 'a_bits'
// RUN: not qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":0},{"layer":2,"a_bits":3}]' 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: {{.*}}entry 2 of the per-layer configuration (layer 2) is for the last layer, whose logits have 32 bits: it takes no 'a_bits'
// RUN: not qat-mlir-opt %s -qat-insert-quantizers='batch-fold-type=ICN layer-config=[{"layer":0,"fold_type":"folding_weights"}]' 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: {{.*}}entry 1 of the per-layer configuration (layer 0): PerChannelsAsymMinMax weights cannot take fold type folding_weights
// RUN: qat-mlir-opt %s -qat-insert-quantizers='layer-config=[{"layer":0,"fold_type":"folding_thresh"}]' | FileCheck %s --check-prefix=THRESH
// THRESH: tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<folding_thresh>
// THRESH: tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<ICN>
// RUN: not qat-mlir-opt %s -qat-insert-quantizers='layer-config={3}' 2>&1 | FileCheck %s --check-prefix=E6
// E6: error: the per-layer configuration

ml_program.global private mutable @"a.weight"(dense<1.0> : tensor<4x1x1x4xf32>) : tensor<4x1x1x4xf32>
ml_program.global private mutable @"b.weight"(dense<1.0> : tensor<4x1x1x4xf32>) : tensor<4x1x1x4xf32>
ml_program.global private mutable @"c.weight"(dense<1.0> : tensor<4x1x1x4xf32>) : tensor<4x1x1x4xf32>

func.func @main(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %wa = ml_program.global_load @"a.weight" : tensor<4x1x1x4xf32>
  %0 = tosa.conv2d %x, %wa, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x2x2x4xf32>, tensor<4x1x1x4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x4xf32> loc("a")
  %wb = ml_program.global_load @"b.weight" : tensor<4x1x1x4xf32>
  %1 = tosa.conv2d %x, %wb, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x2x2x4xf32>, tensor<4x1x1x4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x4xf32> loc("b")
  %2 = tosa.add %0, %1 : (tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> loc("sum")
  %wc = ml_program.global_load @"c.weight" : tensor<4x1x1x4xf32>
  %3 = tosa.conv2d %2, %wc, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x2x2x4xf32>, tensor<4x1x1x4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x4xf32> loc("c")
  return %3 : tensor<1x2x2x4xf32>
}
