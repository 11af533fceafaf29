//===- VectorLoops.cpp - loops over flat buffers by vectors -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VectorLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qat;

Value VectorLoops::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value VectorLoops::add(Value left, int64_t right) {
  return right == 0 ? left : add(left, constant(right));
}

Value VectorLoops::add(Value left, Value right) {
  return arith::AddIOp::create(b, left, right);
}

Value VectorLoops::scale(Value left, int64_t right) {
  if (right == 1)
    return left;
  return arith::MulIOp::create(b, left, constant(right));
}

Value VectorLoops::flatten(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
  auto flat = MemRefType::get(
      {type.getNumElements()}, type.getElementType(),
      StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1}),
      type.getMemorySpace());
  return memref::ReinterpretCastOp::create(
      b, flat, metadata.getBaseBuffer(), OpFoldResult(metadata.getOffset()),
      ArrayRef<OpFoldResult>{b.getIndexAttr(type.getNumElements())},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

SmallVector<Value> VectorLoops::loop(int64_t begin, int64_t end, int64_t step,
                                     ValueRange carried, Body body) {
  if (begin >= end)
    return carried;
  if (begin + step >= end)
    return body(constant(begin), carried);
  auto op = scf::ForOp::create(b, constant(begin), constant(end),
                               constant(step), carried);
  OpBuilder::InsertionGuard guard(b);
  // Without carried values the builder has made the terminator.
  if (carried.empty())
    b.setInsertionPoint(op.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> yielded =
      body(op.getInductionVar(), op.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, yielded);
  return op.getResults();
}

void VectorLoops::loopOverChannels(
    int64_t count, int64_t lanes,
    function_ref<void(Value, int64_t, int64_t)> body) {
  int64_t whole = count / lanes * lanes, rest = count - whole;
  loop(0, whole, lanes, {}, [&](Value channel, ValueRange) {
    body(channel, lanes, lanes);
    return SmallVector<Value>();
  });
  if (rest)
    body(constant(whole), llvm::PowerOf2Ceil(rest), rest);
}

VectorType VectorLoops::getVector(int64_t width) {
  return VectorType::get({width}, b.getF32Type());
}

Value VectorLoops::getMask(int64_t width, int64_t active) {
  return vector::ConstantMaskOp::create(
      b, VectorType::get({width}, b.getI1Type()), ArrayRef<int64_t>{active});
}

Value VectorLoops::getZeros(int64_t width) {
  return arith::ConstantOp::create(b, b.getZeroAttr(getVector(width)));
}

Value VectorLoops::getSteps(int64_t stride, int64_t width) {
  SmallVector<int32_t> steps;
  for (int64_t lane = 0; lane < width; ++lane)
    steps.push_back(lane * stride);
  return arith::ConstantOp::create(b, b.getI32VectorAttr(steps));
}

Value VectorLoops::load(Value buffer, Value index, int64_t width,
                        int64_t active) {
  if (active == width)
    return vector::LoadOp::create(b, getVector(width), buffer, index);
  return vector::MaskedLoadOp::create(b, getVector(width), buffer, index,
                                      getMask(width, active), getZeros(width));
}

void VectorLoops::store(Value buffer, Value index, Value value,
                        int64_t active) {
  int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
  if (active == width)
    vector::StoreOp::create(b, value, buffer, index);
  else
    vector::MaskedStoreOp::create(b, buffer, index, getMask(width, active),
                                  value);
}

Value VectorLoops::gather(Value buffer, Value index, int64_t stride,
                          int64_t width, int64_t active) {
  if (stride == 1)
    return load(buffer, index, width, active);
  return vector::GatherOp::create(b, getVector(width), buffer, index,
                                  getSteps(stride, width),
                                  getMask(width, active), getZeros(width));
}

void VectorLoops::scatter(Value buffer, Value index, int64_t stride,
                          Value value, int64_t active) {
  if (stride == 1)
    return store(buffer, index, value, active);
  int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
  vector::ScatterOp::create(b, /*resultType=*/Type(), buffer, index,
                            getSteps(stride, width), getMask(width, active),
                            value);
}

Value VectorLoops::splat(Value buffer, Value index, int64_t width) {
  Value element = memref::LoadOp::create(b, buffer, index);
  return vector::BroadcastOp::create(b, getVector(width), element);
}

Value VectorLoops::multiplyAdd(Value left, Value right, Value sum) {
  return vector::FMAOp::create(b, left, right, sum);
}
