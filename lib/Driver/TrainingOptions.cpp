//===- TrainingOptions.cpp - the options that make a recipe ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingOptions.h"

#include "Command.h"

#include "qat/Data/Augmentation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

TrainingOptions::TrainingOptions(cl::OptionCategory &category)
    : epochs("epochs", cl::cat(category),
             cl::desc("Times that every image is seen (default 12)")),
      batch("b", cl::value_desc("images"), cl::cat(category),
            cl::desc("Images a step (default 128)")),
      batchSize("batch-size", cl::aliasopt(batch), cl::cat(category),
                cl::desc("The same as -b")),
      accumulate("accumulate", cl::value_desc("steps"), cl::cat(category),
                 cl::desc("Steps whose gradients are added up before an update "
                          "(default 1)")),
      optimizer("optimizer", cl::cat(category),
                cl::desc("adam (default) or sgd (with --momentum)")),
      rate("lr", cl::cat(category),
           cl::desc("Highest learning rate; the schedule is scaled to it "
                    "(default 1e-4)")),
      schedule("lr-schedule", cl::value_desc("JSON"), cl::cat(category),
               cl::desc("reference (default: 1e-4, half from epoch 5, a tenth "
                        "from epoch 8), constant, cosine, or JSON or a file of "
                        "it: [{\"epoch\": 0, \"lr\": 1e-3}, ...] or "
                        "{\"schedule\": \"cosine\", \"lr\": 1e-3, "
                        "\"final_lr\": 0, \"warmup_epochs\": 1}")),
      weightDecay("weight-decay", cl::cat(category),
                  cl::desc("L2 term of weights and batch norms (default 0)")),
      boundDecay("bound-weight-decay", cl::cat(category),
                 cl::desc("L2 term of the bounds of activations and weights "
                          "(default 5e-4)")),
      boundRateFactor("bound-lr-factor", cl::cat(category),
                      cl::desc("Learning rate of bounds in terms of that of "
                               "weights (default 1)")),
      boundScale("bound-scale", cl::cat(category),
                 cl::desc("Scale of the gradients of bounds: none (default) or "
                          "lsq")),
      beta1("beta1", cl::cat(category),
            cl::desc("Adam's decay of means (default 0.9)")),
      beta2("beta2", cl::cat(category),
            cl::desc("Adam's decay of squares (default 0.999)")),
      epsilon("adam-epsilon", cl::cat(category),
              cl::desc("Added to the root of Adam's squares (default 1e-8)")),
      momentum("momentum", cl::cat(category), cl::desc("Of sgd (default 0.9)")),
      clip("clip", cl::value_desc("norm"), cl::cat(category),
           cl::desc("Greatest norm of all gradients (default 0: no bound)")),
      normMomentum("bn-momentum", cl::cat(category),
                   cl::desc("Share of a batch in the running statistics of "
                            "batch norms (default 0.003)")),
      normBatches("bn-batches", cl::value_desc("batches"), cl::cat(category),
                  cl::desc("Batches whose statistics replace the running ones "
                           "when batch norms are frozen (default 0: none)")),
      dropout(
          "dropout", cl::cat(category),
          cl::desc(
              "Share of the inputs of the last layer that are dropped "
              "(default: 0.2 for the MobileNets of -a and qat zoo, else 0)")),
      loss("loss", cl::cat(category),
           cl::desc("cross-entropy (default), or mse of output and input for "
                    "autoencoders")),
      labelSmoothing("label-smoothing", cl::cat(category),
                     cl::desc("Share of a label given to all classes alike "
                              "(default 0)")),
      distillation("distillation", cl::cat(category),
                   cl::desc("Share of the loss that --teacher has (default "
                            "0.5 with one)")),
      temperature("temperature", cl::cat(category),
                  cl::desc("Of both distributions in it (default 1)")),
      augment("augment", cl::cat(category),
              cl::desc("Random changes to images: default (that of the data "
                       "set), none, or any of crop:N, flip, "
                       "resized-crop[:MIN[:MAX]], separated by commas")),
      seed("seed", cl::value_desc("number"), cl::cat(category),
           cl::desc("Of fresh weights, the order of images, augmentation and "
                    "dropout, 0 to 2^64-1 (default 0)")) {}

/// The text of a schedule, which may be in a file.
static Expected<LearningRates> readSchedule(StringRef text) {
  if (!text.contains('{') && sys::fs::is_regular_file(text)) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(text);
    if (!buffer)
      return createStringError("cannot read '" + text +
                               "': " + buffer.getError().message());
    return LearningRates::parse((*buffer)->getBuffer());
  }
  return LearningRates::parse(text);
}

Error TrainingOptions::apply(Recipe &recipe, StringRef dataset) const {
  auto take = [](const auto &option, auto &target) {
    if (option.getNumOccurrences())
      target = option.getValue();
  };
  take(epochs, recipe.epochs);
  take(batch, recipe.batch);
  take(accumulate, recipe.accumulate);
  take(optimizer, recipe.optimizer);
  take(weightDecay, recipe.weightDecay);
  take(boundDecay, recipe.boundDecay);
  take(boundRateFactor, recipe.boundRateFactor);
  take(boundScale, recipe.boundScale);
  take(beta1, recipe.beta1);
  take(beta2, recipe.beta2);
  take(epsilon, recipe.epsilon);
  take(momentum, recipe.momentum);
  take(clip, recipe.clip);
  take(normMomentum, recipe.normMomentum);
  take(normBatches, recipe.normBatches);
  take(dropout, recipe.dropout);
  take(loss, recipe.loss);
  take(labelSmoothing, recipe.labelSmoothing);
  take(distillation, recipe.distillation);
  take(temperature, recipe.temperature);
  if (schedule.getNumOccurrences()) {
    Expected<LearningRates> rates = readSchedule(schedule);
    if (!rates)
      return wrongUsage("--lr-schedule: " + toString(rates.takeError()));
    recipe.rates = *rates;
  }
  if (rate.getNumOccurrences()) {
    // The step computes in f32.
    if (!(rate >= 0 && std::isfinite(static_cast<float>(rate))))
      return wrongUsage("expects '--lr' of at least 0 and finite, but got " +
                        Twine(formatv("{0:E2}", rate.getValue()).str()));
    recipe.rates.scaleTo(rate);
  }
  if (seed.getNumOccurrences() && StringRef(seed).getAsInteger(10, recipe.seed))
    return wrongUsage("--seed: '" + Twine(seed) +
                      "' is not a number from 0 to 2^64-1");
  if (augment.getNumOccurrences()) {
    Expected<Augmentation> changes = parseAugmentation(augment, dataset);
    if (!changes)
      return wrongUsage("--augment: " + toString(changes.takeError()));
    recipe.augmentation = augmentationText(*changes);
  }
  if (Error error = recipe.verify())
    return wrongUsage(toString(std::move(error)));
  return Error::success();
}
