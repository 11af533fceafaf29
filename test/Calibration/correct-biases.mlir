// REQUIRES: numpy
// RUN: rm -rf %t && mkdir -p %t
// RUN: %python -c "import numpy as n; n.save(r'%t/x.npy', n.full((3, 1, 1, 2), [[[0.5, 0.25]]], n.float32)); n.save(r'%t/y.npy', n.zeros(3, n.int64))"
// RUN: qat-mlir-opt %s "-qat-correct-biases=dataset=npy data=%t" 2>%t/remark | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t/remark
// RUN: qat-mlir-opt %s "-qat-record-float-moments=dataset=npy data=%t" | FileCheck %s --check-prefix=RECORD
// RUN: not qat-mlir-opt %s "-qat-correct-biases=dataset=npy data=%t/none" 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: cannot correct biases: {{.*}}none

// By hand: x = (0.5, 0.25). Two bits a channel over [0, 3]: 2.4 becomes 2, 3
// stays. Float: y = 0.5 * 2.4 + 0.25 * 3 = 1.95 for both channels; quantized
// 1.75. A bias that was not there becomes a parameter that adds 0.2.
// REMARK: remark: corrected the biases of 1 layers: channel means were off by 10.3 % of their size on average, 10.3 % at most
// RECORD: qat.float_mean = dense<1.950000e+00> : tensor<2xf32>, qat.float_variance = dense<
// CHECK: ml_program.global private mutable @a.bias(dense_resource<a.bias>
// CHECK: %[[B:.*]] = ml_program.global_load @a.bias
// CHECK: tosa.conv2d %{{.*}}, %{{.*}}, %[[B]],
// CHECK-NOT: qat.float_mean
// CHECK: a.bias: "0x04000000{{C(C|D|E)CC4C3EC(C|D|E)CC4C3E|[0-9A-F]{4}4C3E[0-9A-F]{4}4C3E}}"
!x = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
!b = tensor<2xf32>
!z = tensor<1xf32>
ml_program.global private mutable @"a.weight"(dense<[[[[2.4, 3.0]]], [[[2.4, 3.0]]]]> : !w) : !w
func.func @main(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : !z} : () -> !z
  %zb = "tosa.const"() {values = dense<0.0> : !b} : () -> !b
  %aw = ml_program.global_load @"a.weight" : !w
  %q = qat.weight_min_max %aw {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %x, %q, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x loc("a")
  return %0 : !x
}
