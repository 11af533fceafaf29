//===- PreprocessingAttr.cpp - preprocessing kept in a module ---------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::qat;

static constexpr StringLiteral attributeName = "qat.preprocessing";

void qat::setPreprocessing(ModuleOp module,
                           const Preprocessing &preprocessing) {
  Builder builder(module.getContext());
  NamedAttrList members;
  members.set("scale", builder.getF64FloatAttr(preprocessing.scale));
  if (!preprocessing.mean.empty())
    members.set("mean", builder.getDenseF64ArrayAttr(preprocessing.mean));
  if (!preprocessing.std.empty())
    members.set("std", builder.getDenseF64ArrayAttr(preprocessing.std));
  if (preprocessing.resize)
    members.set("resize", builder.getI64IntegerAttr(*preprocessing.resize));
  if (preprocessing.crop)
    members.set("crop", builder.getI64IntegerAttr(*preprocessing.crop));
  members.set("order",
              builder.getStringAttr(pixelOrderName(preprocessing.order)));
  module->setAttr(attributeName, members.getDictionary(module.getContext()));
}

FailureOr<std::optional<Preprocessing>> qat::getPreprocessing(ModuleOp module) {
  Attribute attribute = module->getAttr(attributeName);
  if (!attribute)
    return std::optional<Preprocessing>();
  auto refuse = [&](StringRef what) -> LogicalResult {
    return module.emitError("expects '") << attributeName << "' to hold "
                                         << what << ", but got " << attribute;
  };
  auto members = dyn_cast<DictionaryAttr>(attribute);
  if (!members)
    return refuse("a dictionary");
  Preprocessing result;
  for (NamedAttribute member : members) {
    StringRef name = member.getName().getValue();
    Attribute value = member.getValue();
    auto array = dyn_cast<DenseF64ArrayAttr>(value);
    auto real = dyn_cast<FloatAttr>(value);
    auto integer = dyn_cast<IntegerAttr>(value);
    auto text = dyn_cast<StringAttr>(value);
    if (name == "mean" && array)
      result.mean.assign(array.asArrayRef().begin(), array.asArrayRef().end());
    else if (name == "std" && array)
      result.std.assign(array.asArrayRef().begin(), array.asArrayRef().end());
    else if (name == "scale" && real)
      result.scale = real.getValueAsDouble();
    else if (name == "resize" && integer)
      result.resize = integer.getInt();
    else if (name == "crop" && integer)
      result.crop = integer.getInt();
    else if (name == "order" && text) {
      llvm::Expected<PixelOrder> order = parsePixelOrder(text.getValue());
      if (!order) {
        llvm::consumeError(order.takeError());
        return refuse("the order rgb or bgr");
      }
      result.order = *order;
    } else {
      return refuse("mean, std, scale, resize, crop and order alone");
    }
  }
  return std::optional<Preprocessing>(result);
}
