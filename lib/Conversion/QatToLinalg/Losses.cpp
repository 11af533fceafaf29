//===- Losses.cpp - the losses of training as loops -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The label of a sample is compared with the index of each class, never used as
// an index: no label reads out of bounds.
//
//===----------------------------------------------------------------------===//

#include "Sums.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using arith::CmpIPredicate;
using utils::IteratorType;

static Value load(ImplicitLocOpBuilder &b, Value number) {
  return tensor::ExtractOp::create(b, number, ValueRange{});
}

static Value compare(ImplicitLocOpBuilder &b, CmpFPredicate predicate,
                     Value lhs, Value rhs) {
  return arith::CmpFOp::create(b, predicate, lhs, rhs);
}

/// `value` where `condition` holds, else 0.
static Value where(ImplicitLocOpBuilder &b, Value condition, Value value) {
  return arith::SelectOp::create(b, condition, value,
                                 buildFloat(b, value.getType(), 0.0));
}

/// 0 <= label < classes, by one comparison without sign.
static Value isClass(ImplicitLocOpBuilder &b, Value label, int64_t classes) {
  return arith::CmpIOp::create(b, CmpIPredicate::ult, label,
                               buildScalar(b, label.getType(), classes));
}

/// The class that the loop stands at.
static Value getClass(ImplicitLocOpBuilder &b) {
  Value index = linalg::IndexOp::create(b, 1);
  return arith::IndexCastOp::create(b, b.getI32Type(), index);
}

namespace {
/// Loops over N x C logits.
struct Rows {
  Rows(ImplicitLocOpBuilder &b, Value logits)
      : b(b), type(cast<RankedTensorType>(logits.getType())),
        element(type.getElementType()), classes(type.getDimSize(1)),
        vector(RankedTensorType::get(type.getDimSize(0), element)),
        all(b.getMultiDimIdentityMap(2)), row(all.dropResult(1)) {}

  /// An index map for each of `inputs`: all of N x C, or its row.
  SmallVector<AffineMap> getMaps(ValueRange inputs) const {
    return llvm::map_to_vector(inputs, [&](Value input) {
      return cast<RankedTensorType>(input.getType()).getRank() == 2 ? all : row;
    });
  }

  /// One value a row, from the values `inputs` of its classes, rising, and the
  /// value so far, which is the last argument of `combine`.
  Value reduce(ValueRange inputs, Value start, ElementBuilder combine) const {
    SmallVector<AffineMap> maps = getMaps(inputs);
    maps.push_back(row);
    Value init = buildFilled(
        b, RankedTensorType::get(vector.getShape(), start.getType()), start);
    return buildLoops(b, inputs, init, maps,
                      {IteratorType::parallel, IteratorType::reduction},
                      combine);
  }

  Value map(ValueRange inputs, ElementBuilder body) const {
    return mapElements(b, inputs, getMaps(inputs), type, body);
  }

  Value mapRows(ValueRange inputs, ElementBuilder body) const {
    return mapElements(b, inputs, vector, body);
  }

  ImplicitLocOpBuilder &b;
  RankedTensorType type;
  Type element;
  int64_t classes;
  RankedTensorType vector;
  AffineMap all, row;
};

/// The softmax of x / temperature in parts: m the highest x of a row, s the sum
/// over its classes of e = exp((x - m) / temperature).
struct SoftmaxParts {
  SoftmaxParts(const Rows &rows, Value logits, Value temperature) {
    ImplicitLocOpBuilder &b = rows.b;
    highest = rows.reduce(
        logits,
        buildFloat(b, rows.element, -std::numeric_limits<double>::infinity()),
        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::MaximumFOp::create(e, v[0], v[1]);
        });
    exponential = rows.map(
        {logits, highest}, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value distance = arith::SubFOp::create(e, v[0], v[1]);
          if (temperature)
            distance = arith::DivFOp::create(e, distance, temperature);
          return math::ExpOp::create(e, distance);
        });
    sum = rows.reduce(exponential, buildFloat(b, rows.element, 0.0),
                      [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                        return arith::AddFOp::create(e, v[1], v[0]);
                      });
  }

  Value highest, exponential, sum;
};

struct LowerCountSamples : OpRewritePattern<CountSamplesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CountSamplesOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value count = sumTermsWide(
        b, op.getLabels(), [&](ImplicitLocOpBuilder &e, ValueRange v) {
          return where(e, isClass(e, v[0], op.getClasses()),
                       buildFloat(e, e.getF64Type(), 1.0));
        });
    rewriter.replaceOp(
        op, mapElements(b, count, cast<RankedTensorType>(op.getType()),
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value one = buildFloat(e, e.getF64Type(), 1.0);
                          return narrow(e,
                                        arith::MaximumFOp::create(e, v[0], one),
                                        element);
                        }));
    return success();
  }
};

/// loss = log(s) - sum of target * (x - m), gradient = (e / s - target) /
/// samples.
struct LowerSoftmaxCrossEntropy : OpRewritePattern<SoftmaxCrossEntropyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxCrossEntropyOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value logits = op.getLogits(), labels = op.getLabels();
    Rows rows(b, logits);
    Value smoothing = load(b, op.getSmoothing());
    Value samples = load(b, op.getSamples());
    Value others = arith::DivFOp::create(
        b, smoothing, buildFloat(b, rows.element, rows.classes));
    Value certain =
        arith::SubFOp::create(b, buildFloat(b, rows.element, 1.0), smoothing);
    Value right = arith::AddFOp::create(b, certain, others);
    auto target = [&](ImplicitLocOpBuilder &e, Value label) -> Value {
      Value isRight =
          arith::CmpIOp::create(e, CmpIPredicate::eq, getClass(e), label);
      return arith::SelectOp::create(e, isRight, right, others);
    };

    SoftmaxParts softmax(rows, logits, /*temperature=*/Value());
    Value expected = rows.reduce(
        {logits, softmax.highest, labels}, buildFloat(b, rows.element, 0.0),
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value weight = target(e, v[2]);
          Value term = arith::MulFOp::create(
              e, weight, arith::SubFOp::create(e, v[0], v[1]));
          // A score of -inf weighs nothing where no target lies on it.
          Value counts = compare(e, CmpFPredicate::UNE, weight,
                                 buildFloat(e, rows.element, 0.0));
          return arith::AddFOp::create(e, v.back(), where(e, counts, term));
        });
    Value loss =
        rows.mapRows({softmax.sum, expected, labels},
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       Value log = math::LogOp::create(e, v[0]);
                       return where(e, isClass(e, v[2], rows.classes),
                                    arith::SubFOp::create(e, log, v[1]));
                     });
    Value gradient = rows.map(
        {softmax.exponential, softmax.sum, labels},
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value difference = arith::SubFOp::create(
              e, arith::DivFOp::create(e, v[0], v[1]), target(e, v[2]));
          return where(e, isClass(e, v[2], rows.classes),
                       arith::DivFOp::create(e, difference, samples));
        });
    rewriter.replaceOp(op, {loss, gradient});
    return success();
  }
};

/// With e, m, s of the logits x and of the teacher t:
/// loss = T^2 * (sum of p * ((t - m_t) - (x - m_x)) / T - log s_t + log s_x).
struct LowerDistillationLoss : OpRewritePattern<DistillationLossOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DistillationLossOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value logits = op.getLogits(), teacher = op.getTeacher();
    Rows rows(b, logits);
    Value temperature = load(b, op.getTemperature());
    Value samples = load(b, op.getSamples());
    Value zero = buildFloat(b, rows.element, 0.0);

    SoftmaxParts q(rows, logits, temperature), p(rows, teacher, temperature);
    Value divergence = rows.reduce(
        {logits, q.highest, teacher, p.highest, p.exponential, p.sum}, zero,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value weight = arith::DivFOp::create(e, v[4], v[5]);
          Value difference =
              arith::SubFOp::create(e, arith::SubFOp::create(e, v[2], v[3]),
                                    arith::SubFOp::create(e, v[0], v[1]));
          Value term = arith::MulFOp::create(
              e, weight, arith::DivFOp::create(e, difference, temperature));
          Value counts = compare(e, CmpFPredicate::UNE, weight, zero);
          return arith::AddFOp::create(e, v.back(), where(e, counts, term));
        });
    Value loss = rows.mapRows(
        {divergence, q.sum, p.sum, op.getLabels()},
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value logs = arith::SubFOp::create(e, math::LogOp::create(e, v[1]),
                                             math::LogOp::create(e, v[2]));
          Value square = arith::MulFOp::create(e, temperature, temperature);
          Value value = arith::MulFOp::create(
              e, arith::AddFOp::create(e, v[0], logs), square);
          return where(e, isClass(e, v[3], rows.classes), value);
        });
    Value gradient = rows.map(
        {q.exponential, q.sum, p.exponential, p.sum, op.getLabels()},
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value difference =
              arith::SubFOp::create(e, arith::DivFOp::create(e, v[0], v[1]),
                                    arith::DivFOp::create(e, v[2], v[3]));
          Value value = arith::DivFOp::create(
              e, arith::MulFOp::create(e, difference, temperature), samples);
          return where(e, isClass(e, v[4], rows.classes), value);
        });
    rewriter.replaceOp(op, {loss, gradient});
    return success();
  }
};

struct LowerMeanSquaredError : OpRewritePattern<MeanSquaredErrorOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MeanSquaredErrorOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getOutput().getType());
    Type element = type.getElementType();
    int64_t rank = type.getRank(), rows = type.getDimSize(0);
    auto size = static_cast<double>(type.getNumElements() / rows);
    Value samples = load(b, op.getSamples());

    SmallVector<IteratorType> iterators(rank, IteratorType::reduction);
    iterators[0] = IteratorType::parallel;
    AffineMap all = b.getMultiDimIdentityMap(rank);
    auto sums = RankedTensorType::get(rows, b.getF64Type());
    Value squares =
        buildLoops(b, {op.getOutput(), op.getTarget()},
                   buildFilled(b, sums, buildFloat(b, b.getF64Type(), 0.0)),
                   {all, all, getAxesMap(getContext(), rank, 0)}, iterators,
                   [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                     Value error = arith::SubFOp::create(e, widen(e, v[0]),
                                                         widen(e, v[1]));
                     return arith::AddFOp::create(
                         e, v[2], arith::MulFOp::create(e, error, error));
                   });
    Value loss =
        mapElements(b, squares, RankedTensorType::get(rows, element),
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value mean = arith::DivFOp::create(
                          e, v[0], buildFloat(e, e.getF64Type(), size));
                      return narrow(e, mean, element);
                    });
    Value scale = arith::DivFOp::create(
        b, buildFloat(b, element, 2.0),
        arith::MulFOp::create(b, buildFloat(b, element, size), samples));
    Value gradient =
        mapElements(b, {op.getOutput(), op.getTarget()}, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      return arith::MulFOp::create(
                          e, arith::SubFOp::create(e, v[0], v[1]), scale);
                    });
    rewriter.replaceOp(op, {loss, gradient});
    return success();
  }
};

/// The ends are taken as they are: what has no weight may be no number.
struct LowerBlend : OpRewritePattern<BlendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BlendOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value weight = load(b, op.getWeight());
    Value zero = buildFloat(b, type.getElementType(), 0.0);
    Value one = buildFloat(b, type.getElementType(), 1.0);
    Value rest = arith::SubFOp::create(b, one, weight);
    Value isFirst = compare(b, CmpFPredicate::OEQ, weight, zero);
    Value isSecond = compare(b, CmpFPredicate::OEQ, weight, one);
    rewriter.replaceOp(
        op,
        mapElements(b, {op.getFirst(), op.getSecond()}, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value both = arith::AddFOp::create(
                          e, arith::MulFOp::create(e, rest, v[0]),
                          arith::MulFOp::create(e, weight, v[1]));
                      both = arith::SelectOp::create(e, isSecond, v[1], both);
                      return arith::SelectOp::create(e, isFirst, v[0], both);
                    }));
    return success();
  }
};

struct LowerMeanLoss : OpRewritePattern<MeanLossOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MeanLossOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value sum =
        sumTermsWide(b, op.getLoss(),
                     [](ImplicitLocOpBuilder &, ValueRange v) { return v[0]; });
    rewriter.replaceOp(
        op, mapElements(b, {sum, op.getSamples()}, type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          return narrow(
                              e, arith::DivFOp::create(e, v[0], widen(e, v[1])),
                              type.getElementType());
                        }));
    return success();
  }
};

/// The score of the label, then its place, then how many places are high
/// enough.
struct LowerCountCorrect : OpRewritePattern<CountCorrectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CountCorrectOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value logits = op.getLogits(), labels = op.getLabels();
    Rows rows(b, logits);
    Value score =
        rows.reduce({logits, labels}, buildFloat(b, rows.element, 0.0),
                    [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value isLabel = arith::CmpIOp::create(
                          e, CmpIPredicate::eq, getClass(e), v[1]);
                      return arith::SelectOp::create(e, isLabel, v[0], v[2]);
                    });
    Type i32 = b.getI32Type();
    Value place = rows.reduce(
        {logits, labels, score}, buildScalar(b, i32, 0),
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value isLater =
              arith::CmpIOp::create(e, CmpIPredicate::sge, getClass(e), v[1]);
          Value isAfter = arith::OrIOp::create(
              e, compare(e, CmpFPredicate::OLT, v[0], v[2]),
              arith::AndIOp::create(
                  e, compare(e, CmpFPredicate::OEQ, v[0], v[2]), isLater));
          Value next = arith::AddIOp::create(e, v[3], buildScalar(e, i32, 1));
          return arith::SelectOp::create(e, isAfter, v[3], next);
        });
    auto count = [&](int64_t places) {
      return sumTerms(
          b, {place, labels, score}, rows.element,
          [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
            Value isHigh = arith::CmpIOp::create(e, CmpIPredicate::slt, v[0],
                                                 buildScalar(e, i32, places));
            Value counts = arith::AndIOp::create(
                e, isClass(e, v[1], rows.classes),
                compare(e, CmpFPredicate::ORD, v[2], v[2]));
            return where(e, arith::AndIOp::create(e, isHigh, counts),
                         buildFloat(e, e.getF64Type(), 1.0));
          });
    };
    rewriter.replaceOp(op, {count(1), count(5)});
    return success();
  }
};
} // namespace

void mlir::qat::populateQatLossesToLinalgPatterns(RewritePatternSet &patterns) {
  patterns
      .add<LowerCountSamples, LowerSoftmaxCrossEntropy, LowerDistillationLoss,
           LowerMeanSquaredError, LowerBlend, LowerMeanLoss, LowerCountCorrect>(
          patterns.getContext());
}
