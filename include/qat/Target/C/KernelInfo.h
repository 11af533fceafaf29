//===- KernelInfo.h - the table of C kernels --------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table says what the kernels of qat-rt need: the conversion chooses by it,
// the packer lays out weights by it, the planner gives scratch and overwrites
// inputs by it, the printer writes parameter structs by it. A kernel is a row;
// what all storages of an operation have in common is its family. Kernels of
// other widths or for one target are more rows.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_KERNELINFO_H
#define QAT_TARGET_C_KERNELINFO_H

#include "qat/Target/C/Storage.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace mlir::qat {

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

enum class KernelKind : uint8_t {
  Conv2D,
  DepthwiseConv2D,
  FullyConnected,
  Add,
  Requantize,
  AvgPool2D,
  MaxPool2D,
  Concat,
  Pad,
  RescaledAdd,
  Table,
  TableSoftmax,
};

/// How a kernel with weights rounds the product that it scales accumulators by,
/// or that it has none: it compares, or the sums are the result (logits). The
/// others do not say.
enum class KernelRounding : uint8_t {
  Floor,
  SingleRound,
  DoubleRound,
  Thresholds,
  Unscaled
};

/// The C types of the members of parameter structs; the last three are
/// pointers to arrays of words of weights, of int32_t and of bytes.
enum class FieldType : uint8_t { U8, U16, I32, I64, Words, Int32s, Bytes };

struct KernelField {
  llvm::StringRef name;
  FieldType type;
};

/// What begins on a new 32-bit word in packed weights. The stored tensor is
/// cut in this many rows by its leading dimensions.
enum class WeightPacking : uint8_t {
  None,
  RowPerOutput, ///< [out_c][...]: leading dimensions 1
  RowPerTap,    ///< [kernel_h][kernel_w][channels]: leading dimensions 2
};

/// What a kernel keeps in its scratch.
enum class ScratchUse : uint8_t {
  None,
  Window,          ///< one window of one group as 16-bit values
  UnpackedWeights, ///< the weights of four channels as 32-bit values
};

/// What all kernels of one operation have in common.
struct KernelFamily {
  KernelKind kind;
  llvm::StringRef name;               ///< "conv2d", in names and tables
  llvm::StringRef structName;         ///< of the parameters
  llvm::StringRef header;             ///< in qat-rt/
  llvm::ArrayRef<KernelField> fields; ///< in the order of the struct
  unsigned inputs;                    ///< activations that it reads
  WeightPacking packing;
  /// Whether the output has the storage of the input, which kernels then name
  /// once.
  bool keepsStorage;
  /// Whether the output may be one of the inputs where storage and pitch are
  /// the same.
  bool mayRunInPlace;
  ScratchUse scratch;

  /// Whether kernels have a storage of weights or of a second input.
  bool hasSecond() const {
    return inputs == 2 || packing != WeightPacking::None;
  }
  /// Bytes of the parameter struct on a target with 32-bit pointers.
  int64_t getStructBytes() const;
};

llvm::ArrayRef<KernelFamily> getKernelFamilies();
const KernelFamily &getKernelFamily(KernelKind kind);

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// A row of the table.
struct KernelInfo {
  std::string function; ///< "qat_conv2d_u8_i8_u8"
  const KernelFamily *family;
  /// The only target that the kernel is for; empty: every target.
  llvm::StringRef target;
  Storage input;
  /// Of the weights, or of the second input; no meaning for one input alone.
  Storage second;
  Storage output;
  /// 32: acc + bias has to fit 32 bits; 64: always exact.
  unsigned accumulatorBits;
  /// Estimated instructions a MAC (of an output element for Add and
  /// Requantize, of an input element of a window for pooling) on a Cortex-M4:
  /// of kernels that fit, the cheapest is taken.
  double cost;
  KernelRounding rounding = KernelRounding::Floor;

  /// The file of lib/Runtime/C that the definition goes into: "conv2d.c".
  std::string getSource() const;
  /// `QAT_CONV2D_KERNEL(qat_conv2d_u8_i4_u4, u8, i4, u4, QAT_ACC32)`
  std::string getDefinition() const;
  /// `QAT_CONV2D_DECLARE(qat_conv2d_u8_i4_u4, uint8_t, uint8_t)`
  std::string getDeclaration() const;

  /// 32-bit words of weights of a row of `fields` weights.
  int64_t getWordsPerRow(int64_t fields) const;
  /// Bytes of scratch where one window of one group has `windowElements`.
  int64_t getScratchBytes(int64_t windowElements) const;
};

/// What a layer asks for.
struct KernelQuery {
  KernelKind kind;
  llvm::StringRef target;
  Storage input, second, output;
  unsigned accumulatorBits = 32;
  KernelRounding rounding = KernelRounding::Floor;
};

/// The cheapest kernel that serves `query`, or null. A kernel with 64-bit
/// accumulators serves a layer that needs only 32.
const KernelInfo *findKernel(const KernelQuery &query);

/// The kernel of this C function, or null.
const KernelInfo *findKernel(llvm::StringRef function);

/// All rows: every operation for every combination of storages.
llvm::ArrayRef<KernelInfo> getKernels();

} // namespace mlir::qat

#endif // QAT_TARGET_C_KERNELINFO_H
