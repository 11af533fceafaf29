//===- RandomPrecisionNetwork.cpp --------------------------------- -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomPrecisionNetwork.h"

using namespace mlir::qat;

PrecisionNetwork mlir::qat::makeRandomPrecisionNetwork(std::mt19937 &random,
                                                       bool hasPins) {
  auto below = [&](unsigned bound) {
    return static_cast<unsigned>(random() % bound);
  };
  PrecisionNetwork network;
  network.grids.push_back({"input", 8, false, false, false, false});
  network.tensors.push_back({"input", 1 + below(400), 0});
  // When each tensor is made and last read, in places of steps and pools.
  std::vector<unsigned> made = {0}, read = {0}, places;
  unsigned place = 1;
  auto pick = [&] {
    // Mostly the newest tensor, else any.
    unsigned count = network.tensors.size();
    unsigned tensor = below(3) ? count - 1 : below(count);
    read[tensor] = place;
    return tensor;
  };
  unsigned layers = 2 + below(13);
  for (unsigned layer = 0; layer < layers; ++layer) {
    bool isLast = layer + 1 == layers;
    std::string name = "layer" + std::to_string(layer);
    PrecisionNetwork::Step step;
    step.name = name;
    step.inputs.push_back(pick());
    bool isJoin = !isLast && below(4) == 0;
    if (isJoin)
      step.inputs.push_back(pick());
    PrecisionNetwork::Grid grid;
    grid.name = name;
    grid.mayBeCut = grid.mayBeCutUnpinned = grid.takesBits = !isLast;
    if (!isJoin) {
      step.weights.emplace();
      step.weights->elements = 1 + below(3000);
      step.weights->channels = 1 + below(40);
      step.weights->isLast = isLast;
    }
    if (hasPins && !isLast && below(3) == 0) {
      grid.bits = 2 + below(7);
      grid.isPinned = true;
      grid.mayBeCut = false;
    }
    if (hasPins && step.weights && below(3) == 0)
      step.weights->pinnedBits = 2 + below(7);
    if (hasPins && step.weights && below(4) == 0)
      step.weights->pinnedScheme = below(2)
                                       ? WeightScheme::PerLayerSymPACT
                                       : WeightScheme::PerChannelsAsymMinMax;
    if (hasPins && step.weights && below(6) == 0)
      step.weights->pinnedFold = FoldType::ICN;
    step.output = network.tensors.size();
    network.tensors.push_back(
        {name, 1 + below(400), static_cast<unsigned>(network.grids.size())});
    network.grids.push_back(grid);
    network.steps.push_back(step);
    places.push_back(place);
    made.push_back(place);
    read.push_back(place);
    ++place;
    if (!isLast && below(4) == 0) {
      unsigned source = pick();
      network.tensors.push_back(
          {name + ".pool", 1 + below(100), network.tensors[source].grid});
      made.push_back(place);
      read.push_back(place);
      ++place;
    }
  }
  for (unsigned step = 0; step < network.steps.size(); ++step)
    for (unsigned tensor = 0; tensor < network.tensors.size(); ++tensor)
      if (made[tensor] <= places[step] && places[step] <= read[tensor])
        network.steps[step].live.push_back(tensor);
  return network;
}
