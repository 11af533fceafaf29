#loc2 = loc("x")
module attributes {qat.source = "m.onnx"} {
  ml_program.global private mutable @gemm.weight(dense_resource<gemm.weight> : tensor<3x1x1x4xf32>) : tensor<3x1x1x4xf32> loc(#loc1)
  ml_program.global private mutable @gemm.bias(dense_resource<gemm.bias> : tensor<3xf32>) : tensor<3xf32> loc(#loc1)
  func.func @main(%arg0: tensor<1x4xf32> {qat.name = "x"} loc("x")) -> (tensor<1x3xf32> {qat.name = "y"}) {
    %0 = tosa.const_shape  {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4> loc(#loc1)
    %1 = tosa.reshape %arg0, %0 : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32> loc(#loc1)
    %gemm.weight = ml_program.global_load @gemm.weight : tensor<3x1x1x4xf32> loc(#loc1)
    %gemm.bias = ml_program.global_load @gemm.bias : tensor<3xf32> loc(#loc1)
    %2 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc1)
    %3 = tosa.conv2d %1, %gemm.weight, %gemm.bias, %2, %2 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<3x1x1x4xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32> loc(#loc1)
    %4 = tosa.const_shape  {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc1)
    %5 = tosa.reshape %3, %4 : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32> loc(#loc1)
    return %5 : tensor<1x3xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("gemm")

{-#
  dialect_resources: {
    builtin: {
      gemm.weight: "0x0400000000000000000040400000C040000010410000803F000080400000E04000002041000000400000A0400000004100003041",
      gemm.bias: "0x04000000000000000000803F00000040"
    }
  }
#-}

