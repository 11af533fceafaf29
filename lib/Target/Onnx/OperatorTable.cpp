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
    {"Cast", 7, importCast},
    {"Celu", 7, importActivation},
    {"Clip", 7, importClip},
    {"Concat", 7, importConcat},
    {"Constant", 7, importConstant},
    {"ConstantOfShape", 7, importConstantOfShape},
    {"Conv", 7, importConv},
    {"Div", 7, importDiv},
    {"Dropout", 7, importDropout},
    {"Elu", 7, importActivation},
    {"Erf", 7, importActivation},
    {"Exp", 7, importActivation},
    {"Flatten", 7, importFlatten},
    {"Gather", 7, importGather},
    {"Gelu", 7, importActivation},
    {"Gemm", 7, importGemm},
    {"GlobalAveragePool", 7, importGlobalAveragePool},
    {"GlobalMaxPool", 7, importGlobalMaxPool},
    {"HardSigmoid", 7, importActivation},
    {"HardSwish", 7, importActivation},
    {"Identity", 7, importIdentity},
    {"LeakyRelu", 7, importActivation},
    {"LogSoftmax", 7, importActivation},
    {"MatMul", 7, importMatMul},
    {"MaxPool", 7, importMaxPool},
    {"Mish", 7, importActivation},
    {"Mul", 7, importMul},
    {"Neg", 7, importNeg},
    {"PRelu", 7, importActivation},
    {"Pad", 7, importPad},
    {"ReduceMax", 7, importReduceMax},
    {"ReduceMean", 7, importReduceMean},
    {"Relu", 7, importRelu},
    {"Reshape", 7, importReshape},
    {"Selu", 7, importActivation},
    {"Shape", 7, importShape},
    {"Sigmoid", 7, importActivation},
    {"Slice", 7, importSlice},
    {"Softmax", 7, importSoftmax},
    {"Softplus", 7, importActivation},
    {"Softsign", 7, importActivation},
    {"Sqrt", 7, importSqrt},
    {"Squeeze", 7, importSqueeze},
    {"Sub", 7, importSub},
    {"Sum", 7, importSum},
    {"Tanh", 7, importActivation},
    {"Transpose", 7, importTranspose},
    {"Unsqueeze", 7, importUnsqueeze},
};

const Operator *qat::onnx::findOperator(StringRef name) {
  for (const Operator &op : kOperators)
    if (op.name == name)
      return &op;
  return nullptr;
}
