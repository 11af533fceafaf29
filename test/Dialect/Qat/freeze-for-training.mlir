// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerChannelsAsymMinMax" -qat-freeze-for-training | FileCheck %s --check-prefix=ICN
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerAsymPACT activ-type=relu6" -qat-freeze-for-training | FileCheck %s --check-prefix=FOLD
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerAsymPACT" | sed -e 's/weight.hi(dense<[^>]*>/weight.hi(dense<7.0>/' > %t.moved.mlir
// RUN: qat-mlir-opt %t.moved.mlir -qat-freeze-for-training | FileCheck %s --check-prefix=ANEW
// RUN: qat-mlir-opt %t.moved.mlir -qat-freeze-for-training=keep-bounds | FileCheck %s --check-prefix=KEPT
// RUN: sed -e 's/module attributes {/module attributes {qat.trained_bounds, /' %t.moved.mlir | qat-mlir-opt -qat-freeze-for-training | FileCheck %s --check-prefix=KEPT

// A frozen network becomes the integer network that the live one becomes.
// RUN: qat-mlir-opt %s -qat-insert-quantizers -qat-integer-pipeline -o %t.live.mlir
// RUN: qat-mlir-opt %s -qat-insert-quantizers -qat-freeze-for-training -qat-integer-pipeline -o %t.frozen.mlir
// RUN: diff %t.live.mlir %t.frozen.mlir
// RUN: qat-mlir-opt %s -qat-insert-quantizers -qat-freeze-for-training -qat-fold-batch-norm | FileCheck %s --check-prefix=THAWED

// Freezing a frozen network changes nothing.
// RUN: qat-mlir-opt %s -qat-insert-quantizers -qat-freeze-for-training -o %t.once.mlir
// RUN: qat-mlir-opt %t.once.mlir -qat-freeze-for-training -o %t.twice.mlir
// RUN: diff %t.once.mlir %t.twice.mlir

!x = tensor<1x4x4x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>

ml_program.global private mutable @"conv.weight"(dense<[[[[-3.0, -1.0]]], [[[1.0, 3.0]]]]> : !w) : !w
ml_program.global private mutable @"conv.bn.gamma"(dense<[4.0, 0.5]> : !c) : !c
ml_program.global private mutable @"conv.bn.beta"(dense<[1.0, 2.0]> : !c) : !c
ml_program.global private mutable @"conv.bn.mean"(dense<[0.0, 0.5]> : !c) : !c
ml_program.global private mutable @"conv.bn.var"(dense<[4.0, 1.0]> : !c) : !c
ml_program.global private mutable @"fc.weight"(dense<[[[[-3.0, -1.0]]], [[[1.0, 3.0]]]]> : !w) : !w

// ICN-LABEL: func.func @main
// ICN:       %[[SX:.*]] = arith.constant dense<0.00784313772> : tensor<f32>
// ICN:       %[[WQ:.*]] = qat.weight_min_max %[[W:.*]] {bits = 8 : i32, channel_axes = array<i64: 0>}
// ICN-DAG:   %[[SW:.*]] = qat.weight_step %[[W]] {bits = 8 : i32, channel_axes = array<i64: 0>} : tensor<2x1x1x2xf32> -> tensor<2xf32>
// ICN-DAG:   %[[SO:.*]] = qat.pact_step %[[A:.*]] {bits = 8 : i32}
// ICN:       %[[Q:[a-z_]*]], %[[B:[a-z_]*]], %[[S:[a-z]*]], %{{.*}} = qat.quantize_channels %[[WQ]], %{{.*}}, %[[SW]], %[[SX]], %[[SO]] norm(
// ICN-SAME:    {bias_bits = 32 : i32, channel_axes = array<i64: 0>, epsilon = 0.000000e+00 : f32, rounding = #qat.rounding<nearest>}
// ICN:       %[[Y:.*]] = tosa.conv2d %{{.*}}, %[[Q]], %[[B]],
// ICN-NEXT:  %[[Z:.*]] = qat.scale_channels %[[Y]], %[[S]]
// ICN-NEXT:  %[[P:.*]] = qat.pact %[[Z]], %[[A]]
// ICN-NEXT:  %[[G:.*]] = qat.rounded_avg_pool2d %[[P]], %[[SO]] {{.*}}rounding = #qat.rounding<nearest>
// ICN:       %[[L:[a-z]*]], %{{.*}} = qat.quantize_logit_bias %{{.*}}, %{{.*}}, %{{.*}}, %[[SO]]
// ICN:       tosa.conv2d %[[G]], %{{.*}}, %[[L]],

// The relu6 is clipped from here on; the weights are clamped.
// FOLD-LABEL: func.func @main
// FOLD:       %[[T:.*]] = qat.fold_weight
// FOLD:       qat.weight_asymmetric_pact %[[T]], %{{.*}} {bits = 8 : i32} :
// FOLD:       qat.weight_step %[[T]], %conv.weight.lo, %conv.weight.hi {bits = 8 : i32}
// FOLD:       %[[B:[a-z]*]], %{{.*}} = qat.quantize_folded_bias
// FOLD:       tosa.conv2d {{.*}}%[[B]],
// FOLD-NEXT:  qat.pact {{.*}}activation_type = #qat.activation_type<clipped>


// Folded weights are -6, -2 and 0.5, 1.5. The bounds of the last layer, which
// has no batch norm, were learned from the start.
// ANEW-DAG: @conv.weight.lo(dense<-6.000000e+00>
// ANEW-DAG: @conv.weight.hi(dense<1.500000e+00>
// ANEW-DAG: @fc.weight.hi(dense<7.000000e+00>
// KEPT-DAG: @conv.weight.hi(dense<7.000000e+00>

// THAWED-NOT: qat.quantize_{{channels|logit|folded}}
// THAWED-NOT: qat.scale_channels
// THAWED:     qat.batch_norm {{.*}}fold_type = #qat.fold_type<ICN>, frozen
// THAWED:     tosa.avg_pool2d
func.func @main(%x: !x) -> tensor<1x1x1x2xf32> {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = arith.constant dense<0.1> : !c
  %w = ml_program.global_load @"conv.weight" : !w loc("conv")
  %y = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("conv")
  %g = ml_program.global_load @"conv.bn.gamma" : !c
  %e = ml_program.global_load @"conv.bn.beta" : !c
  %m = ml_program.global_load @"conv.bn.mean" : !c
  %v = ml_program.global_load @"conv.bn.var" : !c
  %n = qat.batch_norm %y, %g, %e, %m, %v {epsilon = 0.0 : f32} : !x, !c loc("conv")
  %r = tosa.clamp %n {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!x) -> !x loc("conv")
  %p = tosa.avg_pool2d %r, %zp, %zp {acc_type = f32, kernel = array<i64: 4, 4>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!x, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32> loc("pool")
  %u = ml_program.global_load @"fc.weight" : !w loc("fc")
  %z = tosa.conv2d %p, %u, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, !w, !c, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32> loc("fc")
  return %z : tensor<1x1x1x2xf32>
}
