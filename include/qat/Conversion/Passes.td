//===- Passes.td - conversions into and out of the qat dialect ----*- tablegen -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CONVERSION_PASSES
#define QAT_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertQatToLinalg : Pass<"convert-qat-to-linalg"> {
  let summary = "Lower the ops of forms F, Q and I to linalg on tensors";
  let description = [{
    Writes out what docs/Spec.md says that each op computes: the float ops and
    fake quantizers as float32 arithmetic in the order of the text, without
    fast-math; the integer layers as exact integer arithmetic.

    A tensor of `!quant.uniform` elements becomes a tensor of signless integers,
    at function boundaries too: one byte an element for storage of up to 8 bits
    (also for i4 and u2, which a processor cannot address), else 16 or 32 bits.
    Values are extended by the signedness of the storage type. `quant.scast`
    disappears, into an extension or truncation where the widths differ.

    A convolution becomes: the input, minus its zero point, copied into a
    padded buffer; weights minus their zero points, output channels innermost,
    folded here where they are constant; one loop nest whose innermost
    dimension is the contiguous output channels; and one loop for bias,
    multiplier, shift and clamp on 64 bits. Accumulators have 32 bits where
    `accumulator_bits` says so or the storage ranges alone prove it.

    With `host-kernels` layers with constant weights become calls of the host's
    own kernels, `qat.host_call`, where these serve them.

    Runs on a function or a module; calls between functions are converted with
    their callees.
  }];
  let options = [
    Option<"hostKernels", "host-kernels", "std::string", /*default=*/"",
           "Call the kernels of this instruction set: generic, avx2 or "
           "avx512vnni (default: none)">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def QatRaiseConvolutions : Pass<"qat-raise-convolutions"> {
  let summary = "Write the convolutions of a training step as contractions";
  let description = [{
    `tosa.conv2d`, `tosa.depthwise_conv2d` and `qat.grouped_conv2d` on floats of
    static shape become `qat.contraction forward` and, where the bias is not a
    constant zero, an addition of the bias.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::qat::QatDialect"];
}

def QatUseByteContractions : Pass<"qat-use-byte-contractions"> {
  let summary = "Multiply levels as bytes where they fit";
  let description = [{
    A forward `qat.contraction` of two `qat.levels` (integer evaluation) becomes
    one of i8 to i32, exactly: activations clipped from 0 on, with up to 8 bits,
    are stored from 0 to 255; weights of 8 bits less 128 and the lowest level of
    their output channel, for which the sums of the levels in each window make
    up, and weights of fewer bits as they are. Sums are whole numbers of i32,
    rounded to f32 once. Depthwise convolutions stay: f32 holds their sums, and
    a vector as many of them as of i32. Pays on processors that multiply bytes
    four at a time (VNNI, AMX).
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::qat::QatDialect"];
}

def ConvertContractionsToLinalg : Pass<"convert-contractions-to-linalg"> {
  let summary = "Lower qat.contraction on tensors to linalg.generic";
  let description = [{
    Any stride, padding, dilation and groups; f32, f64 and the integers. Images
    are copied into padded buffers. These loops are the reference for the
    library's kernels, and for gradient checks in f64; they are slow.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ConvertContractionsToKernels
    : Pass<"convert-contractions-to-kernels", "::mlir::ModuleOp"> {
  let summary = "Lower qat.contraction on buffers to calls of kernels";
  let description = [{
    A depthwise contraction with one output channel an input channel becomes
    vector loops over `lanes` channels. An `input_gradient` and the
    `weight_gradient` of the same `dy` become one loop nest where they follow
    each other with nothing between them that touches memory; `input_gradient`
    first is the order in which that is always right.

    Any other contraction becomes a call of `qat_training_contraction`
    (qat/TrainingKernels/TrainingKernels.h), which computes it by oneDNN: with
    the address of a constant that says what to compute, and those of the
    buffers. As an address does not keep a buffer alive in the eyes of other
    passes, this one runs after the placement and the release of buffers.

    Fails on elements of f64, on buffers with gaps between elements and on
    what oneDNN refuses.
  }];
  let options = [
    Option<"lanes", "lanes", "unsigned", /*default=*/"16",
           "Channels in a vector: 16 for 512 bits, 8 for 256">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def QatNormalizeTosa : Pass<"qat-normalize-tosa", "::mlir::ModuleOp"> {
  let summary = "Bring TOSA as converters write it into one form";
  let description = [{
    An unknown first dimension of `@main`'s arguments is the batch and becomes
    `batch`; the sizes of all results follow. No other dimension may be unknown.
    The names of inputs and outputs that a converter noted (`tf.entry_function`)
    become `qat.name`; else they are `input` and `output`.

    Reshapes and transposes of constants are constants, and so are integer
    weights that are cast and scaled to floats. `exp(x - max) / sum` over the last
    dimension becomes `qat.softmax`. A float network with ops that form F
    has no place for fails with one error that lists all of them.
  }];
  let options = [
    Option<"batch", "batch", "int64_t", "1",
           "What an unknown first dimension becomes">,
  ];
  let dependentDialects = ["::mlir::tosa::TosaDialect",
                           "::mlir::qat::QatDialect"];
}

def ConvertTosaToQat : Pass<"convert-tosa-to-qat", "::mlir::ModuleOp"> {
  let summary = "Raise an 8-bit TOSA network to the integer layers of form I";
  let description = [{
    For networks of `i8` tensors, after `qat-normalize-tosa`. A convolution, a
    depthwise convolution or a dense layer with its `tosa.rescale` (and clamp)
    becomes one integer layer with the rounding of the rescale; the rescales
    around an addition one `qat.rescaled_add`; average and maximum pools,
    reshapes, concatenations and pads of constant value their likes. A slice
    whose missing rows no window reaches is dropped. The softmax that
    converters write out as tables, shifts and Newton steps becomes one
    `qat.table_softmax`; any other function of one `i8` value, `tosa.table`, a
    rescale or a clamp on its own, a `qat.table`.

    A zero point is what the ops say; the same for all users of a value. Scales
    are those of the module's attribute `qat.grids`, a dictionary from tensor
    names (the ops' locations) to `!quant.uniform` types; a tensor that is not
    there has the scale 1.

    Fails with one error that lists every op that has no integer layer, with its
    tensor's name.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect", "::mlir::qat::QatDialect"];
}

def QatNameLayers : Pass<"qat-name-layers", "::mlir::ModuleOp"> {
  let summary = "Give each layer a name, and its weights the layer's name";
  let description = [{
    The name of a layer is taken out of its location, the name that its tensor
    had in the source model: `conv2d_8` from
    `model/batch_norm_8/FusedBatchNormV3;model/conv2d_8/Conv2D`. A name that is
    no path stays as it is. Where there is nothing to take, or it is taken
    already, the layer is called by its kind: `conv_0`, `dense_1`. Ops that
    belong to a layer (its clamp, reshapes around it) have its name.

    Constant weights of float layers become parameters `LAYER.weight`, a bias
    that is not zero `LAYER.bias`.
  }];
  let dependentDialects = ["::mlir::ml_program::MLProgramDialect"];
}

#endif // QAT_CONVERSION_PASSES
