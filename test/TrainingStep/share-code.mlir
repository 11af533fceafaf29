// RUN: qat-mlir-opt %s --qat-outline-groups | FileCheck %s

// Groups that differ in their operands alone are calls of one function; that of
// another constant is a function of its own.

// CHECK: func.func @step_group_0
// CHECK-NOT: func.func @step_group_1
// CHECK: func.func @step_group_2
// CHECK: callee = "step_group_0"
// CHECK: callee = "step_group_0"
// CHECK: callee = "step_group_2"
#id = affine_map<(c) -> (c)>
func.func @step(%a: memref<3xf32> {qat.role = "parameter"},
                %b: memref<3xf32> {qat.role = "parameter"},
                %c: memref<3xf32> {qat.role = "parameter"}) {
  %x = bufferization.to_tensor %a restrict writable : memref<3xf32> to tensor<3xf32>
  %y = bufferization.to_tensor %b restrict writable : memref<3xf32> to tensor<3xf32>
  %z = bufferization.to_tensor %c restrict writable : memref<3xf32> to tensor<3xf32>
  %r = qat.fused tiles(1) blocks(1) batched() whole(%x : tensor<3xf32>) -> tensor<3xf32>
       attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %t: tensor<3xf32>):
    %two = arith.constant 2.0 : f32
    %e = tensor.empty() : tensor<3xf32>
    %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%t : tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%v: f32, %o: f32):
      %m = arith.mulf %v, %two : f32
      linalg.yield %m : f32
    } -> tensor<3xf32>
    qat.fused_yield %p : tensor<3xf32>
  }
  %s = qat.fused tiles(1) blocks(1) batched() whole(%y : tensor<3xf32>) -> tensor<3xf32>
       attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %t: tensor<3xf32>):
    %two = arith.constant 2.0 : f32
    %e = tensor.empty() : tensor<3xf32>
    %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%t : tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%v: f32, %o: f32):
      %m = arith.mulf %v, %two : f32
      linalg.yield %m : f32
    } -> tensor<3xf32>
    qat.fused_yield %p : tensor<3xf32>
  }
  %q = qat.fused tiles(1) blocks(1) batched() whole(%z : tensor<3xf32>) -> tensor<3xf32>
       attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %t: tensor<3xf32>):
    %three = arith.constant 3.0 : f32
    %e = tensor.empty() : tensor<3xf32>
    %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%t : tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%v: f32, %o: f32):
      %m = arith.mulf %v, %three : f32
      linalg.yield %m : f32
    } -> tensor<3xf32>
    qat.fused_yield %p : tensor<3xf32>
  }
  bufferization.materialize_in_destination %r in writable %a : (tensor<3xf32>, memref<3xf32>) -> ()
  bufferization.materialize_in_destination %s in writable %b : (tensor<3xf32>, memref<3xf32>) -> ()
  bufferization.materialize_in_destination %q in writable %c : (tensor<3xf32>, memref<3xf32>) -> ()
  return
}
