//===- Operators.h - the handlers of the operators --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A handler turns one node into ops of form F. It reads every attribute of the
// operator (checkAllRead refuses the others), so that nothing in a model is
// passed over in silence. A new operator is a function here and a row in
// OperatorTable.cpp.

#ifndef QAT_LIB_TARGET_ONNX_OPERATORS_H
#define QAT_LIB_TARGET_ONNX_OPERATORS_H

#include "GraphImporter.h"

namespace mlir::qat::onnx {

// WeightOperators.cpp
LogicalResult importConv(NodeContext &node);
LogicalResult importGemm(NodeContext &node);
LogicalResult importMatMul(NodeContext &node);

// ElementwiseOperators.cpp
LogicalResult importAdd(NodeContext &node);
LogicalResult importBatchNormalization(NodeContext &node);
LogicalResult importClip(NodeContext &node);
LogicalResult importDropout(NodeContext &node);
LogicalResult importIdentity(NodeContext &node);
LogicalResult importRelu(NodeContext &node);
LogicalResult importSoftmax(NodeContext &node);

// PoolOperators.cpp
LogicalResult importAveragePool(NodeContext &node);
LogicalResult importGlobalAveragePool(NodeContext &node);
LogicalResult importGlobalMaxPool(NodeContext &node);
LogicalResult importMaxPool(NodeContext &node);

// ReshapeOperators.cpp
LogicalResult importFlatten(NodeContext &node);
LogicalResult importReshape(NodeContext &node);
LogicalResult importSqueeze(NodeContext &node);
LogicalResult importUnsqueeze(NodeContext &node);

// ConstantOperators.cpp
LogicalResult importConcat(NodeContext &node);
LogicalResult importConstant(NodeContext &node);
LogicalResult importGather(NodeContext &node);
LogicalResult importShape(NodeContext &node);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_OPERATORS_H
