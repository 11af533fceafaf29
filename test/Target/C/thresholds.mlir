// The C of layers that compare: tables in the section of the weights, counted
// there, and no multiplier, neither as data nor as a product of 64 bits.
//
// REQUIRES: arm-none-eabi-gcc
// RUN: rm -rf %t && qat deploy %s --target cortex-m4 --name net -o %t
// RUN: FileCheck %s < %t/net.c
// RUN: FileCheck %s --check-prefix=NONE < %t/net.c
// RUN: cat %t/qat-rt/*.c | FileCheck %s --check-prefix=KERNELS
// RUN: arm-none-eabi-gcc -std=c99 -O2 -mcpu=cortex-m4 -mthumb -I%t -r -nostdlib %t/net.c %t/qat-rt/*.c -o %t/net.o
// RUN: arm-none-eabi-objdump -d %t/net.o | FileCheck %s --check-prefix=CODE
// RUN: arm-none-eabi-gcc -std=c99 -O2 -mcpu=cortex-m0plus -mthumb -I%t -r -nostdlib %t/net.c %t/qat-rt/*.c -o %t/small.o
// RUN: arm-none-eabi-objdump -d %t/small.o | FileCheck %s --check-prefix=CODE
// The check itself: with a multiplier there is such a product.
// RUN: sed 's/, %%t2 {falling = array<i1: true, true, true>/ {multiplier = array<i32: 3>, shift = array<i8: 40>/; s/, tensor<3x255xi32>) ->/) ->/' %s > %t.scaled.mlir
// RUN: qat deploy %t.scaled.mlir --target cortex-m4 --name net -o %t.scaled
// RUN: arm-none-eabi-gcc -std=c99 -O2 -mcpu=cortex-m4 -mthumb -I%t.scaled -r -nostdlib %t.scaled/net.c %t.scaled/qat-rt/*.c -o %t.scaled.o
// RUN: arm-none-eabi-objdump -d %t.scaled.o | FileCheck %s --check-prefix=SCALED

// 2 words of weights, 2 * 15 thresholds, 2 bytes, a struct of 76.
// CHECK: * conv {{.*}} 64 206 B
// CHECK: * total
// CHECK: static const int32_t conv_thresholds[30] NET_WEIGHTS_SECTION = {
// CHECK-NEXT: -20, -10, 0, 1, 2, 3,
// CHECK: static const uint8_t conv_falling[2] NET_WEIGHTS_SECTION = {
// CHECK-NEXT: 0, 1,
// CHECK: .thresholds = conv_thresholds, .falling = conv_falling
// CHECK: static const int32_t depthwise_thresholds[6] NET_WEIGHTS_SECTION
// CHECK: static const int32_t hidden_thresholds[765] NET_WEIGHTS_SECTION
// CHECK: qat_conv2d_u8_i8_u4_thresholds(&conv,
// CHECK: qat_depthwise_conv2d_u4_i8_u2_thresholds(&depthwise,
// CHECK: qat_fully_connected_u2_i8_u8_thresholds(&hidden,
// CHECK: qat_fully_connected_u8_i8_i32_unscaled(&logits,

// NONE-NOT: multiplier
// NONE-NOT: _shift
// NONE-NOT: conv_bias
// NONE: logits_bias

// KERNELS-DAG: QAT_CONV2D_KERNEL(qat_conv2d_u8_i8_u4_thresholds, u8, i8, u4, QAT_ACC32 | QAT_THRESHOLDS)
// KERNELS-DAG: QAT_DEPTHWISE_CONV2D_KERNEL(qat_depthwise_conv2d_u4_i8_u2_thresholds, u4, i8, u2, QAT_ACC32 | QAT_THRESHOLDS)

// CODE-NOT: {{smull|umull|smlal|umlal|smmul|lmul}}
// CODE: net_run
// CODE-NOT: {{smull|umull|smlal|umlal|smmul|lmul}}

// SCALED: {{smull|smlal|smmul}}

!x = tensor<1x4x4x2x!quant.uniform<u8:f32, 1.0>>
!c = tensor<1x4x4x2x!quant.uniform<u4:f32, 1.0>>
!d = tensor<1x4x4x2x!quant.uniform<u2:f32, 1.0>>
!f = tensor<1x32x!quant.uniform<u2:f32, 1.0>>
!w = !quant.uniform<i8:f32, 1.0>
func.func @main(%x: !x) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>> {
  %b2 = arith.constant dense<0> : tensor<2xi32>
  %b3 = arith.constant dense<0> : tensor<3xi32>
  %k0 = arith.constant dense<[[[[1, -2]]], [[[3, 4]]]]> : tensor<2x1x1x2xi8>
  %w0 = quant.scast %k0 : tensor<2x1x1x2xi8> to tensor<2x1x1x2x!w>
  %t0 = arith.constant dense<[[-20, -10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [-20, -10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]> : tensor<2x15xi32>
  %0 = qat.conv2d %x, %w0, %b2, %t0 {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, falling = array<i1: false, true>, accumulator_bits = 32 : i32} : (!x, tensor<2x1x1x2x!w>, tensor<2xi32>, tensor<2x15xi32>) -> !c loc("conv")
  %k1 = arith.constant dense<3> : tensor<3x3x2xi8>
  %w1 = quant.scast %k1 : tensor<3x3x2xi8> to tensor<3x3x2x!w>
  %t1 = arith.constant dense<[[50, 100, 150], [60, 120, 180]]> : tensor<2x3xi32>
  %1 = qat.depthwise_conv2d %0, %w1, %b2, %t1 {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, accumulator_bits = 32 : i32} : (!c, tensor<3x3x2x!w>, tensor<2xi32>, tensor<2x3xi32>) -> !d loc("depthwise")
  %2 = tensor.collapse_shape %1 [[0], [1, 2, 3]] : !d into !f
  %k2 = arith.constant dense<-5> : tensor<3x32xi8>
  %w2 = quant.scast %k2 : tensor<3x32xi8> to tensor<3x32x!w>
  %t2 = arith.constant dense<7> : tensor<3x255xi32>
  %3 = qat.fully_connected %2, %w2, %b3, %t2 {falling = array<i1: true, true, true>, accumulator_bits = 32 : i32} : (!f, tensor<3x32x!w>, tensor<3xi32>, tensor<3x255xi32>) -> tensor<1x3x!quant.uniform<u8:f32, 1.0>> loc("hidden")
  %k3 = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %w3 = quant.scast %k3 : tensor<2x3xi8> to tensor<2x3x!w>
  %4 = qat.fully_connected %3, %w3, %b2 {accumulator_bits = 32 : i32} : (tensor<1x3x!quant.uniform<u8:f32, 1.0>>, tensor<2x3x!w>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>> loc("logits")
  return %4 : tensor<1x2x!quant.uniform<i32:f32, 1.0>>
}
