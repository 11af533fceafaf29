//===- PreprocessingAttr.cpp - preprocessing in a module ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

DictionaryAttr qat::preprocessingToAttr(MLIRContext *context,
                                        const Preprocessing &preprocessing) {
  Builder builder(context);
  NamedAttrList list;
  if (!preprocessing.mean.empty())
    list.set("mean", builder.getF64ArrayAttr(preprocessing.mean));
  if (!preprocessing.std.empty())
    list.set("std", builder.getF64ArrayAttr(preprocessing.std));
  list.set("scale", builder.getF64FloatAttr(preprocessing.scale));
  if (preprocessing.resize)
    list.set("resize", builder.getI64IntegerAttr(*preprocessing.resize));
  if (preprocessing.crop)
    list.set("crop", builder.getI64IntegerAttr(*preprocessing.crop));
  list.set("order", builder.getStringAttr(pixelOrderName(preprocessing.order)));
  return list.getDictionary(context);
}

static bool readNumbers(Attribute attribute, SmallVectorImpl<double> &values) {
  auto array = dyn_cast<ArrayAttr>(attribute);
  if (!array)
    return false;
  for (Attribute element : array) {
    auto number = dyn_cast<FloatAttr>(element);
    if (!number)
      return false;
    values.push_back(number.getValueAsDouble());
  }
  return true;
}

static bool readSize(Attribute attribute, std::optional<int64_t> &size) {
  auto number = dyn_cast<IntegerAttr>(attribute);
  if (!number || !number.getType().isSignlessInteger(64))
    return false;
  size = number.getInt();
  return true;
}

Expected<std::optional<Preprocessing>> qat::getPreprocessing(ModuleOp module) {
  Attribute attribute = module->getAttr(kPreprocessingAttrName);
  if (!attribute)
    return std::nullopt;
  auto dictionary = dyn_cast<DictionaryAttr>(attribute);
  if (!dictionary)
    return createStringError("module attribute '" + kPreprocessingAttrName +
                             "' is not a dictionary");
  Preprocessing result;
  for (NamedAttribute member : dictionary) {
    StringRef name = member.getName();
    bool isGood = false;
    if (name == "mean") {
      isGood = readNumbers(member.getValue(), result.mean);
    } else if (name == "std") {
      isGood = readNumbers(member.getValue(), result.std);
    } else if (name == "scale") {
      auto scale = dyn_cast<FloatAttr>(member.getValue());
      isGood = static_cast<bool>(scale);
      if (isGood)
        result.scale = scale.getValueAsDouble();
    } else if (name == "resize") {
      isGood = readSize(member.getValue(), result.resize);
    } else if (name == "crop") {
      isGood = readSize(member.getValue(), result.crop);
    } else if (name == "order") {
      auto text = dyn_cast<StringAttr>(member.getValue());
      Expected<PixelOrder> order = parsePixelOrder(text ? text.getValue() : "");
      if (!order)
        return order.takeError();
      result.order = *order;
      isGood = true;
    }
    if (!isGood)
      return createStringError("member '" + name + "' of module attribute '" +
                               kPreprocessingAttrName + "' is not understood");
  }
  return result;
}
