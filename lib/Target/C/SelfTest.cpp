//===- SelfTest.cpp - a board proves what it computes ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelfTest.h"

#include "CText.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::Error;
using llvm::Expected;

/// The bytes of a C buffer with these stored values: rows of packed fields.
static StoredTensor pack(const StoredTensor &values,
                         const TensorLayout &layout) {
  unsigned bits = getBits(layout.storage);
  if (bits >= 8)
    return values;
  StoredTensor bytes(layout.getBytes());
  uint8_t mask = (1u << bits) - 1;
  for (int64_t row = 0; row < layout.rows; ++row)
    for (int64_t i = 0; i < layout.rowElements; ++i)
      bytes[row * layout.getPitch() + i * bits / 8] |=
          (values[row * layout.rowElements + i] & mask) << (i * bits % 8);
  return bytes;
}

/// FNV-1a; the emitted C has the same loop.
static uint32_t hash(const StoredTensor &bytes) {
  uint32_t value = 2166136261u;
  for (uint8_t byte : bytes)
    value = (value ^ byte) * 16777619u;
  return value;
}

static std::string formatHash(uint32_t value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("0x%08xu", value);
  return text;
}

/// What the constant is in the memory of a little-endian machine.
static StoredTensor getBytes(memref::GlobalOp global) {
  auto values = cast<DenseIntElementsAttr>(*global.getInitialValue());
  unsigned size = values.getElementType().getIntOrFloatBitWidth() / 8;
  StoredTensor bytes;
  for (const APInt &value : values.getValues<APInt>())
    for (unsigned i = 0; i < size; ++i)
      bytes.push_back(value.extractBitsAsZExtValue(8, 8 * i));
  return bytes;
}

/// A row for each constant of each layer: where it is and its hash.
static unsigned printConstants(llvm::raw_ostream &os, const FormC &form) {
  unsigned count = 0;
  for (const FormCLayer *layer : form.getCompleteLayers())
    count += layer->globals.size();
  if (count == 0)
    return 0;
  os << "/* The constants of the layers: a bit that flipped in flash may hide "
        "from\n * every golden input. */\n"
     << "static const struct {\n  const void *data;\n  size_t bytes;\n"
        "  uint32_t hash;\n  int layer;\n} "
     << form.network << "_selftest_constants[" << count << "] = {\n";
  for (auto [index, layer] : llvm::enumerate(form.getCompleteLayers()))
    for (memref::GlobalOp global : layer->globals) {
      StringRef name = global.getSymName();
      os << "    {" << name << ", sizeof(" << name << "), "
         << formatHash(hash(getBytes(global))) << ", " << index << "},\n";
    }
  os << "};\n\n";
  return count;
}

/// Inputs that reach all levels of the grid, the same everywhere.
static std::vector<StoredTensor> makeInputs(const FormCArgument &input) {
  int64_t low = input.grid.getStorageTypeMin();
  int64_t levels = input.grid.getStorageTypeMax() - low + 1;
  // Inputs are part of the flash of whoever links the test.
  std::vector<StoredTensor> inputs(input.bytes > 65536 ? 1 : 2);
  uint64_t state = 1;
  for (StoredTensor &values : inputs) {
    values.resize(input.type.getNumElements());
    for (uint8_t &value : values) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value = static_cast<uint8_t>(low + (state >> 33) % levels);
    }
  }
  return inputs;
}

static Expected<std::vector<std::string>>
hashLayers(const FormC &form, const CProjectOptions &options,
           const StoredTensor &input) {
  std::vector<StoredTensor> outputs;
  if (Error error = options.executeLayers(input, outputs))
    return std::move(error);
  std::vector<std::string> hashes;
  for (const FormCLayer *layer : form.getCompleteLayers()) {
    RankedTensorType type = layer->getOutputType();
    size_t element = layer->kernel->output == Storage::I32 ? 4 : 1;
    size_t place = layer->completes;
    if (place >= outputs.size())
      return llvm::createStringError(
          "the host computed %zu layers for the self-test, but not layer '%s'",
          outputs.size(), layer->cName.c_str());
    if (outputs[place].size() != type.getNumElements() * element)
      return llvm::createStringError(
          "the host computed %zu bytes of layer '%s' for the self-test, but it "
          "has %zu",
          outputs[place].size(), layer->cName.c_str(),
          static_cast<size_t>(type.getNumElements()) * element);
    hashes.push_back(formatHash(
        hash(pack(outputs[place], TensorLayout(type, layer->kernel->output)))));
  }
  return hashes;
}

/// `{{1, 2, 3}},` or `{1, 2, 3},`: one element of an array of arrays.
static void printRow(llvm::raw_ostream &os, ArrayRef<std::string> items,
                     StringRef open, StringRef close) {
  os << "    " << open << "\n";
  printWrapped(os, items, 8);
  os << ",\n    " << close << ",\n";
}

Expected<std::string> mlir::qat::makeSelfTest(const FormC &form,
                                              const CProjectOptions &options) {
  std::vector<StoredTensor> inputs = options.testInputs;
  if (inputs.empty())
    inputs = makeInputs(form.input);
  if (getBits(form.input.storage) > 8)
    return llvm::createStringError(
        "the self-test expects an input of at most 8 bits");
  TensorLayout layout(form.input.type, form.input.storage);

  std::string text;
  llvm::raw_string_ostream os(text);
  const std::string &n = form.network;
  os << "/* Generated by " << kGenerator << ". Do not edit.\n"
     << " *\n"
        " * Proves that a board computes what was compiled: compares a hash of "
        "every\n"
        " * layer's constants, runs golden inputs, and compares a hash of "
        "every "
        "layer's\n"
        " * output with that of the compiler's own execution.\n"
        " *\n"
     << " *   int " << n << "_selftest(void);\n"
     << " *       0, or 1 + the number of the first layer that differs\n"
     << " *   const char *" << n << "_selftest_layer(int result);\n"
     << " *       the name of that layer in the model; \"\" for 0\n"
        " *\n"
     << " * Holds a copy of the network of its own, so that it can be linked "
        "with\n * or without "
     << n << ".c. Little-endian, like every Cortex-M in use.\n */\n"
     << "#include <stddef.h>\n#include <stdint.h>\n\n"
     << "static void " << n
     << "_selftest_check(int index, const void *data,\n"
        "    size_t bytes);\n"
     << "#define QAT_AFTER_LAYER(index, data, bytes) \\\n  " << n
     << "_selftest_check(index, data, bytes)\n"
     << "#define " << n << "_run " << n << "_selftest_run\n"
     << "#include \"" << n << ".c\"\n\n";

  std::vector<std::vector<std::string>> hashes;
  os << "static const " << n << "_input_t " << n << "_selftest_inputs["
     << inputs.size() << "] = {\n";
  for (const StoredTensor &input : inputs) {
    if (static_cast<int64_t>(input.size()) != form.input.type.getNumElements())
      return llvm::createStringError(
          "an input of the self-test has %zu elements, but the network's has "
          "%zu",
          input.size(), static_cast<size_t>(form.input.type.getNumElements()));
    auto row = hashLayers(form, options, input);
    if (!row)
      return row.takeError();
    hashes.push_back(std::move(*row));
    std::vector<std::string> items;
    for (uint8_t byte : pack(input, layout))
      items.push_back(std::to_string(form.input.storage == Storage::I8
                                         ? static_cast<int8_t>(byte)
                                         : static_cast<int>(byte)));
    printRow(os, items, "{{", "}}");
  }
  std::vector<const FormCLayer *> layers = form.getCompleteLayers();
  os << "};\n\nstatic const uint32_t " << n << "_selftest_hashes["
     << inputs.size() << "][" << layers.size() << "] = {\n";
  for (const std::vector<std::string> &row : hashes)
    printRow(os, row, "{", "}");
  os << "};\n\nstatic const char *const " << n << "_selftest_names["
     << layers.size() << "] = {\n";
  for (const FormCLayer *layer : layers)
    os << "    "
       << makeCString(layer->modelName.empty() ? layer->cName
                                               : layer->modelName)
       << ",\n";
  os << "};\n\n";
  unsigned constants = printConstants(os, form);
  os << "static const uint32_t *" << n << "_selftest_expected;\n"
     << "static int " << n << "_selftest_difference;\n";
  if (options.arenaCaller)
    os << "static uint64_t " << n << "_selftest_arena[" << form.macro
       << "_RAM_BYTES / 8 + 1];\n";
  os << "\n/* FNV-1a. */\nstatic uint32_t " << n
     << "_selftest_hash(const void *data, size_t bytes) {\n"
        "  const uint8_t *byte = (const uint8_t *)data;\n"
        "  uint32_t hash = 2166136261u;\n"
        "  for (size_t i = 0; i < bytes; ++i)\n"
        "    hash = (hash ^ byte[i]) * 16777619u;\n"
        "  return hash;\n}\n\n"
     << "static void " << n
     << "_selftest_check(int index, const void *data,\n"
        "    size_t bytes) {\n"
     << "  if (!" << n << "_selftest_difference &&\n      " << n
     << "_selftest_hash(data, bytes) != " << n
     << "_selftest_expected[index])\n    " << n
     << "_selftest_difference = index + 1;\n}\n\n"
     << "int " << n << "_selftest(void) {\n  static " << n
     << "_output_t output;\n";
  if (constants)
    os << "  for (int i = 0; i < " << constants << "; ++i)\n    if (" << n
       << "_selftest_hash(" << n << "_selftest_constants[i].data,\n        "
       << n << "_selftest_constants[i].bytes) !=\n        " << n
       << "_selftest_constants[i].hash)\n      return " << n
       << "_selftest_constants[i].layer + 1;\n";
  os << "  " << n << "_selftest_difference = 0;\n  for (int i = 0; i < "
     << inputs.size() << " && !" << n << "_selftest_difference; ++i) {\n    "
     << n << "_selftest_expected = " << n << "_selftest_hashes[i];\n    " << n
     << "_run(" << (options.arenaCaller ? n + "_selftest_arena, " : "") << "&"
     << n << "_selftest_inputs[i], &output);\n  }\n  return " << n
     << "_selftest_difference;\n}\n\n"
     << "const char *" << n << "_selftest_layer(int result) {\n"
     << "  return result > 0 && result <= " << layers.size() << " ? " << n
     << "_selftest_names[result - 1] : \"\";\n}\n";
  return text;
}
