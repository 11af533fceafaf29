//===- CollectArrays.cpp - the numbers of a network, by name --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/Safetensors/CollectArrays.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Collects the arrays of the integer layers of a function.
class LayerCollector {
public:
  LogicalResult collect(func::FuncOp function);
  std::vector<NamedArray> take() { return std::move(arrays); }

private:
  LogicalResult collectWeights(Operation *layer, const std::string &name);
  void collectNumbers(Operation *layer, StringRef name);
  /// Scale and zero point of `value`, as those of what `name` puts out.
  void collectGrid(Value value, const std::string &name);
  std::string makeName(StringRef wanted);

  template <typename T>
  void add(const Twine &name, ArrayRef<int64_t> shape, ArrayRef<T> values) {
    arrays.push_back({name.str(), NdArray::of<T>(shape, values)});
  }

  std::vector<NamedArray> arrays;
  llvm::StringSet<> names;
};
} // namespace

static FailureOr<std::vector<NamedArray>> collectParameters(ModuleOp module) {
  std::vector<NamedArray> arrays;
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    auto type = dyn_cast<RankedTensorType>(global.getType());
    std::optional<std::vector<float>> values =
        getFloatElements(global.getValueAttr());
    if (!type || !values)
      return global.emitError("expects parameters to be tensors of f32 with "
                              "their data, but '")
             << global.getSymName() << "' is of type " << global.getType();
    arrays.push_back({global.getSymName().str(),
                      NdArray::of<float>(type.getShape(), *values)});
  }
  return arrays;
}

//===----------------------------------------------------------------------===//
// The fake-quantized graph of a frozen network
//===----------------------------------------------------------------------===//

/// The factors that `result` is multiplied with, one a channel; ones where it
/// is not.
static std::vector<float> getFakeScales(Value result) {
  if (result.hasOneUse())
    if (auto product = dyn_cast<tosa::MulOp>(*result.user_begin()))
      if (std::optional<std::vector<float>> scales =
              getConstantFloats(product.getInput2()))
        return *scales;
  auto type = cast<RankedTensorType>(result.getType());
  return std::vector<float>(type.getShape().back(), 1.0f);
}

static FailureOr<std::vector<NamedArray>> collectFakeLayers(func::FuncOp main) {
  std::vector<NamedArray> arrays;
  for (Operation &op : main.getBody().front()) {
    if (!isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, GroupedConv2DOp>(op))
      continue;
    std::string name = getLayerName(&op);
    for (auto [what, value] : {std::pair(".weight", op.getOperand(1)),
                               std::pair(".bias", op.getOperand(2))}) {
      std::optional<std::vector<float>> values = getConstantFloats(value);
      if (!values)
        return op.emitError("expects constant weights and biases");
      arrays.push_back(
          {name + what,
           NdArray::of<float>(cast<RankedTensorType>(value.getType()).getShape(),
                              *values)});
    }
    std::vector<float> scales = getFakeScales(op.getResult(0));
    arrays.push_back({name + ".scale",
                      NdArray::of<float>(static_cast<int64_t>(scales.size()),
                                         scales)});
  }
  return arrays;
}

/// Whether `main` is form Q after qat-freeze-fake-quantization.
static bool isFrozen(func::FuncOp main) {
  return !main
              .walk([](WeightQuantizerOpInterface) {
                return WalkResult::interrupt();
              })
              .wasInterrupted();
}

//===----------------------------------------------------------------------===//
// Integer layers
//===----------------------------------------------------------------------===//

std::string LayerCollector::makeName(StringRef wanted) {
  std::string name = wanted.str();
  for (unsigned number = 2; !names.insert(name).second; ++number)
    name = wanted.str() + "_" + std::to_string(number);
  return name;
}

void LayerCollector::collectGrid(Value value, const std::string &name) {
  auto type = dyn_cast<quant::UniformQuantizedType>(
      getElementTypeOrSelf(value.getType()));
  if (!type)
    return;
  add<double>(name + ".output.scale", {}, type.getScale());
  add<int32_t>(name + ".output.zero_point", {},
               static_cast<int32_t>(type.getZeroPoint()));
}

LogicalResult LayerCollector::collectWeights(Operation *layer,
                                             const std::string &name) {
  auto type = cast<RankedTensorType>(layer->getOperand(1).getType());
  auto grid = cast<quant::QuantizedType>(type.getElementType());
  ElementsAttr stored = getStoredWeights(layer->getOperand(1));
  DenseIntElementsAttr biases;
  if (!stored || !matchPattern(layer->getOperand(2), m_Constant(&biases)))
    return layer->emitError("expects constant weights and biases");

  bool isSigned = grid.isSigned();
  NdArray weights = NdArray::zeros(isSigned ? ElementKind::I8 : ElementKind::U8,
                                   type.getShape());
  if (!forEachStored(stored, isSigned, [&](int64_t index, int64_t value) {
        weights.bytes()[index] = static_cast<uint8_t>(value);
      }))
    return layer->emitError("expects weights of up to 8 bits with their data");
  arrays.push_back({name + ".weight", std::move(weights)});

  SmallVector<int32_t> zeroPoints;
  SmallVector<float> scales;
  SmallVector<int64_t> channels;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(grid)) {
    llvm::append_range(zeroPoints, perAxis.getZeroPoints());
    llvm::append_range(scales, perAxis.getScales());
    channels.push_back(scales.size());
  } else {
    auto uniform = cast<quant::UniformQuantizedType>(grid);
    zeroPoints.push_back(static_cast<int32_t>(uniform.getZeroPoint()));
    scales.push_back(static_cast<float>(uniform.getScale()));
  }
  add<int32_t>(name + ".weight.zero_point", channels, zeroPoints);
  add<float>(name + ".weight.scale", channels, scales);
  SmallVector<int32_t> values(biases.getValues<int32_t>());
  add<int32_t>(name + ".bias", static_cast<int64_t>(values.size()), values);

  for (Value operand : layer->getOperands().drop_front(3)) {
    DenseIntElementsAttr thresholds;
    if (!matchPattern(operand, m_Constant(&thresholds)))
      return layer->emitError("expects constant thresholds");
    SmallVector<int32_t> levels(thresholds.getValues<int32_t>());
    add<int32_t>(name + ".thresholds", thresholds.getType().getShape(), levels);
  }
  return success();
}

/// The attributes that hold what a layer computes with; geometry and how the
/// host is to compute are left out.
static constexpr StringLiteral kNumbers[] = {
    "multiplier",     "shift",     "lhs_multiplier", "lhs_shift",
    "rhs_multiplier", "rhs_shift", "offset",         "falling",
    "value",          "values",    "table"};

void LayerCollector::collectNumbers(Operation *layer, StringRef name) {
  for (StringRef number : kNumbers) {
    Attribute attribute = layer->getAttr(number);
    std::string full = (name + "." + number).str();
    if (auto wide = dyn_cast_if_present<DenseI32ArrayAttr>(attribute)) {
      add<int32_t>(full, wide.size(), wide.asArrayRef());
    } else if (auto narrow = dyn_cast_if_present<DenseI8ArrayAttr>(attribute)) {
      add<int8_t>(full, narrow.size(), narrow.asArrayRef());
    } else if (auto flags =
                   dyn_cast_if_present<DenseBoolArrayAttr>(attribute)) {
      SmallVector<uint8_t> bytes(flags.asArrayRef());
      add<uint8_t>(full, flags.size(), bytes);
    } else if (auto one = dyn_cast_if_present<IntegerAttr>(attribute)) {
      add<int32_t>(full, {}, static_cast<int32_t>(one.getInt()));
    }
  }
}

LogicalResult LayerCollector::collect(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "qat.name");
    collectGrid(argument, makeName(name ? name.getValue() : "input"));
  }
  for (Operation &op : function.getBody().front()) {
    if (!isa<IntegerLayerOpInterface>(op))
      continue;
    std::string layer = getLayerName(&op);
    std::string name =
        makeName(layer.empty() ? op.getName().stripDialect() : layer);
    if (isa<Conv2DOp, DepthwiseConv2DOp, FullyConnectedOp>(op) &&
        failed(collectWeights(&op, name)))
      return failure();
    collectNumbers(&op, name);
    collectGrid(op.getResult(0), name);
  }
  return success();
}

FailureOr<std::vector<NamedArray>> qat::collectArrays(ModuleOp module) {
  NetworkForm form = getNetworkForm(module);
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (form == NetworkForm::FakeQuantized && isFrozen(main))
    return collectFakeLayers(main);
  if (form != NetworkForm::Integer)
    return collectParameters(module);
  LayerCollector collector;
  if (failed(collector.collect(main)))
    return failure();
  return collector.take();
}
