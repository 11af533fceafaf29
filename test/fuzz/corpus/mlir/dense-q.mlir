#loc2 = loc("x")
module attributes {qat.rounding = #qat.rounding<nearest>, qat.source = "m.onnx"} {
  ml_program.global private mutable @gemm.weight(dense_resource<gemm.weight> : tensor<3x1x1x4xf32>) : tensor<3x1x1x4xf32> loc(#loc1)
  ml_program.global private mutable @gemm.bias(dense_resource<gemm.bias> : tensor<3xf32>) : tensor<3xf32> loc(#loc1)
  func.func @main(%arg0: tensor<1x4xf32> {qat.name = "x"} loc("x")) -> (tensor<1x3xf32> {qat.name = "y"}) {
    %0 = qat.quantize_input %arg0 {maximum = 1.000000e+00 : f32, minimum = -1.000000e+00 : f32} : tensor<1x4xf32> loc(#loc3)
    %1 = tosa.const_shape  {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4> loc(#loc1)
    %2 = tosa.reshape %0, %1 : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32> loc(#loc1)
    %gemm.weight = ml_program.global_load @gemm.weight : tensor<3x1x1x4xf32> loc(#loc1)
    %gemm.bias = ml_program.global_load @gemm.bias : tensor<3xf32> loc(#loc1)
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc1)
    %4 = qat.weight_min_max %gemm.weight {bits = 4 : i32, channel_axes = array<i64: 0>} : tensor<3x1x1x4xf32> loc(#loc1)
    %5 = tosa.conv2d %2, %4, %gemm.bias, %3, %3 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, qat.fold_type = #qat.fold_type<ICN>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<3x1x1x4xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32> loc(#loc1)
    %6 = tosa.const_shape  {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc1)
    %7 = tosa.reshape %5, %6 : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32> loc(#loc1)
    return %7 : tensor<1x3xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("gemm")
#loc3 = loc("input")

{-#
  dialect_resources: {
    builtin: {
      gemm.weight: "0x0400000000000000000040400000C040000010410000803F000080400000E04000002041000000400000A0400000004100003041",
      gemm.bias: "0x04000000000000000000803F00000040"
    }
  }
#-}

