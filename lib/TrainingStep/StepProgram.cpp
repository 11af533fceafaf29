//===- StepProgram.cpp - what a step calls, in order ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepProgram.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

std::vector<StepProgram> mlir::qat::readPrograms(ModuleOp module) {
  std::vector<StepProgram> programs;
  SymbolTable symbols(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto table = function->getAttrOfType<ArrayAttr>("qat.launches");
    if (!table)
      continue;
    StepProgram program;
    program.function = function.getName().str();
    program.arenaBytes =
        function->getAttrOfType<IntegerAttr>("qat.arena_bytes").getInt();
    for (auto entry : table.getAsRange<DictionaryAttr>()) {
      StepLaunch launch;
      auto number = [&](StringRef name) {
        auto value = entry.getAs<IntegerAttr>(name);
        return value ? value.getInt() : 0;
      };
      launch.callee = entry.getAs<StringAttr>("callee").str();
      launch.label = entry.getAs<StringAttr>("label").str();
      launch.tiles = number("tiles");
      launch.blocks = number("blocks");
      launch.phase = number("phase");
      launch.copyBytes = number("copy");
      for (auto numbers :
           entry.getAs<ArrayAttr>("operands").getAsRange<DenseI64ArrayAttr>()) {
        StepOperand operand;
        ArrayRef<int64_t> values = numbers.asArrayRef();
        operand.isPart = values.empty();
        if (values.size() == 5) {
          operand.argument = values[0];
          operand.offset = values[1];
          operand.blockBytes = values[2];
          operand.tileBytes = values[3];
          operand.zeroBytes = values[4];
        }
        launch.operands.push_back(operand);
      }
      if (auto callee = symbols.lookup<func::FuncOp>(launch.callee)) {
        if (auto scratch =
                callee->getAttrOfType<DenseI64ArrayAttr>("qat.scratch"))
          launch.scratch = scratch.asArrayRef().vec();
        if (auto bytes =
                callee->getAttrOfType<IntegerAttr>("qat.scratch_bytes"))
          program.scratchBytes = std::max(program.scratchBytes, bytes.getInt());
      }
      program.launches.push_back(std::move(launch));
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

namespace mlir::qat {
static json::Value toJSON(const StepArgument &argument) {
  return json::Object{{"name", argument.name},
                      {"role", argument.role},
                      {"shape", json::Array(argument.shape)},
                      {"kind", static_cast<int>(argument.kind)}};
}
static bool fromJSON(const json::Value &value, StepArgument &argument,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  std::vector<int64_t> shape;
  int kind = 0;
  if (!map || !map.map("name", argument.name) ||
      !map.map("role", argument.role) || !map.map("shape", shape) ||
      !map.map("kind", kind))
    return false;
  argument.shape.assign(shape.begin(), shape.end());
  argument.kind = static_cast<ElementKind>(kind);
  return true;
}
static json::Value toJSON(const StepOperand &operand) {
  return json::Array{static_cast<int64_t>(operand.isPart),
                     operand.argument,
                     operand.offset,
                     operand.blockBytes,
                     operand.tileBytes,
                     operand.zeroBytes};
}
static bool fromJSON(const json::Value &value, StepOperand &operand,
                     json::Path path) {
  std::vector<int64_t> numbers;
  if (!json::fromJSON(value, numbers, path) || numbers.size() != 6)
    return false;
  operand.isPart = numbers[0] != 0;
  operand.argument = numbers[1];
  operand.offset = numbers[2];
  operand.blockBytes = numbers[3];
  operand.tileBytes = numbers[4];
  operand.zeroBytes = numbers[5];
  return true;
}
static json::Value toJSON(const StepLaunch &launch) {
  return json::Object{{"callee", launch.callee},
                      {"label", launch.label},
                      {"tiles", launch.tiles},
                      {"blocks", launch.blocks},
                      {"phase", launch.phase},
                      {"copy", launch.copyBytes},
                      {"operands", json::Array(launch.operands)},
                      {"scratch", json::Array(launch.scratch)}};
}
static bool fromJSON(const json::Value &value, StepLaunch &launch,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("callee", launch.callee) &&
         map.map("label", launch.label) && map.map("tiles", launch.tiles) &&
         map.map("blocks", launch.blocks) && map.map("phase", launch.phase) &&
         map.map("copy", launch.copyBytes) &&
         map.map("operands", launch.operands) &&
         map.map("scratch", launch.scratch);
}
static json::Value toJSON(const StepProgram &program) {
  return json::Object{{"function", program.function},
                      {"arguments", json::Array(program.arguments)},
                      {"arena", program.arenaBytes},
                      {"scratch", program.scratchBytes},
                      {"launches", json::Array(program.launches)}};
}
static bool fromJSON(const json::Value &value, StepProgram &program,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("function", program.function) &&
         map.map("arguments", program.arguments) &&
         map.map("arena", program.arenaBytes) &&
         map.map("scratch", program.scratchBytes) &&
         map.map("launches", program.launches);
}
} // namespace mlir::qat

std::string mlir::qat::printPrograms(ArrayRef<StepProgram> programs) {
  std::string text;
  raw_string_ostream os(text);
  os << json::Value(json::Array(programs));
  return text;
}

std::optional<std::vector<StepProgram>>
mlir::qat::parsePrograms(StringRef text) {
  Expected<json::Value> value = json::parse(text);
  if (!value) {
    consumeError(value.takeError());
    return std::nullopt;
  }
  std::vector<StepProgram> programs;
  json::Path::Root root;
  if (!json::fromJSON(*value, programs, root))
    return std::nullopt;
  return programs;
}
