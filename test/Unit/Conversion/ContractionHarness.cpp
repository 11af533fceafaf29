//===- ContractionHarness.cpp - compiles single contractions ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionHarness.h"

#include "qat/Conversion/Passes.h"
#include "qat/Execution/HostPipeline.h"
#include "qat/Execution/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

static std::string getShape(ArrayRef<int64_t> sizes, StringRef element) {
  return llvm::join(
             map_range(sizes,
                       [](int64_t size) { return std::to_string(size) + "x"; }),
             "") +
         element.str();
}

/// A function of all buffers that computes the products.
static std::string writeModule(const ContractionGeometry &g,
                               ArrayRef<TrainingProduct> products, bool tensors,
                               StringRef element, bool accumulate) {
  SmallVector<int64_t> image = {g.batch, g.height, g.width, g.channels};
  SmallVector<int64_t> output = {g.batch, g.outHeight, g.outWidth,
                                 g.outChannels};
  SmallVector<int64_t> weights = {g.outChannels, g.kernelHeight, g.kernelWidth,
                                  g.groupChannels()};
  if (g.depthwise)
    weights = {g.kernelHeight, g.kernelWidth, g.channels,
               g.outChannels / g.channels};
  std::string x = getShape(image, element), w = getShape(weights, element),
              y = getShape(output, element);
  const std::pair<StringRef, StringRef> arguments[] = {
      {"x", x}, {"w", w}, {"y", y}, {"dx", x}, {"dw", w}, {"dy", y}};
  std::string text = "func.func @run(";
  for (auto [index, argument] : enumerate(arguments))
    text += formatv("{0}%{1}: memref<{2}>", index ? ", " : "", argument.first,
                    argument.second);
  text += ") {\n";
  StringRef prefix = "%", kind = "memref";
  if (tensors) {
    prefix = "%t_", kind = "tensor";
    for (auto [name, shape] : arguments)
      text += formatv("%t_{0} = bufferization.to_tensor %{0} restrict writable "
                      ": memref<{1}> to tensor<{1}>\n",
                      name, shape);
  }
  std::string attributes = formatv(
      "{{pad = array<i64: {0}, {1}, {2}, {3}>, stride = array<i64: {4}, {5}>, "
      "dilation = array<i64: {6}, {7}>, groups = {8}{9}",
      g.padTop, g.padBottom, g.padLeft, g.padRight, g.strideHeight,
      g.strideWidth, g.dilationHeight, g.dilationWidth,
      g.depthwise ? 1 : g.groups, g.depthwise ? ", depthwise" : "");
  for (TrainingProduct product : products) {
    auto [name, a, b, result] =
        product == TrainingProduct::Forward
            ? std::array<StringRef, 4>{"forward", "x", "w", "y"}
        : product == TrainingProduct::InputGradient
            ? std::array<StringRef, 4>{"input_gradient", "dy", "w", "dx"}
            : std::array<StringRef, 4>{"weight_gradient", "x", "dy", "dw"};
    auto shapeOf = [&](StringRef operand) {
      return find_if(arguments,
                     [&](auto &argument) { return argument.first == operand; })
          ->second;
    };
    text += formatv(
        "{0}qat.contraction {1} ins({2}{3}, {2}{4} : {5}<{6}>, {5}<{7}>) "
        "outs({2}{8} : {5}<{9}>) {10}{11}\n",
        tensors ? formatv("%new_{0} = ", result).str() : "", name, prefix, a, b,
        kind, shapeOf(a), shapeOf(b), result, shapeOf(result),
        attributes + (accumulate && result == "dw" ? ", accumulate}" : "}"),
        tensors ? formatv(" -> tensor<{0}>", shapeOf(result)).str() : "");
    if (tensors)
      text += formatv("bufferization.materialize_in_destination %new_{0} in "
                      "writable %{0} : (tensor<{1}>, memref<{1}>) -> ()\n",
                      result, shapeOf(result));
  }
  return text + "return\n}\n";
}

static void buildPipeline(OpPassManager &manager, Lowering lowering,
                          unsigned lanes) {
  if (lowering == Lowering::Linalg) {
    manager.addPass(createConvertContractionsToLinalg());
    bufferization::OneShotBufferizePassOptions bufferize;
    bufferize.bufferizeFunctionBoundaries = true;
    bufferize.functionBoundaryTypeConversion =
        bufferization::LayoutMapOption::IdentityLayoutMap;
    manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
    bufferization::buildBufferDeallocationPipeline(manager);
    manager.addPass(createCanonicalizerPass());
    manager.addNestedPass<func::FuncOp>(createQatCopiesToLoops());
    manager.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  } else {
    ConvertContractionsToKernelsOptions options;
    options.lanes = lanes;
    manager.addPass(createConvertContractionsToKernels(options));
  }
  manager.addPass(createCanonicalizerPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  manager.addPass(createConvertFuncToLLVMPass(functions));
  manager.addPass(createReconcileUnrealizedCastsPass());
}

static std::unique_ptr<TargetMachine> makeMachine() {
  static bool once =
      InitializeNativeTarget() || InitializeNativeTargetAsmPrinter();
  (void)once;
  auto builder = cantFail(orc::JITTargetMachineBuilder::detectHost());
  builder.setCodeGenOptLevel(CodeGenOptLevel::Default);
  return cantFail(builder.createTargetMachine());
}

std::unique_ptr<CompiledContractions> CompiledContractions::compile(
    const ContractionGeometry &geometry, ArrayRef<TrainingProduct> products,
    Lowering lowering, StringRef element, unsigned lanes, bool accumulate) {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerHostDialects(registry);
    registry.insert<vector::VectorDialect>();
    return new MLIRContext(registry);
  }();
  std::string text = writeModule(
      geometry, products, lowering == Lowering::Linalg, element, accumulate);
  auto module = parseSourceString<ModuleOp>(text, context);
  PassManager manager(context);
  buildPipeline(manager, lowering, lanes);
  if (!module || failed(manager.run(*module))) {
    ADD_FAILURE() << "does not compile: " << text;
    return nullptr;
  }

  std::unique_ptr<TargetMachine> machine = makeMachine();
  auto optimize = makeOptimizingTransformer(2, 0, machine.get());
  auto transform = [&](llvm::Module *code) -> Error {
    for (llvm::Function &function : *code)
      if (!function.isDeclaration()) {
        function.addFnAttr("target-cpu", machine->getTargetCPU());
        function.addFnAttr("target-features",
                           machine->getTargetFeatureString());
        function.addFnAttr("prefer-vector-width", "512");
      }
    return optimize(code);
  };
  ExecutionEngineOptions options;
  options.transformer = transform;
  auto engine = ExecutionEngine::create(*module, options, makeMachine());
  if (!engine) {
    ADD_FAILURE() << toString(engine.takeError());
    return nullptr;
  }
  (*engine)->registerSymbols([](orc::MangleAndInterner mangle) {
    orc::SymbolMap symbols;
    for (const NamedTrainingKernel &kernel : getNamedTrainingKernels())
      symbols[mangle(kernel.name)] = {
          orc::ExecutorAddr::fromPtr(kernel.function),
          JITSymbolFlags::Exported};
    return symbols;
  });
  auto packed = (*engine)->lookupPacked("run");
  if (!packed) {
    ADD_FAILURE() << toString(packed.takeError());
    return nullptr;
  }
  auto compiled = std::make_unique<CompiledContractions>();
  compiled->engine = std::move(*engine);
  compiled->packed = *packed;
  return compiled;
}

void CompiledContractions::run(ArrayRef<void *> buffers) const {
  SmallVector<void *> values(buffers), arguments;
  for (void *&value : values)
    arguments.push_back(&value);
  packed(arguments.data());
}
