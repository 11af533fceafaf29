//===- NormalizeTosa.cpp - qat-normalize-tosa: TOSA as converters write it ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "OpGraph.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/SetVector.h"

#include <cstring>

namespace mlir::qat {
#define GEN_PASS_DEF_QATNORMALIZETOSA
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Static shapes
//===----------------------------------------------------------------------===//

/// `type` with `batch` for an unknown first dimension; null where another one
/// is unknown.
static RankedTensorType fixBatch(Type type, int64_t batch) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return {};
  SmallVector<int64_t> shape(tensor.getShape());
  for (auto [axis, size] : llvm::enumerate(shape))
    if (ShapedType::isDynamic(size)) {
      if (axis != 0)
        return {};
      size = batch;
    }
  return tensor.clone(shape);
}

/// Gives the result of a reshape its size, and the op the shape as constant.
static LogicalResult fixReshape(tosa::ReshapeOp reshape) {
  auto input = cast<RankedTensorType>(reshape.getInput1().getType());
  auto type = dyn_cast<RankedTensorType>(reshape.getType());
  std::optional<std::vector<int64_t>> wanted = getIntegers(reshape.getShape());
  if (!wanted || !type ||
      static_cast<int64_t>(wanted->size()) != type.getRank())
    return reshape.emitError("expects a constant shape");
  SmallVector<int64_t> shape(wanted->begin(), wanted->end());
  int64_t known = 1, unknown = -1;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (size > 0 && !llvm::MulOverflow(known, size, known))
      continue;
    if (size != -1 || unknown >= 0)
      return reshape.emitError("expects a shape of positive sizes, one of "
                               "which may be -1");
    unknown = axis;
  }
  int64_t count = input.getNumElements();
  if (unknown >= 0)
    shape[unknown] = count / known;
  if (unknown >= 0 ? count % known != 0 : count != known)
    return reshape.emitError("cannot give ")
           << input << " the shape [" << shape << "]";
  OpBuilder builder(reshape);
  reshape.getShapeMutable().assign(tosa::ConstShapeOp::create(
      builder, reshape.getLoc(),
      tosa::shapeType::get(builder.getContext(), shape.size()),
      builder.getIndexTensorAttr(shape)));
  reshape.getResult().setType(type.clone(shape));
  return success();
}

static LogicalResult makeStatic(func::FuncOp main, int64_t batch) {
  Block &body = main.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    RankedTensorType type = fixBatch(argument.getType(), batch);
    if (!type)
      return main.emitError("cannot import an input of type ")
             << argument.getType()
             << "; only the batch, the first size, may be unknown";
    argument.setType(type);
  }
  for (Operation &op : body) {
    if (auto reshape = dyn_cast<tosa::ReshapeOp>(op)) {
      if (failed(fixReshape(reshape)))
        return failure();
      continue;
    }
    for (OpResult result : op.getResults()) {
      if (!isa<TensorType>(result.getType()))
        continue;
      RankedTensorType type = fixBatch(result.getType(), batch);
      if (!type)
        return op.emitError("cannot import a result of type ")
               << result.getType()
               << "; only the batch, the first size, may be unknown";
      result.setType(type);
    }
  }
  main.setFunctionType(
      FunctionType::get(main.getContext(), body.getArgumentTypes(),
                        body.getTerminator()->getOperandTypes()));
  return success();
}

//===----------------------------------------------------------------------===//
// Names of inputs and outputs
//===----------------------------------------------------------------------===//

/// `qat.name` from what the converter noted, else "input" and "output".
static void nameInterface(func::FuncOp main) {
  auto entry = main->getAttrOfType<DictionaryAttr>("tf.entry_function");
  auto getNames = [&](StringRef key, unsigned count, StringRef otherwise) {
    SmallVector<StringRef> names;
    auto text = entry ? entry.getAs<StringAttr>(key) : StringAttr();
    if (text)
      text.getValue().split(names, ',', -1, /*KeepEmpty=*/false);
    if (names.size() != count)
      names.assign(count, otherwise);
    return names;
  };
  Builder builder(main.getContext());
  for (auto [index, name] :
       llvm::enumerate(getNames("inputs", main.getNumArguments(), "input")))
    if (!main.getArgAttr(index, "qat.name"))
      main.setArgAttr(index, "qat.name", builder.getStringAttr(name));
  for (auto [index, name] :
       llvm::enumerate(getNames("outputs", main.getNumResults(), "output")))
    if (!main.getResultAttr(index, "qat.name"))
      main.setResultAttr(index, "qat.name", builder.getStringAttr(name));
  main->removeAttr("tf.entry_function");
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

template <typename T> static T readElement(ArrayRef<char> bytes, int64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at * sizeof(T), sizeof(T));
  return value;
}

static void appendFloat(std::vector<char> &bytes, float value) {
  const char *raw = reinterpret_cast<const char *>(&value);
  bytes.insert(bytes.end(), raw, raw + sizeof(float));
}

/// Weights that a converter keeps as integers with a scale: the float product.
static std::optional<std::vector<char>> foldToFloat(Operation *op) {
  SmallVector<std::vector<char>> operands;
  SmallVector<RankedTensorType> types;
  for (Value operand : op->getOperands()) {
    ElementsAttr elements;
    if (!matchPattern(operand, m_Constant(&elements)))
      return std::nullopt;
    std::optional<std::vector<char>> bytes = getElementBytes(elements);
    if (!bytes)
      return std::nullopt;
    operands.push_back(std::move(*bytes));
    types.push_back(cast<RankedTensorType>(operand.getType()));
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.getElementType().isF32())
    return std::nullopt;
  std::vector<char> result;
  if (isa<tosa::CastOp>(op) && types[0].getElementType().isInteger(8)) {
    for (char byte : operands[0])
      appendFloat(result, static_cast<signed char>(byte));
    return result;
  }
  if (!isa<tosa::MulOp>(op) || !types[0].getElementType().isF32() ||
      !types[1].getElementType().isF32())
    return std::nullopt;
  // The strides of both operands; 0 along a dimension that is broadcast.
  int64_t rank = type.getRank();
  SmallVector<int64_t> strides[2];
  for (int side : {0, 1}) {
    strides[side].assign(rank, 0);
    int64_t stride = 1;
    for (int64_t axis = rank - 1; axis >= 0; --axis) {
      if (types[side].getDimSize(axis) != 1)
        strides[side][axis] = stride;
      stride *= types[side].getDimSize(axis);
    }
  }
  SmallVector<int64_t> index(rank, 0);
  for (int64_t left = type.getNumElements(); left > 0; --left) {
    int64_t at[2] = {0, 0};
    for (int side : {0, 1})
      for (int64_t axis = 0; axis < rank; ++axis)
        at[side] += index[axis] * strides[side][axis];
    appendFloat(result, readElement<float>(operands[0], at[0]) *
                            readElement<float>(operands[1], at[1]));
    for (int64_t axis = rank - 1;
         axis >= 0 && ++index[axis] == type.getDimSize(axis); --axis)
      index[axis] = 0;
  }
  return result;
}

static std::optional<std::vector<char>> foldTranspose(tosa::TransposeOp op,
                                                      ArrayRef<char> bytes) {
  auto from = cast<RankedTensorType>(op.getInput1().getType());
  auto to = cast<RankedTensorType>(op.getType());
  int64_t rank = to.getRank();
  size_t size = bytes.size() / from.getNumElements();
  SmallVector<int64_t> strides(rank);
  int64_t stride = 1;
  for (int64_t axis = rank - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= from.getDimSize(axis);
  }
  std::vector<char> result;
  SmallVector<int64_t> index(rank, 0);
  for (int64_t left = to.getNumElements(); left > 0; --left) {
    int64_t at = 0;
    for (int64_t axis = 0; axis < rank; ++axis)
      at += index[axis] * strides[op.getPerms()[axis]];
    result.insert(result.end(), bytes.begin() + at * size,
                  bytes.begin() + (at + 1) * size);
    for (int64_t axis = rank - 1;
         axis >= 0 && ++index[axis] == to.getDimSize(axis); --axis)
      index[axis] = 0;
  }
  return result;
}

/// Replaces what is computed from constants alone by constants.
static void foldConstants(func::FuncOp main) {
  for (Operation &op : llvm::make_early_inc_range(main.getBody().front())) {
    std::optional<std::vector<char>> bytes;
    if (isa<tosa::CastOp, tosa::MulOp>(op)) {
      bytes = foldToFloat(&op);
    } else if (isa<tosa::ReshapeOp, tosa::TransposeOp>(op)) {
      ElementsAttr elements;
      if (matchPattern(op.getOperand(0), m_Constant(&elements)))
        bytes = getElementBytes(elements);
      if (auto transpose = dyn_cast<tosa::TransposeOp>(op); transpose && bytes)
        bytes = foldTranspose(transpose, *bytes);
    }
    if (!bytes)
      continue;
    OpBuilder builder(&op);
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    // The name is that of the constant, not of the op that uses it.
    auto folded = tosa::ConstOp::create(builder, op.getOperand(0).getLoc(),
                                        type, makeElements(type, *bytes));
    op.getResult(0).replaceAllUsesWith(folded.getResult());
    op.erase();
  }
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// exp(x - max) * (1 / sum), over the last dimension -> qat.softmax.
static void recognizeSoftmax(func::FuncOp main) {
  auto lastAxis = [](Operation *op) {
    auto axis = op->getAttrOfType<IntegerAttr>("axis");
    auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
    return axis && type && type.getElementType().isF32() &&
           axis.getInt() == type.getRank() - 1;
  };
  SmallVector<tosa::MulOp> products(main.getOps<tosa::MulOp>());
  for (tosa::MulOp product : products) {
    OpGraph graph;
    OpGraph::Node x = graph.any();
    auto largest = graph.op<tosa::ReduceMaxOp>({x}, lastAxis);
    auto exp = graph.op<tosa::ExpOp>({graph.op<tosa::SubOp>({x, largest})});
    auto sum = graph.op<tosa::ReduceSumOp>({exp}, lastAxis);
    auto result = graph.op<tosa::MulOp>(
        {exp, graph.op<tosa::ReciprocalOp>({sum}), graph.integer(0)});
    if (!graph.match(result, product.getOutput()))
      continue;
    OpBuilder builder(product);
    product.getOutput().replaceAllUsesWith(
        SoftmaxOp::create(builder, product.getLoc(), product.getType(),
                          graph.get(x))
            .getResult());
  }
}

//===----------------------------------------------------------------------===//
// What form F has
//===----------------------------------------------------------------------===//

/// A convolution that reads every channel; tosa-to-linalg knows no groups.
static bool isGrouped(Operation &op) {
  auto conv = dyn_cast<tosa::Conv2DOp>(op);
  return conv && cast<ShapedType>(conv.getInput().getType()).getDimSize(3) !=
                     cast<ShapedType>(conv.getWeight().getType()).getDimSize(3);
}

/// Names every op of a float network that form F has no place for.
static LogicalResult checkOperators(func::FuncOp main) {
  llvm::SetVector<std::pair<StringRef, StringRef>> refused;
  for (Operation &op : main.getBody().front()) {
    bool isKnown = isa<tosa::ConstOp, tosa::ConstShapeOp, tosa::Conv2DOp,
                       tosa::DepthwiseConv2DOp, tosa::ClampOp, tosa::AddOp,
                       tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::ReshapeOp,
                       tosa::TransposeOp, tosa::SliceOp, tosa::PadOp,
                       tosa::ConcatOp, SoftmaxOp, func::ReturnOp>(op) ||
                   op.getName().getDialectNamespace() != "tosa";
    if (isGrouped(op))
      refused.insert({"grouped tosa.conv2d", getLayerName(op.getLoc())});
    else if (!isKnown)
      refused.insert({op.getName().getStringRef(), getLayerName(op.getLoc())});
  }
  if (refused.empty())
    return success();
  InFlightDiagnostic error = main.emitError("ops that are not supported: ");
  llvm::interleaveComma(refused, error, [&](const auto &op) {
    error << "'" << op.first << "'";
    if (!op.second.empty())
      error << " (" << op.second << ")";
  });
  return error;
}

static bool isFloat(func::FuncOp main) {
  return llvm::all_of(main.getArgumentTypes(), [](Type type) {
    return getElementTypeOrSelf(type).isF32();
  });
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct NormalizeTosa : qat::impl::QatNormalizeTosaBase<NormalizeTosa> {
  using QatNormalizeTosaBase::QatNormalizeTosaBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      module.emitError("expects a function '@main' of one block");
      return signalPassFailure();
    }
    if (batch < 1) {
      module.emitError("'batch' must be positive, but is ") << batch;
      return signalPassFailure();
    }
    if (failed(makeStatic(main, batch)))
      return signalPassFailure();
    nameInterface(main);
    for (StringRef note :
         {"tfl.description", "tfl.metadata", "tfl.schema_version"})
      module->removeAttr(note);
    foldConstants(main);
    recognizeSoftmax(main);
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(main.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
    if (isFloat(main) && failed(checkOperators(main)))
      signalPassFailure();
  }
};
} // namespace
