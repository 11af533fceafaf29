// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics -qat-differentiate=batch=4
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=loss=hinge 2>&1 | FileCheck %s --check-prefix=LOSS
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=optimizer=rmsprop 2>&1 | FileCheck %s --check-prefix=OPTIMIZER
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=bound-scale=half 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=dropout=1 2>&1 | FileCheck %s --check-prefix=DROPOUT
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=batch=0 2>&1 | FileCheck %s --check-prefix=BATCH
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate=teacher=nowhere.mlir 2>&1 | FileCheck %s --check-prefix=TEACHER

// LOSS: error: unknown loss 'hinge'; expected cross-entropy or mse
// OPTIMIZER: error: unknown optimizer 'rmsprop'; expected adam or sgd
// SCALE: error: unknown bound-scale 'half'; expected none or lsq
// DROPOUT: error: expects a dropout of at least 0 and below 1, but got 1
// BATCH: error: expects a batch of at least 1, but got 0
// TEACHER: error: cannot read the teacher 'nowhere.mlir'

ml_program.global private mutable @w(dense<0.5> : tensor<1x4xf32>) : tensor<1x4xf32>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = ml_program.global_load @w : tensor<1x4xf32>
  %y = tosa.add %x, %w : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("first")
  // expected-error @unknown {{cannot set the batch of 'tosa.erf' of layer 'odd': it is not known to keep samples apart}}
  %z = tosa.erf %y : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("odd")
  return %z : tensor<1x4xf32>
}

// -----

// An op on parameters alone keeps its batch, but has no derivative.
ml_program.global private mutable @w(dense<0.5> : tensor<1x4xf32>) : tensor<1x4xf32>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = ml_program.global_load @w : tensor<1x4xf32>
  // expected-error @unknown {{cannot train layer 'odd': 'tosa.erf' has no derivative}}
  %v = tosa.erf %w : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("odd")
  %y = tosa.add %x, %v : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("add")
  return %y : tensor<1x4xf32>
}

// -----

func.func @main(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %z = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  // expected-error @unknown {{cannot take the cross-entropy of 'map': expects one score a class, but a sample has the shape [2, 2, 4]; mse is the other loss}}
  %y = tosa.add %x, %z : (tensor<1x2x2x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x4xf32> loc("map")
  return %y : tensor<1x2x2x4xf32>
}

// -----

// expected-error @+1 {{expects one tensor of f32 and to give another to be trained, but has type '(tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>'}}
func.func @main(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}

// -----

ml_program.global private mutable @v(dense<0.5> : tensor<1xf32>) : tensor<1xf32>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x6xf32> {
  %v = ml_program.global_load @v : tensor<1xf32>
  %s = tosa.const_shape {values = dense<[0, 0, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  // expected-error @unknown {{'tosa.pad' op has no derivative by what it pads with}}
  %y = tosa.pad %x, %s, %v : (tensor<1x4xf32>, !tosa.shape<4>, tensor<1xf32>) -> tensor<1x6xf32> loc("pad")
  return %y : tensor<1x6xf32>
}

// -----

// A module without a network.
// expected-error @+1 {{expects a function '@main' of one block}}
module {
}
