//===- LayerChoices.cpp - what each layer is quantized to -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerChoices.h"

#include "LayerGroup.h"

using namespace mlir;
using namespace mlir::qat;

static FoldType getDefaultFoldType(WeightScheme scheme) {
  return isPerChannel(scheme) ? FoldType::ICN : FoldType::FoldingWeights;
}

/// Why the fold type of `choice` cannot be; empty where it can.
static std::string refuseFold(const LayerChoice &choice) {
  if (isPerChannel(choice.scheme) &&
      choice.foldType == FoldType::FoldingWeights)
    return "PerChannelsAsymMinMax weights cannot take fold type "
           "folding_weights; a step a channel absorbs the factor anyway, use "
           "ICN";
  return "";
}

FailureOr<LayerChoices>
mlir::qat::getLayerChoices(ModuleOp module,
                           const QatInsertQuantizersOptions &options) {
  LayerChoices choices;
  LayerChoice &result = choices.common;
  std::optional<WeightScheme> scheme =
      symbolizeWeightScheme(options.weightScheme);
  if (!scheme)
    return module.emitError("unknown weight scheme '")
           << options.weightScheme
           << "'; expected PerLayerAsymPACT, PerLayerAsymMinMax, "
              "PerChannelsAsymMinMax or PerLayerSymPACT";
  result.scheme = *scheme;
  result.foldType = getDefaultFoldType(*scheme);
  if (!options.foldType.empty()) {
    std::optional<FoldType> fold = symbolizeFoldType(options.foldType);
    if (!fold)
      return module.emitError("unknown fold type '")
             << options.foldType
             << "'; expected folding_weights, ICN "
                "or folding_thresh";
    result.foldType = *fold;
  }
  if (std::string reason = refuseFold(result); !reason.empty())
    return module.emitError(reason);
  std::optional<RoundingMode> mode = symbolizeRoundingMode(options.rounding);
  if (!mode)
    return module.emitError("unknown rounding '")
           << options.rounding << "'; expected nearest or floor";
  result.rounding = *mode;
  for (auto [bits, what] :
       {std::pair<unsigned, StringRef>(options.weightBits, "weight"),
        {options.activationBits, "activation"}})
    if (bits < 2 || bits > 8)
      return module.emitError()
             << what << " bits must be between 2 and 8, but got " << bits;
  std::optional<ActivationType> type =
      symbolizeActivationType(options.activationType);
  if (!type)
    return module.emitError("unknown activation type '")
           << options.activationType << "'; expected learned, clipped or relu6";
  result.activationType = *type;
  if (options.biasBits < 2 || options.biasBits > 32)
    return module.emitError("bias bits must be between 2 and 32, but got ")
           << options.biasBits;
  if (options.batchFoldDelay < -1)
    return module.emitError("the batch fold delay must be an epoch of at least "
                            "0, or -1, but got ")
           << options.batchFoldDelay;
  result.weightBits = options.weightBits;
  result.activationBits = options.activationBits;
  choices.isFoldTypeGiven = !options.foldType.empty();
  if (!options.layerConfig.empty()) {
    llvm::Expected<std::vector<LayerOverride>> config =
        parseLayerConfig(options.layerConfig);
    if (!config)
      return module.emitError() << llvm::toString(config.takeError());
    choices.config = std::move(*config);
  }
  return choices;
}

FailureOr<const LayerOverride *> LayerChoices::findEntry(Operation *op,
                                                         StringRef name) {
  bool isWeighted = isWeightedLayer(op);
  int64_t index = isWeighted ? weightedLayers++ : -1;
  const LayerOverride *found = nullptr;
  for (auto [place, entry] : llvm::enumerate(config)) {
    if (entry.index ? *entry.index != index : entry.name != name)
      continue;
    used.insert(place);
    std::string what = describeEntry(entry, place);
    if (found)
      return op->emitError(what) << " is for the same layer as " << entryName;
    found = &entry;
    entryName = what;
    if (!isWeighted && entry.concernsWeights())
      return op->emitError(what) << " is for a layer without weights, which "
                                    "takes only 'a_bits'";
    if (isWeighted && entry.activationBits && LayerGroup::get(op).isLast())
      return op->emitError(what) << " is for the last layer, whose logits have "
                                    "32 bits: it takes no 'a_bits'";
  }
  return found;
}

/// Makes `choice` what qat-assign-precision left on `op`, and takes that off.
static LogicalResult takePrecision(Operation *op, LayerChoice &choice) {
  Attribute attribute = op->removeAttr(kPrecisionAttribute);
  if (!attribute)
    return success();
  auto fail = [&]() -> LogicalResult {
    return op->emitError("expects '")
           << kPrecisionAttribute
           << "' to hold w_bits and a_bits from 2 to 8, quant_type and "
              "fold_type, but got "
           << attribute;
  };
  auto dictionary = dyn_cast<DictionaryAttr>(attribute);
  if (!dictionary)
    return fail();
  for (NamedAttribute member : dictionary) {
    StringRef name = member.getName();
    if (name == "w_bits" || name == "a_bits") {
      auto bits = dyn_cast<IntegerAttr>(member.getValue());
      if (!bits || !bits.getType().isSignlessInteger(32) || bits.getInt() < 2 ||
          bits.getInt() > 8)
        return fail();
      (name == "w_bits" ? choice.weightBits : choice.activationBits) =
          bits.getInt();
      continue;
    }
    auto word = dyn_cast<StringAttr>(member.getValue());
    std::optional<WeightScheme> scheme;
    std::optional<FoldType> fold;
    if (word && name == "quant_type")
      scheme = symbolizeWeightScheme(word.getValue());
    if (word && name == "fold_type")
      fold = symbolizeFoldType(word.getValue());
    if (!scheme && !fold)
      return fail();
    choice.scheme = scheme.value_or(choice.scheme);
    choice.foldType = fold.value_or(choice.foldType);
  }
  return success();
}

FailureOr<LayerChoice> LayerChoices::choose(Operation *op, StringRef name) {
  LayerChoice choice = common;
  bool isAssigned = op->hasAttr(kPrecisionAttribute);
  if (failed(takePrecision(op, choice)))
    return failure();
  FailureOr<const LayerOverride *> found = findEntry(op, name);
  if (failed(found))
    return failure();
  std::string what;
  if (const LayerOverride *entry = *found) {
    what = entryName + ": ";
    choice.weightBits = entry->weightBits.value_or(choice.weightBits);
    choice.activationBits =
        entry->activationBits.value_or(choice.activationBits);
    // A scheme brings its fold type, unless both were assigned together.
    bool isKnown = isAssigned && entry->scheme == choice.scheme;
    if (entry->scheme && !isKnown) {
      choice.scheme = *entry->scheme;
      if (!isFoldTypeGiven)
        choice.foldType = getDefaultFoldType(choice.scheme);
    }
    choice.foldType = entry->foldType.value_or(choice.foldType);
  }
  if (!what.empty() || isAssigned)
    if (std::string reason = refuseFold(choice); !reason.empty())
      return op->emitError(what) << reason;
  return choice;
}

LogicalResult LayerChoices::checkAllUsed(func::FuncOp function) const {
  for (auto [place, entry] : llvm::enumerate(config))
    if (!used.contains(place))
      return function.emitError(describeEntry(entry, place))
             << " is for no layer that takes one: the network has "
             << weightedLayers
             << " layers with weights, and adds and concats; qat info lists "
                "their names";
  return success();
}
