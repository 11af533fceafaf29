//===- ExplainAssignment.cpp - why a budget fails, and what helps ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/ExplainAssignment.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace mlir::qat;
using llvm::formatv;
using Kind = AssignmentChange::Kind;

std::string mlir::qat::formatBytes(int64_t bits) {
  static const char *const eighths[] = {"",   ".125", ".25", ".375",
                                        ".5", ".625", ".75", ".875"};
  return std::to_string(bits / 8) + eighths[bits % 8];
}

static AssignmentMode otherMode(AssignmentMode mode) {
  return mode == AssignmentMode::MixPL ? AssignmentMode::MixPC
                                       : AssignmentMode::MixPL;
}

static AssignmentPolicy otherPolicy(AssignmentPolicy policy) {
  return policy == AssignmentPolicy::Consistent ? AssignmentPolicy::Reference
                                                : AssignmentPolicy::Consistent;
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

void AssignmentChange::apply(PrecisionNetwork &network,
                             AssignmentOptions &options) const {
  switch (kind) {
  case Kind::DropActivationBits:
    network.grids[index].isPinned = false;
    network.grids[index].bits = 8;
    network.grids[index].mayBeCut = network.grids[index].mayBeCutUnpinned;
    return;
  case Kind::SetActivationBits:
    network.grids[index].isPinned = true;
    network.grids[index].bits = bits;
    network.grids[index].mayBeCut = false;
    return;
  case Kind::DropWeightBits:
    network.steps[index].weights->pinnedBits = std::nullopt;
    return;
  case Kind::SetWeightBits:
    network.steps[index].weights->pinnedBits = bits;
    return;
  case Kind::DropScheme:
    network.steps[index].weights->pinnedScheme = std::nullopt;
    return;
  case Kind::DropFold:
    network.steps[index].weights->pinnedFold = std::nullopt;
    return;
  case Kind::SetMode:
    options.mode = otherMode(options.mode);
    return;
  case Kind::SetPolicy:
    options.policy = otherPolicy(options.policy);
    return;
  }
}

std::string AssignmentChange::describe(const PrecisionNetwork &network,
                                       const AssignmentOptions &options) const {
  auto entry = [&](llvm::StringRef key, llvm::StringRef layer) {
    return formatv("'{0}' of layer '{1}'", key, layer).str();
  };
  switch (kind) {
  case Kind::DropActivationBits:
    return "leaving out " + entry("a_bits", network.grids[index].name);
  case Kind::SetActivationBits:
    return formatv("{0} of {1}", entry("a_bits", network.grids[index].name),
                   bits);
  case Kind::DropWeightBits:
    return "leaving out " + entry("w_bits", network.steps[index].name);
  case Kind::SetWeightBits:
    return formatv("{0} of {1}", entry("w_bits", network.steps[index].name),
                   bits);
  case Kind::DropScheme:
    return "leaving out " + entry("quant_type", network.steps[index].name);
  case Kind::DropFold:
    return "leaving out " + entry("fold_type", network.steps[index].name);
  case Kind::SetMode:
    return ("--mixed-prec-quant " +
            stringifyAssignmentMode(otherMode(options.mode)))
        .str();
  case Kind::SetPolicy:
    return ("--policy " +
            stringifyAssignmentPolicy(otherPolicy(options.policy)))
        .str();
  }
  return "";
}

bool mlir::qat::areFoldsLegal(const PrecisionNetwork &network,
                              AssignmentMode mode) {
  return llvm::none_of(network.steps, [&](const PrecisionNetwork::Step &step) {
    if (!step.weights)
      return false;
    const PrecisionNetwork::Weights &layer = *step.weights;
    bool isChannels = layer.pinnedScheme ? isPerChannel(*layer.pinnedScheme)
                                         : mode == AssignmentMode::MixPC;
    return isChannels && layer.pinnedFold == FoldType::FoldingWeights;
  });
}

namespace {
/// Tries changes one by one.
class ChangeFinder {
public:
  ChangeFinder(const PrecisionNetwork &network,
               const AssignmentOptions &options, bool isRam)
      : network(network), options(options), isRam(isRam),
        need(*getNeed(network, options)) {}

  std::vector<AssignmentChange> find();

private:
  std::optional<int64_t> getNeed(const PrecisionNetwork &network,
                                 const AssignmentOptions &options) const {
    if (isRam)
      return findSmallestRam(network);
    return findSmallestRom(network, options);
  }

  /// The change with what it gains; none where that is nothing.
  std::optional<AssignmentChange> test(Kind kind, size_t index,
                                       unsigned bits = 0) const;
  /// Keeps the best of several that exclude each other, the first of equals.
  void
  addBest(std::initializer_list<std::optional<AssignmentChange>> candidates);

  const PrecisionNetwork &network;
  const AssignmentOptions &options;
  bool isRam;
  int64_t need;
  std::vector<AssignmentChange> changes;
};
} // namespace

std::optional<AssignmentChange> ChangeFinder::test(Kind kind, size_t index,
                                                   unsigned bits) const {
  AssignmentChange change;
  change.kind = kind;
  change.index = index;
  change.bits = bits;
  PrecisionNetwork changed = network;
  AssignmentOptions asked = options;
  change.apply(changed, asked);
  if (!areFoldsLegal(changed, asked.mode))
    return std::nullopt;
  std::optional<int64_t> changedNeed = getNeed(changed, asked);
  if (!changedNeed || *changedNeed >= need)
    return std::nullopt;
  change.gain = need - *changedNeed;
  change.need = *changedNeed;
  return change;
}

void ChangeFinder::addBest(
    std::initializer_list<std::optional<AssignmentChange>> candidates) {
  std::optional<AssignmentChange> best;
  for (const std::optional<AssignmentChange> &candidate : candidates)
    if (candidate && (!best || candidate->gain > best->gain))
      best = candidate;
  if (best)
    changes.push_back(*best);
}

std::vector<AssignmentChange> ChangeFinder::find() {
  for (auto [index, grid] : llvm::enumerate(network.grids)) {
    if (!isRam || !grid.takesBits || grid.mayBeCut)
      continue;
    // As few bits less as do, else as many as there are.
    std::optional<AssignmentChange> four =
        test(Kind::SetActivationBits, index, 4);
    if (four && four->need <= options.ramBytes && !grid.mayBeCutUnpinned)
      changes.push_back(*four);
    else
      addBest(
          {grid.isPinned ? test(Kind::DropActivationBits, index) : std::nullopt,
           test(Kind::SetActivationBits, index, 2)});
  }
  if (!isRam) {
    for (auto [index, step] : llvm::enumerate(network.steps)) {
      if (!step.weights)
        continue;
      const PrecisionNetwork::Weights &layer = *step.weights;
      addBest(
          {layer.pinnedBits ? test(Kind::DropWeightBits, index) : std::nullopt,
           test(Kind::SetWeightBits, index, 2),
           test(Kind::SetWeightBits, index, 4),
           test(Kind::SetWeightBits, index, 8)});
      if (layer.pinnedScheme)
        addBest({test(Kind::DropScheme, index)});
      if (layer.pinnedFold)
        addBest({test(Kind::DropFold, index)});
    }
    addBest({test(Kind::SetMode, 0)});
    addBest({test(Kind::SetPolicy, 0)});
  }
  llvm::sort(changes, [](const auto &lhs, const auto &rhs) {
    return std::tuple(-lhs.gain, lhs.kind, lhs.index) <
           std::tuple(-rhs.gain, rhs.kind, rhs.index);
  });
  return std::move(changes);
}

std::vector<AssignmentChange>
mlir::qat::findHelpfulChanges(const PrecisionNetwork &network,
                              const AssignmentOptions &options,
                              const Assignment &assignment) {
  if (assignment.status == AssignmentStatus::Ok)
    return {};
  return ChangeFinder(network, options,
                      assignment.status == AssignmentStatus::FailActivation)
      .find();
}

//===----------------------------------------------------------------------===//
// Sentences
//===----------------------------------------------------------------------===//

static std::string explainRam(const PrecisionNetwork &network,
                              const AssignmentOptions &options,
                              const Assignment &assignment) {
  const PrecisionNetwork::Step &step = network.steps[assignment.failedStep];
  int64_t need = assignment.stepBits[assignment.failedStep];
  std::string text = formatv(
      "layer '{0}' needs {1} bytes of RAM, {2} more than the budget of {3}, "
      "with all cut there that may be: live are ",
      step.name, formatBytes(need), formatBytes(need - 8 * options.ramBytes),
      options.ramBytes);
  text += llvm::join(
      llvm::map_range(
          step.live,
          [&](unsigned index) {
            const PrecisionNetwork::Tensor &tensor = network.tensors[index];
            const PrecisionNetwork::Grid &grid = network.grids[tensor.grid];
            unsigned bits = assignment.gridBits[tensor.grid];
            return formatv("'{0}' {1} bytes ({2} x {3} bits{4})", tensor.name,
                           formatBytes(tensor.elements * storageBits(bits)),
                           tensor.elements, bits,
                           grid.isPinned    ? ", configured"
                           : !grid.mayBeCut ? ", never cut"
                                            : "")
                .str();
          }),
      ", ");
  return text;
}

static std::string explainRom(const PrecisionNetwork &network,
                              const AssignmentOptions &options,
                              const Assignment &assignment) {
  std::string text = formatv(
      "the weights need {0} bytes of ROM ({1} and {2} of biases, multipliers "
      "and the like), {3} more than the budget of {4}, with all cut that may "
      "be; the largest are ",
      formatBytes(assignment.romBits), formatBytes(assignment.romWeightBits()),
      assignment.romExtraBytes(),
      formatBytes(assignment.romBits - 8 * options.romBytes), options.romBytes);
  std::vector<size_t> order;
  auto sizeOf = [&](size_t index) {
    const WeightAssignment &given = *assignment.weights[index];
    return given.weightBits + 8 * given.extraBytes;
  };
  for (size_t index = 0; index < network.steps.size(); ++index)
    if (assignment.weights[index])
      order.push_back(index);
  llvm::sort(order, [&](size_t lhs, size_t rhs) {
    return std::pair(-sizeOf(lhs), lhs) < std::pair(-sizeOf(rhs), rhs);
  });
  order.resize(std::min<size_t>(order.size(), 3));
  text += llvm::join(
      llvm::map_range(order,
                      [&](size_t index) {
                        return formatv("'{0}' {1} bytes ({2} bits)",
                                       network.steps[index].name,
                                       formatBytes(sizeOf(index)),
                                       assignment.weights[index]->bits)
                            .str();
                      }),
      ", ");
  return text;
}

std::vector<std::string>
mlir::qat::explainAssignment(const PrecisionNetwork &network,
                             const AssignmentOptions &options,
                             const Assignment &assignment, size_t most) {
  if (assignment.status == AssignmentStatus::Ok)
    return {};
  bool isRam = assignment.status == AssignmentStatus::FailActivation;
  std::vector<std::string> parts = {
      isRam ? explainRam(network, options, assignment)
            : explainRom(network, options, assignment)};
  size_t tightest = 0;
  int64_t smallest = isRam ? findSmallestRam(network, &tightest)
                           : *findSmallestRom(network, options);
  parts.push_back(formatv("the smallest {0} budget is {1} bytes",
                          isRam ? "RAM" : "ROM", smallest));
  // The first layer that fails need not be the one that takes most.
  if (isRam && tightest != assignment.failedStep)
    parts.back() +=
        ", which layer '" + network.steps[tightest].name + "' needs";
  int64_t budget = isRam ? options.ramBytes : options.romBytes;
  if (isRam) {
    AssignmentOptions atSmallest = options;
    atSmallest.ramBytes = smallest;
    Assignment next = assignPrecision(network, atSmallest);
    if (next.status == AssignmentStatus::FailWeights)
      parts.back() +=
          formatv(", and the ROM then takes {0} bytes at least, "
                  "more than the budget of {1}",
                  *findSmallestRom(network, atSmallest), options.romBytes);
  }
  std::vector<AssignmentChange> changes =
      findHelpfulChanges(network, options, assignment);
  if (changes.empty())
    parts.push_back("no single option lowers it; a smaller input or a narrower "
                    "network does");
  for (const AssignmentChange &change :
       llvm::ArrayRef(changes).take_front(most))
    parts.push_back(formatv("{0} lowers it by {1} to {2}{3}",
                            change.describe(network, options), change.gain,
                            change.need,
                            change.need > budget ? ", still too much" : ""));
  return parts;
}
