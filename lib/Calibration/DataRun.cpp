//===- DataRun.cpp - the inputs that a data set gives a network -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataRun.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Error qat::forEachInput(ModuleOp module, ArrayRef<TensorInfo> inputs,
                        const DataOptions &options,
                        llvm::function_ref<Error(RunInput)> fn) {
  if (Error error = checkSingleInput(inputs))
    return error;
  Expected<std::optional<Preprocessing>> stored = getPreprocessing(module);
  if (!stored)
    return stored.takeError();
  Preprocessing preprocessing = stored->value_or(Preprocessing());
  if (Error error = preprocessing.verify(inputs[0].shape.back()))
    return error;
  Expected<std::unique_ptr<Dataset>> data =
      openDataset(options.dataset, options.path, {DataSplit::Train});
  if (!data)
    return data.takeError();
  if ((*data)->size() == 0)
    return createStringError("the data set '" + options.path + "' is empty");

  std::vector<size_t> indices = spreadIndices((*data)->size(), options.images);
  BadSampleLog log(errs());
  if (Error error =
          forEachSample(**data, indices, options.threads, log,
                        [&](size_t position, Sample sample) -> Error {
                          Expected<NdArray> real =
                              makeRealInput(sample, preprocessing, inputs[0]);
                          if (!real)
                            return real.takeError();
                          return fn({position, std::move(*real),
                                     sample.pixels.kind() == ElementKind::U8});
                        }))
    return error;
  return log.finish();
}
