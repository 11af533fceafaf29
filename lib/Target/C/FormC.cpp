//===- FormC.cpp - a module in form C, read -------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormC.h"

#include "qat/Dialect/Qat/IR/LayerName.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::qat;

int64_t mlir::qat::getGlobalBytes(memref::GlobalOp global) {
  MemRefType type = global.getType();
  return type.getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

std::string mlir::qat::describeTensor(RankedTensorType type, Storage storage) {
  std::string text;
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() > 1 && shape.front() == 1)
    shape = shape.drop_front();
  for (auto [index, size] : llvm::enumerate(shape))
    text += (index ? "x" : "") + std::to_string(size);
  return (text + " " + getName(storage)).str();
}

int64_t FormC::getFlashBytes() const {
  int64_t bytes = 0;
  for (const FormCLayer &layer : layers)
    bytes += layer.flashBytes;
  return bytes;
}

RankedTensorType FormCLayer::getOutputType() const {
  KernelCallOp op = call;
  return cast<RankedTensorType>(
      cast<TypeAttr>(op.getTensors().getValue().back()).getValue());
}

std::vector<const FormCLayer *> FormC::getCompleteLayers() const {
  std::vector<const FormCLayer *> complete;
  for (const FormCLayer &layer : layers)
    if (layer.completes >= 0)
      complete.push_back(&layer);
  return complete;
}

/// The storage that a name such as "u8" stands for.
static std::optional<Storage> parseStorage(StringRef name) {
  for (Storage storage : {Storage::U8, Storage::I8, Storage::U4, Storage::I4,
                          Storage::U2, Storage::I2, Storage::I32})
    if (getName(storage) == name)
      return storage;
  return std::nullopt;
}

static FailureOr<FormCArgument> readArgument(func::FuncOp main,
                                             unsigned index) {
  auto tensor = main.getArgAttrOfType<TypeAttr>(index, "qat.tensor");
  auto storage = main.getArgAttrOfType<StringAttr>(index, "qat.storage");
  auto buffer = dyn_cast<MemRefType>(main.getArgument(index).getType());
  auto type = tensor ? dyn_cast<RankedTensorType>(tensor.getValue()) : nullptr;
  auto grid = type
                  ? dyn_cast<quant::UniformQuantizedType>(type.getElementType())
                  : nullptr;
  std::optional<Storage> stored =
      storage ? parseStorage(storage.getValue()) : std::nullopt;
  if (!grid || !stored || !buffer || !buffer.hasStaticShape())
    return main.emitError("expects form C: argument ")
           << index << " lacks 'qat.tensor' or 'qat.storage'";
  return FormCArgument{main.getArgument(index), type, grid, *stored,
                       buffer.getNumElements()};
}

static FailureOr<FormCLayer> readLayer(KernelCallOp call, int64_t place,
                                       SymbolTable &symbols) {
  const KernelInfo *kernel = findKernel(call.getKernel());
  if (!kernel)
    return call.emitError("unknown kernel '") << call.getKernel() << "'";
  FormCLayer layer{call,
                   kernel,
                   call.getLayer().str(),
                   getLayerName(call.getLoc()).str(),
                   {},
                   kernel->family->getStructBytes(),
                   call.getOutput().getType().getNumElements(),
                   place};
  if (auto completes = call->getAttrOfType<IntegerAttr>("qat.completes"))
    layer.completes = completes.getInt();
  for (const KernelField &field : kernel->family->fields) {
    auto symbol =
        dyn_cast_or_null<FlatSymbolRefAttr>(call.getFields().get(field.name));
    if (!symbol)
      continue;
    auto global = symbols.lookup<memref::GlobalOp>(symbol.getValue());
    if (!global || !global.getInitialValueAttr())
      return call.emitError("expects '")
             << symbol.getValue() << "' to be a constant";
    if (field.type == FieldType::Words &&
        !global.getType().getElementType().isInteger(32))
      return call.emitError("expects weights packed by 'qat-pack-weights'");
    layer.globals.push_back(global);
    layer.flashBytes += getGlobalBytes(global);
  }
  return layer;
}

static FailureOr<FormCBuffer> readBuffer(memref::ViewOp view) {
  APInt offset;
  if (!matchPattern(view.getByteShift(), m_ConstantInt(&offset)))
    return view.emitError("expects a constant offset");
  FormCBuffer buffer{view,
                     "",
                     Storage::U8,
                     false,
                     offset.getSExtValue(),
                     view.getType().getNumElements()};
  for (Operation *user : view->getUsers()) {
    auto call = dyn_cast<KernelCallOp>(user);
    if (!call)
      continue;
    buffer.isScratch = call.getScratch() == view.getResult();
    if (!buffer.isScratch && call.getOutput() != view.getResult())
      continue; // a reader
    buffer.name =
        (call.getLayer() + (buffer.isScratch ? "_scratch" : "_out")).str();
    if (const KernelInfo *kernel = findKernel(call.getKernel());
        kernel && !buffer.isScratch)
      buffer.storage = kernel->output;
    // Of the calls that write parts, the last bears the layer's name.
    auto completes = call->getAttrOfType<IntegerAttr>("qat.completes");
    if (buffer.isScratch || !completes || completes.getInt() >= 0)
      return buffer;
  }
  if (!buffer.name.empty())
    return buffer;
  return view.emitError("expects a buffer that a kernel writes");
}

FailureOr<FormC> FormC::read(ModuleOp module) {
  FormC form;
  auto network = module->getAttrOfType<StringAttr>("qat.network");
  auto target = module->getAttrOfType<StringAttr>("qat.target");
  auto arena = module->getAttrOfType<IntegerAttr>("qat.arena_bytes");
  form.main = module.lookupSymbol<func::FuncOp>("main");
  if (!network || !target || !arena || !form.main || form.main.isExternal() ||
      form.main.getNumArguments() < 2 || form.main.getNumArguments() > 3)
    return module.emitError(
        "expects form C; run the pipeline 'qat-c-pipeline' first");
  form.network = network.str();
  form.macro = network.getValue().upper();
  form.target = target.str();
  if (auto source = module->getAttrOfType<StringAttr>("qat.source"))
    form.source = source.str();
  form.arenaBytes = llvm::alignTo(arena.getInt(), 8);

  FailureOr<FormCArgument> input = readArgument(form.main, 0);
  FailureOr<FormCArgument> output = readArgument(form.main, 1);
  if (failed(input) || failed(output))
    return failure();
  form.input = *input;
  form.output = *output;

  SymbolTable symbols(module);
  for (Operation &op : form.main.getBody().front()) {
    if (isa<arith::ConstantOp, func::ReturnOp>(op))
      continue;
    if (auto view = dyn_cast<memref::ViewOp>(op)) {
      FailureOr<FormCBuffer> buffer = readBuffer(view);
      if (failed(buffer))
        return failure();
      form.buffers.push_back(*buffer);
    } else if (auto call = dyn_cast<KernelCallOp>(op)) {
      FailureOr<FormCLayer> layer =
          readLayer(call, form.layers.size(), symbols);
      if (failed(layer))
        return failure();
      form.layers.push_back(*layer);
    } else {
      return op.emitError("expects form C, but got '") << op.getName() << "'";
    }
  }
  return form;
}
