//===- QatBase.td - the dialect, its attributes and constraints -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_BASE
#define QAT_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Qat_Dialect : Dialect {
  let name = "qat";
  let cppNamespace = "::mlir::qat";
  let summary = "quantization-aware training and integer networks";
  let description = [{
    The dialect adds to TOSA what a network needs on its way from a trained
    float graph to integers on a microcontroller. It serves three forms:

    * **F** (float): TOSA ops, `qat.batch_norm`, `qat.softmax`; parameters are
      `ml_program.global`s with stable names (`conv1.weight`).
    * **Q** (fake-quantized): F with quantizers on activations and weights.
      What is learned (a bound) is an operand; values stay floating point.
    * **I** (integer): the integer layers of this dialect on tensors of
      `!quant.uniform` type. What is frozen is in the type: scale, zero point
      and the storage range, to which every layer clamps its result.

    Notation in the descriptions: `n(b) = 2^b - 1`; `round` is half to even;
    `floor`, `>>` and all integer sums and products are exact. Arithmetic on
    parameters is IEEE float32 in the order written. The arithmetic stands
    once in code, in `qat/Support`, and once in prose, in docs/Spec.md.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::quant::QuantDialect"];
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Qat_Op<string mnemonic, list<Trait> traits = []>
    : Op<Qat_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

def Qat_RoundingMode : I32EnumAttr<"RoundingMode",
    "how a real value between two steps is put on the grid", [
      I32EnumAttrCase<"Floor", 0, "floor">,
      I32EnumAttrCase<"Nearest", 1, "nearest">,
      I32EnumAttrCase<"HalfAway", 2, "half_away">]> {
  let cppNamespace = "::mlir::qat";
  let genSpecializedAttr = 0;
}
def Qat_RoundingModeAttr : EnumAttr<Qat_Dialect, Qat_RoundingMode, "rounding"> {
  let assemblyFormat = "`<` $value `>`";
}
// What we quantize is rounded down or half up; half_away comes with the pools
// of imported networks alone.
def Qat_ActivationRoundingAttr : ConfinedAttr<Qat_RoundingModeAttr, [
    AttrConstraint<
      CPred<"::llvm::cast<::mlir::qat::RoundingModeAttr>($_self).getValue() != "
            "::mlir::qat::RoundingMode::HalfAway">,
      "that is floor or nearest">]>;

def Qat_ActivationType : I32EnumAttr<"ActivationType",
    "where the upper bound of an activation comes from", [
      I32EnumAttrCase<"Learned", 0, "learned">,
      I32EnumAttrCase<"Clipped", 1, "clipped">,
      I32EnumAttrCase<"ReLU6", 2, "relu6">]> {
  let cppNamespace = "::mlir::qat";
  let genSpecializedAttr = 0;
}
def Qat_ActivationTypeAttr
    : EnumAttr<Qat_Dialect, Qat_ActivationType, "activation_type"> {
  let assemblyFormat = "`<` $value `>`";
}

def Qat_ScaleRoundingMode : I32EnumAttr<"ScaleRoundingMode",
    "how a scaled integer is rounded", [
      I32EnumAttrCase<"Floor", 0, "floor">,
      I32EnumAttrCase<"SingleRound", 1, "single_round">,
      I32EnumAttrCase<"DoubleRound", 2, "double_round">]> {
  let cppNamespace = "::mlir::qat";
  let genSpecializedAttr = 0;
}
def Qat_ScaleRoundingModeAttr
    : EnumAttr<Qat_Dialect, Qat_ScaleRoundingMode, "scale_rounding"> {
  let assemblyFormat = "`<` $value `>`";
}

def Qat_FoldType : I32EnumAttr<"BatchNormFold",
    "where a batch norm goes when it is frozen", [
      I32EnumAttrCase<"FoldingWeights", 0, "folding_weights">,
      I32EnumAttrCase<"ICN", 1, "ICN">,
      I32EnumAttrCase<"FoldingThresh", 2, "folding_thresh">]> {
  let cppNamespace = "::mlir::qat";
  let genSpecializedAttr = 0;
}
def Qat_FoldTypeAttr : EnumAttr<Qat_Dialect, Qat_FoldType, "fold_type"> {
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

// Bits of a weight or an activation.
def Qat_BitWidth : ConfinedAttr<I32Attr, [IntMinValue<2>, IntMaxValue<8>]>;
// Bits to which an integer bias saturates.
def Qat_BiasBits : ConfinedAttr<I32Attr, [IntMinValue<2>, IntMaxValue<32>]>;
// A learned bound: always the same type, so that no assembly spells it.
def Qat_Bound : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get("
          "{}, ::mlir::Float32Type::get($_self.getContext()))">,
    "rank-0 tensor of f32", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getF32Type())">;
// What layers compute on: the batch may be unknown, no dimension is empty.
class Qat_NotEmpty<Type type> : ConfinedType<type, [
    CPred<"!::llvm::is_contained("
          "::llvm::cast<::mlir::ShapedType>($_self).getShape(), 0)">],
    type.summary # " without empty dimensions">;
// Parameters and the tensors of form I: sizes are known and 32 bits count the
// elements, so that products of two counts fit 64 bits.
class Qat_Sized<Type type> : ConfinedType<type, [
    CPred<"::mlir::qat::hasKnownSize(::llvm::cast<::mlir::ShapedType>($_self))">],
    type.summary # " of static shape with 1 to 2^31-1 elements">;
// One value a channel.
def Qat_ChannelVector : Qat_Sized<1DTensorOf<[F32]>>;
def Qat_FloatWeights : Qat_Sized<RankedTensorOf<[F32]>>;
def Qat_FloatTensor : Qat_NotEmpty<RankedTensorOf<[F32]>>;
def Qat_FloatMatrix : Qat_NotEmpty<TensorRankOf<[F32], [2]>>;
def Qat_FloatImage : Qat_NotEmpty<4DTensorOf<[F32]>>;
// One scale for the whole tensor, or one a channel.
def Qat_UniformType : Type<
    And<[CPred<"::llvm::isa<::mlir::quant::UniformQuantizedType>($_self)">,
         CPred<"::llvm::cast<::mlir::quant::QuantizedType>($_self)"
               ".getExpressedType().isF32()">]>,
    "uniform quantized type of f32">;
def Qat_UniformPerAxisType : Type<
    And<[CPred<"::llvm::isa<::mlir::quant::UniformQuantizedPerAxisType>($_self)">,
         CPred<"::llvm::cast<::mlir::quant::QuantizedType>($_self)"
               ".getExpressedType().isF32()">]>,
    "per-axis uniform quantized type of f32">;
def Qat_WeightElement : AnyTypeOf<[Qat_UniformType, Qat_UniformPerAxisType]>;
def Qat_QuantizedTensor : Qat_Sized<RankedTensorOf<[Qat_UniformType]>>;
def Qat_QuantizedImage : Qat_Sized<TensorRankOf<[Qat_UniformType], [4]>>;
def Qat_QuantizedMatrix : Qat_Sized<TensorRankOf<[Qat_UniformType], [2]>>;
class Qat_QuantizedWeights<int rank>
    : Qat_Sized<TensorRankOf<[Qat_WeightElement], [rank]>>;
// The bias of an integer layer, in units of its accumulator.
def Qat_IntegerBias : Qat_Sized<TensorRankOf<[I32], [1]>>;
def Qat_Thresholds : Qat_Sized<TensorRankOf<[I32], [2]>>;

// Sums and products of window sizes then fit 64 bits.
def Qat_AtMostInt32Max : AttrConstraint<
    CPred<"::llvm::all_of("
          "::llvm::cast<::mlir::DenseI64ArrayAttr>($_self).asArrayRef(), "
          "[](int64_t value) { return value <= INT32_MAX; })">,
    "whose values are at most 2^31-1">;
// top, bottom, left, right, as in TOSA.
def Qat_Pads : ConfinedAttr<DenseI64ArrayAttr, [
    DenseArrayCount<4>, DenseArrayNonNegative<DenseI64ArrayAttr>,
    Qat_AtMostInt32Max]>;
// height, width.
def Qat_Pair : ConfinedAttr<DenseI64ArrayAttr, [
    DenseArrayCount<2>, DenseArrayStrictlyPositive<DenseI64ArrayAttr>,
    Qat_AtMostInt32Max]>;
def Qat_AccumulatorBits : ConfinedAttr<I32Attr, [AttrConstraint<
    CPred<"::llvm::is_contained({32, 64}, ::llvm::cast<::mlir::IntegerAttr>($_self).getInt())">,
    "whose value is 32 or 64">]>;

#endif // QAT_BASE
