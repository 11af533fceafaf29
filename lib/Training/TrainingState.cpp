//===- TrainingState.cpp - all numbers of a training ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/TrainingState.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Target/Safetensors/CollectArrays.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Error TrainingState::setFromNetwork(ModuleOp network) {
  std::map<std::string, NdArray> taken;
  for (auto global : network.getOps<ml_program::GlobalOp>()) {
    auto type = dyn_cast<RankedTensorType>(global.getType());
    std::optional<std::vector<float>> numbers =
        getFloatElements(global.getValueAttr());
    if (!type || !numbers)
      return createStringError("parameter '" + global.getSymName() +
                               "' is not a tensor of f32 with its data");
    taken[global.getSymName().str()] =
        NdArray::of<float>(type.getShape(), *numbers);
  }
  values = std::move(taken);
  for (auto it = ofOptimizer.begin(); it != ofOptimizer.end();) {
    auto value = values.find(StringRef(it->first).split('/').second.str());
    bool fits =
        value != values.end() && value->second.shape() == it->second.shape();
    it = fits ? std::next(it) : ofOptimizer.erase(it);
  }
  return Error::success();
}

Expected<std::vector<void *>>
TrainingState::bind(ArrayRef<StepArgument> arguments) {
  std::vector<void *> buffers;
  for (const StepArgument &argument : arguments) {
    NdArray *array = nullptr;
    if (argument.role == "parameter" || argument.role == "statistic") {
      auto value = values.find(argument.name);
      if (value == values.end())
        return createStringError("the training step has the " + argument.role +
                                 " '" + argument.name +
                                 "', which the network has not");
      array = &value->second;
    } else if (argument.role == "moment1" || argument.role == "moment2" ||
               argument.role == "gradient") {
      array = &ofOptimizer[argument.role + "/" + argument.name];
      if (array->size() == 0)
        *array = NdArray::zeros(argument.kind, argument.shape);
    }
    if (array && (array->kind() != argument.kind ||
                  array->shape() != ArrayRef<int64_t>(argument.shape)))
      return createStringError("the " + argument.role + " '" + argument.name +
                               "' has shape " + shapeText(array->shape()) +
                               ", but the training step takes " +
                               shapeText(argument.shape));
    buffers.push_back(array ? array->bytes().data() : nullptr);
  }
  return buffers;
}

TrainingState TrainingState::clone() const {
  TrainingState copy;
  for (const auto &[name, array] : values)
    copy.values[name] = array.clone();
  for (const auto &[name, array] : ofOptimizer)
    copy.ofOptimizer[name] = array.clone();
  return copy;
}

void TrainingState::takeValue(StringRef name, TrainingState &other) {
  values[name.str()] = std::move(other.values[name.str()]);
}

std::string TrainingState::findNonFinite() const {
  for (const auto &[name, array] : values)
    if (!all_of(array.data<float>(), [](float x) { return std::isfinite(x); }))
      return name;
  return "";
}

void TrainingState::save(std::vector<NamedArray> &arrays) const {
  for (const auto &[name, array] : values)
    arrays.push_back({name, array.clone()});
  for (const auto &[name, array] : ofOptimizer)
    if (!StringRef(name).starts_with("gradient/"))
      arrays.push_back({name, array.clone()});
}

void TrainingState::load(MutableArrayRef<NamedArray> arrays) {
  values.clear();
  ofOptimizer.clear();
  for (NamedArray &named : arrays) {
    if (named.array.kind() != ElementKind::F32)
      continue;
    StringRef name = named.name;
    bool isMoment =
        name.starts_with("moment1/") || name.starts_with("moment2/");
    (isMoment ? ofOptimizer : values)[named.name] = std::move(named.array);
  }
}

NetworkGraph NetworkGraph::get(ModuleOp network) {
  OwningOpRef<ModuleOp> bare = network.clone();
  // A splat takes no room whatever the shape.
  for (auto global : bare->getOps<ml_program::GlobalOp>())
    if (auto type = dyn_cast<RankedTensorType>(global.getType()))
      global.setValueAttr(DenseElementsAttr::get(type, 0.0f));
  NetworkGraph graph;
  raw_string_ostream os(graph.bytecode);
  // Fails only for versions of the format that are not asked for here.
  (void)writeBytecodeToFile(*bare, os);
  return graph;
}

Expected<OwningOpRef<ModuleOp>>
NetworkGraph::instantiate(MLIRContext &context,
                          const TrainingState &state) const {
  OwningOpRef<ModuleOp> module;
  {
    ScopedDiagnosticHandler silent(&context,
                                   [](Diagnostic &) { return success(); });
    // The copy: bytecode is read in place, and must be aligned.
    std::unique_ptr<MemoryBuffer> copy =
        MemoryBuffer::getMemBufferCopy(bytecode);
    SourceMgr sources;
    sources.AddNewSourceBuffer(std::move(copy), SMLoc());
    module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  }
  if (!module)
    return createStringError("the checkpoint holds no network that this "
                             "version reads");
  for (auto global : module->getOps<ml_program::GlobalOp>()) {
    auto type = dyn_cast<RankedTensorType>(global.getType());
    auto value = state.getValues().find(global.getSymName().str());
    if (!type || value == state.getValues().end() ||
        value->second.shape() != type.getShape())
      return createStringError("there are no numbers of the shape of '" +
                               global.getSymName() + "'");
    ArrayRef<float> numbers = value->second.data<float>();
    // A scalar as a dense attribute, anything else as a resource, as importers
    // write them.
    if (type.getRank() == 0) {
      global.setValueAttr(DenseElementsAttr::get(type, numbers));
      continue;
    }
    global.setValueAttr(DenseResourceElementsAttr::get(
        type, global.getSymName(),
        HeapAsmResourceBlob::allocateAndCopyInferAlign(
            numbers, /*dataIsMutable=*/false)));
  }
  return std::move(module);
}
