//===- Networks.h - the networks of the zoo ---------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_ZOO_NETWORKS_H
#define QAT_LIB_ZOO_NETWORKS_H

#include "NetworkBuilder.h"

namespace mlir::qat {

/// Each builds a network on `x` and returns its logits.
Value buildMobileNetV1(NetworkBuilder &net, Value x, double width,
                       int64_t classes);
Value buildMobileNetV2(NetworkBuilder &net, Value x, double width,
                       int64_t classes);
Value buildResNet8(NetworkBuilder &net, Value x, double width, int64_t classes);
Value buildDsCnn(NetworkBuilder &net, Value x, double width, int64_t classes);

} // namespace mlir::qat

#endif // QAT_LIB_ZOO_NETWORKS_H
