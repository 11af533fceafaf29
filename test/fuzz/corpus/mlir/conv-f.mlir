#loc3 = loc("x")
module attributes {qat.source = "m.onnx"} {
  ml_program.global private mutable @conv.weight(dense_resource<conv.weight> : tensor<4x3x3x3xf32>) : tensor<4x3x3x3xf32> loc(#loc1)
  ml_program.global private mutable @conv.bn.gamma(dense_resource<conv.bn.gamma> : tensor<4xf32>) : tensor<4xf32> loc(#loc1)
  ml_program.global private mutable @conv.bn.beta(dense_resource<conv.bn.beta> : tensor<4xf32>) : tensor<4xf32> loc(#loc1)
  ml_program.global private mutable @conv.bn.mean(dense_resource<conv.bn.mean> : tensor<4xf32>) : tensor<4xf32> loc(#loc1)
  ml_program.global private mutable @conv.bn.var(dense_resource<conv.bn.var> : tensor<4xf32>) : tensor<4xf32> loc(#loc1)
  ml_program.global private mutable @dense.weight(dense_resource<dense.weight> : tensor<10x1x1x4xf32>) : tensor<10x1x1x4xf32> loc(#loc2)
  ml_program.global private mutable @dense.bias(dense_resource<dense.bias> : tensor<10xf32>) : tensor<10xf32> loc(#loc2)
  func.func @main(%arg0: tensor<1x8x8x3xf32> {qat.name = "x"} loc("x")) -> (tensor<1x10xf32> {qat.name = "y"}) {
    %conv.weight = ml_program.global_load @conv.weight : tensor<4x3x3x3xf32> loc(#loc1)
    %0 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<4xf32>}> : () -> tensor<4xf32> loc(#loc1)
    %1 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc1)
    %2 = tosa.conv2d %arg0, %conv.weight, %0, %1, %1 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x4xf32> loc(#loc1)
    %conv.bn.gamma = ml_program.global_load @conv.bn.gamma : tensor<4xf32> loc(#loc1)
    %conv.bn.beta = ml_program.global_load @conv.bn.beta : tensor<4xf32> loc(#loc1)
    %conv.bn.mean = ml_program.global_load @conv.bn.mean : tensor<4xf32> loc(#loc1)
    %conv.bn.var = ml_program.global_load @conv.bn.var : tensor<4xf32> loc(#loc1)
    %3 = qat.batch_norm %2, %conv.bn.gamma, %conv.bn.beta, %conv.bn.mean, %conv.bn.var {epsilon = 9.99999974E-6 : f32} : tensor<1x8x8x4xf32>, tensor<4xf32> loc(#loc4)
    %4 = tosa.clamp %3 {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> loc(#loc5)
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc6)
    %6 = tosa.avg_pool2d %4, %5, %5 {acc_type = f32, kernel = array<i64: 8, 8>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x8x8x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x4xf32> loc(#loc6)
    %7 = tosa.const_shape  {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc7)
    %8 = tosa.reshape %6, %7 : (tensor<1x1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32> loc(#loc7)
    %9 = tosa.const_shape  {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4> loc(#loc2)
    %10 = tosa.reshape %8, %9 : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32> loc(#loc2)
    %dense.weight = ml_program.global_load @dense.weight : tensor<10x1x1x4xf32> loc(#loc2)
    %dense.bias = ml_program.global_load @dense.bias : tensor<10xf32> loc(#loc2)
    %11 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc2)
    %12 = tosa.conv2d %10, %dense.weight, %dense.bias, %11, %11 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<10x1x1x4xf32>, tensor<10xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x10xf32> loc(#loc2)
    %13 = tosa.const_shape  {values = dense<[1, 10]> : tensor<2xindex>} : () -> !tosa.shape<2> loc(#loc2)
    %14 = tosa.reshape %12, %13 : (tensor<1x1x1x10xf32>, !tosa.shape<2>) -> tensor<1x10xf32> loc(#loc2)
    return %14 : tensor<1x10xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("conv")
#loc2 = loc("dense")
#loc4 = loc("norm")
#loc5 = loc("relu")
#loc6 = loc("pool")
#loc7 = loc("flatten")

{-#
  dialect_resources: {
    builtin: {
      conv.weight: "0x04000000193DA13A71D71EBF445BF3BF2DF5983E94CCFA3E930FA5BFCC5B8CBEE5B9B63EF9BDEBBFD4FD63BF6DE3D73DBBBB70BE9CCAE8BE27336EBFB03BA2BF8CDC7DBF85A1EFBC29E38A3E2359763D64FF313F5B83203E2C8CAB3F390FACBFD36A3FBE7E02FCBE9D4CEABE971221C0C7E709BF7B3505BDD608C6BFEDA846BD6067623F81005C3F8B0EE83DD76615BFE26FF43D7DDBC3BFFEC3E4BD673724BF149CF4BE063BE23DD30600403A807ABF05A0823D7423433FF50F4FBFA1CE9CBF4C8299BF87CB873F69EF9B3DF79B983D98BA4EBFEDEDAD3FEEA1133F1A5041BEFEF597BF9A24EDBE35D32E3F1C4D14BF5E3EC7BD3C3A88BD99E748BEDEE5A03FBCD02A3F6415663FC67C303F8221B83FA296923F8488A7BE34F82CBF5C69A9BFFBB5BCBE9103503EAF6D4BBF9D1980BEA736EDBE769B253F0303C33FA752023E9D07FFBF1626DBBEFF7B9BBED4C8C5BCD44202C08E86B43E051B2B3F65E49BBE7F56F7BD6203AEBEA86166BFE0044ABE14AC863F75FD273EC1998EBFCCEEB0BB18AA0F408AC43CBC8C58153FCFEB54BF141DE3BEFD3BA5BFC4BA1FBFAD43953F0C80B13E6955523ECF30273F1317D8BF3D6CFC3E",
      conv.bn.gamma: "0x040000000000803F0000803F0000803F0000803F",
      conv.bn.beta: "0x040000000000803F0000803F0000803F0000803F",
      conv.bn.mean: "0x040000000000803F0000803F0000803F0000803F",
      conv.bn.var: "0x040000000000803F0000803F0000803F0000803F",
      dense.weight: "0x04000000CBA334BE67DF52BE9DD4333FAB18053F7D4F84BFD129A2BDF188103D5AF986BFA109853E09A35BBF5DD9783F2F5F453E52E6B63DA24D17BFB5E9F2BD27B6FFBFF6D190BF23C6B93E713A08C056BB583F1780DFBF9DB9413F7E7258BFF66B473F1318063E02B7C4BF1BE49F3FDC89B83FB9C486BDC13E8CBE2AB423BE95A379BF7E9E8C3FF7FA0ABF0AAD51BD79154BBF544620BF7F8CA3BFA6E7A03F22C91DBE",
      dense.bias: "0x04000000A446773F694F5A3C6EC431BF4A43A7BE4D6B0FBFE266023CFA22C0BE578F99BE2375B0BF748D4EBF"
    }
  }
#-}

