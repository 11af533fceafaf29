// RUN: qat-mlir-opt %s -qat-differentiate="batch=4" | FileCheck %s
// RUN: qat-mlir-opt %s -qat-differentiate="batch=4 optimizer=sgd dropout=0.5 bound-scale=lsq clip" | FileCheck %s --check-prefix=SGD
// RUN: qat-mlir-opt %s -qat-differentiate="batch=4 accumulate clip" | FileCheck %s --check-prefix=SUM
// RUN: qat-mlir-opt %s -qat-differentiate="batch=4 teacher=%s" | FileCheck %s --check-prefix=TEACHER
// RUN: qat-mlir-opt %s -qat-fold-batch-norm=default=ICN -qat-differentiate="batch=4" | FileCheck %s --check-prefix=FROZEN
// RUN: qat-mlir-opt %s -qat-fold-batch-norm -qat-differentiate="batch=4" | FileCheck %s --check-prefix=FOLDED

// State is in the arguments, in the order of roles. The bias, behind which a
// live batch norm stands, is only read and has no moments.
// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[INPUT:[^:]*]]: memref<4x4x4x2xf32> {qat.name = "image", qat.role = "input"}
// CHECK-SAME: %[[LABEL:[^:]*]]: memref<4xi32> {qat.role = "label"}
// CHECK-SAME: %[[HYPER:[^:]*]]: memref<16xf32> {qat.role = "hyper"}
// CHECK-SAME: %[[W:[^:]*]]: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "parameter"}
// CHECK-SAME: %[[B:[^:]*]]: memref<3xf32> {qat.name = "conv.bias", qat.role = "parameter"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.gamma", qat.role = "parameter"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.beta", qat.role = "parameter"}
// CHECK-SAME: %[[ALPHA:[^:]*]]: memref<f32> {qat.name = "conv.alpha", qat.role = "parameter"}
// CHECK-SAME: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "moment1"}
// CHECK-SAME: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "moment2"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.gamma", qat.role = "moment1"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.gamma", qat.role = "moment2"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.beta", qat.role = "moment1"}
// CHECK-SAME: memref<3xf32> {qat.name = "conv.bn.beta", qat.role = "moment2"}
// CHECK-SAME: memref<f32> {qat.name = "conv.alpha", qat.role = "moment1"}
// CHECK-SAME: memref<f32> {qat.name = "conv.alpha", qat.role = "moment2"}
// CHECK-SAME: %[[MEAN:[^:]*]]: memref<3xf32> {qat.name = "conv.bn.mean", qat.role = "statistic"}
// CHECK-SAME: %[[VAR:[^:]*]]: memref<3xf32> {qat.name = "conv.bn.var", qat.role = "statistic"}
// CHECK-SAME: %[[METRICS:[^:]*]]: memref<4xf32> {qat.role = "metrics"}) {
// CHECK-DAG: %[[X:.*]] = bufferization.to_tensor %[[INPUT]] restrict : memref<4x4x4x2xf32>
// CHECK-DAG: bufferization.to_tensor %[[B]] restrict : memref<3xf32>
// CHECK-DAG: %[[WEIGHT:.*]] = bufferization.to_tensor %[[W]] restrict writable
// CHECK-DAG: %[[BOUND:.*]] = bufferization.to_tensor %[[ALPHA]] restrict writable
// CHECK-DAG: %[[RM:.*]] = bufferization.to_tensor %[[MEAN]] restrict writable
// CHECK-DAG: %[[MOMENTUM:.*]] = tensor.extract_slice %{{.*}}[11] [1] [1]
// Forward.
// CHECK: %[[WQ:.*]] = qat.weight_min_max %[[WEIGHT]]
// CHECK: %[[Y:[^ ]*]] = tosa.conv2d %[[X]], %[[WQ]]
// CHECK: %[[TOTAL:.*]], %[[SQUARES:.*]] = qat.channel_moments %[[Y]]
// CHECK: %[[BM:.*]], %[[BV:.*]] = qat.batch_statistics %[[TOTAL]], %[[SQUARES]] {count = 64 : i64}
// CHECK: %[[Z:.*]] = qat.batch_norm %[[Y]], %[[GAMMA:.*]], %{{.*}}, %[[BM]], %[[BV]] {epsilon
// CHECK: %[[NM:.*]], %{{.*}} = qat.update_statistics %[[RM]], %{{.*}}, %[[BM]], %[[BV]], %[[MOMENTUM]] {count = 64 : i64}
// CHECK: qat.pact %[[Z]], %[[BOUND]]
// CHECK: tosa.avg_pool2d
// CHECK: %[[LOGITS:.*]] = tosa.reshape
// Loss: of the softmax's operand.
// CHECK: %{{.*}}, %[[G:.*]] = qat.softmax_cross_entropy %[[LOGITS]]
// CHECK: %[[LOSS:.*]] = qat.mean_loss
// Backward.
// CHECK: tosa.reshape %[[G]]
// CHECK: %[[DA:.*]] = qat.avg_pool2d_gradient
// CHECK: %[[DZ:.*]], %[[DALPHA:.*]] = qat.pact_gradient %[[Z]], %[[BOUND]], %[[DA]]
// CHECK: %[[S:.*]], %[[P:.*]] = qat.channel_products %[[DZ]], %[[Y]], %[[BM]]
// CHECK: %[[DGAMMA:.*]], %[[DBETA:.*]], %[[K1:.*]], %[[K2:.*]], %[[K3:.*]] = qat.batch_norm_gradient %[[S]], %[[P]], %[[GAMMA]], %[[BM]], %[[BV]]
// CHECK: %[[DY:.*]] = qat.channel_affine %[[DZ]], %[[Y]], %[[K1]], %[[K2]], %[[K3]]
// CHECK: %[[DW:.*]] = qat.contraction weight_gradient ins(%[[X]], %[[DY]]
// CHECK-NOT: qat.contraction
// Update.
// CHECK: %[[NORM2:.*]] = qat.squared_norm(%[[DW]], %[[DGAMMA]], %[[DBETA]], %[[DALPHA]]
// CHECK: %[[NORM:.*]], %[[SCALE:.*]] = qat.clip_factor %[[NORM2]]
// CHECK: %[[FINITE:.*]] = qat.are_finite(%[[LOSS]], %[[NORM]]
// CHECK: %[[KEPT:.*]] = qat.select %[[FINITE]], %[[NM]], %[[RM]]
// CHECK: %[[NW:.*]], %{{.*}}, %{{.*}} = qat.adam %[[WEIGHT]], %[[DW]], {{.*}} if %[[FINITE]] scale %[[SCALE]]
// CHECK: bufferization.materialize_in_destination %[[NW]] in writable %[[W]]
// CHECK: bufferization.materialize_in_destination %[[KEPT]] in writable %[[MEAN]]
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[METRICS]]
// CHECK-NEXT: return
// CHECK-NOT: func.func
// CHECK-NOT: ml_program.global

// SGD-LABEL: func.func @step(
// SGD-SAME: {qat.role = "seed"}
// SGD-NOT: moment2
// SGD: %[[X:.*]] = qat.dropout %{{.*}} {rate = 5.000000e-01 : f64, stream = 0 : i32}
// SGD: tosa.conv2d %[[X]]
// SGD: %{{.*}}, %[[DALPHA:.*]] = qat.pact_gradient
// 1 / sqrt(48 * 255)
// SGD: %[[SCALED:.*]] = qat.scale %[[DALPHA]] {factor = 0.00903876
// SGD: qat.contraction weight_gradient ins(%[[X]],
// SGD: qat.squared_norm({{.*}}, %[[SCALED]]
// SGD: qat.sgd

// SUM-LABEL: func.func @step(
// SUM-NOT: moment
// SUM-SAME: %[[SUM:[^:]*]]: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "gradient"}
// SUM: %[[DW:.*]] = qat.contraction weight_gradient
// SUM-NOT: qat.adam
// SUM: %[[NEW:.*]] = qat.accumulate %{{.*}}, %[[DW]] if
// SUM: bufferization.materialize_in_destination %[[NEW]] in writable %[[SUM]]
// SUM-LABEL: func.func @update(
// SUM-SAME: {qat.role = "hyper"}
// SUM-SAME: %[[W:[^:]*]]: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "parameter"}
// SUM-SAME: {qat.name = "conv.weight", qat.role = "moment1"}
// SUM-SAME: %[[SUM:[^:]*]]: memref<3x1x1x2xf32> {qat.name = "conv.weight", qat.role = "gradient"}
// SUM: %[[DW:.*]] = bufferization.to_tensor %[[SUM]]
// SUM: qat.squared_norm
// SUM: qat.adam %{{.*}}, %[[DW]]
// SUM: %[[ZERO:.*]] = tensor.splat %{{.*}} : tensor<3x1x1x2xf32>
// SUM: bufferization.materialize_in_destination %[[ZERO]] in writable %[[SUM]]

// A teacher computes by its running statistics and does not change.
// TEACHER-LABEL: func.func @step(
// TEACHER-SAME: %[[W:[^:]*]]: memref<3x1x1x2xf32> {qat.name = "teacher.conv.weight", qat.role = "parameter"}
// TEACHER-SAME: %[[MEAN:[^:]*]]: memref<3xf32> {qat.name = "teacher.conv.bn.mean", qat.role = "parameter"}
// TEACHER-DAG: bufferization.to_tensor %[[W]] restrict : memref
// TEACHER-DAG: %[[RM:.*]] = bufferization.to_tensor %[[MEAN]] restrict : memref
// TEACHER: qat.batch_norm {{.*}}, %[[RM]], %
// TEACHER: qat.distillation_loss
// TEACHER-NOT: "teacher

// FROZEN-LABEL: func.func @step(
// FROZEN-SAME: {qat.name = "conv.bias", qat.role = "moment1"}
// FROZEN-NOT: {qat.name = "conv.bn.gamma", qat.role = "moment1"}
// FROZEN: %[[VAR:.*]] = bufferization.to_tensor %{{.*}} restrict : memref<3xf32>
// FROZEN-NOT: qat.channel_moments
// FROZEN: qat.batch_norm {{.*}} frozen
// FROZEN: %[[DZ:.*]], %{{.*}} = qat.pact_gradient
// FROZEN: %[[DY:.*]] = qat.fold_weight %[[DZ]], {{.*}} {channel_axes = array<i64: 3>
// FROZEN: qat.contraction weight_gradient ins(%{{.*}}, %[[DY]]
// FROZEN: qat.sum_to %[[DY]] : tensor<4x4x4x3xf32> -> tensor<3xf32>

// FOLDED-LABEL: func.func @step(
// FOLDED: qat.fold_weight %[[W:[^,]*]],
// FOLDED: %[[T:.*]], %{{.*}} = qat.pact_gradient
// FOLDED: %[[DT:.*]] = qat.contraction weight_gradient ins(%{{.*}}, %[[T]]
// FOLDED: %[[DC:.*]] = qat.sum_to %[[T]]
// FOLDED: %[[DB:.*]] = qat.fold_weight %[[DC]], {{.*}} {channel_axes = array<i64: 0>
// FOLDED: %[[DW:.*]] = qat.fold_weight %[[DT]], {{.*}} {channel_axes = array<i64: 0>
// FOLDED: qat.squared_norm(%[[DW]], %[[DB]]

ml_program.global private mutable @conv.weight(dense<0.5> : tensor<3x1x1x2xf32>) : tensor<3x1x1x2xf32>
ml_program.global private mutable @conv.bias(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @conv.bn.gamma(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @conv.bn.beta(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @conv.bn.mean(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @conv.bn.var(dense<0.5> : tensor<3xf32>) : tensor<3xf32>
ml_program.global private mutable @conv.alpha(dense<6.0> : tensor<f32>) : tensor<f32>
func.func @main(%x: tensor<1x4x4x2xf32> {qat.name = "image"}) -> tensor<1x3xf32> {
  %w = ml_program.global_load @conv.weight : tensor<3x1x1x2xf32>
  %b = ml_program.global_load @conv.bias : tensor<3xf32>
  %gamma = ml_program.global_load @conv.bn.gamma : tensor<3xf32>
  %beta = ml_program.global_load @conv.bn.beta : tensor<3xf32>
  %mean = ml_program.global_load @conv.bn.mean : tensor<3xf32>
  %var = ml_program.global_load @conv.bn.var : tensor<3xf32>
  %alpha = ml_program.global_load @conv.alpha : tensor<f32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %wq = qat.weight_min_max %w {bits = 4 : i32} : tensor<3x1x1x2xf32>
  %y = tosa.conv2d %x, %wq, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x3xf32> loc("conv")
  %n = qat.batch_norm %y, %gamma, %beta, %mean, %var {epsilon = 1.0e-3 : f32} : tensor<1x4x4x3xf32>, tensor<3xf32> loc("conv")
  %a = qat.pact %n, %alpha {bits = 8 : i32, rounding = #qat.rounding<nearest>} : tensor<1x4x4x3xf32> loc("conv")
  %p = tosa.avg_pool2d %a, %z, %z {acc_type = f32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32> loc("pool")
  %s = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %f = tosa.reshape %p, %s : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32> loc("pool")
  %o = qat.softmax %f : tensor<1x3xf32> loc("softmax")
  return %o : tensor<1x3xf32>
}
