//===- Judging.cpp - networks judged on a data set ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Evaluation/Judging.h"

#include "qat/Calibration/NetworkInput.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// The five classes of highest score, the lower index first among equals.
static SmallVector<int64_t, 5> getBest(const NdArray &scores) {
  NdArray real = scores.toF32();
  SmallVector<int64_t> order(real.size());
  for (int64_t i = 0; i < real.size(); ++i)
    order[i] = i;
  // Integer logits may not be exact in f32.
  auto isBetter = [&](int64_t a, int64_t b) {
    if (scores.kind() == ElementKind::I32) {
      ArrayRef<int32_t> values = scores.data<int32_t>();
      return values[a] != values[b] ? values[a] > values[b] : a < b;
    }
    ArrayRef<float> values = real.data<float>();
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  };
  size_t count = std::min<size_t>(5, order.size());
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    isBetter);
  return SmallVector<int64_t, 5>(order.begin(), order.begin() + count);
}

size_t Judgement::countJudged() const {
  return best.empty() ? 0 : count_if(best.front(), [](const auto &classes) {
    return !classes.empty();
  });
}

size_t Judgement::countLabelled() const {
  size_t count = 0;
  if (!best.empty())
    for (auto [classes, label] : zip_equal(best.front(), labels))
      count += !classes.empty() && label >= 0;
  return count;
}

Score Judgement::getScore(size_t network) const {
  Score score;
  for (auto [classes, label] : zip_equal(best[network], labels)) {
    score.top1 += !classes.empty() && classes[0] == label;
    score.top5 += is_contained(classes, label);
  }
  return score;
}

size_t Judgement::countAgreeing(size_t network, size_t other) const {
  size_t count = 0;
  for (auto [one, two] : zip_equal(best[network], best[other]))
    count += !one.empty() && one[0] == two[0];
  return count;
}

Expected<Judgement>
qat::judgeNetworks(const Dataset &data, ArrayRef<size_t> indices,
                   const Preprocessing &preprocessing, unsigned threads,
                   ArrayRef<const CompiledNetwork *> networks, raw_ostream &os,
                   ImageVisitor visit) {
  Judgement judgement;
  judgement.labels.assign(indices.size(), -1);
  judgement.names.assign(indices.size(), "");
  judgement.best.resize(networks.size());
  for (auto &best : judgement.best)
    best.resize(indices.size());
  BadSampleLog log(os);
  Error error = forEachSample(
      data, indices, threads, log,
      [&](size_t position, Sample sample) -> Error {
        judgement.labels[position] = sample.label;
        judgement.names[position] = sample.name;
        for (auto [network, best] : zip_equal(networks, judgement.best)) {
          Expected<NdArray> input =
              makeNetworkInput(sample, preprocessing, network->inputs()[0]);
          if (!input)
            return input.takeError();
          std::vector<NdArray> outputs(network->outputs().size());
          const NdArray *inputs[] = {&*input};
          if (Error error = network->run(inputs, outputs))
            return error;
          best[position] = getBest(outputs[0]);
        }
        if (!visit)
          return Error::success();
        return visit(position, [&](const TensorInfo &input) {
          return makeNetworkInput(sample, preprocessing, input);
        });
      });
  if (error)
    return std::move(error);
  if (Error error = log.finish())
    return std::move(error);
  return judgement;
}

Error qat::checkClasses(const Dataset &data, StringRef path,
                        ArrayRef<int64_t> outputShape) {
  int64_t outputs = *countElements(outputShape);
  if (data.numClasses() <= outputs)
    return Error::success();
  return createStringError("'" + path + "' has classes from 0 to " +
                           Twine(data.numClasses() - 1) +
                           ", but the network has " + Twine(outputs) +
                           (outputs == 1 ? " output" : " outputs") +
                           "; is it the data set of this network?");
}
