// Text to bytecode and back is the identity, also for weights held as blobs
// and for quantized types.
// RUN: qat-mlir-opt %s --emit-bytecode -o %t.mlirbc
// RUN: qat-mlir-opt %t.mlirbc --mlir-print-debuginfo -o %t.back.mlir
// RUN: qat-mlir-opt %s --mlir-print-debuginfo -o %t.text.mlir
// RUN: diff %t.text.mlir %t.back.mlir
// RUN: FileCheck %s < %t.back.mlir

// CHECK: ml_program.global private mutable @conv1.weight(dense_resource<conv1.weight> : tensor<2x2xf32>)
ml_program.global private mutable @"conv1.weight"(dense_resource<conv1.weight> : tensor<2x2xf32>) : tensor<2x2xf32>

// CHECK: func.func @main
// CHECK-SAME: tensor<1x4x!quant.uniform<u8:f32, 5.000000e-01:3>>
func.func @main(%x: tensor<1x4x!quant.uniform<u8:f32, 0.5:3>> {qat.name = "input"}) -> tensor<1x4xf32> {
  %0 = quant.dcast %x : tensor<1x4x!quant.uniform<u8:f32, 0.5:3>> to tensor<1x4xf32> loc("conv1")
  // CHECK: qat.softmax {{.*}} loc(
  %1 = qat.softmax %0 : tensor<1x4xf32> loc("softmax")
  return %1 : tensor<1x4xf32>
}

{-#
  dialect_resources: {
    builtin: {
      // CHECK: conv1.weight: "0x040000000000803F00000040000040400000803F"
      conv1.weight: "0x040000000000803F00000040000040400000803F"
    }
  }
#-}
