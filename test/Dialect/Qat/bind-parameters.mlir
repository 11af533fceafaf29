// RUN: qat-mlir-opt %s -split-input-file -qat-bind-parameters -mlir-print-debuginfo -verify-diagnostics | FileCheck %s

// A parameter becomes a constant that is located at its name.
!c = tensor<2xf32>
// CHECK-NOT: ml_program.global
// CHECK-LABEL: func.func @bind
ml_program.global private mutable @"conv1.weight"(dense<[1.0, 2.0]> : !c) : !c
ml_program.global private mutable @"fc.bias"(dense<3.0> : !c) : !c
func.func @bind() -> (!c, !c, !c) {
  // CHECK: %[[W:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32> loc(#[[WLOC:.*]])
  // CHECK: %[[B:.*]] = arith.constant dense<3.000000e+00> : tensor<2xf32> loc(#[[BLOC:.*]])
  // CHECK: %[[V:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32> loc(#[[WLOC]])
  // CHECK: return %[[W]], %[[B]], %[[V]]
  // CHECK-DAG: #[[WLOC]] = loc("conv1.weight")
  // CHECK-DAG: #[[BLOC]] = loc("fc.bias")
  %0 = ml_program.global_load @"conv1.weight" : !c
  %1 = ml_program.global_load @"fc.bias" : !c
  %2 = ml_program.global_load @"conv1.weight" : !c
  return %0, %1, %2 : !c, !c, !c
}

// -----

// Weights that are blobs stay blobs.
!c = tensor<2xf32>
// CHECK-LABEL: func.func @bind_resource
ml_program.global private mutable @"conv1.weight"(dense_resource<"conv1.weight"> : !c) : !c
func.func @bind_resource() -> !c {
  // CHECK: arith.constant dense_resource<conv1.weight> : tensor<2xf32>
  %0 = ml_program.global_load @"conv1.weight" : !c
  return %0 : !c
}
{-#
  dialect_resources: {
    builtin: {
      "conv1.weight": "0x040000000000803f00000040"
    }
  }
#-}

// -----

// What is stored to is state and stays.
!c = tensor<2xf32>
// CHECK: ml_program.global private mutable @running
ml_program.global private mutable @"running"(dense<1.0> : !c) : !c
// CHECK-LABEL: func.func @keep_state
func.func @keep_state(%x: !c) -> !c {
  // CHECK: ml_program.global_load @running
  %0 = ml_program.global_load @"running" : !c
  ml_program.global_store @running = %x : !c
  return %0 : !c
}

// -----

// A parameter that nobody reads goes, one that another module may read does not.
!c = tensor<2xf32>
// CHECK-NOT: @unused
// CHECK: @exported
// CHECK-NOT: @unused
ml_program.global private mutable @"unused"(dense<1.0> : !c) : !c
ml_program.global public @exported(dense<1.0> : !c) : !c
func.func @unread_parameter() {
  return
}

// -----

// A nested module has parameters of its own.
!c = tensor<2xf32>
ml_program.global private mutable @"w"(dense<1.0> : !c) : !c
// CHECK-LABEL: func.func @inner
module {
ml_program.global private mutable @"w"(dense<2.0> : !c) : !c
  func.func @inner() -> !c {
    // CHECK: arith.constant dense<2.000000e+00>
    %0 = ml_program.global_load @"w" : !c
    return %0 : !c
  }
}
// CHECK-LABEL: func.func @outer
func.func @outer() -> !c {
  // CHECK: arith.constant dense<1.000000e+00>
  %0 = ml_program.global_load @"w" : !c
  return %0 : !c
}

// -----

// Without a value there is nothing to bind.
!c = tensor<2xf32>
// expected-error @+1 {{parameter 'conv1.weight' has no value to bind}}
ml_program.global private mutable @"conv1.weight" : !c
func.func @refuse_missing_value() -> !c {
  %0 = ml_program.global_load @"conv1.weight" : !c
  return %0 : !c
}

// -----

// An extern value is elsewhere.
!c = tensor<2xf32>
// expected-error @+1 {{parameter 'conv1.weight' has no value to bind}}
ml_program.global private mutable @"conv1.weight"(#ml_program.extern : !c) : !c
func.func @refuse_extern_value() -> !c {
  %0 = ml_program.global_load @"conv1.weight" : !c
  return %0 : !c
}
