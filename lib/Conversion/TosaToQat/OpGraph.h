//===- OpGraph.h - groups of ops that mean one thing ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Converters write a softmax out as a graph of small ops. Such a graph is
// described here as a list of nodes and compared with what stands before an op.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_TOSATOQAT_OPGRAPH_H
#define QAT_LIB_CONVERSION_TOSATOQAT_OPGRAPH_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <functional>

namespace mlir::qat {

/// Matches the ops that compute a value against nodes, from the result back to
/// the inputs. A node that is met twice has to be the same value both times.
class OpGraph {
public:
  using Node = unsigned;
  using Check = std::function<bool(Operation *)>;

  /// Any value: an input of the graph.
  Node any();
  /// An integer constant whose elements are all `value`.
  Node integer(int64_t value);
  /// The result of an op `OpTy` with exactly these operands.
  template <typename OpTy>
  Node op(llvm::ArrayRef<Node> operands, Check check = nullptr) {
    return add({OpTy::getOperationName(), operands, std::move(check)});
  }

  /// Whether `value` is computed as `node` says.
  bool match(Node node, Value value);

  /// The value that was matched with `node`.
  Value get(Node node) const { return bound.lookup(node); }
  /// The ops that were matched, constants left out.
  llvm::SmallVector<Operation *> getOps() const;

private:
  struct Description {
    llvm::StringRef name; ///< empty: any value, or a constant
    llvm::SmallVector<Node, 4> operands;
    Check check;
    std::optional<int64_t> constant;

    Description() = default;
    Description(llvm::StringRef name, llvm::ArrayRef<Node> operands,
                Check check)
        : name(name), operands(operands), check(std::move(check)) {}
  };
  Node add(Description description);

  llvm::SmallVector<Description> nodes;
  llvm::DenseMap<Node, Value> bound;
};

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_TOSATOQAT_OPGRAPH_H
