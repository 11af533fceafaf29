//===- ChooseStorage.cpp - how each tensor lies in memory -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChooseStorage.h"

#include "TensorLayout.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qat;

std::optional<KernelKind> mlir::qat::getKernelKind(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<KernelKind>>(op)
      .Case<Conv2DOp>([](auto) { return KernelKind::Conv2D; })
      .Case<DepthwiseConv2DOp>([](auto) { return KernelKind::DepthwiseConv2D; })
      .Case<FullyConnectedOp>([](auto) { return KernelKind::FullyConnected; })
      .Case<AddOp>([](auto) { return KernelKind::Add; })
      .Case<RequantizeOp>([](auto) { return KernelKind::Requantize; })
      .Case<AvgPool2DOp>([](auto) { return KernelKind::AvgPool2D; })
      .Case<MaxPool2DOp>([](auto) { return KernelKind::MaxPool2D; })
      .Case<ConcatOp>([](auto) { return KernelKind::Concat; })
      .Case<PadOp>([](auto) { return KernelKind::Pad; })
      .Case<RescaledAddOp>([](auto) { return KernelKind::RescaledAdd; })
      .Case<TableOp>([](auto) { return KernelKind::Table; })
      .Case<TableSoftmaxOp>([](auto) { return KernelKind::TableSoftmax; })
      .Default([](Operation *) { return std::nullopt; });
}

static KernelRounding getKernelRounding(Operation *op) {
  auto unscaled =
      llvm::TypeSwitch<Operation *, std::optional<KernelRounding>>(op)
          .Case<Conv2DOp, DepthwiseConv2DOp, FullyConnectedOp>(
              [](auto layer) -> std::optional<KernelRounding> {
                if (layer.getThresholds())
                  return KernelRounding::Thresholds;
                if (!layer.getMultiplier())
                  return KernelRounding::Unscaled;
                return std::nullopt;
              })
          .Default([](Operation *) { return std::nullopt; });
  if (unscaled)
    return *unscaled;
  auto mode = op->getAttrOfType<ScaleRoundingModeAttr>("rounding");
  if (!mode || isa<RescaledAddOp>(op))
    return KernelRounding::Floor;
  switch (mode.getValue()) {
  case ScaleRoundingMode::Floor:
    return KernelRounding::Floor;
  case ScaleRoundingMode::SingleRound:
    return KernelRounding::SingleRound;
  case ScaleRoundingMode::DoubleRound:
    return KernelRounding::DoubleRound;
  }
  llvm_unreachable("all modes are listed");
}

static quant::QuantizedType getElement(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? dyn_cast<quant::QuantizedType>(type.getElementType()) : nullptr;
}

/// The byte that holds a narrower field.
static Storage widen(Storage storage) {
  if (getBits(storage) >= 8)
    return storage;
  return isSigned(storage) ? Storage::I8 : Storage::U8;
}

namespace {
class Chooser {
public:
  Chooser(func::FuncOp function, StringRef target)
      : function(function), target(target) {}

  FailureOr<StorageChoice> run() {
    for (Value argument : function.getArguments())
      if (failed(start(argument, argument.getLoc())))
        return failure();
    SmallVector<Operation *> ops;
    for (Operation &op : function.getBody().front()) {
      if (getKernelKind(&op) || isReshape(&op)) {
        ops.push_back(&op);
        if (failed(start(op.getResult(0), op.getLoc())))
          return failure();
      }
    }
    // Widening never goes back, so this ends.
    do {
      changed = false;
      for (Operation *op : ops)
        if (failed(isReshape(op) ? visitReshape(op) : visitLayer(op)))
          return failure();
    } while (changed);
    return std::move(choice);
  }

private:
  static bool isReshape(Operation *op) {
    return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op);
  }

  LogicalResult start(Value value, Location loc) {
    quant::QuantizedType element = getElement(value);
    std::optional<Storage> storage =
        element ? getNarrowestStorage(element) : std::nullopt;
    if (!storage)
      return emitError(loc, "expects tensors of quantized elements of up to 8 "
                            "bits or of i32, but got ")
             << value.getType();
    choice.storages[value] = *storage;
    return success();
  }

  void widenTo(Value value, Storage storage) {
    Storage &current = choice.storages[value];
    changed |= current != storage;
    current = storage;
  }

  /// A reshape is free where both sides have the same bytes.
  LogicalResult visitReshape(Operation *op) {
    Value input = op->getOperand(0), result = op->getResult(0);
    auto hasWholeRows = [&](Value value) {
      TensorLayout layout(cast<RankedTensorType>(value.getType()),
                          choice.storages[value]);
      return layout.rows == 1 ||
             layout.rowElements * getBits(layout.storage) % 8 == 0;
    };
    Storage storage = choice.storages[input];
    if (storage != choice.storages[result] || !hasWholeRows(input) ||
        !hasWholeRows(result)) {
      widenTo(input, widen(storage));
      widenTo(result, widen(choice.storages[result]));
    }
    return success();
  }

  /// Layers that move elements as they are: one storage for all.
  void shareStorage(Operation *op) {
    Storage result = choice.storages[op->getResult(0)];
    if (llvm::all_of(op->getOperands(), [&](Value operand) {
          return choice.storages[operand] == result;
        }))
      return;
    for (Value value : op->getOperands())
      widenTo(value, widen(result));
    widenTo(op->getResult(0), widen(result));
  }

  LogicalResult visitLayer(Operation *op) {
    KernelQuery query;
    query.kind = *getKernelKind(op);
    query.target = target;
    if (getKernelFamily(query.kind).keepsStorage)
      shareStorage(op);
    if (auto bits = op->getAttrOfType<IntegerAttr>("accumulator_bits"))
      query.accumulatorBits = bits.getInt();
    query.rounding = getKernelRounding(op);
    bool hasWeights =
        getKernelFamily(query.kind).packing != WeightPacking::None;
    unsigned activations = getKernelFamily(query.kind).inputs;
    std::optional<Storage> weights;
    if (hasWeights) {
      quant::QuantizedType element = getElement(op->getOperand(1));
      weights = element ? getNarrowestStorage(element) : std::nullopt;
      if (!weights || *weights == Storage::I32)
        return op->emitError("expects weights of at most 8 bits, but got ")
               << op->getOperand(1).getType();
    }

    auto attempt = [&](bool wideWeights, bool wideActivations) {
      auto activation = [&](Value value) {
        Storage storage = choice.storages[value];
        return wideActivations ? widen(storage) : storage;
      };
      query.input = activation(op->getOperand(0));
      query.second = query.input;
      if (activations == 2)
        query.second = activation(op->getOperand(1));
      if (weights)
        query.second = wideWeights ? widen(*weights) : *weights;
      query.output = activation(op->getResult(0));
      return findKernel(query);
    };
    for (bool wideActivations : {false, true})
      for (bool wideWeights : {false, true}) {
        const KernelInfo *kernel = attempt(wideWeights, wideActivations);
        if (!kernel)
          continue;
        choice.kernels[op] = kernel;
        widenTo(op->getOperand(0), query.input);
        if (activations == 2)
          widenTo(op->getOperand(1), query.second);
        widenTo(op->getResult(0), query.output);
        return success();
      }
    InFlightDiagnostic diagnostic = op->emitError("no kernel of target '")
                                    << target << "' computes "
                                    << getKernelFamily(query.kind).name
                                    << " of " << getName(query.input);
    if (activations == 2)
      diagnostic << " and " << getName(query.second);
    if (weights)
      diagnostic << " with " << getName(query.second) << " weights";
    return diagnostic << " to " << getName(query.output);
  }

  func::FuncOp function;
  StringRef target;
  StorageChoice choice;
  bool changed = false;
};
} // namespace

FailureOr<StorageChoice> mlir::qat::chooseStorage(func::FuncOp function,
                                                  StringRef target) {
  return Chooser(function, target).run();
}
