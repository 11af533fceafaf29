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

// ConvOperators.cpp
LogicalResult importConv(NodeContext &node);

// DenseOperators.cpp
LogicalResult importGemm(NodeContext &node);
LogicalResult importMatMul(NodeContext &node);

// AffineOperators.cpp
LogicalResult importAdd(NodeContext &node);
LogicalResult importDiv(NodeContext &node);
LogicalResult importMul(NodeContext &node);
LogicalResult importNeg(NodeContext &node);
LogicalResult importSub(NodeContext &node);
LogicalResult importSum(NodeContext &node);

// ElementwiseOperators.cpp
LogicalResult importActivation(NodeContext &node);
LogicalResult importBatchNormalization(NodeContext &node);
LogicalResult importClip(NodeContext &node);
LogicalResult importDropout(NodeContext &node);
LogicalResult importIdentity(NodeContext &node);
LogicalResult importRelu(NodeContext &node);
LogicalResult importSoftmax(NodeContext &node);

// JoinOperators.cpp
LogicalResult importConcat(NodeContext &node);
LogicalResult importPad(NodeContext &node);

// PoolOperators.cpp
LogicalResult importAveragePool(NodeContext &node);
LogicalResult importGlobalAveragePool(NodeContext &node);
LogicalResult importGlobalMaxPool(NodeContext &node);
LogicalResult importMaxPool(NodeContext &node);
LogicalResult importReduceMax(NodeContext &node);
LogicalResult importReduceMean(NodeContext &node);

// ReshapeOperators.cpp
LogicalResult importFlatten(NodeContext &node);
LogicalResult importReshape(NodeContext &node);
LogicalResult importSqueeze(NodeContext &node);
LogicalResult importTranspose(NodeContext &node);
LogicalResult importUnsqueeze(NodeContext &node);

/// The result of the node: `input` with another shape of as many elements.
LogicalResult reshapeTo(NodeContext &node, const Data &input,
                        ArrayRef<int64_t> shape);

/// "1, 2, 3"
std::string joinNumbers(ArrayRef<int64_t> numbers);

/// Reads the axes of an operator, its attribute `axes` before opset `since`
/// and its input 1 from there on, as sorted dimensions of a tensor of `rank`;
/// empty where they are not given.
LogicalResult readAxes(NodeContext &node, size_t rank, int64_t since,
                       std::vector<int64_t> &axes);

// ConstantOperators.cpp
LogicalResult importCast(NodeContext &node);
LogicalResult importConstant(NodeContext &node);
LogicalResult importConstantOfShape(NodeContext &node);
LogicalResult importGather(NodeContext &node);
LogicalResult importShape(NodeContext &node);
LogicalResult importSlice(NodeContext &node);
LogicalResult importSqrt(NodeContext &node);

/// The result of a node whose inputs are constants: of Add, Sub, Mul and Div;
/// of Neg and Sqrt; of Concat; of Transpose.
LogicalResult foldBinary(NodeContext &node, const Constant &lhs,
                         const Constant &rhs);
LogicalResult foldUnary(NodeContext &node, const Constant &input);
LogicalResult foldConcat(NodeContext &node, ArrayRef<const Constant *> inputs,
                         int64_t axis);
LogicalResult foldTranspose(NodeContext &node, const Constant &input,
                            ArrayRef<int64_t> permutation);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_OPERATORS_H
