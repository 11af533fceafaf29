//===- CompiledNetwork.cpp - a network as a function of this process -----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/CompiledNetwork.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "Jit.h"

#include "qat/Execution/FirstError.h"
#include "qat/Execution/HostPipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include <atomic>
#include <thread>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

struct CompiledNetwork::Code {
  JittedFunction function;
  /// The data of the constants that are arguments.
  std::vector<const void *> constants;
};

CompiledNetwork::CompiledNetwork() : code(std::make_unique<Code>()) {}
CompiledNetwork::~CompiledNetwork() = default;

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

static std::optional<ElementKind> getElementKind(mlir::Type type) {
  if (type.isF32())
    return ElementKind::F32;
  bool isUnsigned = type.isUnsignedInteger();
  unsigned bits = 0;
  if (auto quantized = dyn_cast<quant::QuantizedType>(type)) {
    isUnsigned = !quantized.isSigned();
    bits = quantized.getStorageTypeIntegralWidth();
    bits = bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
  } else if (auto integer = dyn_cast<IntegerType>(type)) {
    bits = integer.getWidth();
  }
  switch (bits) {
  case 8:
    return isUnsigned ? ElementKind::U8 : ElementKind::I8;
  case 16:
    return isUnsigned ? ElementKind::U16 : ElementKind::I16;
  case 32:
    return isUnsigned ? ElementKind::U32 : ElementKind::I32;
  case 64:
    return isUnsigned ? ElementKind::U64 : ElementKind::I64;
  default:
    return std::nullopt;
  }
}

static std::string printType(mlir::Type type) {
  std::string text;
  raw_string_ostream os(text);
  os << type;
  return text;
}

static Expected<TensorInfo> describe(mlir::Type type, DictionaryAttr attributes,
                                     StringRef role, unsigned index) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<ElementKind> kind;
  if (tensor && tensor.hasStaticShape())
    kind = getElementKind(tensor.getElementType());
  if (!kind)
    return createStringError(role + " " + Twine(index) + " of @main is " +
                             printType(type) +
                             ", but the host runs tensors of static shape of "
                             "f32, integers or quantized integers");
  TensorInfo info;
  info.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  info.kind = *kind;
  info.quantized =
      dyn_cast<quant::UniformQuantizedType>(tensor.getElementType());
  StringAttr name =
      attributes ? attributes.getAs<StringAttr>("qat.name") : StringAttr();
  info.name = name ? name.str() : (role + Twine(index)).str();
  if (!name && index == 0)
    info.name = role.str();
  return info;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// The memory of a constant in row-major order, or null.
static const void *getData(Attribute constant) {
  if (auto dense = dyn_cast<DenseElementsAttr>(constant))
    return dense.isSplat() ? nullptr : dense.getRawData().data();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData().data();
  return nullptr;
}

Expected<std::unique_ptr<CompiledNetwork>>
CompiledNetwork::compile(ModuleOp module, const CompileOptions &options) {
  MLIRContext *context = module.getContext();
  DialectRegistry registry;
  registerHostDialects(registry);
  context->appendDialectRegistry(registry);

  if (failed(verifyResources(module)))
    return createStringError("the module lacks the data of a constant");
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return createStringError("the module has no function @main to run");
  std::unique_ptr<CompiledNetwork> network(new CompiledNetwork());
  for (auto [index, type] : enumerate(main.getArgumentTypes())) {
    Expected<TensorInfo> info =
        describe(type, main.getArgAttrDict(index), "input", index);
    if (!info)
      return info.takeError();
    network->inputInfos.push_back(std::move(*info));
  }
  for (auto [index, type] : enumerate(main.getResultTypes())) {
    Expected<TensorInfo> info =
        describe(type, main.getResultAttrDict(index), "output", index);
    if (!info)
      return info.takeError();
    network->outputInfos.push_back(std::move(*info));
  }

  OwningOpRef<ModuleOp> clone = module.clone();
  main = clone->lookupSymbol<func::FuncOp>("main");
  // Callers keep their inputs.
  for (unsigned index = 0; index < main.getNumArguments(); ++index)
    main.setArgAttr(index, "bufferization.writable",
                    BoolAttr::get(context, false));

  FirstError firstError(context, "cannot compile the network for the host");
  auto lower = [&](function_ref<void(OpPassManager &)> build) {
    PassManager manager(context, ModuleOp::getOperationName());
    manager.enableVerifier(false);
    build(manager);
    return manager.run(*clone);
  };
  if (failed(lower([&](OpPassManager &manager) {
        buildHostLoopsPipeline(
            manager, /*liftConstants=*/true,
            options.kernels ? stringifyHostIsa(*options.kernels) : "");
      })))
    return firstError.get();

  main = clone->lookupSymbol<func::FuncOp>("main");
  for (unsigned index = 0; index < main.getNumArguments(); ++index) {
    if (Attribute constant = main.getArgAttr(index, "qat.constant")) {
      const void *data = getData(constant);
      if (!data)
        return createStringError("a constant of the network has no data");
      network->code->constants.push_back(data);
    }
    main.setArgAttrs(index, ArrayRef<NamedAttribute>());
  }
  if (failed(lower(buildHostLLVMPipeline)))
    return firstError.get();

  Expected<JittedFunction> function =
      jitFunction(*clone, "main", options.optimizationLevel);
  if (!function)
    return function.takeError();
  network->code->function = std::move(*function);
  return network;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

static std::string describeArray(ElementKind kind, ArrayRef<int64_t> shape) {
  return (kindName(kind) + " " + shapeText(shape)).str();
}

void CompiledNetwork::call(ArrayRef<const void *> inputs,
                           ArrayRef<void *> outputs) const {
  SmallVector<void *> pointers;
  for (const void *input : inputs)
    pointers.push_back(const_cast<void *>(input));
  append_range(pointers, outputs);
  for (const void *constant : code->constants)
    pointers.push_back(const_cast<void *>(constant));
  SmallVector<void *> addresses;
  for (void *&pointer : pointers)
    addresses.push_back(&pointer);
  code->function.packed(addresses.data());
}

Error CompiledNetwork::run(ArrayRef<const NdArray *> inputs,
                           MutableArrayRef<NdArray> outputs) const {
  if (inputs.size() != inputInfos.size() ||
      outputs.size() != outputInfos.size())
    return createStringError("the network takes " + Twine(inputInfos.size()) +
                             " and gives " + Twine(outputInfos.size()) +
                             " arrays, but got " + Twine(inputs.size()) +
                             " and " + Twine(outputs.size()));
  SmallVector<const void *> inputData;
  for (auto [array, info] : zip_equal(inputs, inputInfos)) {
    if (array->kind() != info.kind ||
        array->shape() != ArrayRef<int64_t>(info.shape))
      return createStringError("input '" + info.name + "' must be " +
                               describeArray(info.kind, info.shape) +
                               ", but is " +
                               describeArray(array->kind(), array->shape()));
    inputData.push_back(array->bytes().data());
  }
  SmallVector<void *> outputData;
  for (auto [array, info] : zip_equal(outputs, outputInfos)) {
    if (array.kind() != info.kind ||
        array.shape() != ArrayRef<int64_t>(info.shape))
      array = NdArray::zeros(info.kind, info.shape);
    outputData.push_back(array.bytes().data());
  }
  call(inputData, outputData);
  return Error::success();
}

Expected<std::vector<NdArray>>
CompiledNetwork::runBatches(const NdArray &input, unsigned threads) const {
  if (inputInfos.size() != 1)
    return createStringError("the network takes " + Twine(inputInfos.size()) +
                             " inputs, not one");
  const TensorInfo &info = inputInfos[0];
  ArrayRef<int64_t> shape = input.shape();
  bool fits = input.kind() == info.kind && !info.shape.empty() &&
              shape.size() == info.shape.size() &&
              shape.drop_front() == ArrayRef<int64_t>(info.shape).drop_front();
  if (!fits || info.shape[0] == 0 || shape[0] % info.shape[0] != 0)
    return createStringError("input '" + info.name + "' must be " +
                             describeArray(info.kind, info.shape) +
                             " or a multiple of that batch, but is " +
                             describeArray(input.kind(), shape));
  int64_t batches = shape[0] / info.shape[0];
  std::vector<NdArray> outputs;
  SmallVector<int64_t> outputBytes;
  for (const TensorInfo &output : outputInfos) {
    SmallVector<int64_t> joined(output.shape.begin(), output.shape.end());
    if (joined.empty())
      return createStringError("output '" + output.name +
                               "' is a scalar, which cannot be joined over "
                               "batches");
    joined[0] *= batches;
    outputs.push_back(NdArray::zeros(output.kind, joined));
    outputBytes.push_back(batches ? outputs.back().byteSize() / batches : 0);
  }
  int64_t inputBytes = batches ? input.byteSize() / batches : 0;

  std::atomic<int64_t> next{0};
  auto work = [&] {
    SmallVector<void *> outputData(outputs.size());
    for (int64_t batch = next++; batch < batches; batch = next++) {
      for (auto [index, output] : enumerate(outputs))
        outputData[index] = output.bytes().data() + batch * outputBytes[index];
      call(input.bytes().data() + batch * inputBytes, outputData);
    }
  };
  std::vector<std::thread> helpers;
  for (int64_t index = 1; index < std::min<int64_t>(threads, batches); ++index)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return outputs;
}
