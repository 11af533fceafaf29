//===- NameLayers.cpp - qat-name-layers: names for layers and parameters --===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATNAMELAYERS
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// What a layer is called where its tensor's name says nothing, and a word that
/// the part of the tensor's name that means the layer is likely to have.
struct Kind {
  StringRef name;
  StringRef word;
};
} // namespace

static bool isPoint(Value image) {
  auto type = dyn_cast<RankedTensorType>(image.getType());
  return type && type.getRank() == 4 && type.getDimSize(1) == 1 &&
         type.getDimSize(2) == 1;
}

/// The kind of a layer; nullopt for what belongs to the layer before it.
static std::optional<Kind> getKind(Operation *op) {
  using Result = std::optional<Kind>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<tosa::Conv2DOp>([](auto conv) {
        return isPoint(conv.getInput()) && isPoint(conv.getWeight())
                   ? Kind{"dense", "dense"}
                   : Kind{"conv", "conv2d"};
      })
      .Case<Conv2DOp>([](auto) { return Kind{"conv", "conv2d"}; })
      .Case<tosa::DepthwiseConv2DOp, DepthwiseConv2DOp>(
          [](auto) { return Kind{"depthwise", "depthwise"}; })
      .Case<FullyConnectedOp>([](auto) { return Kind{"dense", "dense"}; })
      .Case<tosa::AddOp, AddOp, RescaledAddOp>(
          [](auto) { return Kind{"add", "add"}; })
      .Case<tosa::AvgPool2dOp, AvgPool2DOp>(
          [](auto) { return Kind{"avg_pool", "pool"}; })
      .Case<tosa::MaxPool2dOp, MaxPool2DOp>(
          [](auto) { return Kind{"max_pool", "pool"}; })
      .Case<tosa::ConcatOp>([](auto) { return Kind{"concat", "concat"}; })
      .Case<tosa::PadOp>([](auto) { return Kind{"pad", "pad"}; })
      .Case<SoftmaxOp, TableSoftmaxOp>(
          [](auto) { return Kind{"softmax", "softmax"}; })
      .Case<TableOp>([](auto) { return Kind{"table", "activation"}; })
      .Case<RequantizeOp>([](auto) { return Kind{"requantize", "quant"}; })
      .Default([](auto) { return std::nullopt; });
}

/// The layer in one part of a tensor's name: "conv2d_8" in
/// "model/conv2d_8/BiasAdd/ReadVariableOp/resource". Empty where it has none.
static StringRef getLayerPart(StringRef part) {
  SmallVector<StringRef> segments;
  part.split(segments, '/', -1, /*KeepEmpty=*/false);
  if (segments.size() < 2)
    return "";
  segments.pop_back();
  while (segments.size() > 1 && llvm::isUpper(segments.back().front()))
    segments.pop_back();
  StringRef name = segments.back();
  bool isPlain = llvm::all_of(
      name, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '-'; });
  return isPlain ? name : "";
}

/// The name of a layer in that of its tensor, which for fused ops is a list
/// separated by semicolons: of the parts that fit the kind the last.
static StringRef getReadableName(StringRef tensor, const Kind &kind) {
  SmallVector<StringRef> parts;
  tensor.split(parts, ';', -1, /*KeepEmpty=*/false);
  StringRef found;
  for (StringRef part : parts) {
    StringRef name = getLayerPart(part);
    if (!name.contains(kind.word) ||
        (kind.name == "conv" && name.contains("depthwise")))
      continue;
    // A bias has the name of the op that it is added to.
    found = name;
  }
  return found;
}

/// A name that is no path and not one that converters give to results.
static bool isPlainName(StringRef name) {
  for (StringRef common : {"Identity", "StatefulPartitionedCall",
                           "PartitionedCall", "serving_default", "main"})
    if (name.starts_with(common))
      return false;
  return !name.empty() && llvm::all_of(name, [](char c) {
    return llvm::isAlnum(c) || c == '_' || c == '-' || c == '.';
  });
}

namespace {
struct NameLayers : qat::impl::QatNameLayersBase<NameLayers> {
  using QatNameLayersBase::QatNameLayersBase;

  void runOnOperation() override {
    main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock())
      return;
    Builder builder(&getContext());
    DenseMap<Value, StringRef> layerOf;
    for (Operation &op : main.getBody().front()) {
      if (op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() != 1 ||
          isa<tosa::ConstShapeOp>(op))
        continue;
      StringRef name;
      if (std::optional<Kind> kind = getKind(&op)) {
        name = chooseName(getLayerName(op.getLoc()), *kind);
        liftParameters(&op, name);
      } else {
        for (Value operand : op.getOperands())
          if (name.empty())
            name = layerOf.lookup(operand);
      }
      if (!name.empty()) {
        op.setLoc(NameLoc::get(builder.getStringAttr(name)));
        named.insert(&op);
      }
      layerOf[op.getResult(0)] = name;
    }
    nameReshapes(layerOf);
    // What is left of the tensors' names, and the file's, serves nobody.
    Location unknown = builder.getUnknownLoc();
    for (BlockArgument argument : main.getArguments())
      argument.setLoc(unknown);
    main->setLoc(unknown);
    getOperation()->setLoc(unknown);
    main.walk([&](Operation *op) {
      if (!named.contains(op))
        op->setLoc(unknown);
    });
  }

private:
  /// Ops in front of a dense layer carry its name, as behind it.
  void nameReshapes(DenseMap<Value, StringRef> &layerOf) {
    for (Operation &op : llvm::reverse(main.getBody().front())) {
      if (!isa<tosa::ReshapeOp>(op) || !op.getResult(0).hasOneUse())
        continue;
      Operation *user = *op.getResult(0).user_begin();
      if (StringRef name = user->getNumResults() == 1
                               ? layerOf.lookup(user->getResult(0))
                               : StringRef();
          isa<tosa::Conv2DOp>(user) && !name.empty()) {
        op.setLoc(NameLoc::get(StringAttr::get(&getContext(), name)));
        named.insert(&op);
      }
    }
  }

  StringRef chooseName(StringRef tensor, const Kind &kind) {
    if (isPlainName(tensor))
      if (auto [entry, isNew] = taken.insert(tensor); isNew)
        return entry->getKey();
    StringRef readable = getReadableName(tensor, kind);
    if (!readable.empty())
      if (auto [entry, isNew] = taken.insert(readable); isNew)
        return entry->getKey();
    while (true) {
      std::string name = (kind.name + "_" + Twine(counts[kind.name]++)).str();
      if (auto [entry, isNew] = taken.insert(name); isNew)
        return entry->getKey();
    }
  }

  /// The weights and the bias of a float layer become parameters.
  void liftParameters(Operation *op, StringRef layer) {
    if (!isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp>(op))
      return;
    lift(op->getOpOperand(1), (layer + ".weight").str());
    // No bias, says a converter by zeros.
    if (!isZeroConstant(op->getOperand(2)))
      lift(op->getOpOperand(2), (layer + ".bias").str());
  }

  void lift(OpOperand &operand, const std::string &name) {
    ElementsAttr elements;
    if (!matchPattern(operand.get(), m_Constant(&elements)) ||
        !elements.getElementType().isF32())
      return;
    std::optional<std::vector<char>> bytes = getElementBytes(elements);
    if (!bytes)
      return;
    auto type = cast<RankedTensorType>(operand.get().getType());
    Attribute value = DenseResourceElementsAttr::get(
        type, name,
        HeapAsmResourceBlob::allocateAndCopyWithAlign(*bytes, /*align=*/8,
                                                      /*dataIsMutable=*/false));
    Location loc = UnknownLoc::get(&getContext());
    OpBuilder builder(main);
    ml_program::GlobalOp::create(builder, loc, name, type, /*is_mutable=*/true,
                                 value, builder.getStringAttr("private"));
    builder.setInsertionPoint(operand.getOwner());
    Operation *constant = operand.get().getDefiningOp();
    operand.set(ml_program::GlobalLoadOp::create(
        builder, loc, type, SymbolRefAttr::get(&getContext(), name)));
    if (constant->use_empty())
      constant->erase();
  }

  func::FuncOp main;
  DenseSet<Operation *> named;
  llvm::StringSet<> taken;
  llvm::StringMap<unsigned> counts;
};
} // namespace
