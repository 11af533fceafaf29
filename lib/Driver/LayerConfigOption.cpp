//===- LayerConfigOption.cpp - --quant-add-config -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerConfigOption.h"

#include "qat/Support/LayerConfig.h"

#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir::qat;

LayerConfigOption::LayerConfigOption(cl::OptionCategory &category)
    : given("quant-add-config", cl::value_desc("file|JSON"), cl::cat(category),
            cl::desc(
                "What single layers are given instead: a JSON list of objects "
                "{\"layer\": index or name, \"w_bits\", \"a_bits\", "
                "\"quant_type\", \"fold_type\"}")) {}

Expected<std::string> LayerConfigOption::read() const {
  if (given.empty())
    return std::string();
  StringRef text = StringRef(given).trim();
  std::unique_ptr<MemoryBuffer> buffer;
  if (!text.empty() && !text.starts_with("[") && !text.starts_with("{")) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> file =
        MemoryBuffer::getFile(given, /*IsText=*/true);
    if (!file)
      return createStringError("cannot read '" + given +
                               "': " + file.getError().message());
    buffer = std::move(*file);
    text = buffer->getBuffer();
  }
  Expected<std::vector<LayerOverride>> config = parseLayerConfig(text);
  if (!config)
    return config.takeError();
  return printLayerConfig(*config);
}
