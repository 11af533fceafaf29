// RUN: qat-mlir-opt %s -convert-qat-to-linalg -canonicalize -split-input-file | FileCheck %s

// Subtract, multiply, add, each rounded on its own; the factor is a true
// division by a true square root, once a channel.
// CHECK-LABEL: func.func @batch_norm
// CHECK:         %[[G:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<16xf32>, tensor<16xf32>)
// CHECK:           %[[SUM:.*]] = arith.addf %{{.*}}, %{{.*}} : f32
// CHECK-NEXT:      %[[ROOT:.*]] = math.sqrt %[[SUM]] : f32
// CHECK-NEXT:      arith.divf %{{.*}}, %[[ROOT]] : f32
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[G]], %{{.*}} :
// CHECK:           %[[D:.*]] = arith.subf
// CHECK-NEXT:      %[[M:.*]] = arith.mulf %[[D]], %{{.*}} : f32
// CHECK-NEXT:      arith.addf %[[M]], %{{.*}} : f32
// CHECK-NOT:     fastmath
func.func @batch_norm(%x: tensor<1x8x8x16xf32>, %g: tensor<16xf32>, %b: tensor<16xf32>, %m: tensor<16xf32>, %v: tensor<16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = qat.batch_norm %x, %g, %b, %m, %v {epsilon = 1.0e-3 : f32} : tensor<1x8x8x16xf32>, tensor<16xf32>
  return %0 : tensor<1x8x8x16xf32>
}

// -----

// CHECK-LABEL: func.func @softmax
// CHECK:         arith.maximumf
// CHECK:         math.exp
// CHECK:         arith.addf
// CHECK:         arith.divf
func.func @softmax(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  %0 = qat.softmax %x : tensor<1x10xf32>
  return %0 : tensor<1x10xf32>
}

// -----

// Scales are computed in double; product and rounding are two operations.
// CHECK-LABEL: func.func @pact
// CHECK:         %[[ALPHA:.*]] = tensor.extract
// CHECK:         arith.divf {{.*}} : f64
// CHECK:         arith.truncf {{.*}} : f64 to f32
// CHECK:         linalg.generic
// CHECK:           %[[P:.*]] = arith.mulf
// CHECK-NEXT:      %[[R:.*]] = arith.addf %[[P]]
// CHECK-NEXT:      math.floor %[[R]]
// CHECK:           arith.cmpf oge, %{{.*}}, %[[ALPHA]]
func.func @pact(%x: tensor<4xf32>, %a: tensor<f32>) -> tensor<4xf32> {
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Floor rounding adds nothing.
// CHECK-LABEL: func.func @pact_floor
// CHECK:         %[[P:.*]] = arith.mulf
// CHECK-NEXT:    math.floor %[[P]]
func.func @pact_floor(%x: tensor<4xf32>, %a: tensor<f32>) -> tensor<4xf32> {
  %0 = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Both channel dimensions of depthwise weights have a step of their own.
// CHECK-LABEL: func.func @weight_min_max
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction", "reduction", "parallel", "parallel"]
// CHECK-SAME:      outs(%{{.*}} : tensor<8x2xf32>)
// CHECK:         math.roundeven
func.func @weight_min_max(%w: tensor<3x3x8x2xf32>) -> tensor<3x3x8x2xf32> {
  %0 = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 2, 3>} : tensor<3x3x8x2xf32>
  return %0 : tensor<3x3x8x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.1:3>
!w = !quant.uniform<u8:f32, 0.1:128>
!y = !quant.uniform<u4:f32, 0.1:2>

// Unsigned storage is zero-extended; the input is copied into a border of
// zeros; constant weights are transposed and freed of their zero point here;
// the output channel is the innermost loop; 64 bits after the accumulator.
// CHECK-LABEL: func.func @conv2d
// CHECK-SAME:    (%[[X:.*]]: tensor<1x4x4x1xi8>) -> tensor<1x4x4x2xi8>
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<3x3x1x2xi16>
// CHECK-DAG:     linalg.fill ins(%{{.*}} : i16) {{.*}} -> tensor<1x6x6x1xi16>
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : tensor<1x4x4x1xi8>)
// CHECK:           arith.extui %{{.*}} : i8 to i16
// CHECK:           arith.subi {{.*}} : i16
// CHECK:         %[[PADDED:.*]] = tensor.insert_slice {{.*}}[0, 1, 1, 0] [1, 4, 4, 1]
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]
// CHECK-SAME:      ins(%[[PADDED]], %[[W]] : {{.*}} outs(%{{.*}} : tensor<1x4x4x2xi32>)
// CHECK:         linalg.generic
// CHECK:           %[[SUM:.*]] = arith.addi {{.*}} : i64
// CHECK-NEXT:      %[[P:.*]] = arith.muli %[[SUM]], %{{.*}} : i64
// CHECK-NEXT:      %[[S:.*]] = arith.shrsi %[[P]], %{{.*}} : i64
// CHECK-NEXT:      %[[LO:.*]] = arith.maxsi %[[S]], %{{.*}} : i64
// CHECK-NEXT:      %[[HI:.*]] = arith.minsi %[[LO]], %{{.*}} : i64
// CHECK-NEXT:      %[[T:.*]] = arith.trunci %[[HI]] : i64 to i8
// CHECK-NEXT:      arith.addi %[[T]], %{{.*}} : i8
// CHECK-NOT:     quant.scast
func.func @conv2d(%x: tensor<1x4x4x1x!x>) -> tensor<1x4x4x2x!y> {
  %s = arith.constant dense<3> : tensor<2x3x3x1xi8>
  %w = quant.scast %s : tensor<2x3x3x1xi8> to tensor<2x3x3x1x!w>
  %b = arith.constant dense<[1, 2]> : tensor<2xi32>
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 38>} : (tensor<1x4x4x1x!x>, tensor<2x3x3x1x!w>, tensor<2xi32>) -> tensor<1x4x4x2x!y>
  return %0 : tensor<1x4x4x2x!y>
}

// -----

!x = !quant.uniform<i8:f32, 0.1>
!l = !quant.uniform<i32:f32, 0.1>

// Signed storage is sign-extended. 40,000 terms may exceed 32 bits, so the
// accumulator has 64, unless the op says that 32 are proved.
// CHECK-LABEL: func.func @fully_connected
// CHECK:         arith.extsi %{{.*}} : i8 to i16
// CHECK:         tensor<1x2xi64>
func.func @fully_connected(%x: tensor<1x140000x!x>, %w: tensor<2x140000x!x>, %b: tensor<2xi32>) -> tensor<1x2x!l> {
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x140000x!x>, tensor<2x140000x!x>, tensor<2xi32>) -> tensor<1x2x!l>
  return %0 : tensor<1x2x!l>
}

// CHECK-LABEL: func.func @fully_connected_proved
// CHECK-NOT:     tensor<1x2xi64>
// CHECK:         tensor<1x2xi32>
func.func @fully_connected_proved(%x: tensor<1x140000x!x>, %w: tensor<2x140000x!x>, %b: tensor<2xi32>) -> tensor<1x2x!l> {
  %0 = qat.fully_connected %x, %w, %b {accumulator_bits = 32 : i32} : (tensor<1x140000x!x>, tensor<2x140000x!x>, tensor<2xi32>) -> tensor<1x2x!l>
  return %0 : tensor<1x2x!l>
}

// -----

!x = !quant.uniform<u8:f32, 0.1>

// Windows at the border count the taps inside the image; others do not pay
// for them.
// CHECK-LABEL: func.func @avg_pool2d
// CHECK:         arith.constant dense<{{\[\[}}4, 6], [6, 9]]> : tensor<2x2xi32>
// CHECK:         arith.divui
// CHECK-LABEL: func.func @avg_pool2d_whole
// CHECK-NOT:     dense
// CHECK:         arith.divui
func.func @avg_pool2d(%x: tensor<1x4x4x2x!x>) -> tensor<1x2x2x2x!x> {
  %0 = qat.avg_pool2d %x {kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>, rounding = #qat.rounding<floor>} : (tensor<1x4x4x2x!x>) -> tensor<1x2x2x2x!x>
  return %0 : tensor<1x2x2x2x!x>
}
func.func @avg_pool2d_whole(%x: tensor<1x4x4x2x!x>) -> tensor<1x1x1x2x!x> {
  %0 = qat.avg_pool2d %x {kernel = array<i64: 4, 4>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<nearest>} : (tensor<1x4x4x2x!x>) -> tensor<1x1x1x2x!x>
  return %0 : tensor<1x1x1x2x!x>
}

// -----

!x = !quant.uniform<u4:f32, 0.1>

// Calls and reshapes follow their operands; storage below 8 bits takes a byte.
// CHECK-LABEL: func.func private @flatten
// CHECK-SAME:    tensor<1x1x1x4xi8>) -> tensor<1x4xi8>
// CHECK:         tensor.collapse_shape {{.*}} : tensor<1x1x1x4xi8> into tensor<1x4xi8>
func.func private @flatten(%x: tensor<1x1x1x4x!x>) -> tensor<1x4x!x> {
  %0 = tensor.collapse_shape %x [[0], [1, 2, 3]] : tensor<1x1x1x4x!x> into tensor<1x4x!x>
  return %0 : tensor<1x4x!x>
}
// CHECK-LABEL: func.func @storage
// CHECK-SAME:    (%[[X:.*]]: tensor<1x1x1x4xi8>) -> tensor<1x4xi4>
// CHECK:         %[[F:.*]] = call @flatten(%[[X]])
// CHECK:         arith.trunci %[[F]] : tensor<1x4xi8> to tensor<1x4xi4>
func.func @storage(%x: tensor<1x1x1x4x!x>) -> tensor<1x4xi4> {
  %0 = call @flatten(%x) : (tensor<1x1x1x4x!x>) -> tensor<1x4x!x>
  %1 = quant.scast %0 : tensor<1x4x!x> to tensor<1x4xi4>
  return %1 : tensor<1x4xi4>
}
