//===- ImportCommand.cpp - qat import: a trained model to form F or I -----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "ModelInput.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// The options that say how images become inputs.
struct PreprocessingOptions {
  explicit PreprocessingOptions(cl::OptionCategory &category)
      : mean("mean",
             cl::desc("Subtracted from pixel * scale: one number, or one a "
                      "channel, separated by commas"),
             cl::cat(category)),
        std("std", cl::desc("Divided by afterwards; as --mean"),
            cl::cat(category)),
        scale("scale",
              cl::desc("Multiplies pixels 0..255 first; 1/255 is understood "
                       "(default 1)"),
              cl::cat(category)),
        resize("resize",
               cl::desc("The short side of an image is scaled to this many "
                        "pixels"),
               cl::init(0), cl::cat(category)),
        crop("crop", cl::desc("Side of the centre crop in pixels"), cl::init(0),
             cl::cat(category)),
        order("pixel-order",
              cl::desc("Order of the colours, rgb or bgr (default rgb)"),
              cl::cat(category)) {}

  /// Nothing where no option was given.
  Expected<std::optional<Preprocessing>> get() const;

  cl::opt<std::string> mean, std, scale;
  cl::opt<int64_t> resize, crop;
  cl::opt<std::string> order;
};
} // namespace

static Error withOption(StringRef option, Error error) {
  return wrongUsage("--" + option + ": " + toString(std::move(error)));
}

Expected<std::optional<Preprocessing>> PreprocessingOptions::get() const {
  Preprocessing result;
  bool isGiven = false;
  for (auto [option, values] : {std::make_pair(&mean, &result.mean),
                                std::make_pair(&std, &result.std)}) {
    if (!option->getNumOccurrences())
      continue;
    isGiven = true;
    Expected<SmallVector<double>> numbers = parseNumberList(*option);
    if (!numbers)
      return withOption(option->ArgStr, numbers.takeError());
    if (option == &std && any_of(*numbers, [](double v) { return !(v > 0); }))
      return wrongUsage("expects '--std' to be positive, but got '" +
                        Twine(*option) + "'");
    values->assign(numbers->begin(), numbers->end());
  }
  if (scale.getNumOccurrences()) {
    isGiven = true;
    Expected<double> number = parseNumber(scale);
    if (!number)
      return withOption("scale", number.takeError());
    result.scale = *number;
  }
  if (order.getNumOccurrences()) {
    isGiven = true;
    Expected<PixelOrder> parsed = parsePixelOrder(order);
    if (!parsed)
      return withOption("pixel-order", parsed.takeError());
    result.order = *parsed;
  }
  if (resize.getNumOccurrences()) {
    isGiven = true;
    result.resize = resize;
  }
  if (crop.getNumOccurrences()) {
    isGiven = true;
    result.crop = crop;
  }
  if (!isGiven)
    return std::nullopt;
  return result;
}

static Expected<SmallVector<int64_t, 4>> parseShape(StringRef text) {
  SmallVector<int64_t, 4> shape;
  for (StringRef part : split(text, ',')) {
    int64_t size = 0;
    if (part.trim().getAsInteger(10, size) || size < 1)
      return wrongUsage("--shape: '" + part +
                        "' is not a positive number (N,C,H,W or N,K)");
    shape.push_back(size);
  }
  return shape;
}

static Error importModel(CommandLine &line, StringRef input, StringRef output,
                         StringRef shape, const PreprocessingOptions &given) {
  OnnxImportOptions options;
  if (!shape.empty()) {
    Expected<SmallVector<int64_t, 4>> parsed = parseShape(shape);
    if (!parsed)
      return parsed.takeError();
    options.shape = *parsed;
  }
  Expected<std::optional<Preprocessing>> preprocessing = given.get();
  if (!preprocessing)
    return preprocessing.takeError();
  options.preprocessing = *preprocessing;
  Expected<OwningOpRef<ModuleOp>> module = readModel(line, input, options);
  if (!module)
    return module.takeError();
  return line.writeModule(**module, output);
}

int mlir::qat::runImport(CommandLine &line) {
  cl::opt<std::string> input(cl::Positional, cl::Required,
                             cl::desc("MODEL (.onnx, .tflite, .mlir)"),
                             cl::cat(line.category()));
  cl::opt<std::string> output("o", cl::Required, cl::value_desc("file"),
                              cl::desc("Where the network goes; - is standard "
                                       "output, .mlirbc is bytecode"),
                              cl::cat(line.category()));
  cl::opt<std::string> shape(
      "shape", cl::value_desc("N,C,H,W"),
      cl::desc("The input's shape as the model has it; fills in what the model "
               "leaves open (default: a batch of 1)"),
      cl::cat(line.category()));
  PreprocessingOptions preprocessing(line.category());
  if (!line.parse("turns a trained model into a float network (form F), or an "
                  "8-bit one into an integer network (form I)"))
    return kWrongUsage;
  return line.finish(importModel(line, input, output, shape, preprocessing));
}
