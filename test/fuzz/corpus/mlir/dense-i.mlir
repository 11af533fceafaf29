#loc = loc(unknown)
module attributes {qat.source = "m.onnx"} {
  func.func @main(%arg0: tensor<1x4x!quant.uniform<i8:f32, 0.0078431372549019607>> {qat.name = "x"} loc(unknown)) -> (tensor<1x3x!quant.uniform<i32:f32, 2.2467322196462192E-5>> {qat.name = "y"}) {
    %cst = arith.constant dense<[[0, 5, -6, -1], [2, 6, -6, -1], [3, 7, -5, -1]]> : tensor<3x4xi4> loc(#loc1)
    %0 = quant.scast %cst : tensor<3x4xi4> to tensor<3x4x!quant.uniform<u4:f32:0, {0.60000002384185791,0.66666668653488159,0.73333334922790527}>> loc(#loc1)
    %cst_0 = arith.constant dense<[0, 191, 348]> : tensor<3xi32> loc(#loc1)
    %1 = qat.fully_connected %arg0, %0, %cst_0 {accumulator_bits = 32 : i32, multiplier = array<i32: 1757032064, 1952257920, 1073741824>, shift = array<i8: 23, 23, 22>} : (tensor<1x4x!quant.uniform<i8:f32, 0.0078431372549019607>>, tensor<3x4x!quant.uniform<u4:f32:0, {0.60000002384185791,0.66666668653488159,0.73333334922790527}>>, tensor<3xi32>) -> tensor<1x3x!quant.uniform<i32:f32, 2.2467322196462192E-5>> loc(#loc1)
    return %1 : tensor<1x3x!quant.uniform<i32:f32, 2.2467322196462192E-5>> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc1 = loc("gemm")

