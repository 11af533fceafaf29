//===- ParameterValues.cpp - values that a network cannot have ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ParameterValues.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qat;
using llvm::createStringError;
using llvm::Error;
using llvm::Twine;

using Floats = std::vector<float>;

/// 'NAME', in the words of a message.
static std::string nameOf(Operation *op) {
  if (auto global = dyn_cast<ml_program::GlobalOp>(op))
    return ("parameter '" + global.getSymName() + "'").str();
  StringRef layer = getLayerName(op->getLoc());
  return layer.empty() ? "a constant"
                       : ("a constant of layer '" + layer + "'").str();
}

/// The elements of `attribute`; one of them where all are the same.
static std::optional<Floats> getDistinctFloats(Attribute attribute) {
  auto splat = dyn_cast_if_present<SplatElementsAttr>(attribute);
  if (splat && splat.getElementType().isF32())
    return Floats{splat.getSplatValue<float>()};
  return getFloatElements(attribute);
}

static Error checkFinite(Operation *op, const Floats &values) {
  auto isFinite = [](float value) { return std::isfinite(value); };
  auto bad = llvm::find_if_not(values, isFinite);
  if (bad == values.end())
    return Error::success();
  return createStringError(nameOf(op) + " holds " +
                           (std::isnan(*bad) ? "a NaN" : "an infinite value") +
                           " (element " + Twine(bad - values.begin()) +
                           "); the training diverged or the file is damaged");
}

static Error checkVariance(BatchNormOp op, StringRef name,
                           const Floats &variance) {
  float epsilon = op.getEpsilon().convertToFloat();
  for (auto [channel, value] : llvm::enumerate(variance)) {
    if (value >= 0 && value + epsilon > 0)
      continue;
    std::string what = llvm::formatv("parameter '{0}' holds {1} (channel {2})",
                                     name, llvm::format("%g", value), channel);
    return createStringError(
        what + (value < 0 ? ", but a variance is not negative; the file is "
                            "damaged"
                          : ", which the batch norm divides by, since its "
                            "epsilon is 0; export it with an epsilon"));
  }
  return Error::success();
}

/// The bounds of activations: what no grid can be made of is no bound.
static Error checkBounds(ModuleOp module) {
  Error error = Error::success();
  module->walk([&](ActivationQuantizerOpInterface op) {
    SmallVector<std::pair<StringRef, float>> bounds;
    for (Value bound : op.getBounds()) {
      auto load = bound.getDefiningOp<ml_program::GlobalLoadOp>();
      auto global = load ? module.lookupSymbol<ml_program::GlobalOp>(
                               load.getGlobal().getLeafReference())
                         : ml_program::GlobalOp();
      std::optional<Floats> value =
          global ? getDistinctFloats(global.getValueAttr()) : std::nullopt;
      if (!value || value->size() != 1)
        return WalkResult::advance();
      bounds.emplace_back(global.getSymName(), value->front());
    }
    if (bounds.size() == 1 && bounds[0].second <= 0)
      error = createStringError(
          llvm::formatv("parameter '{0}' holds {1}, but the upper bound of an "
                        "activation is above 0",
                        bounds[0].first, llvm::format("%g", bounds[0].second))
              .str());
    if (bounds.size() == 2 && bounds[0].second > bounds[1].second)
      error = createStringError(
          llvm::formatv("parameter '{0}' holds {1}, which is above '{2}', {3}",
                        bounds[0].first, llvm::format("%g", bounds[0].second),
                        bounds[1].first, llvm::format("%g", bounds[1].second))
              .str());
    return error ? WalkResult::interrupt() : WalkResult::advance();
  });
  return error;
}

Error mlir::qat::checkParameterValues(ModuleOp module) {
  Error error = Error::success();
  llvm::StringMap<Floats> parameters;
  module->walk([&](Operation *op) {
    Attribute value;
    auto global = dyn_cast<ml_program::GlobalOp>(op);
    if (global)
      value = global.getValueAttr();
    else if (op->hasTrait<OpTrait::ConstantLike>())
      value =
          op->getAttr("value") ? op->getAttr("value") : op->getAttr("values");
    std::optional<Floats> floats = getDistinctFloats(value);
    if (!floats)
      return WalkResult::advance();
    error = llvm::joinErrors(std::move(error), checkFinite(op, *floats));
    if (error)
      return WalkResult::interrupt();
    if (global && global.getSymName().ends_with(".bn.var"))
      parameters[global.getSymName()] = std::move(*floats);
    return WalkResult::advance();
  });
  if (error)
    return error;
  module->walk([&](BatchNormOp op) {
    auto load = op.getVariance().getDefiningOp<ml_program::GlobalLoadOp>();
    if (!load)
      return WalkResult::advance();
    StringRef name = load.getGlobal().getLeafReference();
    auto found = parameters.find(name);
    if (found == parameters.end())
      return WalkResult::advance();
    error = llvm::joinErrors(std::move(error),
                             checkVariance(op, name, found->second));
    return error ? WalkResult::interrupt() : WalkResult::advance();
  });
  return error ? std::move(error) : checkBounds(module);
}

Error mlir::qat::checkTensorSizes(ModuleOp module) {
  Error error = Error::success();
  auto check = [&](Operation *op, Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || !shaped.hasStaticShape())
      return true;
    // Not getNumElements: its product may overflow.
    int64_t room = std::numeric_limits<int32_t>::max();
    for (int64_t size : shaped.getShape())
      room = size == 0 ? room : room / size;
    if (room > 0)
      return true;
    StringRef layer = getLayerName(op->getLoc());
    std::string text;
    llvm::raw_string_ostream(text) << type;
    error = llvm::joinErrors(
        std::move(error),
        createStringError((layer.empty() ? Twine("a tensor")
                                         : "layer '" + Twine(layer) + "'") +
                          " has " + text +
                          ", more than the 2147483647 elements that are "
                          "served"));
    return false;
  };
  module->walk([&](Operation *op) {
    bool good = llvm::all_of(op->getResultTypes(),
                             [&](Type type) { return check(op, type); });
    for (Region &region : op->getRegions())
      for (Block &block : region)
        good = good && llvm::all_of(block.getArgumentTypes(),
                                    [&](Type type) { return check(op, type); });
    return good ? WalkResult::advance() : WalkResult::interrupt();
  });
  return error;
}
