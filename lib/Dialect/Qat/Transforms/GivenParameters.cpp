//===- GivenParameters.cpp - parameters that a file gives -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/Transforms/GivenParameters.h"

#include "qat/Dialect/Qat/IR/ParameterValues.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATSETPARAMETERS
#define GEN_PASS_DEF_QATCLEARGIVEN
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

bool mlir::qat::isGiven(Value bound) {
  auto load = bound.getDefiningOp<ml_program::GlobalLoadOp>();
  Operation *global =
      load ? SymbolTable::lookupNearestSymbolFrom(load, load.getGlobalAttr())
           : nullptr;
  return global && global->hasAttr(kGivenAttribute);
}

Expected<GivenParameters> GivenParameters::read(StringRef path) {
  GivenParameters given;
  given.path = path.str();
  if (path.empty())
    return given;
  Expected<std::vector<NamedArray>> arrays = readSafetensors(path);
  if (!arrays)
    return arrays.takeError();
  given.arrays = std::move(*arrays);
  return given;
}

Error GivenParameters::apply(ModuleOp module) const {
  bool anySet = false;
  for (const NamedArray &given : arrays) {
    auto global = module.lookupSymbol<ml_program::GlobalOp>(given.name);
    if (!global || global->hasAttr(kGivenAttribute))
      continue;
    auto type = dyn_cast<RankedTensorType>(global.getType());
    bool isReal = given.array.kind() == ElementKind::F32 ||
                  given.array.kind() == ElementKind::F64;
    // A single number comes as an array of one as well.
    bool fits = type && (type.getShape() == given.array.shape() ||
                         (type.getRank() == 0 && given.array.size() == 1));
    if (!fits || !type.getElementType().isF32() || !isReal) {
      std::string wanted = "a single number";
      if (!type)
        raw_string_ostream(wanted = "") << global.getType();
      else if (type.getRank() != 0)
        wanted = "shape " + shapeText(type.getShape()) + " of f32";
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
    global->setAttr(kGivenAttribute, UnitAttr::get(module.getContext()));
    anySet = true;
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

Error GivenParameters::checkNames(ModuleOp module) const {
  for (const NamedArray &given : arrays) {
    if (module.lookupSymbol<ml_program::GlobalOp>(given.name))
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

namespace {
struct SetParameters : qat::impl::QatSetParametersBase<SetParameters> {
  using QatSetParametersBase::QatSetParametersBase;

  void runOnOperation() override {
    Expected<GivenParameters> given = GivenParameters::read(file);
    Error error = given ? given->apply(getOperation()) : given.takeError();
    if (!error && complete)
      error = given->checkNames(getOperation());
    if (!error)
      return;
    // It is the file that is wrong, not a place in the module.
    mlir::emitError(UnknownLoc::get(&getContext()))
        << toString(std::move(error));
    signalPassFailure();
  }
};

struct ClearGiven : qat::impl::QatClearGivenBase<ClearGiven> {
  void runOnOperation() override {
    for (auto global : getOperation().getOps<ml_program::GlobalOp>())
      global->removeAttr(kGivenAttribute);
  }
};
} // namespace
