//===- LayerComparison.cpp - where a quantized network loses it -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Evaluation/LayerComparison.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Support/Grid.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

double NoiseSums::getDecibels() const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (noise == 0)
    return infinity;
  return signal == 0 ? -infinity : 10 * std::log10(signal / noise);
}

NoiseSums &NoiseSums::operator+=(const NoiseSums &other) {
  signal += other.signal;
  noise += other.noise;
  return *this;
}

StepDifference &StepDifference::operator+=(const StepDifference &other) {
  elements += other.elements;
  differing += other.differing;
  largest = std::max(largest, other.largest);
  return *this;
}

static NoiseSums compareReal(ArrayRef<float> reference, ArrayRef<float> other) {
  NoiseSums sums;
  for (auto [r, o] : zip_equal(reference, other)) {
    double difference = static_cast<double>(o) - r;
    sums.signal += static_cast<double>(r) * r;
    sums.noise += difference * difference;
  }
  return sums;
}

//===----------------------------------------------------------------------===//
// The networks
//===----------------------------------------------------------------------===//

namespace {
/// One layer of the frozen networks: where its tensors are.
struct LayerPlaces {
  std::string name;
  /// Among the results of the fake-quantized network.
  size_t fake;
  /// Among those of the float network, if it has the layer.
  std::optional<size_t> real;
  /// Among those of the integer network; none for its input.
  std::optional<size_t> integer;
  /// The argument of the isolated network that stands for the layer; none
  /// where nothing reads it.
  std::optional<size_t> argument;
  /// The argument that the layer's quantizer reads where it is nothing but a
  /// quantizer: what the float network has in its place.
  std::optional<size_t> quantized;
  /// What the quantizer reads, among the results of the fake-quantized network,
  /// and whether what lies below the grid is saturation, not a ReLU.
  std::optional<size_t> quantizerInput;
  bool saturatesBelow = false;
  /// The grid of the integers; 32-bit logits have none.
  std::optional<Grid> grid;
  double logitScale = 1;
  int64_t channels = 1;
};
} // namespace

struct LayerComparison::Networks {
  std::unique_ptr<CompiledNetwork> real, fake, isolated, integer;
  std::vector<LayerPlaces> layers;
};

struct LayerComparison::ImageFigures {
  /// Of each layer: name, places and channels are not filled in.
  std::vector<LayerFigures> layers;
};

LayerComparison::LayerComparison() : networks(std::make_unique<Networks>()) {}
LayerComparison::~LayerComparison() = default;

/// `source`, transformed. Errors go to the handlers of the context; remarks
/// were made when the networks themselves were frozen.
static Expected<OwningOpRef<ModuleOp>>
transform(ModuleOp source, llvm::function_ref<void(OpPassManager &)> build) {
  OwningOpRef<ModuleOp> module = source.clone();
  ScopedDiagnosticHandler handler(module->getContext(), [](Diagnostic &said) {
    return success(said.getSeverity() == DiagnosticSeverity::Remark);
  });
  PassManager manager(module->getContext());
  build(manager);
  if (failed(manager.run(*module)))
    return createStringError("the network cannot be compared layer by layer");
  return std::move(module);
}

/// The results of the network itself, which come before its layers.
static size_t countResults(ModuleOp module) {
  return module.lookupSymbol<func::FuncOp>("main").getNumResults();
}

static StringMap<size_t> indexByName(ArrayRef<TensorInfo> infos,
                                     size_t results) {
  StringMap<size_t> places;
  for (size_t index = results; index < infos.size(); ++index)
    places.try_emplace(infos[index].name, index);
  return places;
}

/// The argument of `isolated` that the layer of `result` reads where all it
/// does is to quantize it.
static std::optional<size_t> getQuantizedArgument(Value result) {
  auto quantizer = result.getDefiningOp<ActivationQuantizerOpInterface>();
  if (!quantizer)
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(quantizer.getQuantizedInput());
  if (!argument)
    return std::nullopt;
  return argument.getArgNumber();
}

Expected<std::unique_ptr<LayerComparison>>
LayerComparison::create(ModuleOp module, ModuleOp reference,
                        const CompileOptions &options) {
  std::unique_ptr<LayerComparison> comparison(new LayerComparison());
  Networks &networks = *comparison->networks;
  auto compile = [&](ModuleOp source,
                     std::unique_ptr<CompiledNetwork> &network) -> Error {
    auto compiled = CompiledNetwork::compile(source, options);
    if (!compiled)
      return compiled.takeError();
    network = std::move(*compiled);
    return Error::success();
  };

  ModuleOp original = reference ? reference : module;
  auto real = transform(original, [&](OpPassManager &manager) {
    // Layers end, and are called, as quantizers see them.
    if (getNetworkForm(original) == NetworkForm::Float)
      manager.addPass(createQatInsertQuantizers());
    manager.addPass(createQatRemoveQuantizers());
    manager.addPass(createQatBindParameters());
    manager.addPass(createQatExposeLayers());
  });
  auto integer = transform(module, [](OpPassManager &manager) {
    buildIntegerPipeline(manager);
    manager.addPass(createQatExposeLayers());
  });
  auto fake = transform(module, [](OpPassManager &manager) {
    buildFakePipeline(manager);
    manager.addPass(createQatExposeLayers());
    QatExposeLayersOptions inputs;
    inputs.what = "quantizer-inputs";
    manager.addPass(createQatExposeLayers(inputs));
  });
  if (!real || !integer || !fake)
    return joinErrors(
        joinErrors(real ? Error::success() : real.takeError(),
                   integer ? Error::success() : integer.takeError()),
        fake ? Error::success() : fake.takeError());
  auto isolated = transform(**fake, [](OpPassManager &manager) {
    manager.addPass(createQatIsolateLayers());
  });
  if (!isolated)
    return isolated.takeError();
  for (auto [source, network] : {std::pair(&*real, &networks.real),
                                 {&*integer, &networks.integer},
                                 {&*fake, &networks.fake},
                                 {&*isolated, &networks.isolated}})
    if (Error error = compile(**source, *network))
      return std::move(error);

  // The results of the fake-quantized network: the output, the layers, what
  // the quantizers read.
  StringMap<std::pair<size_t, bool>> quantizerInputs;
  size_t quantizers = 0;
  auto fakeMain = (*fake)->lookupSymbol<func::FuncOp>("main");
  std::string inputName;
  fakeMain.walk([&](ActivationQuantizerOpInterface quantizer) {
    std::string name = getLayerName(quantizer);
    if (name.empty())
      return;
    if (isa<QuantizeInputOp>(quantizer))
      inputName = name;
    if (quantizerInputs.try_emplace(name, quantizers, !isa<PactOp>(quantizer))
            .second)
      ++quantizers;
  });
  ArrayRef<TensorInfo> infos = networks.fake->outputs();
  size_t layersEnd = infos.size() - quantizers;
  size_t results = countResults(module);
  StringMap<size_t> realPlaces =
      indexByName(networks.real->outputs(), countResults(original));
  StringMap<size_t> integerPlaces =
      indexByName(networks.integer->outputs(), results);
  StringMap<size_t> arguments;
  for (auto [index, info] : enumerate(networks.isolated->inputs()))
    if (index > 0)
      arguments[info.name] = index;
  Operation *isolatedReturn =
      &(*isolated)->lookupSymbol<func::FuncOp>("main").getBody().front().back();

  for (size_t place = results; place < layersEnd; ++place) {
    const TensorInfo &info = infos[place];
    LayerPlaces layer;
    layer.name = info.name;
    layer.fake = place;
    const TensorInfo *stored = nullptr;
    if (auto found = integerPlaces.find(info.name);
        found != integerPlaces.end()) {
      layer.integer = found->second;
      stored = &networks.integer->outputs()[found->second];
    } else if (info.name == inputName) {
      stored = &networks.integer->inputs()[0];
    }
    if (!stored || countElements(stored->shape) != countElements(info.shape))
      continue; // what stays floating point, a softmax
    quant::UniformQuantizedType type = stored->quantized;
    if (type.getStorageTypeIntegralWidth() <= 8)
      layer.grid =
          Grid{type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
               static_cast<int32_t>(type.getStorageTypeMin()),
               static_cast<int32_t>(type.getStorageTypeMax())};
    layer.logitScale = type.getScale();
    layer.channels = stored->shape.back();
    if (auto found = realPlaces.find(info.name);
        found != realPlaces.end() &&
        countElements(networks.real->outputs()[found->second].shape) ==
            countElements(info.shape))
      layer.real = found->second;
    if (auto found = arguments.find(info.name); found != arguments.end())
      layer.argument = found->second;
    layer.quantized = getQuantizedArgument(isolatedReturn->getOperand(place));
    if (auto found = quantizerInputs.find(info.name);
        found != quantizerInputs.end() && layer.grid) {
      layer.quantizerInput = layersEnd + found->second.first;
      layer.saturatesBelow = found->second.second;
    }
    networks.layers.push_back(std::move(layer));
  }
  if (networks.layers.empty())
    return createStringError("the network has no named layers to compare");
  for (const LayerPlaces &layer : networks.layers)
    comparison->channelRanges.emplace_back(
        layer.channels, std::pair(std::numeric_limits<int32_t>::max(),
                                  std::numeric_limits<int32_t>::min()));
  return std::move(comparison);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static std::vector<int32_t> toIntegers(const NdArray &array) {
  return visitKind(array.kind(), [&](auto zero) {
    ArrayRef<decltype(zero)> values = array.data<decltype(zero)>();
    return std::vector<int32_t>(values.begin(), values.end());
  });
}

/// The real values of stored integers.
static NdArray dequantize(ArrayRef<int32_t> stored, const LayerPlaces &layer,
                          ArrayRef<int64_t> shape) {
  NdArray real = NdArray::zeros(ElementKind::F32, shape);
  for (auto [value, integer] : zip_equal(real.data<float>(), stored))
    value = layer.grid ? layer.grid->dequantize(integer)
                       : static_cast<float>(integer) *
                             static_cast<float>(layer.logitScale);
  return real;
}

/// Differences of `stored` from the levels of `fake`; `first`, if not null, is
/// set to the first element that differs.
static StepDifference compareSteps(ArrayRef<float> fake,
                                   ArrayRef<int32_t> stored, const Grid &grid,
                                   std::optional<FirstDifference> *first) {
  StepDifference difference;
  difference.elements = static_cast<int64_t>(stored.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    int64_t level = std::llrint(fake[i] / grid.getStep()) + grid.zeroPoint;
    if (level == stored[i])
      continue;
    if (first && difference.differing == 0)
      *first = {0, 0, static_cast<int64_t>(i), level, stored[i]};
    ++difference.differing;
    difference.largest =
        std::max<int64_t>(difference.largest, std::abs(level - stored[i]));
  }
  return difference;
}

static int64_t countSaturated(ArrayRef<float> seen, const LayerPlaces &layer) {
  const Grid &grid = *layer.grid;
  double low = (grid.storageMin - grid.zeroPoint) * grid.scale;
  double high = (grid.storageMax - grid.zeroPoint) * grid.scale;
  return count_if(seen, [&](float x) {
    return x > static_cast<float>(high) ||
           (layer.saturatesBelow && x < static_cast<float>(low));
  });
}

static Expected<std::vector<NdArray>>
runNetwork(const CompiledNetwork &network, ArrayRef<const NdArray *> inputs) {
  std::vector<NdArray> outputs(network.outputs().size());
  if (Error error = network.run(inputs, outputs))
    return std::move(error);
  return std::move(outputs);
}

Error LayerComparison::add(size_t index, InputMaker makeInput) {
  const Networks &n = *networks;
  Expected<NdArray> realInput = makeInput(n.real->inputs()[0]);
  if (!realInput)
    return realInput.takeError();
  Expected<NdArray> integerInput = makeInput(n.integer->inputs()[0]);
  if (!integerInput)
    return integerInput.takeError();
  auto real = runNetwork(*n.real, {&*realInput});
  if (!real)
    return real.takeError();
  auto fake = runNetwork(*n.fake, {&*realInput});
  if (!fake)
    return fake.takeError();
  auto integer = runNetwork(*n.integer, {&*integerInput});
  if (!integer)
    return integer.takeError();

  // What the isolated layers read: once what the float network computed, once
  // what the integer network did.
  size_t arguments = n.isolated->inputs().size();
  std::vector<std::vector<int32_t>> stored;
  std::vector<NdArray> dequantized;
  SmallVector<const NdArray *> asReal(arguments), asInteger(arguments);
  asReal[0] = asInteger[0] = &*realInput;
  for (const LayerPlaces &layer : n.layers) {
    stored.push_back(
        toIntegers(layer.integer ? (*integer)[*layer.integer] : *integerInput));
    dequantized.push_back(
        dequantize(stored.back(), layer, n.fake->outputs()[layer.fake].shape));
  }
  for (auto [layer, values] : zip_equal(n.layers, dequantized)) {
    if (!layer.argument)
      continue;
    asInteger[*layer.argument] = &values;
    asReal[*layer.argument] = layer.real ? &(*real)[*layer.real]
                              : layer.quantized && asReal[*layer.quantized]
                                  ? asReal[*layer.quantized]
                                  : &(*fake)[layer.fake];
  }
  // Layers that were left out (they stay floating point) read the fake ones.
  for (auto [place, info] : enumerate(n.isolated->inputs()))
    if (!asReal[place])
      for (size_t i = 1; i < fake->size(); ++i)
        if (n.fake->outputs()[i].name == info.name) {
          asReal[place] = asInteger[place] = &(*fake)[i];
          break;
        }
  auto fromReal = runNetwork(*n.isolated, asReal);
  if (!fromReal)
    return fromReal.takeError();
  auto fromInteger = runNetwork(*n.isolated, asInteger);
  if (!fromInteger)
    return fromInteger.takeError();

  ImageFigures figures;
  std::optional<FirstDifference> parting;
  for (auto [place, layer] : enumerate(n.layers)) {
    LayerFigures &f = figures.layers.emplace_back();
    ArrayRef<float> inChain = (*fake)[layer.fake].data<float>();
    ArrayRef<float> integers = dequantized[place].data<float>();
    ArrayRef<float> alone = (*fromInteger)[layer.fake].data<float>();
    if (layer.real) {
      ArrayRef<float> wanted = (*real)[*layer.real].data<float>();
      f.fakeAccumulated = compareReal(wanted, inChain);
      f.fakeLocal = compareReal(wanted, (*fromReal)[layer.fake].data<float>());
    }
    f.integerAccumulated = compareReal(inChain, integers);
    f.integerLocal = compareReal(alone, integers);
    if (layer.grid) {
      std::optional<FirstDifference> first;
      f.stepsAccumulated =
          compareSteps(inChain, stored[place], *layer.grid, &first);
      f.stepsLocal = compareSteps(alone, stored[place], *layer.grid, nullptr);
      if (first && !parting) {
        parting = first;
        parting->image = index;
        parting->layer = place;
      }
    }
    if (layer.quantizerInput) {
      const NdArray &seen = (*fake)[*layer.quantizerInput];
      f.quantized = seen.size();
      f.saturated = countSaturated(seen.data<float>(), layer);
    }
  }

  std::lock_guard<std::mutex> lock(mutex);
  if (images.size() <= index)
    images.resize(index + 1);
  images[index] = std::move(figures);
  for (auto [values, ranges] : zip_equal(stored, channelRanges))
    for (auto [i, value] : enumerate(values)) {
      auto &[least, most] = ranges[i % ranges.size()];
      least = std::min(least, value);
      most = std::max(most, value);
    }
  auto rank = [](const FirstDifference &d) {
    return std::pair(d.layer, d.image);
  };
  if (parting && (!first || rank(*parting) < rank(*first)))
    first = parting;
  return Error::success();
}

ComparisonReport LayerComparison::getReport() const {
  std::lock_guard<std::mutex> lock(mutex);
  ComparisonReport report;
  report.first = first;
  for (auto [layer, ranges] : zip_equal(networks->layers, channelRanges)) {
    LayerFigures &figures = report.layers.emplace_back();
    figures.name = layer.name;
    figures.channels = layer.channels;
    figures.deadChannels = count_if(
        ranges, [](const auto &range) { return range.first == range.second; });
  }
  // In the order of the images: sums of doubles depend on it.
  for (const ImageFigures &image : images) {
    report.images += !image.layers.empty();
    for (auto [from, to] : zip(image.layers, report.layers)) {
      auto add = [](std::optional<NoiseSums> &sum,
                    const std::optional<NoiseSums> &other) {
        if (other)
          (sum ? *sum : sum.emplace()) += *other;
      };
      add(to.fakeLocal, from.fakeLocal);
      add(to.fakeAccumulated, from.fakeAccumulated);
      to.integerLocal += from.integerLocal;
      to.integerAccumulated += from.integerAccumulated;
      to.stepsLocal += from.stepsLocal;
      to.stepsAccumulated += from.stepsAccumulated;
      to.quantized += from.quantized;
      to.saturated += from.saturated;
    }
  }
  return report;
}
