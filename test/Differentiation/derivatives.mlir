// RUN: qat-mlir-opt %s -split-input-file -qat-differentiate=batch=2 | FileCheck %s

// The derivative of each op.

// Depthwise weights are HWCM.
// CHECK-LABEL: func.func @step(
// CHECK: qat.contraction input_gradient ins(%[[G:[^,]*]], %{{.*}} {depthwise, pad = array<i64: 1, 1, 1, 1>}
// CHECK: qat.contraction weight_gradient ins(%{{[^,]*}}, %[[G]] {{.*}}depthwise
// CHECK: qat.sum_to %[[G]] : tensor<2x4x4x4xf32> -> tensor<4xf32>
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"p1"(dense<0.5> : tensor<3x3x2x2xf32>) : tensor<3x3x2x2xf32>
ml_program.global private mutable @"p2"(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x64xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"p1" : tensor<3x3x2x2xf32>
%3 = ml_program.global_load @"p2" : tensor<4xf32>
%4 = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
%5 = tosa.depthwise_conv2d %1, %2, %3, %4, %4 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<3x3x2x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32>
%6 = tosa.const_shape {values = dense<[1, 64]> : tensor<2xindex>} : () -> !tosa.shape<2>
%7 = tosa.reshape %5, %6 : (tensor<1x4x4x4xf32>, !tosa.shape<2>) -> tensor<1x64xf32>
return %7 : tensor<1x64xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: qat.contraction input_gradient {{.*}} {groups = 2 : i64}
// CHECK: qat.contraction weight_gradient {{.*}} {groups = 2 : i64}
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"p1"(dense<0.5> : tensor<4x1x1x1xf32>) : tensor<4x1x1x1xf32>
ml_program.global private mutable @"p2"(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x64xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"p1" : tensor<4x1x1x1xf32>
%3 = ml_program.global_load @"p2" : tensor<4xf32>
%4 = qat.grouped_conv2d %1, %2, %3 {dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, groups = 2 : i64} : (tensor<1x4x4x2xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
%5 = tosa.const_shape {values = dense<[1, 64]> : tensor<2xindex>} : () -> !tosa.shape<2>
%6 = tosa.reshape %4, %5 : (tensor<1x4x4x4xf32>, !tosa.shape<2>) -> tensor<1x64xf32>
return %6 : tensor<1x64xf32>
}

// -----

// What was broadcast is summed.
// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: qat.sum_to %[[G]] : tensor<2x4x4x2xf32> -> tensor<1x1x1x2xf32>
// CHECK: qat.sum_to %[[G]] : tensor<2x4x4x2xf32> -> tensor<1x4x4x2xf32>
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"p1"(dense<0.5> : tensor<1x1x1x2xf32>) : tensor<1x1x1x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"p1" : tensor<1x1x1x2xf32>
%3 = tosa.add %1, %2 : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
%4 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%5 = tosa.reshape %3, %4 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %5 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: %[[N:.*]] = tosa.negate %[[G]]
// CHECK: qat.sum_to %[[N]]
// CHECK: qat.sum_to %[[G]]
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"p1"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"p1" : tensor<1x4x4x2xf32>
%3 = tosa.sub %1, %2 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%4 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%5 = tosa.reshape %3, %4 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %5 : tensor<1x32xf32>
}

// -----

// Both operands are one value: its gradient is a sum.
// CHECK-LABEL: func.func @step(
// CHECK: %[[X:.*]] = tosa.add %
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: %[[A:.*]] = tosa.mul %[[G]], %[[X]]
// CHECK: %[[B:.*]] = tosa.mul %[[G]], %[[X]]
// CHECK: %[[S:.*]] = tosa.add %[[A]], %[[B]]
// CHECK: qat.sum_to %[[S]]
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
%3 = tosa.mul %1, %1, %2 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1xi8>) -> tensor<1x4x4x2xf32>
%4 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%5 = tosa.reshape %3, %4 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %5 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[X:.*]] = tosa.add %
// CHECK: qat.clamp_gradient %[[X]], %{{.*}} {maximum = 6.000000e+00 : f32, minimum = 0.000000e+00 : f32}
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%3 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%4 = tosa.reshape %2, %3 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %4 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[X:.*]] = tosa.add %
// CHECK: qat.max_pool2d_gradient %[[X]], %{{.*}} {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>}
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x8xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.max_pool2d %1 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
%3 = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
%4 = tosa.reshape %2, %3 : (tensor<1x2x2x2xf32>, !tosa.shape<2>) -> tensor<1x8xf32>
return %4 : tensor<1x8xf32>
}

// -----

// Each operand has its slice of the gradient.
// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: tosa.slice %[[G]]
// CHECK: tosa.slice %[[G]]
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x64xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 1.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%3 = tosa.concat %2, %1 {axis = 3 : i32} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x4xf32>
%4 = tosa.const_shape {values = dense<[1, 64]> : tensor<2xindex>} : () -> !tosa.shape<2>
%5 = tosa.reshape %3, %4 : (tensor<1x4x4x4xf32>, !tosa.shape<2>) -> tensor<1x64xf32>
return %5 : tensor<1x64xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: tosa.slice %[[G]], {{.*}} -> tensor<2x4x4x2xf32>
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x50xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.const_shape {values = dense<[0, 0, 1, 0, 0, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
%3 = "tosa.const"() <{values = dense<0.5> : tensor<1xf32>}> : () -> tensor<1xf32>
%4 = tosa.pad %1, %2, %3 : (tensor<1x4x4x2xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x5x5x2xf32>
%5 = tosa.const_shape {values = dense<[1, 50]> : tensor<2xindex>} : () -> !tosa.shape<2>
%6 = tosa.reshape %4, %5 : (tensor<1x5x5x2xf32>, !tosa.shape<2>) -> tensor<1x50xf32>
return %6 : tensor<1x50xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: tosa.pad %[[G]], {{.*}} -> tensor<2x4x4x2xf32>
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x16xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.const_shape {values = dense<[0, 1, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
%3 = tosa.const_shape {values = dense<[1, 2, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
%4 = tosa.slice %1, %2, %3 : (tensor<1x4x4x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x2x4x2xf32>
%5 = tosa.const_shape {values = dense<[1, 16]> : tensor<2xindex>} : () -> !tosa.shape<2>
%6 = tosa.reshape %4, %5 : (tensor<1x2x4x2xf32>, !tosa.shape<2>) -> tensor<1x16xf32>
return %6 : tensor<1x16xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: tosa.transpose %[[G]] {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x2x4x4xf32>) -> tensor<2x4x4x2xf32>
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = tosa.transpose %1 {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
%3 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%4 = tosa.reshape %2, %3 : (tensor<1x2x4x4xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %4 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[Y:.*]] = qat.softmax
// CHECK: qat.softmax_gradient %[[Y]]
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4xf32>) : tensor<1x4xf32>
ml_program.global private mutable @"p1"(dense<0.5> : tensor<3x1x1x4xf32>) : tensor<3x1x1x4xf32>
ml_program.global private mutable @"p2"(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
func.func @main(%x: tensor<1x4xf32> {qat.name = "input"}) -> tensor<1x3xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4xf32>
%1 = tosa.add %x, %0 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
%2 = qat.softmax %1 : tensor<1x4xf32>
%3 = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
%4 = tosa.reshape %2, %3 : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32>
%5 = ml_program.global_load @"p1" : tensor<3x1x1x4xf32>
%6 = ml_program.global_load @"p2" : tensor<3xf32>
%7 = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
%8 = tosa.conv2d %4, %5, %6, %7, %7 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<3x1x1x4xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
%9 = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
%10 = tosa.reshape %8, %9 : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>
return %10 : tensor<1x3xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: %[[X:.*]] = tosa.add %
// CHECK: %[[DX:.*]], %[[DLO:.*]], %[[DHI:.*]] = qat.bounded_gradient %[[X]], %[[LO:.*]], %[[HI:.*]], %
// CHECK: qat.sum_to %[[DX]]
// CHECK: qat.adam %[[LO]], %[[DLO]]
// CHECK: qat.adam %[[HI]], %[[DHI]]
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"a.lo"(dense<0.5> : tensor<f32>) : tensor<f32>
ml_program.global private mutable @"a.hi"(dense<0.5> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"a.lo" : tensor<f32>
%3 = ml_program.global_load @"a.hi" : tensor<f32>
%4 = qat.bounded %1, %2, %3 {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<1x4x4x2xf32>
%5 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%6 = tosa.reshape %4, %5 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %6 : tensor<1x32xf32>
}

// -----

// A bound that is not learned has no moments.
// CHECK-LABEL: func.func @step({{.*}}a.alpha", qat.role = "parameter"}
// CHECK-NOT: a.alpha", qat.role = "moment1"
// CHECK: qat.pact_gradient
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"a.alpha"(dense<0.5> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"a.alpha" : tensor<f32>
%3 = qat.pact %1, %2 {activation_type = #qat.activation_type<clipped>, bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<1x4x4x2xf32>
%4 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%5 = tosa.reshape %3, %4 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %5 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: qat.bounded_gradient %[[W:[^,]*]], %[[LO:[^,]*]], %[[HI:[^,]*]], %
// CHECK: qat.adam %[[W]], %input_gradient
// CHECK: qat.adam %[[LO]], %lo_gradient
// CHECK: qat.adam %[[HI]], %hi_gradient
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"w"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"w.lo"(dense<0.5> : tensor<f32>) : tensor<f32>
ml_program.global private mutable @"w.hi"(dense<0.5> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"w" : tensor<1x4x4x2xf32>
%3 = ml_program.global_load @"w.lo" : tensor<f32>
%4 = ml_program.global_load @"w.hi" : tensor<f32>
%5 = qat.weight_asymmetric_pact %2, %3, %4 {bits = 4 : i32} : tensor<1x4x4x2xf32>
%6 = tosa.add %1, %5 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%7 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%8 = tosa.reshape %6, %7 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %8 : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @step(
// CHECK: qat.symmetric_gradient %[[W:[^,]*]], %[[HI:[^,]*]], %
// CHECK: qat.adam %[[W]], %input_gradient
// CHECK: qat.adam %[[HI]], %hi_gradient
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"w"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"w.hi"(dense<0.5> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"w" : tensor<1x4x4x2xf32>
%3 = ml_program.global_load @"w.hi" : tensor<f32>
%4 = qat.weight_symmetric_pact %2, %3 {bits = 4 : i32} : tensor<1x4x4x2xf32>
%5 = tosa.add %1, %4 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%6 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%7 = tosa.reshape %5, %6 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %7 : tensor<1x32xf32>
}

// -----

// Rounding passes the gradient on as it is.
// CHECK-LABEL: func.func @step(
// CHECK: %[[G:.*]] = tosa.reshape %gradient
// CHECK: %[[DW:.*]] = qat.sum_to %[[G]]
// CHECK: qat.adam
ml_program.global private mutable @"p0"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
ml_program.global private mutable @"w"(dense<0.5> : tensor<1x4x4x2xf32>) : tensor<1x4x4x2xf32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "input"}) -> tensor<1x32xf32> {
%0 = ml_program.global_load @"p0" : tensor<1x4x4x2xf32>
%1 = tosa.add %x, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%2 = ml_program.global_load @"w" : tensor<1x4x4x2xf32>
%3 = qat.weight_min_max %2 {bits = 4 : i32} : tensor<1x4x4x2xf32>
%4 = tosa.add %1, %3 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
%5 = tosa.const_shape {values = dense<[1, 32]> : tensor<2xindex>} : () -> !tosa.shape<2>
%6 = tosa.reshape %4, %5 : (tensor<1x4x4x2xf32>, !tosa.shape<2>) -> tensor<1x32xf32>
return %6 : tensor<1x32xf32>
}
