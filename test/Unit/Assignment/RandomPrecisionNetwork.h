//===- RandomPrecisionNetwork.h - graphs with branches ---------- -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_ASSIGNMENT_RANDOMPRECISIONNETWORK_H
#define QAT_TEST_UNIT_ASSIGNMENT_RANDOMPRECISIONNETWORK_H

#include "qat/Assignment/AssignPrecision.h"

#include <random>

namespace mlir::qat {

/// A network of 2 to 14 layers with skips, joins and pools. With `hasPins` some
/// layers are configured.
PrecisionNetwork makeRandomPrecisionNetwork(std::mt19937 &random, bool hasPins);

} // namespace mlir::qat

#endif // QAT_TEST_UNIT_ASSIGNMENT_RANDOMPRECISIONNETWORK_H
