// RUN: qat-mlir-opt %s -qat-host-pipeline | FileCheck %s
// RUN: qat-mlir-opt %s -qat-host-pipeline -mlir-print-ir-after=qat-outline-loops -o /dev/null 2>&1 | FileCheck %s --check-prefix=LOOPS

// A network with parameters, from globals to the LLVM dialect: buffers are
// pointers, and nothing else is left.
// CHECK-NOT:   ml_program
// CHECK-LABEL: llvm.func @main(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK:       llvm.func internal @main_loops_0(
// CHECK-NOT:   builtin.unrealized_conversion_cast

// Each loop nest is a function of its own; what is allocated is freed, and the
// result is written where the caller wants it.
// LOOPS-LABEL: func.func @main(
// LOOPS-SAME:    %[[X:[a-z0-9]+]]: memref<1x4x4x2xf32>
// LOOPS-SAME:    %[[Y:[a-z0-9]+]]: memref<1x4x4x3xf32>
// LOOPS-NOT:     memref.alloc() {{.*}} : memref<1x4x4x3xf32>
// LOOPS-NOT:     memref.copy
// LOOPS:         %[[PAD:.*]] = memref.alloc() {{.*}} : memref<1x6x6x2xf32>
// LOOPS:         call @main_loops_{{[0-9]+}}(%[[X]], %[[PAD]])
// LOOPS:         call @main_loops_{{[0-9]+}}(%[[PAD]], %[[Y]])
// LOOPS:         memref.dealloc %[[PAD]]
// LOOPS:         return
// LOOPS-NEXT:  }
// LOOPS:       func.func private @main_loops_0({{.*}} {llvm.noalias}
ml_program.global private mutable @conv.weight(dense<0.5> : tensor<3x3x3x2xf32>) : tensor<3x3x3x2xf32>
ml_program.global private mutable @conv.bias(dense<[1.0, 2.0, 3.0]> : tensor<3xf32>) : tensor<3xf32>
func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x3xf32> {
  %w = ml_program.global_load @conv.weight : tensor<3x3x3x2xf32>
  %b = ml_program.global_load @conv.bias : tensor<3xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qat.weight_min_max %w {bits = 8 : i32} : tensor<3x3x3x2xf32>
  %0 = tosa.conv2d %x, %q, %b, %z, %z {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<3x3x3x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x3xf32>
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return %1 : tensor<1x4x4x3xf32>
}
