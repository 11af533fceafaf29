//===- LayerExecution.cpp - every layer's output on the host --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerExecution.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Execution/CompiledNetwork.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::Error;
using llvm::Expected;

/// Makes the outputs of all integer layers the results of `main`.
static void returnLayers(func::FuncOp main) {
  Block &body = main.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  SmallVector<Value> results;
  for (auto layer : body.getOps<IntegerLayerOpInterface>())
    results.push_back(layer->getResult(0));
  main.setFunctionType(FunctionType::get(main.getContext(),
                                         main.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  main.removeResAttrsAttr();
  body.getTerminator()->setOperands(results);
}

Expected<
    std::function<Error(const StoredTensor &, std::vector<StoredTensor> &)>>
mlir::qat::compileLayers(ModuleOp formI) {
  auto module = std::make_shared<OwningOpRef<ModuleOp>>(formI.clone());
  returnLayers((*module)->lookupSymbol<func::FuncOp>("main"));
  auto compiled = CompiledNetwork::compile(**module);
  if (!compiled)
    return compiled.takeError();
  // What is compiled refers to the data of the module.
  std::shared_ptr<CompiledNetwork> network = std::move(*compiled);
  return [module, network](const StoredTensor &input,
                           std::vector<StoredTensor> &outputs) -> Error {
    const TensorInfo &info = network->inputs().front();
    NdArray array = NdArray::zeros(info.kind, info.shape);
    if (array.bytes().size() != input.size())
      return llvm::createStringError(
          "the network's input has %zu bytes, but got %zu",
          array.bytes().size(), input.size());
    llvm::copy(input, array.bytes().begin());
    std::vector<NdArray> results(network->outputs().size());
    const NdArray *inputs[] = {&array};
    if (Error error = network->run(inputs, results))
      return error;
    for (const NdArray &result : results)
      outputs.emplace_back(result.bytes().begin(), result.bytes().end());
    return Error::success();
  };
}
