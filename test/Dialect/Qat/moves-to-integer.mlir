// RUN: qat-mlir-opt %s -split-input-file -qat-insert-quantizers=input-range=0,255 | FileCheck %s --check-prefix=Q
// RUN: qat-mlir-opt %s -split-input-file -qat-insert-quantizers=input-range=0,255 -qat-bind-parameters -qat-freeze-ranges -mlir-print-debuginfo | FileCheck %s --check-prefix=I
// RUN: qat-mlir-opt %s -split-input-file -qat-insert-quantizers=input-range=0,255 -qat-remove-quantizers | FileCheck %s --check-prefix=F

// A concat has a grid of its own; operands on others are moved to it, the one
// that is on it already is not. 255 steps from -6 to 6 are 0.047 each.
// Q-LABEL: func.func @main
// Q:         %[[X:.*]] = qat.quantize_input
// Q:         %[[C:.*]] = tosa.concat %[[X]], %[[X]] {axis = 3 : i32}
// Q:         qat.bounded %[[C]], %{{.*}}, %{{.*}} {bits = 8 : i32
// I-LABEL: func.func @main
// I-SAME:    (%[[X:.*]]: tensor<1x2x2x3x!quant.uniform<u8:f32, 1.000000e+00>>
// I:         %[[A:.*]] = qat.requantize %[[X]] {{.*}}!quant.uniform<u8:f32, 0.047{{.*}}:128>> loc(#[[A_LOC:.*]])
// I:         %[[B:.*]] = qat.requantize %[[X]]
// I:         qat.concat %[[A]], %[[B]] {axis = 3 : i64}
// I:         #[[A_LOC]] = loc("cat.operand0")
// F-LABEL: func.func @main
// F-NOT:     qat.
// F:         return
func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<1x2x2x6xf32> {
  %0 = tosa.concat %x, %x {axis = 3 : i32} : (tensor<1x2x2x3xf32>, tensor<1x2x2x3xf32>) -> tensor<1x2x2x6xf32> loc("cat")
  return %0 : tensor<1x2x2x6xf32>
}

// -----

// A ReLU behind the concat is its clamp.
// Q-LABEL: func.func @main
// Q:         %[[C:.*]] = tosa.concat
// Q-NEXT:    %[[A:.*]] = ml_program.global_load @cat.alpha
// Q-NEXT:    qat.pact %[[C]], %[[A]]
// I-LABEL: func.func @main
// I:         qat.concat {{.*}} -> tensor<1x2x4x3x!quant.uniform<u8:f32, 0.023{{.*}}>>
func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<1x2x4x3xf32> {
  %0 = tosa.concat %x, %x {axis = 2 : i32} : (tensor<1x2x2x3xf32>, tensor<1x2x2x3xf32>) -> tensor<1x2x4x3xf32> loc("cat")
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  return %1 : tensor<1x2x4x3xf32>
}

// -----

// Zero lies on every grid.
// Q-LABEL: func.func @main
// Q:         tosa.pad
// Q-NOT:     qat.
// Q:         return
// I-LABEL: func.func @main
// I-NOT:     qat.requantize
// I:         qat.pad %{{.*}} {high = array<i64: 0, 0, 2, 0>, low = array<i64: 0, 1, 0, 0>, value = 0 : i32}
func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<1x3x4x3xf32> {
  %sizes = tosa.const_shape {values = dense<[0, 0, 1, 0, 0, 2, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %value = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = tosa.pad %x, %sizes, %value : (tensor<1x2x2x3xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x3x4x3xf32> loc("pad")
  return %0 : tensor<1x3x4x3xf32>
}

// -----

// Another value comes with a grid: 1.5 on steps of 12/255 from -6 is
// floor(1.5 / 0.04706 + 0.5) + 128 = 160.
// Q-LABEL: func.func @main
// Q:         %[[P:.*]] = tosa.pad
// Q:         qat.bounded %[[P]]
// I-LABEL: func.func @main
// I:         %[[M:.*]] = qat.requantize
// I:         qat.pad %[[M]] {{.*}}value = 160 : i32}
func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<1x3x4x3xf32> {
  %sizes = tosa.const_shape {values = dense<[0, 0, 1, 0, 0, 2, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %value = "tosa.const"() {values = dense<1.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = tosa.pad %x, %sizes, %value : (tensor<1x2x2x3xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x3x4x3xf32> loc("pad")
  return %0 : tensor<1x3x4x3xf32>
}
