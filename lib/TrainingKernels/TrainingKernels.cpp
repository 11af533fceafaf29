//===- TrainingKernels.cpp - contractions by oneDNN -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/TrainingKernels/TrainingKernels.h"

#include "PreparedContraction.h"

#include "llvm/Support/ErrorHandling.h"

#include <cassert>
#include <cstdlib>
#include <map>

using namespace llvm;
using namespace mlir::qat;

TrainingContraction::Words TrainingContraction::getWords() const {
  const ContractionGeometry &g = geometry;
  return {static_cast<int64_t>(product),
          static_cast<int64_t>(elements),
          g.batch,
          g.height,
          g.width,
          g.channels,
          g.outHeight,
          g.outWidth,
          g.outChannels,
          g.kernelHeight,
          g.kernelWidth,
          g.padTop,
          g.padBottom,
          g.padLeft,
          g.padRight,
          g.strideHeight,
          g.strideWidth,
          g.dilationHeight,
          g.dilationWidth,
          g.groups,
          g.depthwise,
          accumulate};
}

TrainingContraction TrainingContraction::fromWords(ArrayRef<int64_t> words) {
  assert(words.size() == wordCount && "the words of getWords");
  TrainingContraction contraction;
  contraction.product = static_cast<TrainingProduct>(words[0]);
  contraction.elements = static_cast<TrainingElements>(words[1]);
  ContractionGeometry &g = contraction.geometry;
  int64_t *fields[] = {&g.batch,          &g.height,        &g.width,
                       &g.channels,       &g.outHeight,     &g.outWidth,
                       &g.outChannels,    &g.kernelHeight,  &g.kernelWidth,
                       &g.padTop,         &g.padBottom,     &g.padLeft,
                       &g.padRight,       &g.strideHeight,  &g.strideWidth,
                       &g.dilationHeight, &g.dilationWidth, &g.groups};
  for (auto [index, field] : enumerate(fields))
    *field = words[2 + index];
  g.depthwise = words[20] != 0;
  contraction.accumulate = words[21] != 0;
  return contraction;
}

/// The calling thread's kernel for `contraction`, made at its first call.
static Expected<PreparedContraction *>
getPrepared(const TrainingContraction &contraction) {
  thread_local std::map<TrainingContraction::Words,
                        std::unique_ptr<PreparedContraction>>
      prepared;
  std::unique_ptr<PreparedContraction> &slot = prepared[contraction.getWords()];
  if (!slot) {
    Expected<std::unique_ptr<PreparedContraction>> made =
        PreparedContraction::create(contraction);
    if (!made)
      return made.takeError();
    slot = std::move(*made);
  }
  return slot.get();
}

Expected<int64_t>
mlir::qat::getTrainingScratchBytes(const TrainingContraction &contraction) {
  Expected<PreparedContraction *> prepared = getPrepared(contraction);
  if (!prepared)
    return prepared.takeError();
  return (*prepared)->getScratchBytes();
}

Expected<std::string>
mlir::qat::describeTrainingKernel(const TrainingContraction &contraction) {
  Expected<PreparedContraction *> prepared = getPrepared(contraction);
  if (!prepared)
    return prepared.takeError();
  return (*prepared)->describe();
}

Error mlir::qat::runTrainingContraction(const TrainingContraction &contraction,
                                        const void *a, const void *b,
                                        void *result, void *scratch) {
  Expected<PreparedContraction *> prepared = getPrepared(contraction);
  if (!prepared)
    return prepared.takeError();
  return (*prepared)->run(a, b, result, scratch);
}

namespace {
/// Memory that only grows.
class Scratch {
public:
  ~Scratch() { std::free(memory); }
  void *get(int64_t wanted) {
    if (wanted > bytes) {
      std::free(memory);
      bytes = (wanted + 4095) / 4096 * 4096;
      memory = std::aligned_alloc(64, bytes);
      if (!memory)
        report_fatal_error("no memory for the scratch of a contraction",
                           /*gen_crash_diag=*/false);
    }
    return memory;
  }

private:
  void *memory = nullptr;
  int64_t bytes = 0;
};
} // namespace

void mlir::qat::qat_training_contraction(const int64_t *words, const void *a,
                                         const void *b, void *result) {
  thread_local Scratch scratch;
  auto contraction = TrainingContraction::fromWords(
      ArrayRef<int64_t>(words, TrainingContraction::wordCount));
  Error error = [&]() -> Error {
    Expected<PreparedContraction *> prepared = getPrepared(contraction);
    if (!prepared)
      return prepared.takeError();
    return (*prepared)->run(a, b, result,
                            scratch.get((*prepared)->getScratchBytes()));
  }();
  if (error)
    report_fatal_error(std::move(error), /*gen_crash_diag=*/false);
}

ArrayRef<NamedTrainingKernel> mlir::qat::getNamedTrainingKernels() {
  static const NamedTrainingKernel kernels[] = {
      {"qat_training_contraction",
       reinterpret_cast<void *>(&qat_training_contraction)}};
  return kernels;
}

bool mlir::qat::hasByteProducts() {
  // Sets of instructions are bits, with those of what they build on.
  unsigned isa = dnnl_get_effective_cpu_isa();
  auto has = [&](unsigned set) { return (isa & set) == set; };
  return has(dnnl_cpu_isa_avx512_core_vnni) || has(dnnl_cpu_isa_avx2_vnni);
}

std::string mlir::qat::getTrainingLibraryVersion() {
  const dnnl_version_t *version = dnnl_version();
  return "oneDNN " + std::to_string(version->major) + "." +
         std::to_string(version->minor) + "." + std::to_string(version->patch);
}
