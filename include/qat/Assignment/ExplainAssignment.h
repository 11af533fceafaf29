//===- ExplainAssignment.h - why a budget fails, and what helps -*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ASSIGNMENT_EXPLAINASSIGNMENT_H
#define QAT_ASSIGNMENT_EXPLAINASSIGNMENT_H

#include "qat/Assignment/AssignPrecision.h"

namespace mlir::qat {

/// One thing that can be asked for otherwise: a key of the per-layer
/// configuration or an option.
struct AssignmentChange {
  enum class Kind {
    DropActivationBits, ///< take 'a_bits' of the grid `index` out
    SetActivationBits,  ///< give the grid `index` 'a_bits' of `bits`
    DropWeightBits,     ///< take 'w_bits' of the step `index` out
    SetWeightBits,      ///< give the step `index` 'w_bits' of `bits`
    DropScheme,         ///< take 'quant_type' of the step `index` out
    DropFold,           ///< take 'fold_type' of the step `index` out
    SetMode,            ///< the other mode
    SetPolicy,          ///< the other policy
  };
  Kind kind = Kind::SetMode;
  size_t index = 0;
  unsigned bits = 0;
  /// By how many bytes the smallest budget that would do falls, and to which.
  int64_t gain = 0;
  int64_t need = 0;

  /// Makes the change.
  void apply(PrecisionNetwork &network, AssignmentOptions &options) const;
  /// "leaving out 'w_bits' of layer 'conv1'", as the user asks for it.
  std::string describe(const PrecisionNetwork &network,
                       const AssignmentOptions &options) const;
};

/// Every single change that lowers the smallest budget of the stage that failed
/// in `assignment`, the one that helps most first; none where both fit.
std::vector<AssignmentChange>
findHelpfulChanges(const PrecisionNetwork &network,
                   const AssignmentOptions &options,
                   const Assignment &assignment);

/// Whether each scheme that `mode` and the configuration give goes with the
/// fold type that the configuration gives; per-channel weights cannot take
/// folding_weights.
bool areFoldsLegal(const PrecisionNetwork &network, AssignmentMode mode);

/// What failed, in parts of a sentence without line breaks: what is needed and
/// over, what is live, the smallest budget, changes that help (`most` of them).
/// Empty where nothing failed.
std::vector<std::string> explainAssignment(const PrecisionNetwork &network,
                                           const AssignmentOptions &options,
                                           const Assignment &assignment,
                                           size_t most = 3);

/// A size in bits as bytes: "96", "96.5".
std::string formatBytes(int64_t bits);

} // namespace mlir::qat

#endif // QAT_ASSIGNMENT_EXPLAINASSIGNMENT_H
