//===- CTargets.cpp - the parts that C is written for ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/CTargets.h"

#include "llvm/ADT/Twine.h"

using namespace mlir::qat;
using llvm::ArrayRef;
using llvm::StringRef;

ArrayRef<StringRef> mlir::qat::getCTargets() {
  static const StringRef targets[] = {
      "cortex-m0plus", "cortex-m3",  "cortex-m4", "cortex-m33",
      "cortex-m7",     "cortex-m55", "host",
  };
  return targets;
}

bool mlir::qat::isCTarget(StringRef name) {
  return llvm::is_contained(getCTargets(), name);
}

std::string mlir::qat::listCTargets() {
  std::string text;
  for (StringRef target : getCTargets())
    text += ((text.empty() ? "'" : ", '") + target + "'").str();
  return text;
}
