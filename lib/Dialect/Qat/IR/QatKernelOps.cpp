//===- QatKernelOps.cpp - verifiers of calls of kernels ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/Qat.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::qat;

static bool isCIdentifier(StringRef name) {
  if (name.empty() || llvm::isDigit(name.front()))
    return false;
  return llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

LogicalResult HostCallOp::verify() {
  if (!isCIdentifier(getKernel())) // host_call_c1
    return emitOpError("expects 'kernel' to be a C identifier, but got '")
           << getKernel() << "'";
  if (static_cast<int64_t>(getScratchBytes()) <= 0) // host_call_c2
    return emitOpError("expects 'scratch_bytes' of at least 1, but got ")
           << static_cast<int64_t>(getScratchBytes());
  return success();
}

LogicalResult KernelCallOp::verify() {
  for (auto [what, name] :
       {std::pair<StringRef, StringRef>("kernel", getKernel()),
        {"layer", getLayer()},
        {"kind", getKind()}})
    if (!isCIdentifier(name)) // kernel_call_c1
      return emitOpError("expects '")
             << what << "' to be a C identifier, but got '" << name << "'";
  for (NamedAttribute field : getFields()) {
    StringRef name = field.getName().getValue();
    if (!isCIdentifier(name)) // kernel_call_c1
      return emitOpError("expects fields that are C identifiers, but got '")
             << name << "'";
    auto integer = dyn_cast<IntegerAttr>(field.getValue());
    if (integer ? integer.getValue().getBitWidth() > 64
                : !isa<FlatSymbolRefAttr>(field.getValue())) // kernel_call_c2
      return emitOpError("expects field '")
             << name << "' to be an integer of at most 64 bits or a symbol, "
             << "but got " << field.getValue();
  }
  if (static_cast<int64_t>(getMacs()) < 0) // kernel_call_c3
    return emitOpError("expects 'macs' of at least 0, but got ")
           << static_cast<int64_t>(getMacs());
  if (static_cast<int32_t>(getRows()) <= 0) // kernel_call_c3
    return emitOpError("expects 'rows' of at least 1, but got ")
           << static_cast<int32_t>(getRows());
  size_t buffers = getInputs().size() + 1;
  if (getTensors().size() != buffers ||
      getPitches().size() != buffers) // kernel_call_c4
    return emitOpError("expects 'tensors' and 'pitches' to have one element a "
                       "buffer (")
           << buffers << "), but got " << getTensors().size() << " and "
           << getPitches().size();
  return success();
}
