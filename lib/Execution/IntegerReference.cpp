//===- IntegerReference.cpp - an integer network, layer by layer ------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/IntegerReference.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::qat;

/// The layer whose output `value` is, perhaps under another shape.
static Value getLayerOutput(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Makes the outputs of all integer layers that contribute to the result the
/// results of `main`, each once: layers may lack names or share them. Gives the
/// place of the network's own output, or none where no layer computes it.
static std::optional<unsigned> returnLayers(func::FuncOp main) {
  Block &body = main.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  Operation *exit = body.getTerminator();
  Value output = getLayerOutput(exit->getOperand(0));
  std::optional<unsigned> place;
  SmallVector<Value> results;
  for (auto layer : body.getOps<IntegerLayerOpInterface>()) {
    if (layer->getResult(0) == output)
      place = results.size();
    results.push_back(layer->getResult(0));
  }
  exit->setOperands(results);
  main.setFunctionType(FunctionType::get(main.getContext(),
                                         main.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  main.removeResAttrsAttr();
  return place;
}

llvm::Expected<std::unique_ptr<IntegerReference>>
IntegerReference::get(ModuleOp module) {
  auto result = std::make_unique<IntegerReference>();
  result->module = module.clone();
  auto main = result->module->lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal() || !main.getBody().hasOneBlock() ||
      main.getNumArguments() != 1 || main.getNumResults() != 1)
    return llvm::createStringError(
        "the network is not in form I: it has no '@main' of one input and one "
        "result");
  auto outputType = dyn_cast<RankedTensorType>(main.getResultTypes().front());
  std::optional<unsigned> outputLayer = returnLayers(main);
  if (!outputType || !outputLayer)
    return llvm::createStringError(
        "the network is not in form I: no integer layer computes its result");
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*result->module);
  if (!network)
    return network.takeError();
  result->network = std::move(*network);
  ArrayRef<TensorInfo> inputs = result->network->inputs();
  if (inputs.size() != 1 || !inputs[0].quantized)
    return llvm::createStringError(
        "the network is not in form I: it has no single quantized input");
  result->outputLayer = *outputLayer;
  result->outputInfo = result->network->outputs()[*outputLayer];
  result->outputInfo.shape.assign(outputType.getShape().begin(),
                                  outputType.getShape().end());
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
  layers.clear();
  for (const NdArray &layer : outputs)
    layers.push_back(bytesOf(layer));
  output = layers[outputLayer];
  return llvm::Error::success();
}
