//===- FreshNetworkOptions.h - size of a fresh network ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_FRESHNETWORKOPTIONS_H
#define QAT_LIB_DRIVER_FRESHNETWORKOPTIONS_H

#include "qat/Zoo/Zoo.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// The options that give a fresh network of the zoo its size.
class FreshNetworkOptions {
public:
  explicit FreshNetworkOptions(llvm::cl::OptionCategory &category);

  /// What `network`, one of the zoo, is made with; it lives as long as the
  /// result. Wrong usage for an unknown network, and where a value cannot be.
  llvm::Expected<ZooOptions> parse(llvm::StringRef network) const;

  /// An option that was given; empty without one.
  llvm::StringRef findGiven() const;

private:
  llvm::cl::opt<std::string> width, side, input, classes;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_FRESHNETWORKOPTIONS_H
