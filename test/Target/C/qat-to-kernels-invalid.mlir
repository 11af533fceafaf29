// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --qat-name-buffers --convert-qat-to-kernels
// RUN: not qat-mlir-opt %s -split-input-file --convert-qat-to-kernels=target=pdp11 2>&1 | FileCheck %s --check-prefix=PDP

// PDP: error: unknown target 'pdp11'; there are 'cortex-m0plus', 'cortex-m3', 'cortex-m4', 'cortex-m33', 'cortex-m7', 'cortex-m55', 'host'

!t = tensor<1x4x4x2x!quant.uniform<u8:f32, 0.05>>

// expected-error @+1 {{the network's result is its input; there is nothing to compute}}
func.func @main(%x: !t) -> !t {
  return %x : !t
}

// -----

!t = tensor<2x4x4x2x!quant.uniform<u8:f32, 0.05>>

// expected-error @+1 {{expects a network for one image, but got 'tensor<2x4x4x2x}}
func.func @main(%x: !t) -> !t {
  return %x : !t
}

// -----

!t = tensor<1x4x4x2x!quant.uniform<u8:f32, 0.05>>

// expected-error @+1 {{expects a network with one input and one result, but got 2 and 1}}
func.func @main(%x: !t, %y: !t) -> !t {
  return %x : !t
}

// -----

// expected-error @+1 {{expects form I, quantized tensors of static shape, but got 'tensor<1x4xf32>'}}
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}

// -----

!t = tensor<1x4x!quant.uniform<u16:f32, 0.05>>
!flat = tensor<4x!quant.uniform<u16:f32, 0.05>>

// expected-error @+1 {{expects tensors of quantized elements of up to 8 bits or of i32, but got 'tensor<1x4x!quant.uniform<u16}}
func.func @main(%x: !t) -> !t {
  %0 = tensor.collapse_shape %x [[0, 1]] : !t into !flat
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [1, 4] : !flat into !t
  return %1 : !t
}

// -----

!t = tensor<1x70000x1x1x!quant.uniform<u8:f32, 0.05>>

func.func @main(%x: !t) -> !t {
  // expected-error @+1 {{expects 'in_h' between 0 and 65535 for the kernel 'qat_max_pool2d', but got 70000}}
  %0 = qat.max_pool2d %x {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!t) -> !t
  return %0 : !t
}

// -----

!t = tensor<1x8x!quant.uniform<u8:f32, 0.05>>
!w = tensor<8x8x!quant.uniform<i8:f32, 0.05>>

func.func @main(%x: !t) -> !t {
  // expected-error @+1 {{expects form I, integer layers only, but got 'tensor.empty'}}
  %w = tensor.empty() : tensor<8x8xi8>
  %b = arith.constant dense<0> : tensor<8xi32>
  %wq = quant.scast %w : tensor<8x8xi8> to !w
  %0 = qat.fully_connected %x, %wq, %b {multiplier = array<i32: 1>, shift = array<i8: 1>} : (!t, !w, tensor<8xi32>) -> !t
  return %0 : !t
}

// -----

!t = tensor<1x8x!quant.uniform<u8:f32, 0.05>>
!two = tensor<2x2x2x1x!quant.uniform<u8:f32, 0.05>>

// Kernels take one image, whatever the reshape around them says.
func.func @main(%x: !t) -> !t {
  %0 = tensor.expand_shape %x [[0], [1, 2, 3]] output_shape [1, 2, 4, 1] : !t into tensor<1x2x4x1x!quant.uniform<u8:f32, 0.05>>
  %1 = tensor.collapse_shape %0 [[0, 1], [2], [3]] : tensor<1x2x4x1x!quant.uniform<u8:f32, 0.05>> into tensor<2x4x1x!quant.uniform<u8:f32, 0.05>>
  %2 = tensor.expand_shape %1 [[0], [1, 2], [3]] output_shape [2, 2, 2, 1] : tensor<2x4x1x!quant.uniform<u8:f32, 0.05>> into !two
  // expected-error @+1 {{expects one image, but got 'tensor<2x2x2x1x}}
  %3 = qat.max_pool2d %2 {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (!two) -> !two
  %4 = tensor.collapse_shape %3 [[0, 1], [2], [3]] : !two into tensor<4x2x1x!quant.uniform<u8:f32, 0.05>>
  %5 = tensor.collapse_shape %4 [[0, 1, 2]] : tensor<4x2x1x!quant.uniform<u8:f32, 0.05>> into tensor<8x!quant.uniform<u8:f32, 0.05>>
  %6 = tensor.expand_shape %5 [[0, 1]] output_shape [1, 8] : tensor<8x!quant.uniform<u8:f32, 0.05>> into !t
  return %6 : !t
}

// -----

!t = tensor<1x8421505x!quant.uniform<u8:f32, 0.05>>
!w = tensor<1x8421505x!quant.uniform<i2:f32, 0.05>>
!y = tensor<1x1x!quant.uniform<u8:f32, 0.05>>

// 8421505 * 255 is more than 2^31 - 1, the most that a sum of inputs may be.
func.func @main(%x: !t) -> !y {
  %s = arith.constant dense<1> : tensor<1x8421505xi2>
  %w = quant.scast %s : tensor<1x8421505xi2> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{expects at most 8421504 inputs an output, but got 8421505}}
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1>, shift = array<i8: 1>} : (!t, !w, tensor<1xi32>) -> !y
  return %0 : !y
}

// -----

!t = tensor<1x1x129x65283x!quant.uniform<u8:f32, 0.05>>
!w = tensor<1x1x129x65283x!quant.uniform<i2:f32, 0.05>>
!y = tensor<1x1x1x1x!quant.uniform<u8:f32, 0.05>>

func.func @main(%x: !t) -> !y {
  %s = arith.constant dense<1> : tensor<1x1x129x65283xi2>
  %w = quant.scast %s : tensor<1x1x129x65283xi2> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{expects at most 8421504 inputs an output, but got 8421507}}
  %0 = qat.conv2d %x, %w, %b {multiplier = array<i32: 1>, shift = array<i8: 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!t, !w, tensor<1xi32>) -> !y
  return %0 : !y
}

// -----

!t = tensor<1x8421504x!quant.uniform<u8:f32, 0.05>>
!w = tensor<1x8421504x!quant.uniform<i2:f32, 0.05>>
!y = tensor<1x1x!quant.uniform<u8:f32, 0.05>>

func.func @main(%x: !t) -> !y {
  %s = arith.constant dense<1> : tensor<1x8421504xi2>
  %w = quant.scast %s : tensor<1x8421504xi2> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1>, shift = array<i8: 1>} : (!t, !w, tensor<1xi32>) -> !y
  return %0 : !y
}
