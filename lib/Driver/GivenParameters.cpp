//===- GivenParameters.cpp - parameters that a file gives -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GivenParameters.h"

#include "qat/Dialect/Qat/IR/ParameterValues.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Expected<GivenParameters> GivenParameters::read(StringRef path) {
  GivenParameters given;
  given.path = path.str();
  if (path.empty())
    return given;
  Expected<std::vector<NamedArray>> arrays = readSafetensors(path);
  if (!arrays)
    return arrays.takeError();
  given.arrays = std::move(*arrays);
  given.isSet.resize(given.arrays.size());
  return given;
}

Error GivenParameters::apply(ModuleOp module) {
  bool anySet = false;
  for (auto [index, given] : enumerate(arrays)) {
    auto global = module.lookupSymbol<ml_program::GlobalOp>(given.name);
    if (!global || isSet[index])
      continue;
    auto type = dyn_cast<RankedTensorType>(global.getType());
    bool isReal = given.array.kind() == ElementKind::F32 ||
                  given.array.kind() == ElementKind::F64;
    if (!type || !type.getElementType().isF32() || !isReal ||
        type.getShape() != given.array.shape()) {
      std::string wanted;
      raw_string_ostream(wanted) << global.getType();
      return createStringError("'" + path + "': parameter '" + given.name +
                               "' has shape " + shapeText(given.array.shape()) +
                               " of " + kindName(given.array.kind()) +
                               ", but the network's is " + wanted);
    }
    NdArray values = given.array.toF32();
    ArrayRef<float> numbers = values.data<float>();
    // A resource gets other data: a new one could not have the same key.
    if (auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(
            global.getValueAttr()))
      resource.getRawHandle().getResource()->setBlob(
          HeapAsmResourceBlob::allocateAndCopyInferAlign(
              numbers, /*dataIsMutable=*/false));
    else
      global.setValueAttr(DenseElementsAttr::get(type, numbers));
    isSet[index] = anySet = true;
  }
  Error error = anySet ? checkParameterValues(module) : Error::success();
  if (error)
    return createStringError("'" + path + "': " + toString(std::move(error)));
  return Error::success();
}

bool GivenParameters::haveBounds() const {
  return any_of(arrays, [](const NamedArray &given) {
    StringRef name = given.name;
    return name.ends_with(".alpha") || name.ends_with(".lo") ||
           name.ends_with(".hi");
  });
}

Error GivenParameters::finish(ModuleOp module) const {
  for (auto [index, given] : enumerate(arrays)) {
    if (isSet[index])
      continue;
    StringRef name = StringRef(given.name).take_front(200), nearest;
    unsigned best = name.size() / 2 + 1;
    module.walk([&](ml_program::GlobalOp global) {
      unsigned distance = name.edit_distance(global.getSymName(),
                                             /*AllowReplacements=*/true, best);
      if (distance >= best)
        return;
      best = distance;
      nearest = global.getSymName();
    });
    return createStringError(
        "'" + path + "': the network has no parameter '" + name + "'" +
        (nearest.empty() ? Twine("; `qat info` lists its layers")
                         : ", did you mean '" + Twine(nearest) + "'?"));
  }
  return Error::success();
}
