// A module of every form survives text with locations, generic text and bytecode,
// odd scales and names included.

// RUN: qat-mlir-opt %s -qat-insert-quantizers=type-quant=PerLayerAsymPACT -mlir-print-debuginfo -o %t.q.mlir
// RUN: qat-mlir-opt %t.q.mlir --verify-roundtrip -mlir-print-debuginfo | diff %t.q.mlir -
// RUN: qat-mlir-opt %t.q.mlir --emit-bytecode | qat-mlir-opt -mlir-print-debuginfo | diff %t.q.mlir -
// RUN: qat-mlir-opt %t.q.mlir -mlir-print-op-generic -mlir-print-debuginfo | qat-mlir-opt -mlir-print-debuginfo | diff %t.q.mlir -
// RUN: qat-mlir-opt %t.q.mlir -qat-bind-parameters -qat-fold-batch-norm -mlir-print-debuginfo -o %t.fold.mlir
// RUN: qat-mlir-opt %t.fold.mlir --verify-roundtrip -mlir-print-debuginfo | diff %t.fold.mlir -
// RUN: qat-mlir-opt %t.fold.mlir -qat-freeze-ranges -qat-check-accumulators -mlir-print-debuginfo -o %t.i.mlir
// RUN: qat-mlir-opt %t.i.mlir --verify-roundtrip -mlir-print-debuginfo | diff %t.i.mlir -
// RUN: qat-mlir-opt %t.i.mlir --emit-bytecode | qat-mlir-opt -mlir-print-debuginfo | diff %t.i.mlir -
// RUN: FileCheck %s --input-file=%t.i.mlir

// Passes one by one and all at once give the same bytes.
// RUN: qat-mlir-opt %s -qat-insert-quantizers=type-quant=PerLayerAsymPACT -qat-bind-parameters -qat-fold-batch-norm -qat-freeze-ranges -qat-check-accumulators -mlir-print-debuginfo | diff %t.i.mlir -

// Quantizers in and out again leave the float network.
// RUN: qat-mlir-opt %s -mlir-print-debuginfo -o %t.f.mlir
// RUN: qat-mlir-opt %s -qat-insert-quantizers -qat-remove-quantizers -mlir-print-debuginfo | diff %t.f.mlir -

// CHECK: qat.conv2d {{.*}} loc(#[[CONV:.*]])
// CHECK: qat.conv2d {{.*}} loc(#[[LAST:.*]])
// CHECK-DAG: #[[CONV]] = loc("block \22a\22/conv.1"
// CHECK-DAG: #[[LAST]] = loc("last"

!x = tensor<1x4x4x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>

#file = loc("model.onnx":1:2)
ml_program.global private mutable @"block a/conv.1.weight"(dense<[[[[-0.5240707, 0.0884585]]], [[[-0.2600897, 0.2078401]]]]> : !w) : !w
ml_program.global private mutable @"block a/conv.1.bn.var"(dense<[0.3333333, 0.7777777]> : !c) : !c
ml_program.global private mutable @"last.weight"(dense<[[[[-0.5240707, 0.0884585]]], [[[-0.2600897, 0.2078401]]]]> : !w) : !w

func.func @main(%x: !x {qat.name = "input"}) -> (!x {qat.name = "output"}) {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = arith.constant dense<0.1> : !c
  %w = ml_program.global_load @"block a/conv.1.weight" : !w
  %v = ml_program.global_load @"last.weight" : !w
  %var = ml_program.global_load @"block a/conv.1.bn.var" : !c
  %0 = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("block \22a\22/conv.1"(#file))
  %1 = qat.batch_norm %0, %var, %b, %b, %var {epsilon = 1.0e-5 : f32} : !x, !c
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!x) -> !x loc("block \22a\22/conv.1")
  %4 = tosa.conv2d %2, %v, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("last")
  return %4 : !x
}
