// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

!a = !quant.uniform<u8:f32, 0.05>
!b = !quant.uniform<u8:f32, 0.1>
func.func @concat_c1(%x: tensor<1x4x4x8x!a>, %y: tensor<1x4x4x8x!b>) {
  // expected-error @+1 {{'qat.concat' op expects operands of the result's element type '!quant.uniform<u8:f32, 5.000000e-02>', but got '!quant.uniform<u8:f32, 1.000000e-01>'}}
  %0 = qat.concat %x, %y {axis = 3 : i64} : (tensor<1x4x4x8x!a>, tensor<1x4x4x8x!b>) -> tensor<1x4x4x16x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @concat_c2_batch(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{attribute 'axis' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = qat.concat %x, %x {axis = 0 : i64} : (tensor<1x4x4x8x!a>, tensor<1x4x4x8x!a>) -> tensor<2x4x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @concat_c2(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects 'axis' between 1 and 3, but got 4}}
  %0 = qat.concat %x, %x {axis = 4 : i64} : (tensor<1x4x4x8x!a>, tensor<1x4x4x8x!a>) -> tensor<1x4x4x16x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @concat_c3_shape(%x: tensor<1x4x4x8x!a>, %y: tensor<1x4x3x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects operands of the result's shape [1, 4, 4, 16] but along 'axis', but got [1, 4, 3, 8]}}
  %0 = qat.concat %x, %y {axis = 3 : i64} : (tensor<1x4x4x8x!a>, tensor<1x4x3x8x!a>) -> tensor<1x4x4x16x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @concat_c3_rank(%x: tensor<1x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects operands of the result's shape [1, 8, 1] but along 'axis', but got [1, 8]}}
  %0 = qat.concat %x {axis = 1 : i64} : (tensor<1x8x!a>) -> tensor<1x8x1x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @concat_c3_sum(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects operands whose sizes along 'axis' add up to 17, but got 16}}
  %0 = qat.concat %x, %x {axis = 3 : i64} : (tensor<1x4x4x8x!a>, tensor<1x4x4x8x!a>) -> tensor<1x4x4x17x!a>
  return
}

// -----

!a = !quant.uniform<i16:f32, 0.05>
func.func @concat_c4(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects values of at most 8 bits, but got 'i16'}}
  %0 = qat.concat %x {axis = 3 : i64} : (tensor<1x4x4x8x!a>) -> tensor<1x4x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u4:f32, 0.05:16>
func.func @concat_c5(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.concat' op expects the zero point of operand #0 to lie in its storage range [0, 15], but got 16}}
  %0 = qat.concat %x {axis = 3 : i64} : (tensor<1x4x4x8x!a>) -> tensor<1x4x4x8x!a>
  return
}

// -----

func.func @concat_empty() {
  // expected-error @+1 {{'qat.concat' op expects at least one operand}}
  %0 = qat.concat {axis = 3 : i64} : () -> tensor<1x4x4x8x!quant.uniform<u8:f32, 0.05>>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
!b = !quant.uniform<u8:f32, 0.1>
func.func @pad_c1(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects operands of the result's element type '!quant.uniform<u8:f32, 1.000000e-01>', but got '!quant.uniform<u8:f32, 5.000000e-02>'}}
  %0 = qat.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x6x6x8x!b>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @pad_c2_batch(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects no padding of the batch}}
  %0 = qat.pad %x {low = array<i64: 1, 0, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<2x4x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @pad_c2(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects a result of shape [1, 5, 4, 8], but got [1, 4, 4, 8]}}
  %0 = qat.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x4x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @pad_c2_elements(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{attribute 'low' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements}}
  %0 = qat.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x5x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @pad_negative(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{attribute 'low' failed to satisfy constraint: i64 dense array attribute with exactly 4 elements whose value is non-negative}}
  %0 = qat.pad %x {low = array<i64: 0, -1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x3x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u8:f32, 0.05>
func.func @pad_c3(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects 'value' in the storage range [0, 255], but got 256}}
  %0 = qat.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 256 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x5x4x8x!a>
  return
}

// -----

!a = !quant.uniform<i16:f32, 0.05>
func.func @pad_c4(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects values of at most 8 bits, but got 'i16'}}
  %0 = qat.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x5x4x8x!a>
  return
}

// -----

!a = !quant.uniform<u4:f32, 0.05:16>
func.func @pad_c5(%x: tensor<1x4x4x8x!a>) {
  // expected-error @+1 {{'qat.pad' op expects the zero point of operand #0 to lie in its storage range [0, 15], but got 16}}
  %0 = qat.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x8x!a>) -> tensor<1x5x4x8x!a>
  return
}
