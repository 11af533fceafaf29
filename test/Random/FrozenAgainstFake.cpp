//===- FrozenAgainstFake.cpp - networks frozen for training ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FrozenAgainstFake.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Support/ActivationQuantizers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// One tensor of a layer.
struct LayerTensor {
  std::string name;
  Value value;
};
} // namespace

static bool isWeighted(Operation *op) {
  return isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, GroupedConv2DOp>(op);
}

/// Weights, bias and, where there is one, scale of each layer in order.
static SmallVector<LayerTensor> collectTensors(ModuleOp module) {
  SmallVector<LayerTensor> tensors;
  module.walk([&](Operation *op) {
    if (!isWeighted(op))
      return;
    std::string name = getLayerName(op);
    tensors.push_back({name + ".weight", op->getOperand(1)});
    tensors.push_back({name + ".bias", op->getOperand(2)});
    for (Operation *user : op->getUsers()) {
      // Dense layers are reshaped before.
      if (isa<tosa::ReshapeOp>(user) && user->hasOneUse())
        user = *user->user_begin();
      if (isa<ScaleChannelsOp, tosa::MulOp>(user))
        tensors.push_back({name + ".scale", user->getOperand(1)});
    }
  });
  return tensors;
}

static std::string toText(ModuleOp module) {
  std::string text;
  raw_string_ostream(text) << module;
  return text;
}

static LogicalResult
runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> build) {
  PassManager manager(module.getContext());
  build(manager);
  return manager.run(module);
}

/// Whether a tensor may be moved onto the grid on which it lies: it is copied
/// in the fake-quantized graph, but quantized where it is trained.
static bool mayCopy(ModuleOp fake) {
  bool found = false;
  fake.walk(
      [&](Operation *op) { found |= isa<tosa::ConcatOp, tosa::PadOp>(op); });
  return found;
}

/// Whether two arrays hold the same bits, the sign of zeros aside.
static bool areEqual(ArrayRef<float> lhs, ArrayRef<float> rhs) {
  return lhs.size() == rhs.size() && all_of(zip_equal(lhs, rhs), [](auto pair) {
           auto [a, b] = pair;
           return a == b || (std::isnan(a) && std::isnan(b));
         });
}

static NdArray makeInput(ArrayRef<int64_t> shape, uint64_t seed) {
  NdArray input = NdArray::zeros(ElementKind::F32, shape);
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (float &value : input.data<float>()) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(state >> 40) * 0x1p-23f - 1.0f;
  }
  return input;
}

/// Compares the network on exact integers with the integer network: what the
/// outputs stand for, as f32.
static Expected<uint64_t> checkIntegerForward(ModuleOp frozen, ModuleOp integer,
                                              uint64_t seed,
                                              std::string &message) {
  OwningOpRef<ModuleOp> forward = frozen.clone();
  if (failed(runPasses(*forward, [](OpPassManager &manager) {
        manager.addPass(createQatIntegerForward());
      })))
    return createStringError("qat-integer-forward failed");
  // A pad with another value than 0 stays in floating point.
  bool isExact =
      !forward->walk([](tosa::PadOp) { return WalkResult::interrupt(); })
           .wasInterrupted();
  auto real = CompiledNetwork::compile(*forward);
  if (!real)
    return real.takeError();
  auto stored = CompiledNetwork::compile(integer);
  if (!stored)
    return stored.takeError();
  NdArray input = makeInput((*real)->inputs()[0].shape, seed);
  const TensorInfo &info = (*stored)->inputs()[0];
  Grid grid{info.quantized.getScale(),
            static_cast<int32_t>(info.quantized.getZeroPoint()),
            static_cast<int32_t>(info.quantized.getStorageTypeMin()),
            static_cast<int32_t>(info.quantized.getStorageTypeMax())};
  InputQuantizer quantizer = InputQuantizer::fromGrid(grid);
  NdArray integers = NdArray::zeros(info.kind, info.shape);
  for (auto [byte, value] : zip_equal(integers.bytes(), input.data<float>()))
    byte = static_cast<uint8_t>(quantizer.quantize(value));
  std::vector<NdArray> actual((*real)->outputs().size());
  std::vector<NdArray> wanted((*stored)->outputs().size());
  if (Error error = (*real)->run({&input}, actual))
    return std::move(error);
  if (Error error = (*stored)->run({&integers}, wanted))
    return std::move(error);
  uint64_t compared = 0;
  for (size_t index = 0; index < wanted.size(); ++index) {
    const auto &output = (*stored)->outputs()[index];
    // Logits that a softmax reads have no like here.
    if (!output.quantized || actual[index].size() != wanted[index].size() ||
        frozen.walk([](SoftmaxOp) { return WalkResult::interrupt(); })
            .wasInterrupted())
      continue;
    auto step = static_cast<float>(output.quantized.getScale());
    int64_t zeroPoint = output.quantized.getZeroPoint();
    ArrayRef<float> values = actual[index].data<float>();
    visitKind(wanted[index].kind(), [&](auto kind) {
      for (auto [value, level] :
           zip_equal(values, wanted[index].data<decltype(kind)>())) {
        float expected =
            static_cast<float>(static_cast<int64_t>(level) - zeroPoint) * step;
        ++compared;
        if (value != expected && isExact && message.empty())
          message = formatv("output {0} on exact integers is {1:E8}, but the "
                            "integer network's stands for {2:E8}",
                            index, value, expected);
      }
    });
  }
  return compared;
}

Expected<uint64_t> mlir::qat::compareFrozen(ModuleOp formQ, uint64_t seed,
                                            std::string &message) {
  OwningOpRef<ModuleOp> fake = formQ.clone();
  if (failed(runPasses(
          *fake, [](OpPassManager &manager) { buildFakePipeline(manager); })))
    return createStringError("qat-fake-pipeline failed");
  OwningOpRef<ModuleOp> frozen = formQ.clone();
  if (failed(freezeForTraining(*frozen)) || failed(frozen->verify()))
    return createStringError("freezeForTraining failed");

  // Back to integers.
  OwningOpRef<ModuleOp> expected = formQ.clone(), thawed = frozen->clone();
  for (ModuleOp module : {*expected, *thawed})
    if (failed(runPasses(module, [](OpPassManager &manager) {
          buildIntegerPipeline(manager);
          // Constants in one order.
          manager.addPass(createQatCheckAccumulators());
        })))
      return createStringError("qat-integer-pipeline failed");
  if (toText(*expected) != toText(*thawed)) {
    message = "the integer network of the frozen one differs";
    return 0;
  }

  auto checked = checkIntegerForward(*frozen, *expected, seed, message);
  if (!checked || !message.empty())
    return checked;

  // What the frozen graph computes of its parameters becomes results.
  SmallVector<LayerTensor> constants = collectTensors(*fake);
  SmallVector<LayerTensor> computed = collectTensors(*frozen);
  StringMap<Value> byName;
  for (const LayerTensor &tensor : constants)
    byName.insert({tensor.name, tensor.value});
  auto main = frozen->lookupSymbol<func::FuncOp>("main");
  auto exit = cast<func::ReturnOp>(main.getBody().back().back());
  unsigned outputs = exit->getNumOperands();
  SmallVector<Value> results(exit.getOperands());
  SmallVector<Type> types(exit->getOperandTypes());
  for (const LayerTensor &tensor : computed) {
    results.push_back(tensor.value);
    types.push_back(tensor.value.getType());
  }
  exit->setOperands(results);
  main.setFunctionType(FunctionType::get(
      frozen->getContext(), main.getFunctionType().getInputs(), types));
  main.setAllResultAttrs(SmallVector<DictionaryAttr>(
      types.size(), DictionaryAttr::get(frozen->getContext())));

  auto network = CompiledNetwork::compile(*frozen);
  if (!network)
    return network.takeError();
  auto reference = CompiledNetwork::compile(*fake);
  if (!reference)
    return reference.takeError();
  NdArray input = makeInput((*network)->inputs()[0].shape, seed);
  std::vector<NdArray> actual((*network)->outputs().size());
  std::vector<NdArray> wanted((*reference)->outputs().size());
  if (Error error = (*network)->run({&input}, actual))
    return std::move(error);
  if (Error error = (*reference)->run({&input}, wanted))
    return std::move(error);

  uint64_t compared = *checked;
  for (auto [index, tensor] : enumerate(computed)) {
    ArrayRef<float> values = actual[outputs + index].data<float>();
    auto found = byName.find(tensor.name);
    std::vector<float> constant(values.size(), 1.0f);
    if (found == byName.end()) {
      // A scale that is 1 everywhere is left out.
      if (!StringRef(tensor.name).ends_with(".scale")) {
        message = "no '" + tensor.name + "' in the fake-quantized graph";
        return compared;
      }
    } else {
      constant = *getConstantFloats(found->second);
    }
    if (!areEqual(values, constant)) {
      message = formatv("'{0}' differs", tensor.name);
      for (size_t i = 0; i < values.size() && i < constant.size(); ++i)
        if (values[i] != constant[i]) {
          message += formatv(" at {0}: {1:E8}, expected {2:E8}", i, values[i],
                             constant[i]);
          break;
        }
      return compared;
    }
    compared += values.size();
  }
  if (mayCopy(*fake))
    return compared;
  for (unsigned index = 0; index < outputs; ++index) {
    if (!areEqual(actual[index].data<float>(), wanted[index].data<float>())) {
      message = formatv("output {0} differs", index);
      return compared;
    }
    compared += actual[index].size();
  }
  return compared;
}
