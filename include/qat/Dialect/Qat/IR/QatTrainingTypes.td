//===- QatTrainingTypes.td - operands of a training step -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_TYPES
#define QAT_TRAINING_TYPES

include "qat/Dialect/Qat/IR/QatBase.td"

// Training computes in f32; f64 is for checks of the gradients. Every size is
// known.
def Qat_Real : AnyTypeOf<[F32, F64]>;
def Qat_RealTensor : Qat_Sized<RankedTensorOf<[Qat_Real]>>;
def Qat_RealMatrix : Qat_Sized<TensorRankOf<[Qat_Real], [2]>>;
def Qat_RealVector : Qat_Sized<TensorRankOf<[Qat_Real], [1]>>;
// A hyperparameter, a loss, a count: one number of rank 0.
def Qat_RealScalar : TensorRankOf<[Qat_Real], [0]>;
def Qat_DoubleScalar : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get("
          "{}, ::mlir::Float64Type::get($_self.getContext()))">,
    "rank-0 tensor of f64", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getF64Type())">;
// Whether a step is carried out.
def Qat_Flag : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get("
          "{}, ::mlir::IntegerType::get($_self.getContext(), 1))">,
    "rank-0 tensor of i1", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI1Type())">;
// The class of each sample.
def Qat_Labels : Qat_Sized<TensorRankOf<[I32], [1]>>;
// A seed and the number of the step.
def Qat_Seed : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get("
          "{2}, ::mlir::IntegerType::get($_self.getContext(), 32))">,
    "tensor of 2 i32", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({2}, $_builder.getI32Type())">;

#endif // QAT_TRAINING_TYPES
