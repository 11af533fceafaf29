// RUN: qat-mlir-opt %s -split-input-file --qat-plan-memory | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.05>
!t = tensor<1x4x4x2x!u8>

// A residual block: the branch that stays lives over the other, the sum takes
// its place, scratch lives for its call alone.
// CHECK: module attributes {qat.arena_bytes = 72 : i64, qat.peak_bytes = 72 : i64}
// CHECK: func.func @main(%[[X:.*]]: memref<32xi8>, %[[Y:.*]]: memref<32xi8>, %[[ARENA:.*]]: memref<72xi8> {qat.name = "arena"})
func.func @main(%x: memref<32xi8>, %y: memref<32xi8>) {
  // CHECK: %[[C0:.*]] = arith.constant 0 : index
  // CHECK: %[[STAY:.*]] = memref.view %[[ARENA]][%[[C0]]][]
  %stay = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_max_pool2d_u8_u8" @a ins(%x : memref<32xi8>) outs(%stay : memref<32xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  // CHECK: %[[C32:.*]] = arith.constant 32 : index
  // CHECK: %[[OTHER:.*]] = memref.view %[[ARENA]][%[[C32]]][]
  %other = memref.alloc() : memref<32xi8>
  // CHECK: %[[C64:.*]] = arith.constant 64 : index
  // CHECK: memref.view %[[ARENA]][%[[C64]]][]
  %scratch = memref.alloc() {alignment = 8 : i64} : memref<8xi8>
  qat.kernel_call "qat_conv2d_u8_u8_u8" @b ins(%stay : memref<32xi8>) outs(%other : memref<32xi8>) scratch(%scratch : memref<8xi8>) fields {} {kind = "conv2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  // The operand may be overwritten: it has no later reader.
  // CHECK: %[[C0_1:.*]] = arith.constant 0 : index
  // CHECK: %[[SUM:.*]] = memref.view %[[ARENA]][%[[C0_1]]][]
  // CHECK: qat.kernel_call "qat_add_u8_u8_u8" @c ins(%[[STAY]], %[[OTHER]] : memref<32xi8>, memref<32xi8>) outs(%[[SUM]]
  %sum = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_add_u8_u8_u8" @c ins(%stay, %other : memref<32xi8>, memref<32xi8>) outs(%sum : memref<32xi8>) fields {} {kind = "add", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8, 8>, tensors = [!t, !t, !t]}
  // CHECK: qat.kernel_call "qat_max_pool2d_u8_u8" @d ins(%[[SUM]] : memref<32xi8>) outs(%[[Y]] : memref<32xi8>)
  qat.kernel_call "qat_max_pool2d_u8_u8" @d ins(%sum : memref<32xi8>) outs(%y : memref<32xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.05>
!t = tensor<1x4x4x2x!u8>

// The operand is read again, so the result has memory of its own.
// CHECK: module attributes {qat.arena_bytes = 64 : i64, qat.peak_bytes = 64 : i64}
func.func @main(%x: memref<32xi8>, %y: memref<32xi8>) {
  %a = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_max_pool2d_u8_u8" @a ins(%x : memref<32xi8>) outs(%a : memref<32xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  %b = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_requantize_u8_u8" @b ins(%a : memref<32xi8>) outs(%b : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  qat.kernel_call "qat_add_u8_u8_u8" @c ins(%a, %b : memref<32xi8>, memref<32xi8>) outs(%y : memref<32xi8>) fields {} {kind = "add", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8, 8>, tensors = [!t, !t, !t]}
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.05>
!i8 = !quant.uniform<i8:f32, 0.05>
!t = tensor<1x4x4x2x!u8>
!s = tensor<1x4x4x2x!i8>

// A result of another storage is not put over its operand.
// CHECK: module attributes {qat.arena_bytes = 64 : i64, qat.peak_bytes = 64 : i64}
func.func @main(%x: memref<32xi8>, %y: memref<32xi8>) {
  %a = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_max_pool2d_u8_u8" @a ins(%x : memref<32xi8>) outs(%a : memref<32xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  %b = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_requantize_u8_i8" @b ins(%a : memref<32xi8>) outs(%b : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !s]}
  qat.kernel_call "qat_requantize_i8_u8" @c ins(%b : memref<32xi8>) outs(%y : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!s, !t]}
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.05>
!t = tensor<1x4x4x2x!u8>

// A chain of layers that may overwrite their operand needs one buffer.
// CHECK: module attributes {qat.arena_bytes = 32 : i64, qat.peak_bytes = 32 : i64}
func.func @main(%x: memref<32xi8>, %y: memref<32xi8>) {
  %a = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_requantize_u8_u8" @a ins(%x : memref<32xi8>) outs(%a : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  %b = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_requantize_u8_u8" @b ins(%a : memref<32xi8>) outs(%b : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  %c = memref.alloc() : memref<32xi8>
  qat.kernel_call "qat_requantize_u8_u8" @c ins(%b : memref<32xi8>) outs(%c : memref<32xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  qat.kernel_call "qat_max_pool2d_u8_u8" @d ins(%c : memref<32xi8>) outs(%y : memref<32xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 8, 8>, tensors = [!t, !t]}
  return
}

// -----

// Nothing to place: no arena.
// CHECK: module attributes {qat.arena_bytes = 0 : i64, qat.peak_bytes = 0 : i64}
// CHECK: func.func @main(%{{.*}}: memref<32xi8>, %{{.*}}: memref<32xi8>) {
func.func @main(%x: memref<32xi8>, %y: memref<32xi8>) {
  return
}

// -----

!u2 = !quant.uniform<u2:f32, 0.4>
!t = tensor<1x4x2x3x!u2>
!s = tensor<1x4x2x4x!u2>

// A part of a larger tensor, whose rows of two bytes hide that, is not put over
// what it is made of.
// CHECK: module attributes {qat.arena_bytes = 16 : i64, qat.peak_bytes = 16 : i64}
func.func @main(%x: memref<8xi8>, %y: memref<8xi8>) {
  %a = memref.alloc() : memref<8xi8>
  qat.kernel_call "qat_max_pool2d_u2_u2" @a ins(%x : memref<8xi8>) outs(%a : memref<8xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 2, 2>, tensors = [!t, !t]}
  %b = memref.alloc() : memref<8xi8>
  qat.kernel_call "qat_requantize_u2_u2" @b ins(%a : memref<8xi8>) outs(%b : memref<8xi8>) fields {} {kind = "requantize", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 2, 2>, tensors = [!t, !s]}
  qat.kernel_call "qat_max_pool2d_u2_u2" @c ins(%b : memref<8xi8>) outs(%y : memref<8xi8>) fields {} {kind = "max_pool2d", macs = 0 : i64, rows = 4 : i32, pitches = array<i32: 2, 2>, tensors = [!s, !s]}
  return
}
