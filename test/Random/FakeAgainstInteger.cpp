//===- FakeAgainstInteger.cpp - fake layers fed with integers -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeAgainstInteger.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

FakeCounts &FakeCounts::operator+=(const FakeCounts &other) {
  elements += other.elements;
  differing += other.differing;
  frozen += other.frozen;
  farthest = std::max(farthest, other.farthest);
  farthestAdd = std::max(farthestAdd, other.farthestAdd);
  return *this;
}

namespace {
struct Lowered {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledNetwork> network;
};

/// The quantizer of a layer of the fake-quantized network.
struct LayerQuantizer {
  /// The result that holds what it reads, unless that is an argument.
  size_t input = 0;
  std::optional<unsigned> argument;
  bool isPact = false, isNearest = false;
  /// Whether it rounds an add or another grid's levels.
  bool isMove = false;
  /// What the layer's float sums are multiplied by, their rounding included:
  /// the largest factor of its batch norm, at least 1.
  double gain = 1;
};
} // namespace

static Expected<Lowered>
lower(ModuleOp source, llvm::function_ref<void(OpPassManager &)> build) {
  Lowered lowered{source.clone(), nullptr};
  PassManager manager(source.getContext());
  build(manager);
  if (failed(manager.run(*lowered.module)))
    return createStringError("a pass failed");
  auto network = CompiledNetwork::compile(*lowered.module);
  if (!network)
    return network.takeError();
  lowered.network = std::move(*network);
  return std::move(lowered);
}

static std::vector<int64_t> toIntegers(const NdArray &array) {
  return visitKind(array.kind(), [&](auto zero) {
    ArrayRef<decltype(zero)> values = array.data<decltype(zero)>();
    return std::vector<int64_t>(values.begin(), values.end());
  });
}

/// A random input of the integer network.
static NdArray makeInput(const TensorInfo &info, uint64_t seed) {
  NdArray input = NdArray::zeros(info.kind, info.shape);
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (uint8_t &byte : input.bytes()) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<uint8_t>(state >> 33);
  }
  return input;
}

static NdArray dequantize(const NdArray &stored, const TensorInfo &info,
                          ArrayRef<int64_t> shape) {
  NdArray real = NdArray::zeros(ElementKind::F32, shape);
  quant::UniformQuantizedType type = info.quantized;
  for (auto [value, integer] :
       zip_equal(real.data<float>(), toIntegers(stored)))
    value = static_cast<float>(integer - type.getZeroPoint()) *
            static_cast<float>(type.getScale());
  return real;
}

/// How far `x` is from where its level changes, in steps.
static double getEdgeDistance(float x, const LayerQuantizer &quantizer,
                              quant::UniformQuantizedType type) {
  double scaled = static_cast<double>(x) / type.getScale() +
                  (quantizer.isNearest ? 0.5 : 0.0);
  return std::fabs(scaled - std::nearbyint(scaled));
}

Expected<FakeCounts> mlir::qat::compareFakeLayers(ModuleOp formQ, uint64_t seed,
                                                  std::string &message) {
  auto integer = lower(formQ, [](OpPassManager &manager) {
    buildIntegerPipeline(manager);
    manager.addPass(createQatExposeLayers());
  });
  if (!integer)
    return integer.takeError();
  auto fake = lower(formQ, [](OpPassManager &manager) {
    buildFakePipeline(manager);
    manager.addPass(createQatExposeLayers());
    QatExposeLayersOptions inputs;
    inputs.what = "quantizer-inputs";
    manager.addPass(createQatExposeLayers(inputs));
    manager.addPass(createQatIsolateLayers());
  });
  if (!fake)
    return fake.takeError();

  // The quantizers of the fake-quantized network, whose inputs are its last
  // results.
  StringMap<LayerQuantizer> quantizers;
  std::string inputName;
  fake->module->walk([&](ActivationQuantizerOpInterface op) {
    std::string name = getLayerName(op);
    LayerQuantizer quantizer;
    quantizer.input = quantizers.size();
    quantizer.isPact = isa<PactOp>(op);
    if (auto pact = dyn_cast<PactOp>(*op))
      quantizer.isNearest = pact.getRounding() == RoundingMode::Nearest;
    if (auto bounded = dyn_cast<BoundedOp>(*op))
      quantizer.isNearest = bounded.getRounding() == RoundingMode::Nearest;
    if (auto argument = dyn_cast<BlockArgument>(op.getQuantizedInput()))
      quantizer.argument = argument.getArgNumber();
    Operation *producer = op.getQuantizedInput().getDefiningOp();
    quantizer.isMove = !producer || isa<tosa::AddOp, tosa::ClampOp>(producer);
    if (auto scaled = dyn_cast_if_present<tosa::MulOp>(producer))
      for (float factor :
           getConstantFloats(scaled.getInput2()).value_or(std::vector<float>()))
        quantizer.gain = std::max<double>(quantizer.gain, std::fabs(factor));
    if (isa<QuantizeInputOp>(op))
      inputName = name;
    quantizers.try_emplace(name, quantizer);
  });
  ArrayRef<TensorInfo> infos = fake->network->outputs();
  size_t layersEnd = infos.size() - quantizers.size();

  // What the integer layers compute is what the fake ones read.
  NdArray input = makeInput(integer->network->inputs()[0], seed);
  std::vector<NdArray> stored(integer->network->outputs().size());
  if (Error error = integer->network->run({&input}, stored))
    return std::move(error);
  StringMap<std::pair<const NdArray *, const TensorInfo *>> integers;
  integers[inputName] = {&input, &integer->network->inputs()[0]};
  for (size_t i = 1; i < stored.size(); ++i)
    integers[integer->network->outputs()[i].name] = {
        &stored[i], &integer->network->outputs()[i]};
  std::vector<NdArray> arguments;
  for (const TensorInfo &argument : fake->network->inputs()) {
    // The network's input goes first, whatever its name.
    auto found = integers.find(arguments.empty() ? inputName : argument.name);
    if (found == integers.end())
      return createStringError("the integer network has no layer '" +
                               argument.name + "'");
    auto [array, info] = found->second;
    arguments.push_back(dequantize(*array, *info, argument.shape));
  }
  SmallVector<const NdArray *> pointers;
  for (const NdArray &argument : arguments)
    pointers.push_back(&argument);
  std::vector<NdArray> results(infos.size());
  if (Error error = fake->network->run(pointers, results))
    return std::move(error);

  FakeCounts counts;
  for (size_t place = 1; place < layersEnd; ++place) {
    std::string name = infos[place].name;
    auto found = integers.find(name);
    if (found == integers.end())
      continue;
    auto [array, info] = found->second;
    quant::UniformQuantizedType type = info->quantized;
    std::vector<int64_t> wanted = toIntegers(*array);
    ArrayRef<float> got = results[place].data<float>();
    bool isLogits = type.getStorageTypeIntegralWidth() > 8;
    auto quantizer = quantizers.find(name);
    counts.elements += got.size();
    double largest = 0;
    for (int64_t value : wanted)
      largest = std::max(largest, std::fabs(static_cast<double>(value)));
    for (size_t i = 0; i < got.size(); ++i) {
      double level =
          static_cast<double>(got[i]) / static_cast<float>(type.getScale()) +
          static_cast<double>(type.getZeroPoint());
      double difference = std::fabs(level - static_cast<double>(wanted[i]));
      auto fail = [&](const Twine &why) {
        if (message.empty())
          message = (name + ": element " + Twine(i) + " is " +
                     formatv("{0}", level) + " in the fake layer and " +
                     Twine(wanted[i]) + " in the integer layer" + why)
                        .str();
      };
      if (isLogits) {
        // Logits are not on a grid before the integer layer rounds them, and
        // float sums lose digits where large terms cancel.
        if (difference > 1.001 + 1e-4 * largest)
          fail("");
        continue;
      }
      if (std::llround(level) == wanted[i])
        continue;
      ++counts.differing;
      if (quantizer == quantizers.end()) {
        fail(", which rounds nothing");
        continue;
      }
      std::optional<unsigned> argument = quantizer->second.argument;
      const NdArray &read = argument
                                ? arguments[*argument]
                                : results[layersEnd + quantizer->second.input];
      float x = read.data<float>()[i];
      double distance = getEdgeDistance(x, quantizer->second, type);
      bool isMove = quantizer->second.isMove;
      double &farthest = isMove ? counts.farthestAdd : counts.farthest;
      farthest = std::max(farthest, distance);
      if (difference > 1.001)
        fail(", more than a step apart");
      if (distance > (isMove ? 1e-3 : 1e-4 * quantizer->second.gain))
        fail(formatv(", {0:E2} of a step from an edge", distance));
    }
  }
  return counts;
}
