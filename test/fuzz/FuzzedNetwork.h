//===- FuzzedNetwork.h - IR of a fuzzer through the pipelines -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// What the fuzzers of ONNX and of MLIR share: a context that is made anew
/// now and then (it never gives up a uniqued type or attribute), and the way
/// from any form to C, in process. Whatever a pass refuses ends it quietly;
/// the sanitizers see the rest.
///
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_FUZZ_FUZZEDNETWORK_H
#define QAT_TEST_FUZZ_FUZZEDNETWORK_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

namespace qatfuzz {

/// A context without threads whose diagnostics go nowhere. The same one for
/// some hundred calls.
mlir::MLIRContext &freshContext();

/// Takes a verified network through quantizers, integers and C, from the form
/// that it is in.
void compileNetwork(mlir::ModuleOp module);

} // namespace qatfuzz

#endif // QAT_TEST_FUZZ_FUZZEDNETWORK_H
