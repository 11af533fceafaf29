//===- AssignPrecision.cpp - bits by the memory there is ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/AssignPrecision.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mlir::qat;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

static constexpr unsigned fewestBits = 2;

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

StringRef mlir::qat::stringifyAssignmentMode(AssignmentMode mode) {
  return mode == AssignmentMode::MixPL ? "MixPL" : "MixPC";
}

std::optional<AssignmentMode>
mlir::qat::symbolizeAssignmentMode(StringRef word) {
  return llvm::StringSwitch<std::optional<AssignmentMode>>(word)
      .Case("MixPL", AssignmentMode::MixPL)
      .Case("MixPC", AssignmentMode::MixPC)
      .Default(std::nullopt);
}

StringRef mlir::qat::stringifyAssignmentPolicy(AssignmentPolicy policy) {
  return policy == AssignmentPolicy::Consistent ? "consistent" : "reference";
}

std::optional<AssignmentPolicy>
mlir::qat::symbolizeAssignmentPolicy(StringRef word) {
  return llvm::StringSwitch<std::optional<AssignmentPolicy>>(word)
      .Case("consistent", AssignmentPolicy::Consistent)
      .Case("reference", AssignmentPolicy::Reference)
      .Default(std::nullopt);
}

StringRef mlir::qat::stringifyAssignmentStatus(AssignmentStatus status) {
  switch (status) {
  case AssignmentStatus::Ok:
    return "ok";
  case AssignmentStatus::FailActivation:
    return "fail_activation";
  case AssignmentStatus::FailWeights:
    return "fail_weights";
  }
  return "";
}

//===----------------------------------------------------------------------===//
// The network
//===----------------------------------------------------------------------===//

PrecisionNetwork mlir::qat::makeChain(ArrayRef<ChainLayer> layers) {
  PrecisionNetwork network;
  network.grids.push_back({"input", 8, false, false, false, false});
  for (auto [index, layer] : llvm::enumerate(layers)) {
    bool isLast = index + 1 == layers.size();
    std::string name = std::to_string(index);
    PrecisionNetwork::Step step;
    step.name = name;
    unsigned input = network.tensors.size(), grid = network.grids.size() - 1;
    network.tensors.push_back({network.grids[grid].name, layer.input, grid});
    network.tensors.push_back({name, layer.output, grid + 1});
    network.grids.push_back({name, 8, !isLast, !isLast, false, !isLast});
    step.inputs = {input};
    step.output = input + 1;
    step.live = {input, input + 1};
    step.weights.emplace();
    step.weights->elements = layer.weights;
    step.weights->channels = layer.channels;
    step.weights->isLast = isLast;
    network.steps.push_back(std::move(step));
  }
  return network;
}

int64_t mlir::qat::getLiveBits(const PrecisionNetwork &network, size_t index,
                               ArrayRef<unsigned> gridBits) {
  int64_t bits = 0;
  for (unsigned tensor : network.steps[index].live)
    bits += network.tensors[tensor].elements *
            storageBits(gridBits[network.tensors[tensor].grid]);
  return bits;
}

//===----------------------------------------------------------------------===//
// Stage 1: activations
//===----------------------------------------------------------------------===//

namespace {
class ActivationStage {
public:
  ActivationStage(const PrecisionNetwork &network, int64_t ramBytes,
                  SmallVector<unsigned> &bits)
      : network(network), ramBits(8 * ramBytes), bits(bits) {}

  /// False at a step that cannot fit.
  bool run();
  size_t failedStep = 0;
  int64_t visits = 0;

private:
  enum class Visit { Fits, Left, Failed };
  Visit visit(size_t index, bool isForward);
  std::optional<unsigned> chooseGrid(size_t index) const;

  const PrecisionNetwork &network;
  int64_t ramBits;
  SmallVector<unsigned> &bits;
};
} // namespace

/// What to cut at a step that does not fit: of all that is live, the grid of
/// most bits, then of the largest footprint; of equals the output, then the
/// one that was made last. For a layer of a chain these are the reference's
/// rules for its input and output.
std::optional<unsigned> ActivationStage::chooseGrid(size_t index) const {
  SmallVector<std::pair<unsigned, int64_t>> footprints; // grid, bits it takes
  for (unsigned tensor : network.steps[index].live) {
    unsigned grid = network.tensors[tensor].grid;
    int64_t size = network.tensors[tensor].elements * bits[grid];
    auto *known = llvm::find_if(
        footprints, [&](auto &entry) { return entry.first == grid; });
    if (known == footprints.end())
      footprints.push_back({grid, size});
    else
      known->second += size;
  }
  std::optional<unsigned> best;
  std::tuple<unsigned, int64_t, bool, unsigned> bestKey;
  for (auto [grid, size] : footprints) {
    if (!network.grids[grid].mayBeCut || bits[grid] <= fewestBits)
      continue;
    std::tuple key(bits[grid], size, grid == network.outputGrid(index), grid);
    if (best && key <= bestKey)
      continue;
    best = grid;
    bestKey = key;
  }
  return best;
}

ActivationStage::Visit ActivationStage::visit(size_t index, bool isForward) {
  ++visits;
  while (getLiveBits(network, index, bits) > ramBits) {
    std::optional<unsigned> grid = chooseGrid(index);
    if (!grid) {
      failedStep = index;
      return Visit::Failed;
    }
    // Outputs are cut on the way forward, what comes from before on the way
    // back: the neighbour there is visited again with less.
    if ((*grid == network.outputGrid(index)) != isForward)
      return Visit::Left;
    bits[*grid] /= 2;
  }
  return Visit::Fits;
}

/// Every second sweep cuts something at the first step that is left, so this
/// ends; it fails only where nothing of a step is left to cut.
bool ActivationStage::run() {
  // The first sweep never counts as clean, as in the reference.
  bool isForward = true, isClean = false;
  while (true) {
    for (size_t i = 0, e = network.steps.size(); i < e; ++i) {
      Visit outcome = visit(isForward ? i : e - 1 - i, isForward);
      if (outcome == Visit::Failed)
        return false;
      isClean &= outcome == Visit::Fits;
    }
    if (isClean)
      return true;
    isForward = !isForward;
    isClean = true;
  }
}

int64_t mlir::qat::findSmallestRam(const PrecisionNetwork &network,
                                   size_t *tightest) {
  SmallVector<unsigned> bits;
  for (const PrecisionNetwork::Grid &grid : network.grids)
    bits.push_back(grid.mayBeCut ? std::min(grid.bits, fewestBits) : grid.bits);
  int64_t most = 0;
  for (size_t index = 0; index < network.steps.size(); ++index) {
    int64_t live = getLiveBits(network, index, bits);
    if (live <= most)
      continue;
    most = live;
    if (tightest)
      *tightest = index;
  }
  return llvm::divideCeil(most, 8);
}

//===----------------------------------------------------------------------===//
// Stage 2: weights
//===----------------------------------------------------------------------===//

/// The bytes beside the weights, words of 32 bits unless said otherwise.
static int64_t getExtraBytes(const PrecisionNetwork::Weights &layer,
                             WeightScheme scheme, FoldType fold,
                             unsigned outputBits) {
  int64_t channels = layer.channels;
  // Bias a channel; zero points (8 bits a channel), multiplier, shift.
  if (layer.isLast)
    return isPerChannel(scheme) ? 7 * channels + 4 : 4 * channels + 20;
  // Thresholds stand in for bias, multiplier and shift.
  if (fold == FoldType::FoldingThresh) {
    int64_t thresholds = 4 * channels * ((int64_t(1) << outputBits) - 1);
    return thresholds + (isPerChannel(scheme) ? channels + 8 : 12);
  }
  // Bias a channel; Zi, Zo, Zw, M0, N0.
  if (fold == FoldType::FoldingWeights)
    return 4 * channels + 20;
  // Bias, M0, N0 (8 bits), and Zw (8 bits) a channel; Zi, Zo.
  if (isPerChannel(scheme))
    return 10 * channels + 8;
  // Bias, M0, N0 (8 bits) a channel; Zw, Zi, Zo.
  return 9 * channels + 12;
}

namespace {
class WeightStage {
public:
  WeightStage(const PrecisionNetwork &network, const AssignmentOptions &options,
              ArrayRef<unsigned> gridBits, Assignment &result)
      : network(network), options(options), gridBits(gridBits), result(result) {
  }

  /// Cuts until the total is at most `budget` bits; false where it cannot be.
  bool run(int64_t budget);
  /// The least total that was met.
  int64_t least = std::numeric_limits<int64_t>::max();

private:
  void evaluate();
  FoldType chooseFold(const PrecisionNetwork::Weights &layer,
                      WeightScheme scheme, unsigned bits,
                      unsigned outputBits) const;
  std::optional<size_t> chooseCut() const;

  const PrecisionNetwork &network;
  const AssignmentOptions &options;
  ArrayRef<unsigned> gridBits;
  Assignment &result;
};
} // namespace

FoldType WeightStage::chooseFold(const PrecisionNetwork::Weights &layer,
                                 WeightScheme scheme, unsigned bits,
                                 unsigned outputBits) const {
  if (layer.pinnedFold)
    return *layer.pinnedFold;
  if (isPerChannel(scheme))
    return FoldType::ICN;
  // The reference looks at bits from its second evaluation on; bits only fall,
  // so what was ICN once stays so.
  bool looksAtBits = options.policy == AssignmentPolicy::Consistent ||
                     result.romEvaluations > 0;
  return looksAtBits && (bits < 8 || outputBits < 8) ? FoldType::ICN
                                                     : FoldType::FoldingWeights;
}

void WeightStage::evaluate() {
  result.romBits = 0;
  for (auto [index, step] : llvm::enumerate(network.steps)) {
    if (!step.weights)
      continue;
    const PrecisionNetwork::Weights &layer = *step.weights;
    WeightAssignment &given = *result.weights[index];
    unsigned outputBits = gridBits[network.outputGrid(index)];
    given.scheme =
        layer.pinnedScheme.value_or(options.mode == AssignmentMode::MixPL
                                        ? WeightScheme::PerLayerAsymPACT
                                        : WeightScheme::PerChannelsAsymMinMax);
    given.fold = chooseFold(layer, given.scheme, given.bits, outputBits);
    given.weightBits = layer.elements * storageBits(given.bits);
    given.extraBytes =
        getExtraBytes(layer, given.scheme, given.fold, outputBits);
    result.romBits += given.weightBits + 8 * given.extraBytes;
  }
  ++result.romEvaluations;
  least = std::min(least, result.romBits);
}

/// The first layer whose share of the weights is almost the largest (within
/// 5 % of all) among those that may be cut. Shares are float64 divisions, as
/// the reference's, which decide at the edge of the 5 %.
std::optional<size_t> WeightStage::chooseCut() const {
  int64_t all = 0;
  for (const auto &given : result.weights)
    if (given)
      all += given->weightBits;
  auto mayBeCut = [&](size_t index) {
    return result.weights[index] && !network.steps[index].weights->pinnedBits &&
           result.weights[index]->bits > fewestBits;
  };
  auto share = [&](size_t index) {
    double total = static_cast<double>(all) / 8;
    double own = static_cast<double>(result.weights[index]->weightBits) / 8;
    return total > 0 ? own / total : 0.0;
  };
  double largest = -1;
  for (size_t index = 0; index < network.steps.size(); ++index)
    if (mayBeCut(index))
      largest = std::max(largest, share(index));
  double edge = largest - 0.05;
  for (size_t index = 0; index < network.steps.size(); ++index)
    if (mayBeCut(index) && share(index) > edge)
      return index;
  return std::nullopt;
}

bool WeightStage::run(int64_t budget) {
  for (const PrecisionNetwork::Step &step : network.steps) {
    result.weights.emplace_back();
    if (!step.weights)
      continue;
    result.weights.back().emplace();
    result.weights.back()->bits = step.weights->pinnedBits.value_or(8);
  }
  evaluate();
  while (result.romBits > budget) {
    std::optional<size_t> cut = chooseCut();
    if (!cut)
      return false;
    result.weights[*cut]->bits /= 2;
    evaluate();
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Both
//===----------------------------------------------------------------------===//

int64_t Assignment::romWeightBits() const {
  int64_t sum = 0;
  for (const auto &given : weights)
    if (given)
      sum += given->weightBits;
  return sum;
}

int64_t Assignment::romExtraBytes() const {
  int64_t sum = 0;
  for (const auto &given : weights)
    if (given)
      sum += given->extraBytes;
  return sum;
}

/// The first stage; false where it fails.
static bool assignActivations(const PrecisionNetwork &network, int64_t ramBytes,
                              Assignment &result) {
  for (const PrecisionNetwork::Grid &grid : network.grids)
    result.gridBits.push_back(grid.bits);
  ActivationStage stage(network, ramBytes, result.gridBits);
  bool fits = stage.run();
  result.visits = stage.visits;
  result.failedStep = stage.failedStep;
  for (size_t index = 0; index < network.steps.size(); ++index) {
    result.stepBits.push_back(getLiveBits(network, index, result.gridBits));
    if (result.stepBits[index] > result.stepBits[result.peakStep])
      result.peakStep = index;
  }
  return fits;
}

Assignment mlir::qat::assignPrecision(const PrecisionNetwork &network,
                                      const AssignmentOptions &options) {
  Assignment result;
  if (!assignActivations(network, options.ramBytes, result)) {
    result.status = AssignmentStatus::FailActivation;
    return result;
  }
  WeightStage stage(network, options, result.gridBits, result);
  if (!stage.run(8 * options.romBytes))
    result.status = AssignmentStatus::FailWeights;
  return result;
}

std::optional<int64_t>
mlir::qat::findSmallestRom(const PrecisionNetwork &network,
                           const AssignmentOptions &options) {
  Assignment result;
  if (!assignActivations(network, options.ramBytes, result))
    return std::nullopt;
  // What is cut does not depend on the budget, only where cutting ends.
  WeightStage stage(network, options, result.gridBits, result);
  stage.run(/*budget=*/-1);
  return llvm::divideCeil(stage.least, 8);
}
