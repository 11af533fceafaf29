//===- FreshNetworkOptions.cpp - the size of a fresh network --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FreshNetworkOptions.h"

#include "Command.h"

#include "qat/Support/Preprocessing.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

FreshNetworkOptions::FreshNetworkOptions(cl::OptionCategory &category)
    : width("mobilenet-width", cl::value_desc("factor"),
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
              cl::cat(category)) {}

static Expected<int64_t> parseCount(StringRef option, StringRef text) {
  int64_t value = 0;
  if (text.getAsInteger(10, value))
    return wrongUsage("--" + option + ": '" + text + "' is not a whole number");
  return value;
}

Expected<ZooOptions> FreshNetworkOptions::parse(StringRef network) const {
  ZooOptions options;
  options.network = network;
  if (!is_contained(getZooNetworks(), options.network))
    return wrongUsage("unknown network '" + options.network + "'; there are " +
                      join(getZooNetworks(), ", "));
  for (const cl::opt<std::string> *option : {&width, &side})
    if (option->getNumOccurrences() && !hasWidthMultiplier(options.network))
      return wrongUsage("'--" + option->ArgStr + "' is for MobileNets; '" +
                        options.network + "' has " +
                        (option == &side ? "'--input'" : "one width"));
  if (width.getNumOccurrences()) {
    Expected<double> number = parseNumber(width);
    if (!number)
      return wrongUsage("--mobilenet-width: " + toString(number.takeError()));
    options.width = *number;
  }
  if (side.getNumOccurrences() && input.getNumOccurrences())
    return wrongUsage("'--mobilenet-input' and '--input' both give the size "
                      "of the input");
  if (side.getNumOccurrences()) {
    Expected<int64_t> number = parseCount("mobilenet-input", side);
    if (!number)
      return number.takeError();
    options.input = {*number, *number};
  }
  if (input.getNumOccurrences()) {
    auto [height, width] = StringRef(input).split('x');
    int64_t sides[2];
    if (height.getAsInteger(10, sides[0]) || width.getAsInteger(10, sides[1]))
      return wrongUsage("--input: '" + Twine(input) +
                        "' is not a height and a width, such as 49x10");
    options.input = {sides[0], sides[1]};
  }
  if (classes.getNumOccurrences()) {
    Expected<int64_t> number = parseCount("classes", classes);
    if (!number)
      return number.takeError();
    options.classes = *number;
  }
  return options;
}

StringRef FreshNetworkOptions::findGiven() const {
  for (const cl::opt<std::string> *option : {&width, &side, &input, &classes})
    if (option->getNumOccurrences())
      return option->ArgStr;
  return "";
}
