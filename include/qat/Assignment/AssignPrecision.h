//===- AssignPrecision.h - bits by the memory there is ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Section 9 of docs/Spec.md (Rusci et al., arXiv 1905.13082): activations are
// cut until every layer fits the RAM, then weights until all fit the ROM.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ASSIGNMENT_ASSIGNPRECISION_H
#define QAT_ASSIGNMENT_ASSIGNPRECISION_H

#include "qat/Assignment/PrecisionNetwork.h"

#include "llvm/ADT/StringRef.h"

namespace mlir::qat {

/// Per-layer or per-channel weights.
enum class AssignmentMode { MixPL, MixPC };
/// Where the fold type of MixPL comes from: the bits alone, or what the
/// reference does, which depends on how often the total was evaluated.
enum class AssignmentPolicy { Consistent, Reference };
enum class AssignmentStatus { Ok, FailActivation, FailWeights };

/// The words of the command line and of JSON; none for other words.
llvm::StringRef stringifyAssignmentMode(AssignmentMode mode);
std::optional<AssignmentMode> symbolizeAssignmentMode(llvm::StringRef word);
llvm::StringRef stringifyAssignmentPolicy(AssignmentPolicy policy);
std::optional<AssignmentPolicy> symbolizeAssignmentPolicy(llvm::StringRef word);
llvm::StringRef stringifyAssignmentStatus(AssignmentStatus status);

struct AssignmentOptions {
  /// Budgets in bytes, 0 to 2^50.
  int64_t romBytes = 0, ramBytes = 0;
  AssignmentMode mode = AssignmentMode::MixPC;
  AssignmentPolicy policy = AssignmentPolicy::Consistent;
};

/// What a layer with weights is given.
struct WeightAssignment {
  unsigned bits = 8;
  WeightScheme scheme = WeightScheme::PerChannelsAsymMinMax;
  FoldType fold = FoldType::ICN;
  /// Of the packed weights, in bits; not rounded to bytes.
  int64_t weightBits = 0;
  /// Biases, multipliers, shifts, zero points, thresholds.
  int64_t extraBytes = 0;
};

/// The outcome. Sizes are in bits, so that halves of bytes are exact; the
/// decisions compare them with 8 times the budgets.
struct Assignment {
  AssignmentStatus status = AssignmentStatus::Ok;
  /// One a grid, as far as the first stage came.
  llvm::SmallVector<unsigned> gridBits;
  /// One a step; what all live tensors take there.
  llvm::SmallVector<int64_t> stepBits;
  /// The first step where that is most.
  size_t peakStep = 0;
  /// How many steps the first stage looked at.
  int64_t visits = 0;
  /// FailActivation: the step that does not fit with all that may be cut cut.
  size_t failedStep = 0;

  /// One a step, those without weights empty; unless FailActivation.
  std::vector<std::optional<WeightAssignment>> weights;
  int64_t romBits = 0;
  /// How often the second stage evaluated the total.
  int64_t romEvaluations = 0;

  int64_t peakBits() const { return stepBits.empty() ? 0 : stepBits[peakStep]; }
  /// The sums over `weights`.
  int64_t romWeightBits() const;
  int64_t romExtraBytes() const;
};

/// Both stages. A pure function; the network is as PrecisionNetwork says.
Assignment assignPrecision(const PrecisionNetwork &network,
                           const AssignmentOptions &options);

/// The bytes of RAM from which on the first stage succeeds: with everything cut
/// that may be cut, the most that a step takes; `tightest` is given the first
/// that takes it.
int64_t findSmallestRam(const PrecisionNetwork &network,
                        size_t *tightest = nullptr);

/// The bytes of ROM from which on the second stage succeeds with the RAM of
/// `options`: the least total on its way (a cut may cost more extra bytes than
/// it saves). None where the first stage fails.
std::optional<int64_t> findSmallestRom(const PrecisionNetwork &network,
                                       const AssignmentOptions &options);

/// The bits that all that is live at step `index` takes.
int64_t getLiveBits(const PrecisionNetwork &network, size_t index,
                    llvm::ArrayRef<unsigned> gridBits);

} // namespace mlir::qat

#endif // QAT_ASSIGNMENT_ASSIGNPRECISION_H
