//===- NetworkBuilder.cpp - layers of form F, one by one ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkBuilder.h"

#include "RandomParameters.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qat;
using llvm::Twine;

/// The reference's; Keras has the same.
static constexpr float kEpsilon = 1e-3f;

NetworkBuilder::NetworkBuilder(MLIRContext *context, uint64_t seed)
    : seed(seed), module(ModuleOp::create(UnknownLoc::get(context))) {
  OpBuilder builder(module->getBodyRegion());
  main = func::FuncOp::create(builder, UnknownLoc::get(context), "main",
                              builder.getFunctionType({}, {}));
  main.addEntryBlock();
  emitter.emplace(*module, main);
}

Location NetworkBuilder::nameLoc(const Twine &name) {
  return NameLoc::get(StringAttr::get(main.getContext(), name));
}

ArrayRef<int64_t> NetworkBuilder::shapeOf(Value x) {
  return cast<RankedTensorType>(x.getType()).getShape();
}

static DictionaryAttr namedAttr(MLIRContext *context, StringRef name) {
  NamedAttribute attribute(StringAttr::get(context, "qat.name"),
                           StringAttr::get(context, name));
  return DictionaryAttr::get(context, attribute);
}

Value NetworkBuilder::input(int64_t height, int64_t width, int64_t channels) {
  // A function takes its first argument wherever its name is free.
  (void)main.insertArgument(0, emitter->type({1, height, width, channels}),
                            namedAttr(main.getContext(), "input"),
                            nameLoc("input"));
  return main.getArgument(0);
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

Value NetworkBuilder::random(Location loc, const Twine &name,
                             ArrayRef<int64_t> shape, double gain,
                             int64_t inputs) {
  std::string text = name.str();
  auto bound =
      static_cast<float>(std::sqrt(gain / static_cast<double>(inputs)));
  return emitter->parameter(
      loc, text, shape,
      drawUniform(seed, text, ShapedType::getNumElements(shape), bound));
}

Value NetworkBuilder::filled(Location loc, const Twine &name, int64_t size,
                             float value) {
  return emitter->parameter(loc, name.str(), size,
                            std::vector<float>(size, value));
}

Value NetworkBuilder::zeroBias(Location loc, StringRef layer, int64_t size,
                               bool isParameter) {
  return isParameter ? filled(loc, layer + ".bias", size, 0.0f)
                     : emitter->zeros(loc, size);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

std::array<int64_t, 4>
NetworkBuilder::padSame(Location loc, Value &x, const ZooWindow &window,
                        SmallVectorImpl<int64_t> &output) {
  SmallVector<int64_t> reached(shapeOf(x));
  std::array<int64_t, 4> pad{};
  output.assign(reached.begin(), reached.end());
  for (unsigned axis : {0u, 1u}) {
    int64_t &size = reached[axis + 1];
    output[axis + 1] = llvm::divideCeil(size, window.stride[axis]);
    int64_t missing = (output[axis + 1] - 1) * window.stride[axis] +
                      window.kernel[axis] - size;
    if (missing < 0)
      size += missing;
    pad[2 * axis] = std::max<int64_t>(missing, 0) / 2;
    pad[2 * axis + 1] = std::max<int64_t>(missing, 0) - pad[2 * axis];
  }
  x = emitter->slice(loc, x, reached);
  return pad;
}

Value NetworkBuilder::conv(Value x, const Twine &layer, int64_t outputs,
                           const ZooWindow &window, bool hasBias) {
  std::string name = layer.str();
  Location loc = nameLoc(name);
  SmallVector<int64_t> shape;
  std::array<int64_t, 4> pad = padSame(loc, x, window, shape);
  auto [height, width] = window.kernel;
  int64_t channels = shape[3];
  shape[3] = outputs;
  Value weight =
      random(loc, name + ".weight", {outputs, height, width, channels},
             /*gain=*/6, height * width * channels);
  Value bias = zeroBias(loc, name, outputs, hasBias);
  Value zeroPoint = emitter->zeros(loc, 1);
  return tosa::Conv2DOp::create(emitter->builder, loc, emitter->type(shape), x,
                                weight, bias, zeroPoint, zeroPoint, pad,
                                window.stride, ArrayRef<int64_t>{1, 1},
                                emitter->builder.getF32Type());
}

Value NetworkBuilder::depthwise(Value x, const Twine &layer,
                                const ZooWindow &window, bool hasBias) {
  std::string name = layer.str();
  Location loc = nameLoc(name);
  SmallVector<int64_t> shape;
  std::array<int64_t, 4> pad = padSame(loc, x, window, shape);
  auto [height, width] = window.kernel;
  Value weight = random(loc, name + ".weight", {height, width, shape[3], 1},
                        /*gain=*/6, height * width);
  Value bias = zeroBias(loc, name, shape[3], hasBias);
  Value zeroPoint = emitter->zeros(loc, 1);
  return tosa::DepthwiseConv2DOp::create(
      emitter->builder, loc, emitter->type(shape), x, weight, bias, zeroPoint,
      zeroPoint, pad, window.stride, ArrayRef<int64_t>{1, 1},
      emitter->builder.getF32Type());
}

Value NetworkBuilder::batchNorm(Value x, const Twine &layer,
                                const Twine &name) {
  std::string prefix = (layer + ".bn.").str();
  // The parameters are the layer's, the op is the batch norm's.
  Location loc = nameLoc(layer);
  int64_t channels = shapeOf(x).back();
  Value gamma = filled(loc, prefix + "gamma", channels, 1.0f);
  Value beta = filled(loc, prefix + "beta", channels, 0.0f);
  Value mean = filled(loc, prefix + "mean", channels, 0.0f);
  Value variance = filled(loc, prefix + "var", channels, 1.0f);
  return BatchNormOp::create(emitter->builder, nameLoc(name), x.getType(), x,
                             gamma, beta, mean, variance,
                             llvm::APFloat(kEpsilon), BatchNormFoldAttr(),
                             /*frozen=*/false);
}

Value NetworkBuilder::clamp(Value x, const Twine &name, float bound) {
  OpBuilder &builder = emitter->builder;
  return tosa::ClampOp::create(builder, nameLoc(name), x.getType(), x,
                               builder.getF32FloatAttr(0.0f),
                               builder.getF32FloatAttr(bound));
}

Value NetworkBuilder::relu6(Value x, const Twine &name) {
  return clamp(x, name, 6.0f);
}

Value NetworkBuilder::relu(Value x, const Twine &name) {
  return clamp(x, name, std::numeric_limits<float>::max());
}

Value NetworkBuilder::add(Value lhs, Value rhs, const Twine &name) {
  return tosa::AddOp::create(emitter->builder, nameLoc(name), lhs.getType(),
                             lhs, rhs);
}

Value NetworkBuilder::globalPool(Value x, const Twine &name) {
  Location loc = nameLoc(name);
  ArrayRef<int64_t> shape = shapeOf(x);
  std::array<int64_t, 2> kernel = {shape[1], shape[2]};
  Value zeroPoint = emitter->zeros(loc, 1);
  return tosa::AvgPool2dOp::create(
      emitter->builder, loc, emitter->type({1, 1, 1, shape[3]}), x, zeroPoint,
      zeroPoint, kernel, ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0},
      emitter->builder.getF32Type());
}

Value NetworkBuilder::classifier(Value x, const Twine &layer, int64_t outputs) {
  std::string name = layer.str();
  Location loc = nameLoc(name);
  int64_t inputs = shapeOf(x).back();
  Value weight = random(loc, name + ".weight", {outputs, 1, 1, inputs},
                        /*gain=*/1, inputs);
  Value bias = random(loc, name + ".bias", outputs, /*gain=*/1, inputs);
  Value zeroPoint = emitter->zeros(loc, 1);
  Value logits = tosa::Conv2DOp::create(
      emitter->builder, loc, emitter->type({1, 1, 1, outputs}), x, weight, bias,
      zeroPoint, zeroPoint, ArrayRef<int64_t>{0, 0, 0, 0},
      ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1},
      emitter->builder.getF32Type());
  return emitter->reshape(loc, logits, {1, outputs});
}

OwningOpRef<ModuleOp>
NetworkBuilder::finish(Value output, const Twine &source,
                       const std::optional<Preprocessing> &preprocessing) {
  MLIRContext *context = main.getContext();
  func::ReturnOp::create(emitter->builder, UnknownLoc::get(context), output);
  main.setType(
      FunctionType::get(context, main.getArgumentTypes(), output.getType()));
  main.setResultAttrs(0, namedAttr(context, "output"));
  if (preprocessing)
    (*module)->setAttr(kPreprocessingAttrName,
                       preprocessingToAttr(context, *preprocessing));
  (*module)->setAttr("qat.source", StringAttr::get(context, source));
  return std::move(module);
}
