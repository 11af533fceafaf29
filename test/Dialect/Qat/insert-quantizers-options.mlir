// Options that mean nothing are refused by name.

// RUN: not qat-mlir-opt %s -qat-insert-quantizers="type-quant=PerTensor" 2>&1 | FileCheck %s --check-prefix=E0
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="batch-fold-type=icn" 2>&1 | FileCheck %s --check-prefix=E1
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="batch-fold-type=folding_weights" 2>&1 | FileCheck %s --check-prefix=E2
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="activ-rounding=up" 2>&1 | FileCheck %s --check-prefix=E3
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="weight-bits=1" 2>&1 | FileCheck %s --check-prefix=E4
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="weight-bits=9" 2>&1 | FileCheck %s --check-prefix=E5
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="activ-bits=1" 2>&1 | FileCheck %s --check-prefix=E6
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="activ-bits=16" 2>&1 | FileCheck %s --check-prefix=E7
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=1,2" 2>&1 | FileCheck %s --check-prefix=E8
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=0,0" 2>&1 | FileCheck %s --check-prefix=E9
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=0" 2>&1 | FileCheck %s --check-prefix=E10
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=-1,0,1" 2>&1 | FileCheck %s --check-prefix=E11
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=0,1e40" 2>&1 | FileCheck %s --check-prefix=E12
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=nan,1" 2>&1 | FileCheck %s --check-prefix=E13
// RUN: not qat-mlir-opt %s -qat-insert-quantizers="input-range=a,b" 2>&1 | FileCheck %s --check-prefix=E14

// E0: error: unknown weight scheme 'PerTensor'; expected PerLayerAsymPACT, PerLayerAsymMinMax, PerChannelsAsymMinMax or PerLayerSymPACT
// E1: error: unknown fold type 'icn'; expected folding_weights, ICN or folding_thresh
// E2: error: PerChannelsAsymMinMax weights cannot take fold type folding_weights; a step a channel absorbs the factor anyway, use ICN
// E3: error: unknown rounding 'up'; expected nearest or floor
// E4: error: weight bits must be between 2 and 8, but got 1
// E5: error: weight bits must be between 2 and 8, but got 9
// E6: error: activation bits must be between 2 and 8, but got 1
// E7: error: activation bits must be between 2 and 8, but got 16
// E8: error: input range must be finite lo,hi with lo <= 0 <= hi that differ, but got '1,2'
// E9: error: input range must be finite lo,hi with lo <= 0 <= hi that differ, but got '0,0'
// E10: error: input range must be finite lo,hi with lo <= 0 <= hi that differ, but got '0'
// E11: error: input range must be finite lo,hi with lo <= 0 <= hi that differ, but got '-1,0,1'
// E12: error: input range must be finite lo,hi with lo <= 0 <= hi that differ, but got '0,1e40'
// E13: error: input range
// E14: error: input range

// RUN: qat-mlir-opt %s -qat-insert-quantizers="input-range=-0.5,2" | FileCheck %s --check-prefix=RANGE
// RANGE: qat.quantize_input %{{.*}} {maximum = 2.000000e+00 : f32, minimum = -5.000000e-01 : f32}

// A grid is computed in double: an end that f32 does not hold is not rounded.
// RUN: qat-mlir-opt %s -qat-insert-quantizers="input-range=-2.1,2.5" | FileCheck %s --check-prefix=DOUBLE
// DOUBLE: qat.quantize_input %{{.*}} {maximum = 2.500000e+00 : f32, minimum = -2.100000e+00 : f64}

func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
