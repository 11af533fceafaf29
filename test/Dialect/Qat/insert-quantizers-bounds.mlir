// The bounds of PACT weights start from the tensor that is quantized; numbers are
// computed by hand beside their checks.

// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerAsymPACT weight-bits=2" | FileCheck %s --check-prefix=FOLD
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerAsymPACT weight-bits=2 batch-fold-type=ICN" | FileCheck %s --check-prefix=PPQ
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerSymPACT weight-bits=4" | FileCheck %s --check-prefix=SYM
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerDymPACT weight-bits=4 batch-fold-type=ICN" | FileCheck %s --check-prefix=SYMICN
// RUN: qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerLayerAsymMinMax weight-bits=3 activ-bits=5 activ-rounding=floor" | FileCheck %s --check-prefix=MINMAX

!x = tensor<1x4x4x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>

ml_program.global private mutable @"conv1.weight"(dense<[[[[-3.0, -1.0]]], [[[1.0, 3.0]]]]> : !w) : !w
ml_program.global private mutable @"fc.weight"(dense<[[[[-3.0, -1.0]]], [[[1.0, 3.0]]]]> : !w) : !w
// gamma / sqrt(var + epsilon) = 4/2, 0.5/1
ml_program.global private mutable @"conv1.bn.gamma"(dense<[4.0, 0.5]> : !c) : !c
ml_program.global private mutable @"conv1.bn.var"(dense<[4.0, 1.0]> : !c) : !c

// Folded weights are -6, -2 and 0.5, 1.5.
// FOLD:      @conv1.weight.lo(dense<-6.000000e+00>
// FOLD-NEXT: @conv1.weight.hi(dense<1.500000e+00>
// FOLD-NEXT: @conv1.lo(dense<-6.000000e+00>
// FOLD-NEXT: @conv1.hi(dense<6.000000e+00>
// The last layer has no batch norm to fold.
// FOLD-NEXT: @fc.weight.lo(dense<-3.000000e+00>
// FOLD-NEXT: @fc.weight.hi(dense<3.000000e+00>
// FOLD:      qat.weight_asymmetric_pact %{{.*}}, %conv1.weight.lo, %conv1.weight.hi {bits = 2 : i32, unclamped}
// FOLD-NEXT: tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<folding_weights>
// FOLD:      qat.batch_norm {{.*}}fold_type = #qat.fold_type<folding_weights>
// FOLD:      qat.weight_asymmetric_pact %{{.*}}, %fc.weight.hi {bits = 2 : i32} :

// The projection of -3, -1, 1, 3 onto 3 steps around the mean 0: step 2 rounds
// 1.5 to 2 and 0.5 to 0, so the next step is 12/8; 1.5 gives 14/10, which stays.
// The bounds are 1.5 steps. The last layer starts alike.
// PPQ:      @conv1.weight.lo(dense<-2.{{(1|09999)[0-9]*}}{{(e\+00)?}}>
// PPQ-NEXT: @conv1.weight.hi(dense<2.{{(1|09999)[0-9]*}}{{(e\+00)?}}>
// PPQ:      @fc.weight.lo(dense<-2.{{(1|09999)[0-9]*}}{{(e\+00)?}}>
// PPQ-NEXT: @fc.weight.hi(dense<2.{{(1|09999)[0-9]*}}{{(e\+00)?}}>
// PPQ:      qat.weight_asymmetric_pact {{.*}} {bits = 2 : i32} :
// PPQ:      tosa.conv2d {{.*}}qat.fold_type = #qat.fold_type<ICN>
// PPQ:      qat.batch_norm {{.*}}fold_type = #qat.fold_type<ICN>

// SYM:      @conv1.weight.hi(dense<6.000000e+00>
// SYM-NEXT: @conv1.lo(
// SYM-NEXT: @conv1.hi(
// SYM-NEXT: @fc.weight.hi(dense<3.000000e+00>
// SYM:      qat.weight_symmetric_pact %{{.*}}, %conv1.weight.hi {bits = 4 : i32, unclamped}
// SYM:      qat.weight_symmetric_pact %{{.*}}, %fc.weight.hi {bits = 4 : i32} :

// SYMICN:   @conv1.weight.hi(dense<3.000000e+00>
// SYMICN:   @fc.weight.hi(dense<3.000000e+00>
// SYMICN:   qat.batch_norm {{.*}}fold_type = #qat.fold_type<ICN>

// MINMAX:     module attributes {qat.rounding = #qat.rounding<floor>}
// MINMAX-NOT: weight.lo
// MINMAX:     qat.weight_min_max %{{[^ ]*}} {bits = 3 : i32} :
// MINMAX:     qat.bounded {{.*}} {bits = 5 : i32, rounding = #qat.rounding<floor>}
func.func @main(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = arith.constant dense<0.1> : !c
  %w = ml_program.global_load @"conv1.weight" : !w
  %v = ml_program.global_load @"fc.weight" : !w
  %g = ml_program.global_load @"conv1.bn.gamma" : !c
  %var = ml_program.global_load @"conv1.bn.var" : !c
  %0 = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("conv1")
  %1 = qat.batch_norm %0, %g, %b, %b, %var {epsilon = 0.0 : f32} : !x, !c
  %2 = tosa.conv2d %1, %v, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x loc("fc")
  return %2 : !x
}
