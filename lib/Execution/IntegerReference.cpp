//===- IntegerReference.cpp - an integer network, layer by layer ------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/IntegerReference.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::qat;

llvm::Expected<std::unique_ptr<IntegerReference>>
IntegerReference::get(ModuleOp module) {
  auto result = std::make_unique<IntegerReference>();
  result->module = module.clone();
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatExposeLayers());
  if (failed(manager.run(*result->module)))
    return llvm::createStringError("the layers cannot be exposed");
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*result->module);
  if (!network)
    return network.takeError();
  result->network = std::move(*network);
  ArrayRef<TensorInfo> inputs = result->network->inputs();
  if (inputs.size() != 1 || !inputs[0].quantized)
    return llvm::createStringError(
        "the network is not in form I: it has no single quantized input");
  return result;
}

llvm::Error
IntegerReference::run(ArrayRef<uint8_t> inputBytes,
                      std::vector<uint8_t> &output,
                      std::vector<std::vector<uint8_t>> &layers) const {
  NdArray array = NdArray::zeros(input().kind, input().shape);
  if (static_cast<int64_t>(inputBytes.size()) != array.byteSize())
    return llvm::createStringError("an input of " +
                                   llvm::Twine(inputBytes.size()) +
                                   " bytes was given to a network that takes " +
                                   llvm::Twine(array.byteSize()));
  llvm::copy(inputBytes, array.bytes().begin());
  std::vector<NdArray> outputs(network->outputs().size());
  const NdArray *inputs[] = {&array};
  if (llvm::Error error = network->run(inputs, outputs))
    return error;
  auto bytesOf = [](const NdArray &values) {
    return std::vector<uint8_t>(values.bytes().begin(), values.bytes().end());
  };
  output = bytesOf(outputs[0]);
  layers.clear();
  for (const NdArray &layer : llvm::drop_begin(outputs))
    layers.push_back(bytesOf(layer));
  return llvm::Error::success();
}
