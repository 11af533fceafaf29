// RUN: qat-mlir-opt %s -split-input-file --qat-name-buffers=network=net | FileCheck %s
// RUN: not qat-mlir-opt %s -split-input-file --qat-name-buffers=network=int 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: error: expects the option 'network' to be a C identifier that is not in use, but got 'int'

!u8 = !quant.uniform<u8:f32, 0.05>
!t = tensor<1x4x4x2x!u8>

// Shared folders go, what C does not allow becomes an underscore, keywords and
// what is taken give way, always in the same way.
// CHECK-LABEL: func.func @main
func.func @main(%x: !t) -> !t {
  // CHECK: qat.c_name = "block1_conv_a"
  %0 = qat.requantize %x {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/block1/conv-a")
  // CHECK: qat.c_name = "block1_conv_a_2"
  %1 = qat.requantize %0 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/block1//conv.a")
  // CHECK: qat.c_name = "layer_int"
  %2 = qat.requantize %1 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/int")
  // CHECK: qat.c_name = "n3x3"
  %3 = qat.requantize %2 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/3x3;m/n/Relu")
  // CHECK: qat.c_name = "requantize_1"
  %4 = qat.requantize %3 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/\C3\A9")
  // CHECK: qat.c_name = "requantize_2"
  %5 = qat.requantize %4 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t
  // The network's own functions begin with its name.
  // CHECK: qat.c_name = "layer_net_run"
  %6 = qat.requantize %5 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/net_run")
  // A buffer of block1_conv_a has this name.
  // CHECK: qat.c_name = "block1_conv_a_out_2"
  %7 = qat.requantize %6 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/block1_conv_a_out")
  // Compilers know a function of this name.
  // CHECK: qat.c_name = "layer_round"
  %8 = qat.requantize %7 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/round")
  // The end of a long name says more than its beginning.
  // CHECK: qat.c_name = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww_depth"
  %9 = qat.requantize %8 {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("m/n/vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww_depth")
  return %9 : !t
}

// -----

!t = tensor<1x4x4x2x!quant.uniform<u8:f32, 0.05>>

// One name alone keeps what follows its folders.
// CHECK-LABEL: func.func @main
func.func @main(%x: !t) -> !t {
  // CHECK: qat.c_name = "conv"
  %0 = qat.requantize %x {multiplier = 2 : i32, offset = 0 : i32, shift = 1 : i32} : (!t) -> !t loc("a/b/conv")
  return %0 : !t
}
