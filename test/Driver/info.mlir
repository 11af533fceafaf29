// RUN: split-file %s %t
// RUN: qat info %t/float.mlir | FileCheck %t/float.mlir --match-full-lines --strict-whitespace
// RUN: qat info %t/float.mlir --json - | FileCheck %s --check-prefix=JSON
// RUN: qat info %t/float.mlir --json %t/float.json | FileCheck %t/float.mlir --match-full-lines --strict-whitespace
// RUN: FileCheck %s --check-prefix=JSON < %t/float.json
// RUN: qat info %t/fake.mlir | FileCheck %t/fake.mlir
// RUN: qat info %t/integer.mlir | FileCheck %t/integer.mlir
// RUN: not qat info %t/none.mlir 2>&1 | FileCheck %t/none.mlir
// RUN: not qat info %t/dynamic.mlir 2>&1 | FileCheck %t/dynamic.mlir

// JSON:      "form": "float",
// JSON:      "inputs": [
// JSON:          "name": "image",
// JSON-NEXT:     "shape": [
// JSON-NEXT:       1,
// JSON-NEXT:       4,
// JSON-NEXT:       4,
// JSON-NEXT:       1
// JSON-NEXT:     ],
// JSON-NEXT:     "type": "f32"
// JSON:      "layers": [
// JSON:          "kind": "conv2d",
// JSON-NEXT:     "macs": 576,
// JSON-NEXT:     "name": "c1",
// JSON:      "macs": 1160,
// JSON:      "parameters": 106,
// JSON:      "peak": {
// JSON-NEXT:   "bytes_8bit": 192,
// JSON-NEXT:   "bytes_float": 768,
// JSON-NEXT:   "layer": "sum"
// JSON:      "unsupported": [
// JSON-NEXT:   "tosa.tanh (layer 'last')"

//--- float.mlir
// 3x3 convolutions of 4 channels on 4x4 pixels: 64 outputs of 9 products. The
// peak is at 'sum', whose operands and result are live: 3 times 64 elements;
// 'bn' and 'act' work in place. 'fc' is one layer of three ops.
//       CHECK:form: float
//  CHECK-NEXT:input: 'image' 1x4x4x1 f32
//  CHECK-NEXT:output: 'y' 1x2 f32
//  CHECK-NEXT:operators: tosa.conv2d 2, tosa.reshape 2, qat.batch_norm 1, tosa.add 1, tosa.avg_pool2d 1, tosa.clamp 1, tosa.depthwise_conv2d 1, tosa.tanh 1
// CHECK-EMPTY:
//  CHECK-NEXT:layer  kind              output   parameters  MACs
//  CHECK-NEXT:c1     conv2d            1x4x4x4          40   576
//  CHECK-NEXT:bn     batch_norm        1x4x4x4          16     0
//  CHECK-NEXT:act    relu6             1x4x4x4           0     0
//  CHECK-NEXT:dw     depthwise_conv2d  1x4x4x4          40   576
//  CHECK-NEXT:sum    add               1x4x4x4           0     0
//  CHECK-NEXT:pool   avg_pool2d        1x1x1x4           0     0
//  CHECK-NEXT:fc     dense             1x2              10     8
//  CHECK-NEXT:last   tanh              1x2               0     0
//  CHECK-NEXT:total                                    106  1160
// CHECK-EMPTY:
//  CHECK-NEXT:peak of live tensors: 768 bytes at float, 192 at 8 bits (at 'sum')
//  CHECK-NEXT:not supported: tosa.tanh (layer 'last')
module {
  ml_program.global private mutable @c1.weight(dense<0.5> : tensor<4x3x3x1xf32>) : tensor<4x3x3x1xf32>
  ml_program.global private mutable @c1.bias(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @c1.bn.gamma(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @c1.bn.beta(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @c1.bn.mean(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @c1.bn.var(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @dw.weight(dense<0.5> : tensor<3x3x4x1xf32>) : tensor<3x3x4x1xf32>
  ml_program.global private mutable @dw.bias(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
  ml_program.global private mutable @fc.weight(dense<0.5> : tensor<2x1x1x4xf32>) : tensor<2x1x1x4xf32>
  ml_program.global private mutable @fc.bias(dense<0.5> : tensor<2xf32>) : tensor<2xf32>
  func.func @main(%x: tensor<1x4x4x1xf32> {qat.name = "image"}) -> (tensor<1x2xf32> {qat.name = "y"}) {
    %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %w1 = ml_program.global_load @c1.weight : tensor<4x3x3x1xf32>
    %b1 = ml_program.global_load @c1.bias : tensor<4xf32>
    %0 = tosa.conv2d %x, %w1, %b1, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x4x4x1xf32>, tensor<4x3x3x1xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32> loc("c1")
    %g = ml_program.global_load @c1.bn.gamma : tensor<4xf32>
    %bt = ml_program.global_load @c1.bn.beta : tensor<4xf32>
    %m = ml_program.global_load @c1.bn.mean : tensor<4xf32>
    %v = ml_program.global_load @c1.bn.var : tensor<4xf32>
    %1 = qat.batch_norm %0, %g, %bt, %m, %v {epsilon = 1.0e-3 : f32} : tensor<1x4x4x4xf32>, tensor<4xf32> loc("bn")
    %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("act")
    %wd = ml_program.global_load @dw.weight : tensor<3x3x4x1xf32>
    %bd = ml_program.global_load @dw.bias : tensor<4xf32>
    %3 = tosa.depthwise_conv2d %2, %wd, %bd, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x1xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32> loc("dw")
    %4 = tosa.add %2, %3 : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("sum")
    %5 = tosa.avg_pool2d %4, %z, %z {acc_type = f32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x4xf32> loc("pool")
    %s0 = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %6 = tosa.reshape %5, %s0 : (tensor<1x1x1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32> loc("fc")
    %wf = ml_program.global_load @fc.weight : tensor<2x1x1x4xf32>
    %bf = ml_program.global_load @fc.bias : tensor<2xf32>
    %7 = tosa.conv2d %6, %wf, %bf, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<2x1x1x4xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32> loc("fc")
    %s1 = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %8 = tosa.reshape %7, %s1 : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32> loc("fc")
    %9 = tosa.tanh %8 : (tensor<1x2xf32>) -> tensor<1x2xf32> loc("last")
    return %9 : tensor<1x2xf32>
  }
}

//--- fake.mlir
// The parameters of a layer are found through its weight quantizer, bounds
// included: 4 weights, lo and hi; 'act' has its alpha.
// CHECK: form: fake-quantized
// CHECK: {{^}}c1 {{ *}}conv2d {{ *}}1x2x2x4 {{ *}}6 {{ *}}16
// CHECK: {{^}}act {{ *}}pact {{ *}}1x2x2x4 {{ *}}1 {{ *}}0
// CHECK: peak of live tensors: 80 bytes at float, 20 at 8 bits (at 'c1')
// CHECK: not supported: nothing
module {
  ml_program.global private mutable @c1.weight(dense<0.5> : tensor<4x1x1x1xf32>) : tensor<4x1x1x1xf32>
  ml_program.global private mutable @c1.weight.lo(dense<0.5> : tensor<f32>) : tensor<f32>
  ml_program.global private mutable @c1.weight.hi(dense<0.5> : tensor<f32>) : tensor<f32>
  ml_program.global private mutable @act.alpha(dense<0.5> : tensor<f32>) : tensor<f32>
  func.func @main(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x4xf32> {
    %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %b = "tosa.const"() <{values = dense<0.0> : tensor<4xf32>}> : () -> tensor<4xf32>
    %w = ml_program.global_load @c1.weight : tensor<4x1x1x1xf32>
    %lo = ml_program.global_load @c1.weight.lo : tensor<f32>
    %hi = ml_program.global_load @c1.weight.hi : tensor<f32>
    %alpha = ml_program.global_load @act.alpha : tensor<f32>
    %q = qat.weight_asymmetric_pact %w, %lo, %hi {bits = 4 : i32} : tensor<4x1x1x1xf32>
    %0 = tosa.conv2d %x, %q, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x1xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x4xf32> loc("c1")
    %1 = qat.pact %0, %alpha {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<1x2x2x4xf32> loc("act")
    return %1 : tensor<1x2x2x4xf32>
  }
}

//--- integer.mlir
// CHECK: form: integer
// CHECK: input: 1x4 !quant.uniform<u8:f32, 5.000000e-01>
// CHECK: {{^}}fc {{ *}}fully_connected {{ *}}1x2 {{ *}}10 {{ *}}8
// CHECK: not supported: nothing
func.func @main(%x: tensor<1x4x!quant.uniform<u8:f32, 0.5>>) -> tensor<1x2x!quant.uniform<i32:f32, 0.01>> {
  %c = arith.constant dense<1> : tensor<2x4xi8>
  %w = quant.scast %c : tensor<2x4xi8> to tensor<2x4x!quant.uniform<u8:f32, 0.02:128>>
  %b = arith.constant dense<1> : tensor<2xi32>
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x4x!quant.uniform<u8:f32, 0.5>>, tensor<2x4x!quant.uniform<u8:f32, 0.02:128>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i32:f32, 0.01>> loc("fc")
  return %0 : tensor<1x2x!quant.uniform<i32:f32, 0.01>>
}

//--- none.mlir
// CHECK: qat info: error: '{{.*}}none.mlir' has no function @main; it is not a network
module {}

//--- dynamic.mlir
// CHECK: qat info: error: {{.*}}cannot import an input of type 'tensor<?x?xf32>'; only the batch, the first size, may be unknown
func.func @main(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %x : tensor<?x?xf32>
}
