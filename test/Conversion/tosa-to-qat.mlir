// RUN: qat-mlir-opt %s -split-input-file --qat-normalize-tosa --convert-tosa-to-qat --canonicalize --qat-name-layers --mlir-print-debuginfo --mlir-use-nameloc-as-prefix=false | FileCheck %s

// A convolution with its rescale and clamp is one layer with that rounding.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x4x2x!quant.uniform<i8:f32, 5.000000e-01:-128>>
// CHECK-SAME: qat.name = "image"
// CHECK-SAME: -> (tensor<1x4x4x3x!quant.uniform<i8<-128:100>:f32, 1.000000e+00:-128>>
// CHECK: %[[B:.*]] = arith.constant dense<[7, 8, 9]> : tensor<3xi32>
// CHECK: %[[W:.*]] = quant.scast {{.*}} : tensor<3x1x1x2xi8> to tensor<3x1x1x2x!quant.uniform<i8:f32:0, {2.500000e-01,5.000000e-01,7.500000e-01}>>
// CHECK: %[[Y:.*]] = qat.conv2d %[[X]], %[[W]], %[[B]] {dilation = array<i64: 1, 1>, multiplier = array<i32: 1073741824>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.scale_rounding<double_round>, shift = array<i8: 38>, stride = array<i64: 1, 1>}
// CHECK-SAME: loc([[NAME:#.*]])
// CHECK: return %[[Y]]
// CHECK: [[NAME]] = loc("conv_7")
module attributes {qat.grids = {image = !quant.uniform<i8:f32, 0.5:-128>, filters = !quant.uniform<i8:f32:0, {0.25, 0.5, 0.75}>}} {
  func.func @main(%x: tensor<?x4x4x2xi8>) -> tensor<?x4x4x3xi8> attributes {tf.entry_function = {inputs = "image", outputs = "classes"}} {
    %w = "tosa.const"() <{values = dense<[[[[1, 2]]], [[[3, 4]]], [[[5, -6]]]]> : tensor<3x1x1x2xi8>}> : () -> tensor<3x1x1x2xi8> loc("filters")
    %b = "tosa.const"() <{values = dense<[7, 8, 9]> : tensor<3xi32>}> : () -> tensor<3xi32>
    %zx = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
    %zw = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %za = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
    %m = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
    %s = "tosa.const"() <{values = dense<38> : tensor<1xi8>}> : () -> tensor<1xi8>
    %a = tosa.conv2d %x, %w, %b, %zx, %zw {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<?x4x4x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<?x4x4x3xi32>
    %r = tosa.rescale %a, %m, %s, %za, %zx {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = DOUBLE_ROUND, scale32 = true} : (tensor<?x4x4x3xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<?x4x4x3xi8> loc("conv_7")
    %c = tosa.clamp %r {max_val = 100 : i8, min_val = -128 : i8} : (tensor<?x4x4x3xi8>) -> tensor<?x4x4x3xi8> loc("conv_7")
    return %c : tensor<?x4x4x3xi8>
  }
}

// -----

// Rescales around an addition, pools, a table and a clamp of its own.
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]] = qat.max_pool2d %{{.*}} -> tensor<1x2x2x2x!quant.uniform<i8:f32, 1.000000e+00:3>>
// CHECK: %[[A:.*]] = qat.avg_pool2d %{{.*}} rounding = #qat.rounding<half_away>
// CHECK: qat.rescaled_add %[[P]], %[[A]] {lhs_multiplier = array<i32: 1073741824, 1623821475>, lhs_shift = array<i8: 10, 33>, multiplier = 1098017566 : i32, rhs_multiplier = array<i32: 1073741824>, rhs_shift = array<i8: 11>, rounding = #qat.scale_rounding<single_round>, shift = 48 : i32}
// CHECK: qat.table %{{.*}} {values = array<i32: -1, -2,
// CHECK: qat.table %{{.*}} {values = array<i32: -5, -5,
func.func @main(%x: tensor<1x4x4x2xi8>) -> tensor<1x8xi8> {
  %z0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zx = "tosa.const"() <{values = dense<3> : tensor<1xi8>}> : () -> tensor<1xi8>
  %za = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s10 = "tosa.const"() <{values = dense<10> : tensor<1xi8>}> : () -> tensor<1xi8>
  %s11 = "tosa.const"() <{values = dense<11> : tensor<1xi8>}> : () -> tensor<1xi8>
  %m = "tosa.const"() <{values = dense<1623821475> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s33 = "tosa.const"() <{values = dense<33> : tensor<1xi8>}> : () -> tensor<1xi8>
  %mo = "tosa.const"() <{values = dense<1098017566> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s48 = "tosa.const"() <{values = dense<48> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<"0xFFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0DFDEDDDCDBDAD9D8D7D6D5D4D3D2D1D0CFCECDCCCBCAC9C8C7C6C5C4C3C2C1C0BFBEBDBCBBBAB9B8B7B6B5B4B3B2B1B0AFAEADACABAAA9A8A7A6A5A4A3A2A1A09F9E9D9C9B9A999897969594939291908F8E8D8C8B8A898887868584838281807F7E7D7C7B7A797877767574737271706F6E6D6C6B6A696867666564636261605F5E5D5C5B5A595857565554535251504F4E4D4C4B4A494847464544434241403F3E3D3C3B3A393837363534333231302F2E2D2C2B2A292827262524232221201F1E1D1C1B1A191817161514131211100F0E0D0C0B0A09080706050403020100"> : tensor<256xi8>}> : () -> tensor<256xi8>
  %shape = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %p = tosa.max_pool2d %x {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  %q = tosa.avg_pool2d %x, %z0, %z0 {acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x2xi8>
  %l = tosa.rescale %p, %one, %s10, %zx, %za {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x2x2x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x2x2x2xi32>
  %l2 = tosa.rescale %l, %m, %s33, %za, %za {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x2x2x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x2x2x2xi32>
  %r = tosa.rescale %q, %one, %s11, %zx, %za {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x2x2x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x2x2x2xi32>
  %a = tosa.add %l2, %r : (tensor<1x2x2x2xi32>, tensor<1x2x2x2xi32>) -> tensor<1x2x2x2xi32>
  %y = tosa.rescale %a, %mo, %s48, %za, %z0 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x2x2x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x2x2x2xi8>
  %f = tosa.reshape %y, %shape : (tensor<1x2x2x2xi8>, !tosa.shape<2>) -> tensor<1x8xi8>
  %u = tosa.table %f, %t : (tensor<1x8xi8>, tensor<256xi8>) -> tensor<1x8xi8>
  %c = tosa.clamp %u {max_val = 100 : i8, min_val = -5 : i8} : (tensor<1x8xi8>) -> tensor<1x8xi8>
  return %c : tensor<1x8xi8>
}
