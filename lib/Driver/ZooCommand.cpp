//===- ZooCommand.cpp - qat zoo: a fresh network of a known family --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "qat/Analysis/NetworkSummary.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Zoo/Zoo.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct ZooArguments {
  explicit ZooArguments(cl::OptionCategory &category)
      : network(cl::Positional, cl::Required,
                cl::desc("NAME (mobilenet_v1, mobilenet_v2, resnet8, ds_cnn)"),
                cl::cat(category)),
        output("o", cl::Required, cl::value_desc("file"),
               cl::desc("Where the network goes; - is standard output, .mlirbc "
                        "is bytecode"),
               cl::cat(category)),
        width("mobilenet-width", cl::value_desc("factor"),
              cl::desc("Width multiplier of a MobileNet, 1/32 to 8 "
                       "(default 1.0)"),
              cl::cat(category)),
        side("mobilenet-input", cl::value_desc("pixels"),
             cl::desc("Side of a MobileNet's input (default 224)"),
             cl::cat(category)),
        input("input", cl::value_desc("HxW"),
              cl::desc("Height and width of the input, 1 to 4096 (default: as "
                       "published)"),
              cl::cat(category)),
        classes("classes", cl::value_desc("number"),
                cl::desc("Outputs (default: 1000 for the MobileNets, 10 for "
                         "resnet8, 12 for ds_cnn)"),
                cl::cat(category)),
        seed("seed", cl::init("0"), cl::value_desc("number"),
             cl::desc("Of the random weights, 0 to 2^64-1 (default 0)"),
             cl::cat(category)) {}

  cl::opt<std::string> network, output, width, side, input, classes, seed;
};
} // namespace

static Expected<int64_t> parseCount(StringRef option, StringRef text) {
  int64_t value = 0;
  if (text.getAsInteger(10, value))
    return wrongUsage("--" + option + ": '" + text + "' is not a whole number");
  return value;
}

/// The options of the library; the network's name lives in `given`.
static Expected<ZooOptions> parseOptions(const ZooArguments &given) {
  ZooOptions options;
  options.network = given.network;
  if (!is_contained(getZooNetworks(), options.network))
    return wrongUsage("unknown network '" + options.network + "'; there are " +
                      join(getZooNetworks(), ", "));
  for (const cl::opt<std::string> *option : {&given.width, &given.side})
    if (option->getNumOccurrences() && !hasWidthMultiplier(options.network))
      return wrongUsage("'--" + option->ArgStr + "' is for MobileNets; '" +
                        options.network + "' has " +
                        (option == &given.side ? "'--input'" : "one width"));
  if (given.width.getNumOccurrences()) {
    Expected<double> width = parseNumber(given.width);
    if (!width)
      return wrongUsage("--mobilenet-width: " + toString(width.takeError()));
    options.width = *width;
  }
  if (given.side.getNumOccurrences() && given.input.getNumOccurrences())
    return wrongUsage("'--mobilenet-input' and '--input' both give the size "
                      "of the input");
  if (given.side.getNumOccurrences()) {
    Expected<int64_t> side = parseCount("mobilenet-input", given.side);
    if (!side)
      return side.takeError();
    options.input = {*side, *side};
  }
  if (given.input.getNumOccurrences()) {
    auto [height, width] = StringRef(given.input).split('x');
    int64_t sides[2];
    if (height.getAsInteger(10, sides[0]) || width.getAsInteger(10, sides[1]))
      return wrongUsage("--input: '" + Twine(given.input) +
                        "' is not a height and a width, such as 49x10");
    options.input = {sides[0], sides[1]};
  }
  if (given.classes.getNumOccurrences()) {
    Expected<int64_t> classes = parseCount("classes", given.classes);
    if (!classes)
      return classes.takeError();
    options.classes = *classes;
  }
  if (StringRef(given.seed).getAsInteger(10, options.seed))
    return wrongUsage("--seed: '" + Twine(given.seed) +
                      "' is not a number from 0 to 2^64-1");
  return options;
}

static Error makeNetwork(CommandLine &line, const ZooArguments &given) {
  Expected<ZooOptions> options = parseOptions(given);
  if (!options)
    return options.takeError();
  Expected<OwningOpRef<ModuleOp>> module =
      buildZooNetwork(&line.context(), *options);
  if (!module)
    return wrongUsage(toString(module.takeError()));
  Expected<NetworkSummary> summary = summarizeNetwork(**module);
  if (!summary)
    return summary.takeError();
  if (Error error = line.writeModule(**module, given.output))
    return error;
  // Standard output may be the network.
  if (!line.isQuiet())
    errs() << formatv("qat zoo: {0}: {1} parameters, {2:F1} M "
                      "multiply-accumulates, seed {3}\n",
                      options->network, summary->parameters,
                      static_cast<double>(summary->macs) * 1e-6, options->seed);
  return Error::success();
}

int mlir::qat::runZoo(CommandLine &line) {
  ZooArguments given(line.category());
  if (!line.parse("makes a fresh network of a known family, its weights drawn "
                  "at random, for training from scratch"))
    return kWrongUsage;
  if (line.onlyPrintsPipeline())
    return line.finish(wrongUsage("'--print-pipeline' has nothing to print: no "
                                  "pass makes a fresh network"));
  return line.finish(makeNetwork(line, given));
}
