//===- PlanReport.cpp - an assignment as a table and as JSON --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/PlanReport.h"

#include "qat/Assignment/ExplainAssignment.h"
#include "qat/Support/TextTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::qat;

static SmallVector<unsigned> getInputBits(const PrecisionNetwork &network,
                                          const Assignment &assignment,
                                          const PrecisionNetwork::Step &step) {
  SmallVector<unsigned> bits;
  for (unsigned input : step.inputs)
    bits.push_back(assignment.gridBits[network.tensors[input].grid]);
  return bits;
}

static void printTotal(StringRef memory, int64_t bits, int64_t budget,
                       const Twine &of, raw_ostream &os) {
  int64_t over = bits - 8 * budget;
  os << formatv("{0}: {1} of {2} bytes ({3}), {4} {5}\n", memory,
                formatBytes(bits), budget, of.str(),
                formatBytes(over > 0 ? over : -over),
                over > 0 ? "too many" : "left");
}

void mlir::qat::printPlan(const PrecisionNetwork &network,
                          const AssignmentOptions &options,
                          const Assignment &assignment, raw_ostream &os) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "scheme", "fold", "w bits", "a in", "a out", "weight bytes",
       "extra bytes", "RAM bytes"}};
  for (auto [index, step] : enumerate(network.steps)) {
    std::vector<std::string> row(rows.front().size(), "-");
    row[0] = step.name;
    if (!assignment.weights.empty() && assignment.weights[index]) {
      const WeightAssignment &given = *assignment.weights[index];
      row[1] = stringifyWeightScheme(given.scheme);
      row[2] = stringifyFoldType(given.fold);
      row[3] = std::to_string(given.bits);
      row[6] = formatBytes(given.weightBits);
      row[7] = std::to_string(given.extraBytes);
    }
    row[4] = join(map_range(getInputBits(network, assignment, step),
                            [](unsigned bits) { return std::to_string(bits); }),
                  ",");
    row[5] = std::to_string(assignment.gridBits[network.outputGrid(index)]);
    row[8] = formatBytes(assignment.stepBits[index]);
    rows.push_back(std::move(row));
  }
  printTable(rows, /*rightAligned=*/6, os);
  os << "\n";
  if (assignment.status != AssignmentStatus::FailActivation)
    printTotal("ROM", assignment.romBits, options.romBytes,
               formatBytes(assignment.romWeightBits()) + " weights, " +
                   Twine(assignment.romExtraBytes()) + " extra",
               os);
  if (!network.steps.empty())
    printTotal("RAM", assignment.peakBits(), options.ramBytes,
               "peak at '" + network.steps[assignment.peakStep].name +
                   (assignment.status == AssignmentStatus::FailActivation
                        ? "', as far as cutting came"
                        : "'"),
               os);
  // The error tells the rest; all changes that help would make it too long.
  std::vector<AssignmentChange> changes =
      findHelpfulChanges(network, options, assignment);
  for (const AssignmentChange &change : ArrayRef(changes).take_front(8))
    os << formatv("{0} lowers the need by {1} to {2}\n",
                  change.describe(network, options), change.gain, change.need);
}

/// Whole bytes as an integer.
static json::Value toBytes(int64_t bits) {
  if (bits % 8 == 0)
    return bits / 8;
  return static_cast<double>(bits) / 8;
}

json::Value mlir::qat::planToJson(StringRef networkName,
                                  const PrecisionNetwork &network,
                                  const AssignmentOptions &options,
                                  const Assignment &assignment) {
  json::Array layers;
  for (auto [index, step] : enumerate(network.steps)) {
    json::Object layer{
        {"name", step.name},
        {"w_bits", nullptr},
        {"a_bits_in", nullptr},
        {"a_bits_out", assignment.gridBits[network.outputGrid(index)]},
        {"quant_type", nullptr},
        {"fold_type", nullptr},
        {"weight_bytes", nullptr},
        {"extra_bytes", nullptr}};
    SmallVector<unsigned> inputs = getInputBits(network, assignment, step);
    if (inputs.size() == 1)
      layer["a_bits_in"] = inputs.front();
    else
      layer["a_bits_in"] = json::Array(inputs);
    if (!step.weights) {
      layer["weight_bytes"] = layer["extra_bytes"] = 0;
    } else if (!assignment.weights.empty()) {
      const WeightAssignment &given = *assignment.weights[index];
      layer["w_bits"] = given.bits;
      layer["quant_type"] = stringifyWeightScheme(given.scheme);
      layer["fold_type"] = stringifyFoldType(given.fold);
      layer["weight_bytes"] = toBytes(given.weightBits);
      layer["extra_bytes"] = given.extraBytes;
    }
    layers.push_back(std::move(layer));
  }
  json::Object plan{
      {"network", networkName},
      {"policy", stringifyAssignmentPolicy(options.policy)},
      {"status", stringifyAssignmentStatus(assignment.status)},
      {"layers", std::move(layers)},
      {"rom_bytes", nullptr},
      {"ram_bytes", toBytes(assignment.peakBits())},
      {"message", join(explainAssignment(network, options, assignment), "; ")}};
  if (assignment.status != AssignmentStatus::FailActivation)
    plan["rom_bytes"] = toBytes(assignment.romBits);
  return plan;
}
