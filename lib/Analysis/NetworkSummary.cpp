//===- NetworkSummary.cpp - what a network is, in numbers -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Analysis/NetworkSummary.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cfloat>
#include <map>

using namespace mlir;
using namespace mlir::qat;

namespace {

class Summarizer {
public:
  explicit Summarizer(func::FuncOp main) : main(main) {}

  llvm::Expected<NetworkSummary> run();

private:
  void collectLayers();
  void countOperators();
  void findPeak();
  int64_t countParameters(Operation *op);

  func::FuncOp main;
  NetworkSummary summary;
  /// What depends on the network's input.
  DenseSet<Value> activations;
  /// Constants and globals that have been counted.
  DenseSet<Operation *> countedConstants;
  llvm::StringSet<> countedGlobals;
};

} // namespace

static int64_t elementsOf(Type type) {
  return cast<RankedTensorType>(type).getNumElements();
}

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// What an op is
//===----------------------------------------------------------------------===//

static bool isReshape(Operation *op) {
  return isa<tosa::ReshapeOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
      op);
}

/// Whether element i of the result depends on element i of one input alone.
static bool worksInPlace(Operation *op) {
  return isReshape(op) || isa<tosa::ClampOp, BatchNormOp,
                              ActivationQuantizerOpInterface, RequantizeOp>(op);
}

static bool isConstant(Operation *op) {
  return isa<tosa::ConstOp, tosa::ConstShapeOp, arith::ConstantOp,
             ml_program::GlobalLoadOp>(op);
}

static bool isSupported(Operation *op) {
  return isConstant(op) || isReshape(op) ||
         isa<func::ReturnOp, quant::StorageCastOp, tosa::Conv2DOp,
             tosa::DepthwiseConv2DOp, tosa::ClampOp, tosa::AddOp,
             tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::SliceOp,
             tosa::ConcatOp, tosa::PadOp>(op) ||
         isa<QatDialect>(op->getDialect());
}

/// One pixel in, one pixel out: a dense layer written as a convolution.
static bool isDense(tosa::Conv2DOp conv) {
  ArrayRef<int64_t> input = shapeOf(conv.getInput());
  ArrayRef<int64_t> weight = shapeOf(conv.getWeight());
  return input[1] == 1 && input[2] == 1 && weight[1] == 1 && weight[2] == 1;
}

static std::string kindOf(Operation *op) {
  if (auto conv = dyn_cast<tosa::Conv2DOp>(op); conv && isDense(conv))
    return "dense";
  if (auto clamp = dyn_cast<tosa::ClampOp>(op)) {
    auto minimum = dyn_cast<FloatAttr>(clamp.getMinVal());
    auto maximum = dyn_cast<FloatAttr>(clamp.getMaxVal());
    if (minimum && maximum && minimum.getValueAsDouble() == 0.0) {
      if (maximum.getValueAsDouble() == 6.0)
        return "relu6";
      if (maximum.getValueAsDouble() >= double(FLT_MAX))
        return "relu";
    }
  }
  return op->getName().stripDialect().str();
}

static int64_t macsOf(Operation *op) {
  return TypeSwitch<Operation *, int64_t>(op)
      .Case([](IntegerLayerOpInterface layer) { return layer.getMacs(); })
      .Case([](tosa::Conv2DOp conv) {
        ArrayRef<int64_t> weight = shapeOf(conv.getWeight());
        return elementsOf(conv.getType()) * weight[1] * weight[2] * weight[3];
      })
      .Case([](GroupedConv2DOp conv) {
        ArrayRef<int64_t> weight = shapeOf(conv.getWeight());
        return elementsOf(conv.getType()) * weight[1] * weight[2] * weight[3];
      })
      .Case([](tosa::DepthwiseConv2DOp conv) {
        ArrayRef<int64_t> weight = shapeOf(conv.getWeight());
        return elementsOf(conv.getType()) * weight[0] * weight[1];
      })
      .Default([](Operation *) { return int64_t(0); });
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// The elements of the parameters that `op` reads, each counted once in the
/// network: through weight quantizers and folds, but not zero points, which
/// TOSA holds as constants of its own.
int64_t Summarizer::countParameters(Operation *op) {
  int64_t count = 0;
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!producer || activations.contains(operand))
      continue;
    if (auto load = dyn_cast<ml_program::GlobalLoadOp>(producer)) {
      if (countedGlobals.insert(load.getGlobal().getLeafReference()).second)
        count += elementsOf(load.getType());
    } else if (isa<arith::ConstantOp>(producer)) {
      if (countedConstants.insert(producer).second)
        count += elementsOf(operand.getType());
    } else if (!isa<tosa::ConstOp, tosa::ConstShapeOp>(producer)) {
      count += countParameters(producer);
    }
  }
  return count;
}

void Summarizer::collectLayers() {
  for (BlockArgument argument : main.getArguments())
    activations.insert(argument);
  for (Operation &op : main.getBody().front().without_terminator()) {
    if (!llvm::any_of(op.getOperands(), [&](Value operand) {
          return activations.contains(operand);
        }))
      continue;
    activations.insert(op.result_begin(), op.result_end());
    if (op.getNumResults() == 0)
      continue;
    NetworkSummary::Layer layer;
    layer.name = getLayerName(&op);
    layer.kind = kindOf(&op);
    layer.output.assign(shapeOf(op.getResult(0)).begin(),
                        shapeOf(op.getResult(0)).end());
    layer.parameters = countParameters(&op);
    layer.macs = macsOf(&op);
    summary.parameters += layer.parameters;
    summary.macs += layer.macs;
    // Ops of one name are one layer (a dense layer has reshapes around it): it
    // is called after the op that is not a reshape, and gives the last output.
    if (!summary.layers.empty() && !layer.name.empty() &&
        summary.layers.back().name == layer.name) {
      NetworkSummary::Layer &last = summary.layers.back();
      if (!isReshape(&op) && !isa<tosa::TransposeOp>(op))
        last.kind = layer.kind;
      last.output = layer.output;
      last.parameters += layer.parameters;
      last.macs += layer.macs;
      continue;
    }
    summary.layers.push_back(std::move(layer));
  }
}

void Summarizer::countOperators() {
  std::map<std::string, int64_t> counts;
  for (Operation &op : main.getBody().front().without_terminator()) {
    if (!isConstant(&op))
      ++counts[op.getName().getStringRef().str()];
    if (!isSupported(&op))
      summary.unsupported.push_back(op.getName().getStringRef().str() +
                                    " (layer '" + getLayerName(&op) + "')");
  }
  for (auto [what, number] : {std::pair("inputs", main.getNumArguments()),
                              {"results", main.getNumResults()}})
    if (number != 1)
      summary.unsupported.push_back("a network of " + std::to_string(number) +
                                    " " + what);
  summary.operators.assign(counts.begin(), counts.end());
  llvm::sort(summary.operators, [](const auto &a, const auto &b) {
    return std::make_tuple(-a.second, a.first) <
           std::make_tuple(-b.second, b.first);
  });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void Summarizer::findPeak() {
  Block &block = main.getBody().front();
  DenseMap<Operation *, int64_t> order;
  for (auto [index, op] : llvm::enumerate(block))
    order[&op] = static_cast<int64_t>(index);

  // Buffers: an op that works in place on a tensor without another reader
  // shares its buffer.
  struct Buffer {
    int64_t size = 0, first = 0, last = 0;
  };
  std::vector<Buffer> buffers;
  DenseMap<Value, size_t> bufferOf;
  auto lastUse = [&](Value value, int64_t at) {
    for (Operation *user : value.getUsers())
      at = std::max(at, order.lookup(user));
    return at;
  };
  auto addBuffer = [&](Value value, int64_t at) {
    bufferOf[value] = buffers.size();
    buffers.push_back({elementsOf(value.getType()), at, lastUse(value, at)});
  };
  for (BlockArgument argument : main.getArguments())
    addBuffer(argument, 0);
  for (Operation &op : block) {
    int64_t at = order[&op];
    for (Value result : op.getResults()) {
      if (!activations.contains(result))
        continue;
      Value input = op.getOperand(0);
      bool shares = activations.contains(input) && worksInPlace(&op) &&
                    (isReshape(&op) || input.hasOneUse());
      if (!shares) {
        addBuffer(result, at);
        continue;
      }
      size_t buffer = bufferOf[input];
      bufferOf[result] = buffer;
      buffers[buffer].last =
          std::max(buffers[buffer].last, lastUse(result, at));
    }
  }
  for (Operation &op : block) {
    int64_t at = order[&op], live = 0;
    for (const Buffer &buffer : buffers)
      if (buffer.first <= at && at <= buffer.last)
        live += buffer.size;
    if (live > summary.peakElements) {
      summary.peakElements = live;
      summary.peakLayer = getLayerName(&op);
    }
  }
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

static NetworkSummary::Tensor describe(Type type, Attribute name) {
  NetworkSummary::Tensor tensor;
  if (auto text = dyn_cast_or_null<StringAttr>(name))
    tensor.name = text.getValue().str();
  auto ranked = cast<RankedTensorType>(type);
  tensor.shape.assign(ranked.getShape().begin(), ranked.getShape().end());
  llvm::raw_string_ostream os(tensor.elementType);
  os << ranked.getElementType();
  return tensor;
}

llvm::Expected<NetworkSummary> Summarizer::run() {
  if (!main.getBody().hasOneBlock())
    return llvm::createStringError("function 'main' has more than one block");
  bool isStatic = true;
  auto check = [&](Type type) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    isStatic &=
        (ranked && ranked.hasStaticShape()) || isa<tosa::shapeType>(type);
  };
  llvm::for_each(main.getArgumentTypes(), check);
  bool hasInteger = false, hasQuantizer = false;
  for (Operation &op : main.getBody().front()) {
    llvm::for_each(op.getResultTypes(), check);
    hasInteger |= isa<IntegerLayerOpInterface>(op);
    hasQuantizer |=
        isa<ActivationQuantizerOpInterface, WeightQuantizerOpInterface>(op);
  }
  if (!isStatic)
    return llvm::createStringError(
        "function 'main' holds a value that is not a "
        "tensor of static shape");
  summary.form = hasInteger     ? "integer"
                 : hasQuantizer ? "fake-quantized"
                                : "float";
  for (BlockArgument argument : main.getArguments())
    summary.inputs.push_back(
        describe(argument.getType(),
                 main.getArgAttr(argument.getArgNumber(), "qat.name")));
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    check(type);
    if (!isStatic)
      return llvm::createStringError(
          "a result of function 'main' is not a tensor of "
          "static shape");
    summary.outputs.push_back(
        describe(type, main.getResultAttr(index, "qat.name")));
  }
  collectLayers();
  countOperators();
  findPeak();
  return std::move(summary);
}

llvm::Expected<NetworkSummary> qat::summarizeNetwork(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return llvm::createStringError("the module has no function 'main'");
  return Summarizer(main).run();
}
