#loc2 = loc("x")
module attributes {qat.source = "m.onnx"} {
  ml_program.global private mutable @conv.weight(dense_resource<conv.weight> : tensor<3x3x2x1xf32>) : tensor<3x3x2x1xf32> loc(#loc1)
  ml_program.global private mutable @conv.bias(dense_resource<conv.bias> : tensor<2xf32>) : tensor<2xf32> loc(#loc1)
  func.func @main(%arg0: tensor<1x6x6x2xf32> {qat.name = "x"} loc("x")) -> (tensor<1x16xf32> {qat.name = "y"}) {
    %conv.weight = ml_program.global_load @conv.weight : tensor<3x3x2x1xf32> loc(#loc1)
    %conv.bias = ml_program.global_load @conv.bias : tensor<2xf32> loc(#loc1)
    %0 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc1)
    %1 = tosa.depthwise_conv2d %arg0, %conv.weight, %conv.bias, %0, %0 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 1, 1, 0>, stride = array<i64: 2, 1>} : (tensor<1x6x6x2xf32>, tensor<3x3x2x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x5x2xf32> loc(#loc1)
    %2 = tosa.clamp %1 {max_val = 6.000000e+00 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x3x5x2xf32>) -> tensor<1x3x5x2xf32> loc(#loc3)
    %3 = tosa.max_pool2d %2 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x3x5x2xf32>) -> tensor<1x2x4x2xf32> loc(#loc4)
    %4 = tosa.const_shape  {values = dense<[1, 16]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc5)
    %5 = tosa.reshape %3, %4 : (tensor<1x2x4x2xf32>, !tosa.shape<2>) -> tensor<1x16xf32> loc(#loc5)
    %6 = qat.softmax %5 : tensor<1x16xf32> loc(#loc6)
    %7 = tosa.const_shape  {values = dense<[1, 2, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4> loc(#loc7)
    %8 = tosa.reshape %6, %7 : (tensor<1x16xf32>, !tosa.shape<4>) -> tensor<1x2x4x2xf32> loc(#loc7)
    %9 = tosa.transpose %8 {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x4x2xf32>) -> tensor<1x2x2x4xf32> loc(#loc7)
    %10 = tosa.const_shape  {values = dense<[1, 16]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc7)
    %11 = tosa.reshape %9, %10 : (tensor<1x2x2x4xf32>, !tosa.shape<2>) -> tensor<1x16xf32> loc(#loc7)
    return %11 : tensor<1x16xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("conv")
#loc3 = loc("clip")
#loc4 = loc("maxpool")
#loc5 = loc("flatten")
#loc6 = loc("softmax")
#loc7 = loc("y")

{-#
  dialect_resources: {
    builtin: {
      conv.weight: "0x0400000000000000000010410000803F000020410000004000003041000040400000404100008040000050410000A040000060410000C040000070410000E040000080410000004100008841",
      conv.bias: "0x04000000000000000000803F"
    }
  }
#-}

