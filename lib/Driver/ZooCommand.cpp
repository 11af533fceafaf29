//===- ZooCommand.cpp - qat zoo: a fresh network of a known family --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "FreshNetworkOptions.h"

#include "qat/Analysis/NetworkSummary.h"
#include "qat/Zoo/Zoo.h"

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
        size(category),
        seed("seed", cl::init("0"), cl::value_desc("number"),
             cl::desc("Of the random weights, 0 to 2^64-1 (default 0)"),
             cl::cat(category)) {}

  cl::opt<std::string> network, output;
  FreshNetworkOptions size;
  cl::opt<std::string> seed;
};
} // namespace

static Error makeNetwork(CommandLine &line, const ZooArguments &given) {
  Expected<ZooOptions> options = given.size.parse(given.network);
  if (!options)
    return options.takeError();
  if (StringRef(given.seed).getAsInteger(10, options->seed))
    return wrongUsage("--seed: '" + Twine(given.seed) +
                      "' is not a number from 0 to 2^64-1");
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
