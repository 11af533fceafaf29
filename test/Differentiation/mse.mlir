// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics -qat-differentiate="batch=4 loss=mse" | FileCheck %s

// The target is the input; there are no labels.
// CHECK-LABEL: func.func @step(
// CHECK-NOT: "label"
// CHECK: %[[Y:.*]] = tosa.add %[[X:[^,]*]], %[[B:[^ ]*]] :
// CHECK: %[[LOSS:.*]], %[[G:.*]] = qat.mean_squared_error %[[Y]], %[[X]]
// CHECK: %[[DB:.*]] = qat.sum_to %[[G]] : tensor<4x3xf32> -> tensor<1x3xf32>
// CHECK: qat.adam %[[B]], %[[DB]]
ml_program.global private mutable @b(dense<0.5> : tensor<1x3xf32>) : tensor<1x3xf32>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %b = ml_program.global_load @b : tensor<1x3xf32>
  %y = tosa.add %x, %b : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32> loc("add")
  return %y : tensor<1x3xf32>
}

// -----

func.func @main(%x: tensor<1x3xf32>) -> tensor<1x6xf32> {
  // expected-error @unknown {{cannot compare the result, 'tensor<4x6xf32>', with the input, 'tensor<4x3xf32>', for the loss mse}}
  %y = tosa.concat %x, %x {axis = 1 : i32} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x6xf32> loc("twice")
  return %y : tensor<1x6xf32>
}
