//===- LayerGroup.cpp - a layer and the ops that follow it ------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qat;

bool qat::isWeightedLayer(Operation *op) {
  return isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, GroupedConv2DOp>(op);
}

bool qat::isRelu(tosa::ClampOp clamp) {
  auto minimum = dyn_cast<FloatAttr>(clamp.getMinVal());
  auto maximum = dyn_cast<FloatAttr>(clamp.getMaxVal());
  return minimum && maximum && minimum.getValue().isZero() &&
         maximum.getValueAsDouble() > 0;
}

/// Whether the windows of `op` miss the last `rows` rows and `columns` columns
/// of the first operand's source. TOSA's windows end at the end of the padded
/// image, so what is left behind them must be less than a stride; padding
/// behind a cut would be in the place of what was cut.
template <typename WindowOp>
static bool missesEnd(WindowOp op, int64_t rows, int64_t columns) {
  ArrayRef<int64_t> pad = op.getPad(), stride = op.getStride();
  auto misses = [](int64_t cut, int64_t padAfter, int64_t step) {
    return cut == 0 || (padAfter == 0 && cut < step);
  };
  return misses(rows, pad[1], stride[0]) && misses(columns, pad[3], stride[1]);
}

bool qat::isUnreachedCrop(tosa::SliceOp slice) {
  DenseIntElementsAttr starts;
  auto source = cast<ShapedType>(slice.getInput1().getType());
  auto result = cast<ShapedType>(slice.getType());
  if (source.getRank() != 4 || !result.hasStaticShape() ||
      source.getDimSize(0) != result.getDimSize(0) ||
      source.getDimSize(3) != result.getDimSize(3) ||
      !matchPattern(slice.getStart(), m_Constant(&starts)) ||
      !llvm::all_of(starts.getValues<APInt>(),
                    [](const APInt &start) { return start.isZero(); }))
    return false;
  int64_t rows = source.getDimSize(1) - result.getDimSize(1);
  int64_t columns = source.getDimSize(2) - result.getDimSize(2);
  return llvm::all_of(slice->getUses(), [&](OpOperand &use) {
    if (use.getOperandNumber() != 0)
      return false;
    return llvm::TypeSwitch<Operation *, bool>(use.getOwner())
        .Case<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, GroupedConv2DOp,
              tosa::AvgPool2dOp, tosa::MaxPool2dOp>(
            [&](auto op) { return missesEnd(op, rows, columns); })
        .Default(false);
  });
}

std::optional<float> qat::getPadValue(tosa::PadOp pad) {
  std::optional<std::vector<float>> values =
      getConstantFloats(pad.getPadConst());
  if (!values || values->size() != 1)
    return std::nullopt;
  return values->front();
}

SmallVector<int64_t> qat::getChannelAxes(Operation *layer) {
  if (isa<tosa::DepthwiseConv2DOp>(layer))
    return {2, 3};
  return {0};
}

bool qat::isPoint(Value image) {
  auto type = cast<ShapedType>(image.getType());
  return type.getDimSize(1) == 1 && type.getDimSize(2) == 1;
}

bool qat::isDense(Operation *layer) {
  auto conv = dyn_cast<tosa::Conv2DOp>(layer);
  if (!conv)
    return false;
  auto isPoint = [](Value image) {
    auto type = dyn_cast<RankedTensorType>(image.getType());
    return type && type.getDimSize(1) == 1 && type.getDimSize(2) == 1;
  };
  return isPoint(conv.getInput()) && isPoint(conv.getWeight()) &&
         llvm::all_of(conv.getPad(), [](int64_t pad) { return pad == 0; });
}

OpOperand &qat::getWeightOperand(Operation *layer) {
  return layer->getOpOperand(1);
}

OpOperand &qat::getBiasOperand(Operation *layer) {
  return layer->getOpOperand(2);
}

static int64_t getChannels(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() > 0 ? type.getShape().back() : 0;
}

LayerGroup LayerGroup::get(Operation *layer) {
  LayerGroup group;
  group.layer = layer;
  group.end = layer->getResult(0);
  while (group.end.hasOneUse()) {
    // A reshape belongs to the group where something of it still follows.
    Value value = group.end;
    Operation *next = *value.user_begin();
    while (isa<tosa::ReshapeOp>(next) && next->getResult(0).hasOneUse()) {
      value = next->getResult(0);
      next = *value.user_begin();
    }
    if (next->getNumOperands() == 0 || next->getOperand(0) != value)
      break;
    auto batchNorm = dyn_cast<BatchNormOp>(next);
    auto relu = dyn_cast<tosa::ClampOp>(next);
    if (batchNorm && !group.batchNorm && isWeightedLayer(layer)) {
      // A reshape that moves elements between channels ends the layer.
      if (getChannels(value) != getChannels(layer->getResult(0)))
        break;
      group.batchNorm = batchNorm;
      group.end = batchNorm.getResult();
      continue;
    }
    if (relu && isRelu(relu)) {
      group.relu = relu;
      group.end = relu.getOutput();
    } else if (auto quantizer =
                   dyn_cast<ActivationQuantizerOpInterface>(next)) {
      group.quantizer = quantizer;
      group.end = next->getResult(0);
    }
    break;
  }
  return group;
}

bool qat::feedsOnlyResults(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    if (isa<func::ReturnOp>(user))
      return true;
    return isa<tosa::ReshapeOp, SoftmaxOp>(user) &&
           feedsOnlyResults(user->getResult(0));
  });
}

LogicalResult qat::checkSizes(func::FuncOp function) {
  auto check = [](Operation *op, TypeRange types) -> LogicalResult {
    for (Type type : types)
      if (isa<TensorType>(type) && !cast<ShapedType>(type).hasStaticShape())
        return op->emitError("expects tensors of static shape, but got ")
               << type;
    return success();
  };
  if (failed(check(function, function.getArgumentTypes())))
    return failure();
  WalkResult result = function.walk([&](Operation *op) {
    return failed(check(op, op->getResultTypes())) ? WalkResult::interrupt()
                                                   : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

std::string LayerNamer::getName(Operation *layer) {
  std::string name = getLayerName(layer);
  if (name.empty())
    name = layer->getName().stripDialect().str();
  unsigned count = counts[name]++;
  return count == 0 ? name : name + "_" + std::to_string(count + 1);
}

LogicalResult qat::checkIsFloatNetwork(ModuleOp module) {
  StringRef obstacle;
  module.walk([&](Operation *op) {
    if (isa<ActivationQuantizerOpInterface, WeightQuantizerOpInterface>(op))
      obstacle = "the network has quantizers already; qat-remove-quantizers "
                 "takes them out";
    else if (isa<IntegerLayerOpInterface>(op))
      obstacle = "the network is integer already; quantizers go into the float "
                 "network";
    return obstacle.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  if (!obstacle.empty())
    return module.emitError(obstacle);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto input =
        function.getNumArguments() == 1
            ? dyn_cast<RankedTensorType>(function.getArgumentTypes()[0])
            : nullptr;
    if (function.isExternal() || !input || !input.getElementType().isF32() ||
        !function.getBody().hasOneBlock())
      return function.emitError("expects a network of one block with one "
                                "input, a tensor of f32");
    if (failed(checkSizes(function)))
      return failure();
  }
  return success();
}

void qat::appendProducer(InFlightDiagnostic &diagnostic, Operation *producer) {
  diagnostic << ": the result of '" << producer->getName() << "'";
  if (std::string name = getLayerName(producer); !name.empty())
    diagnostic << " in '" << name << "'";
}

bool LayerGroup::isLast() const {
  return isWeightedLayer(layer) && !relu && feedsOnlyResults(end);
}
