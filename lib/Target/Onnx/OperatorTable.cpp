//===- OperatorTable.cpp - which operators are imported -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"

using namespace mlir;
using namespace mlir::qat::onnx;

// `since` is the oldest opset whose definition the handler implements; 7 where
// it implements the one that holds at the oldest opset that is read.
static constexpr Operator kOperators[] = {
    {"Add", 7, importAdd},
    {"AveragePool", 7, importAveragePool},
    {"BatchNormalization", 7, importBatchNormalization},
    {"Clip", 7, importClip},
    {"Concat", 7, importConcat},
    {"Constant", 7, importConstant},
    {"Conv", 7, importConv},
    {"Dropout", 7, importDropout},
    {"Flatten", 7, importFlatten},
    {"Gather", 7, importGather},
    {"Gemm", 7, importGemm},
    {"GlobalAveragePool", 7, importGlobalAveragePool},
    {"GlobalMaxPool", 7, importGlobalMaxPool},
    {"Identity", 7, importIdentity},
    {"MatMul", 7, importMatMul},
    {"MaxPool", 7, importMaxPool},
    {"Relu", 7, importRelu},
    {"Reshape", 7, importReshape},
    {"Shape", 7, importShape},
    {"Softmax", 7, importSoftmax},
    {"Squeeze", 7, importSqueeze},
    {"Unsqueeze", 7, importUnsqueeze},
};

const Operator *qat::onnx::findOperator(StringRef name) {
  for (const Operator &op : kOperators)
    if (op.name == name)
      return &op;
  return nullptr;
}
