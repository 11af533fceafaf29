// Constant weights outside of the range that their type declares: C packs them
// into fields of that range, so the pipelines refuse what would not survive it.
// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --qat-check-accumulators
// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --convert-qat-to-linalg
// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --qat-name-buffers --convert-qat-to-kernels

!x = tensor<1x2x!quant.uniform<u8:f32, 1.0>>
!w = tensor<1x2x!quant.uniform<i8<-1:1>:f32, 1.0>>
!y = tensor<1x1x!quant.uniform<i32:f32, 1.0>>

func.func @main(%x: !x) -> !y {
  %s = arith.constant dense<[[1, 127]]> : tensor<1x2xi8>
  %w = quant.scast %s : tensor<1x2xi8> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{expects weights in their storage range [-1, 1], but got 127}}
  %0 = qat.fully_connected %x, %w, %b : (!x, !w, tensor<1xi32>) -> !y
  return %0 : !y
}

// -----

!x = tensor<1x2x!quant.uniform<u8:f32, 1.0>>
!w = tensor<1x2x!quant.uniform<i8<-1:1>:f32, 1.0>>
!y = tensor<1x1x!quant.uniform<i32:f32, 1.0>>

// The bounds themselves are legal.
func.func @main(%x: !x) -> !y {
  %s = arith.constant dense<[[1, -1]]> : tensor<1x2xi8>
  %w = quant.scast %s : tensor<1x2xi8> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = qat.fully_connected %x, %w, %b : (!x, !w, tensor<1xi32>) -> !y
  return %0 : !y
}

// -----

!x = tensor<1x2x2x1x!quant.uniform<u8:f32, 1.0>>
!w = tensor<2x2x2x1x!quant.uniform<i8<-8:7>:f32:0, {1.0, 0.5}>>
!y = tensor<1x1x1x2x!quant.uniform<i32:f32, 1.0>>

func.func @main(%x: !x) -> !y {
  %s = arith.constant dense<-9> : tensor<2x2x2x1xi8>
  %w = quant.scast %s : tensor<2x2x2x1xi8> to !w
  %b = arith.constant dense<0> : tensor<2xi32>
  // expected-error @+1 {{expects weights in their storage range [-8, 7], but got -9}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, tensor<2xi32>) -> !y
  return %0 : !y
}

// -----

!x = tensor<1x1x1x2x!quant.uniform<u8:f32, 1.0>>
!w = tensor<1x1x2x!quant.uniform<u8<0:3>:f32, 1.0>>
!y = tensor<1x1x1x2x!quant.uniform<i32:f32, 1.0>>

// -1 is how a signless constant prints 255.
func.func @main(%x: !x) -> !y {
  %s = arith.constant dense<[[[3, -1]]]> : tensor<1x1x2xi8>
  %w = quant.scast %s : tensor<1x1x2xi8> to !w
  %b = arith.constant dense<0> : tensor<2xi32>
  // expected-error @+1 {{expects weights in their storage range [0, 3], but got 255}}
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, tensor<2xi32>) -> !y
  return %0 : !y
}

// -----

!x = tensor<1x2x!quant.uniform<u8:f32, 1.0>>
!w = tensor<1x2x!quant.uniform<i8<-1:1>:f32, 1.0>>
!y = tensor<1x1x!quant.uniform<i32:f32, 1.0>>

// Constants of imported networks are resources.
func.func @main(%x: !x) -> !y {
  %s = arith.constant dense_resource<weights> : tensor<1x2xi8>
  %w = quant.scast %s : tensor<1x2xi8> to !w
  %b = arith.constant dense<0> : tensor<1xi32>
  // expected-error @+1 {{expects weights in their storage range [-1, 1], but got -2}}
  %0 = qat.fully_connected %x, %w, %b : (!x, !w, tensor<1xi32>) -> !y
  return %0 : !y
}

{-#
  dialect_resources: {
    builtin: {
      weights: "0x0100000001FE"
    }
  }
#-}
