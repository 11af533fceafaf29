//===- Refusals.cpp - why a model cannot be imported --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Refusals.h"

#include "OnnxModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// Nodes that a message names for one operator, and reasons that it gives.
static constexpr size_t kNodesNamed = 8, kReasonsNamed = 16;

void Refusals::addUnknown(StringRef operation, StringRef node) {
  unknown[operation].push_back(node.str());
}

void Refusals::add(StringRef operation, StringRef node, const Twine &why) {
  Nodes &nodes = reasons[{operation.str(), why.str()}];
  if (!llvm::is_contained(nodes, node))
    nodes.push_back(node.str());
}

static void printNodes(raw_ostream &os, ArrayRef<std::string> nodes) {
  os << (nodes.size() == 1 ? " (node " : " (nodes ");
  llvm::interleaveComma(nodes.take_front(kNodesNamed), os,
                        [&](StringRef name) { os << quote(name); });
  if (nodes.size() > kNodesNamed)
    os << " and " << nodes.size() - kNodesNamed << " more";
  os << ")";
}

Error Refusals::take() const {
  std::string text;
  raw_string_ostream os(text);
  if (!unknown.empty()) {
    os << unknown.size()
       << (unknown.size() == 1 ? " operator is" : " operators are")
       << " not supported: ";
    llvm::interleaveComma(unknown, os, [&](auto &entry) {
      os << quote(entry.first);
      printNodes(os, entry.second);
    });
  }
  for (auto [index, entry] : llvm::enumerate(reasons)) {
    if (index == kReasonsNamed) {
      os << "; and " << reasons.size() - index << " more";
      break;
    }
    if (!text.empty())
      os << "; ";
    os << entry.first.first;
    if (entry.second.size() == 1)
      os << " " << quote(entry.second.front());
    else
      printNodes(os, entry.second);
    os << ": " << entry.first.second;
  }
  return createStringError(text);
}
