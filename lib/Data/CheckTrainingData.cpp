//===- CheckTrainingData.cpp - whether data can train a network -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/BatchLoader.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static Error fail(const Twine &why) {
  return createStringError(inconvertibleErrorCode(), why);
}

/// Names the classes without samples, the first few of them.
static void remarkEmptyClasses(StringRef path, const BitVector &met,
                               raw_ostream &os) {
  unsigned empty = met.size() - met.count();
  if (!empty)
    return;
  constexpr unsigned kShown = 8;
  os << "remark: " << empty << " of " << met.size()
     << " classes have no sample in '" << path << "': ";
  unsigned shown = 0;
  for (int label = met.find_first_unset(); label >= 0 && shown < kShown;
       label = met.find_next_unset(label), ++shown)
    os << (shown ? ", " : "") << label;
  os << (empty > kShown ? ", ...\n" : "\n");
}

Error mlir::qat::checkTrainingData(const Dataset &dataset, StringRef path,
                                   const BatchOptions &options,
                                   raw_ostream &os) {
  size_t count = dataset.size();
  if (!count)
    return fail("the data set '" + path + "' is empty");
  if (count < static_cast<size_t>(options.batch))
    return fail("the data set '" + path + "' has " + Twine(count) +
                (count == 1 ? " sample" : " samples") +
                ", fewer than a batch of " + Twine(options.batch) +
                "; give a smaller batch (-b)");
  int64_t classes = options.classes;
  if (!classes)
    return Error::success();
  if (!dataset.numClasses())
    return fail("the data set '" + path +
                "' has no labels, which a classifier is trained with");

  BitVector met(classes);
  for (size_t index = 0; index < count; ++index) {
    int64_t label = dataset.label(index);
    // What the data set cannot hold is a damaged sample, skipped when read.
    if (label >= dataset.numClasses())
      continue;
    if (label < 0)
      return fail("'" + dataset.name(index) + "' has no label");
    if (label >= classes)
      return fail("'" + dataset.name(index) + "' has label " + Twine(label) +
                  ", but the network has classes 0 to " + Twine(classes - 1) +
                  "; is it the data set of this network?");
    met.set(label);
  }
  remarkEmptyClasses(path, met, os);
  return Error::success();
}
