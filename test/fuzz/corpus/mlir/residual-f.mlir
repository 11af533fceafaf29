#loc3 = loc("x")
module attributes {qat.source = "m.onnx"} {
  ml_program.global private mutable @a.weight(dense_resource<a.weight> : tensor<2x1x1x2xf32>) : tensor<2x1x1x2xf32> loc(#loc1)
  ml_program.global private mutable @matmul.weight(dense_resource<matmul.weight> : tensor<3x1x1x8xf32>) : tensor<3x1x1x8xf32> loc(#loc2)
  func.func @main(%arg0: tensor<1x4x4x2xf32> {qat.name = "x"} loc("x")) -> (tensor<1x3xf32> {qat.name = "y"}) {
    %a.weight = ml_program.global_load @a.weight : tensor<2x1x1x2xf32> loc(#loc1)
    %0 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<2xf32>}> : () -> tensor<2xf32> loc(#loc1)
    %1 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc1)
    %2 = tosa.conv2d %arg0, %a.weight, %0, %1, %1 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32> loc(#loc1)
    %3 = tosa.clamp %2 {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> loc(#loc4)
    %4 = tosa.add %3, %arg0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> loc(#loc5)
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc6)
    %6 = tosa.avg_pool2d %4, %5, %5 {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x2xf32> loc(#loc6)
    %7 = tosa.const_shape  {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc7)
    %8 = tosa.reshape %6, %7 : (tensor<1x2x2x2xf32>, !tosa.shape<2>) -> tensor<1x8xf32> loc(#loc7)
    %9 = tosa.const_shape  {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4> loc(#loc2)
    %10 = tosa.reshape %8, %9 : (tensor<1x8xf32>, !tosa.shape<4>) -> tensor<1x1x1x8xf32> loc(#loc2)
    %matmul.weight = ml_program.global_load @matmul.weight : tensor<3x1x1x8xf32> loc(#loc2)
    %11 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<3xf32>}> : () -> tensor<3xf32> loc(#loc2)
    %12 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc2)
    %13 = tosa.conv2d %10, %matmul.weight, %11, %12, %12 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x8xf32>, tensor<3x1x1x8xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32> loc(#loc2)
    %14 = tosa.const_shape  {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc2)
    %15 = tosa.reshape %13, %14 : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32> loc(#loc2)
    return %15 : tensor<1x3xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("a")
#loc2 = loc("matmul")
#loc4 = loc("r")
#loc5 = loc("sum")
#loc6 = loc("p")
#loc7 = loc("reshape")

{-#
  dialect_resources: {
    builtin: {
      a.weight: "0x04000000000000000000803F0000004000004040",
      matmul.weight: "0x04000000000000000000404100004040000070410000C04000009041000010410000A8410000803F0000504100008040000080410000E04000009841000020410000B04100000040000060410000A04000008841000000410000A041000030410000B841"
    }
  }
#-}

