//===- FirstError.cpp - the first diagnostic as an llvm::Error ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/FirstError.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// `diagnostic` on one line, after the name of the layer it is about.
static std::string describe(Diagnostic &diagnostic) {
  std::string text;
  raw_string_ostream os(text);
  diagnostic.getLocation()->walk([&](Location location) {
    auto name = dyn_cast<NameLoc>(location);
    if (!name)
      return WalkResult::advance();
    os << "'" << name.getName().getValue() << "': ";
    return WalkResult::interrupt();
  });
  os << StringRef(diagnostic.str()).split('\n').first;
  return text;
}

FirstError::FirstError(MLIRContext *context, StringRef what)
    : what(what), handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return failure();
        if (text.empty())
          text = describe(diagnostic);
        return success();
      }) {}

Error FirstError::get() const {
  return createStringError(what + ": " +
                           (text.empty() ? "a pass failed" : text));
}
