//===- PreparedContraction.cpp - one primitive, ready to run ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PreparedContraction.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::qat;

// oneDNN shares its work among the threads of OpenMP, whose number belongs to
// the calling thread.
extern "C" void omp_set_num_threads(int count);

/// The engine of all threads.
static Expected<dnnl_engine_t> getEngine() {
  static dnnl_engine_t engine = nullptr;
  static dnnl_status_t status = dnnl_engine_create(&engine, dnnl_cpu, 0);
  if (Error error = checkDnn(status, "use this processor"))
    return std::move(error);
  return engine;
}

/// The stream of the calling thread, on which oneDNN has one thread.
static Expected<dnnl_stream_t> getStream() {
  thread_local DnnStream stream;
  if (stream)
    return stream.get();
  omp_set_num_threads(1);
  Expected<dnnl_engine_t> engine = getEngine();
  if (!engine)
    return engine.takeError();
  dnnl_stream_t made = nullptr;
  if (Error error = checkDnn(
          dnnl_stream_create(&made, *engine, dnnl_stream_default_flags),
          "make a stream"))
    return std::move(error);
  stream.reset(made);
  return made;
}

static dnnl_data_type_t getInputType(TrainingElements elements) {
  switch (elements) {
  case TrainingElements::F32:
    return dnnl_f32;
  case TrainingElements::U8:
    return dnnl_u8;
  case TrainingElements::S8:
    return dnnl_s8;
  }
  return dnnl_data_type_undef;
}

static Expected<dnnl_memory_desc_t> layOut(ArrayRef<int64_t> dims,
                                           ArrayRef<int64_t> strides,
                                           dnnl_data_type_t type) {
  dnnl_memory_desc_t result;
  if (Error error =
          checkDnn(dnnl_memory_desc_init_by_strides(
                       &result, dims.size(), dims.data(), type, strides.data()),
                   "lay out an operand"))
    return std::move(error);
  return result;
}

/// The same elements in an order of oneDNN's choice.
static dnnl_memory_desc_t inAnyOrder(const dnnl_memory_desc_t &given) {
  dnnl_memory_desc_t result;
  dnnl_memory_desc_init_by_tag(&result, given.ndims, given.dims,
                               given.data_type, dnnl_format_tag_any);
  return result;
}

/// Attributes of a primitive that overwrites its result, or adds to it.
static Expected<DnnAttributes> makeAttributes(bool adding) {
  dnnl_primitive_attr_t made = nullptr;
  if (Error error =
          checkDnn(dnnl_primitive_attr_create(&made), "take attributes"))
    return std::move(error);
  DnnAttributes attributes(made);
  if (!adding)
    return attributes;
  dnnl_post_ops_t operations = nullptr;
  if (Error error =
          checkDnn(dnnl_post_ops_create(&operations), "take attributes"))
    return std::move(error);
  dnnl_status_t status = dnnl_post_ops_append_sum(operations, 1.0f);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(made, operations);
  dnnl_post_ops_destroy(operations);
  if (Error error = checkDnn(status, "add to a result"))
    return std::move(error);
  return attributes;
}

namespace {
/// The three tensors of a convolution as oneDNN names them.
struct Tensors {
  dnnl_memory_desc_t x, w, y;
};
} // namespace

/// x and y as N x C x H x W, w as (G x) O x I x KH x KW, over our layouts.
static Expected<Tensors> describeTensors(const TrainingContraction &c) {
  const ContractionGeometry &g = c.geometry;
  dnnl_data_type_t inputs = getInputType(c.elements);
  bool floats = c.elements == TrainingElements::F32;
  auto describeImage = [&](int64_t height, int64_t width, int64_t channels,
                           dnnl_data_type_t type) {
    return layOut({g.batch, channels, height, width},
                  {height * width * channels, 1, width * channels, channels},
                  type);
  };
  Expected<dnnl_memory_desc_t> x =
      describeImage(g.height, g.width, g.channels, inputs);
  if (!x)
    return x.takeError();
  Expected<dnnl_memory_desc_t> y = describeImage(
      g.outHeight, g.outWidth, g.outChannels, floats ? dnnl_f32 : dnnl_s32);
  if (!y)
    return y.takeError();

  int64_t in = g.groupChannels(), out = g.groupOutChannels();
  int64_t kh = g.kernelHeight, kw = g.kernelWidth;
  SmallVector<int64_t> dims = {out, in, kh, kw}, strides;
  if (g.depthwise)
    strides = {out, 1, 1, kw * g.outChannels, g.outChannels};
  else
    strides = {out * kh * kw * in, kh * kw * in, 1, kw * in, in};
  if (g.groups != 1 || g.depthwise)
    dims.insert(dims.begin(), g.groups);
  else
    strides.erase(strides.begin());
  Expected<dnnl_memory_desc_t> w =
      layOut(dims, strides, floats ? dnnl_f32 : dnnl_s8);
  if (!w)
    return w.takeError();
  return Tensors{*x, *w, *y};
}

Expected<std::unique_ptr<PreparedContraction>>
PreparedContraction::create(const TrainingContraction &contraction) {
  auto prepared = std::make_unique<PreparedContraction>();
  if (Error error = prepared->prepare(contraction))
    return std::move(error);
  return prepared;
}

int64_t PreparedContraction::reserve(size_t bytes) {
  int64_t offset = scratchBytes;
  scratchBytes += alignTo(bytes, 64);
  return offset;
}

Error PreparedContraction::addOperand(unsigned index, int argument,
                                      const dnnl_memory_desc_t &given,
                                      dnnl_query_t query) {
  Expected<dnnl_engine_t> engine = getEngine();
  if (!engine)
    return engine.takeError();
  const dnnl_memory_desc_t *taken =
      dnnl_primitive_desc_query_md(product.get(), query, 0);
  bool isResult = index == 2;
  Operand &operand = operands[index];
  operand.argument = argument;
  operand.isResult = isResult;
  // Only products of matrices add to what is there.
  bool addsLater = isResult && accumulate && !addsItself;

  auto makeMemory = [&](const dnnl_memory_desc_t &description,
                        DnnMemory &memory) {
    dnnl_memory_t made = nullptr;
    dnnl_status_t status =
        dnnl_memory_create(&made, &description, *engine, DNNL_MEMORY_NONE);
    memory.reset(made);
    return checkDnn(status, "name an operand");
  };
  if (Error error = makeMemory(given, operand.given))
    return error;
  if (!addsLater && dnnl_memory_desc_equal(&given, taken))
    return Error::success();
  if (Error error = makeMemory(*taken, operand.taken))
    return error;
  operand.scratchOffset = reserve(dnnl_memory_desc_get_size(taken));

  DnnAttributes adding;
  if (addsLater) {
    Expected<DnnAttributes> made = makeAttributes(/*adding=*/true);
    if (!made)
      return made.takeError();
    adding = std::move(*made);
  }
  dnnl_primitive_desc_t made = nullptr;
  const dnnl_memory_desc_t &from = isResult ? *taken : given;
  const dnnl_memory_desc_t &to = isResult ? given : *taken;
  if (Error error =
          checkDnn(dnnl_reorder_primitive_desc_create(
                       &made, &from, *engine, &to, *engine, adding.get()),
                   "reorder an operand"))
    return error;
  DnnDescription description(made);
  dnnl_primitive_t reorder = nullptr;
  dnnl_status_t status = dnnl_primitive_create(&reorder, description.get());
  operand.reorder.reset(reorder);
  return checkDnn(status, "reorder an operand");
}

Error PreparedContraction::choose(const void *descriptor) {
  Expected<dnnl_engine_t> engine = getEngine();
  if (!engine)
    return engine.takeError();
  dnnl_primitive_desc_t made = nullptr;
  dnnl_status_t status = dnnl_primitive_desc_create(
      &made, descriptor, attributes.get(), *engine, product.get());
  if (status == dnnl_success)
    product.reset(made);
  return checkDnn(status, "compute a product of these sizes");
}

/// All pixels by the weights, as a product of matrices.
Error PreparedContraction::describeMatmul(const TrainingContraction &c) {
  const ContractionGeometry &g = c.geometry;
  int64_t rows = g.batch * g.pixels(), in = g.channels, out = g.outChannels;
  dnnl_data_type_t inputs = getInputType(c.elements);
  bool floats = c.elements == TrainingElements::F32;
  auto x = layOut({rows, in}, {in, 1}, inputs);
  auto y = layOut({rows, out}, {out, 1}, floats ? dnnl_f32 : dnnl_s32);
  auto w = layOut({out, in}, {in, 1}, floats ? dnnl_f32 : dnnl_s8);
  auto wTransposed = layOut({in, out}, {1, in}, floats ? dnnl_f32 : dnnl_s8);
  auto yTransposed = layOut({out, rows}, {1, out}, dnnl_f32);
  for (auto *operand : {&x, &y, &w, &wTransposed, &yTransposed})
    if (!*operand)
      return operand->takeError();

  const dnnl_memory_desc_t *left = &*x, *right = &*wTransposed, *result = &*y;
  if (c.product == TrainingProduct::InputGradient) {
    left = &*y, right = &*w, result = &*x;
  } else if (c.product == TrainingProduct::WeightGradient) {
    left = &*yTransposed, right = &*x, result = &*w;
  }
  // Bytes multiply in groups of four: their weights need another order.
  dnnl_memory_desc_t rightTaken = floats ? *right : inAnyOrder(*right);
  dnnl_matmul_desc_t descriptor;
  if (Error error =
          checkDnn(dnnl_matmul_desc_init(&descriptor, left, &rightTaken,
                                         /*bias=*/nullptr, result),
                   "describe a product"))
    return error;
  if (Error error = choose(&descriptor))
    return error;
  bool swapped = c.product == TrainingProduct::WeightGradient;
  if (Error error =
          addOperand(swapped ? 1 : 0, DNNL_ARG_SRC, *left, dnnl_query_src_md))
    return error;
  if (Error error = addOperand(swapped ? 0 : 1, DNNL_ARG_WEIGHTS, *right,
                               dnnl_query_weights_md))
    return error;
  return addOperand(2, DNNL_ARG_DST, *result, dnnl_query_dst_md);
}

Error PreparedContraction::describeConvolution(const TrainingContraction &c) {
  const ContractionGeometry &g = c.geometry;
  Expected<Tensors> given = describeTensors(c);
  if (!given)
    return given.takeError();
  int64_t strides[] = {g.strideHeight, g.strideWidth};
  // oneDNN counts the gaps between taps.
  int64_t dilates[] = {g.dilationHeight - 1, g.dilationWidth - 1};
  int64_t before[] = {g.padTop, g.padLeft}, after[] = {g.padBottom, g.padRight};

  // Weights in any order: they are small. Images as they are, and in any order
  // only where oneDNN knows nothing but its plain loops for ours.
  auto tryImages = [&](bool anyOrder) -> Error {
    product.reset();
    Tensors t = {anyOrder ? inAnyOrder(given->x) : given->x,
                 inAnyOrder(given->w),
                 anyOrder ? inAnyOrder(given->y) : given->y};
    dnnl_convolution_desc_t descriptor;
    bool training = c.elements == TrainingElements::F32;
    if (Error error = checkDnn(
            dnnl_dilated_convolution_forward_desc_init(
                &descriptor,
                training ? dnnl_forward_training : dnnl_forward_inference,
                dnnl_convolution_direct, &t.x, &t.w, /*bias=*/nullptr, &t.y,
                strides, dilates, before, after),
            "describe a convolution"))
      return error;
    if (Error error = choose(&descriptor))
      return error;
    if (c.product == TrainingProduct::Forward)
      return Error::success();
    dnnl_status_t status =
        c.product == TrainingProduct::InputGradient
            ? dnnl_dilated_convolution_backward_data_desc_init(
                  &descriptor, dnnl_convolution_direct, &t.x, &t.w, &t.y,
                  strides, dilates, before, after)
            : dnnl_dilated_convolution_backward_weights_desc_init(
                  &descriptor, dnnl_convolution_direct, &t.x, &t.w,
                  /*bias=*/nullptr, &t.y, strides, dilates, before, after);
    if (Error error = checkDnn(status, "describe a gradient"))
      return error;
    return choose(&descriptor);
  };
  auto isPlain = [&] {
    const char *name = "";
    dnnl_primitive_desc_query(product.get(), dnnl_query_impl_info_str, 0,
                              &name);
    return StringRef(name).starts_with("ref");
  };
  Error failed = tryImages(/*anyOrder=*/false);
  if (failed || isPlain()) {
    consumeError(std::move(failed));
    if (Error error = tryImages(/*anyOrder=*/true))
      return error;
  } else {
    cantFail(std::move(failed));
  }

  switch (c.product) {
  case TrainingProduct::Forward:
    if (Error error = addOperand(0, DNNL_ARG_SRC, given->x, dnnl_query_src_md))
      return error;
    if (Error error =
            addOperand(1, DNNL_ARG_WEIGHTS, given->w, dnnl_query_weights_md))
      return error;
    return addOperand(2, DNNL_ARG_DST, given->y, dnnl_query_dst_md);
  case TrainingProduct::InputGradient:
    if (Error error =
            addOperand(0, DNNL_ARG_DIFF_DST, given->y, dnnl_query_diff_dst_md))
      return error;
    if (Error error =
            addOperand(1, DNNL_ARG_WEIGHTS, given->w, dnnl_query_weights_md))
      return error;
    return addOperand(2, DNNL_ARG_DIFF_SRC, given->x, dnnl_query_diff_src_md);
  case TrainingProduct::WeightGradient:
    if (Error error = addOperand(0, DNNL_ARG_SRC, given->x, dnnl_query_src_md))
      return error;
    if (Error error =
            addOperand(1, DNNL_ARG_DIFF_DST, given->y, dnnl_query_diff_dst_md))
      return error;
    return addOperand(2, DNNL_ARG_DIFF_WEIGHTS, given->w,
                      dnnl_query_diff_weights_md);
  }
  return Error::success();
}

Error PreparedContraction::prepare(const TrainingContraction &contraction) {
  // Sets the number of threads, which primitives are made for.
  if (Expected<dnnl_stream_t> stream = getStream(); !stream)
    return stream.takeError();
  Expected<dnnl_engine_t> engine = getEngine();
  if (!engine)
    return engine.takeError();
  accumulate = contraction.accumulate;
  addsItself = accumulate && contraction.geometry.isPointwise();
  Expected<DnnAttributes> made = makeAttributes(addsItself);
  if (!made)
    return made.takeError();
  attributes = std::move(*made);
  if (Error error = checkDnn(dnnl_primitive_attr_set_scratchpad_mode(
                                 attributes.get(), dnnl_scratchpad_mode_user),
                             "take scratch memory"))
    return error;

  if (Error error = contraction.geometry.isPointwise()
                        ? describeMatmul(contraction)
                        : describeConvolution(contraction))
    return error;

  const dnnl_memory_desc_t *pad =
      dnnl_primitive_desc_query_md(product.get(), dnnl_query_scratchpad_md, 0);
  scratchpadOffset = reserve(dnnl_memory_desc_get_size(pad));
  dnnl_memory_t memory = nullptr;
  if (Error error =
          checkDnn(dnnl_memory_create(&memory, pad, *engine, DNNL_MEMORY_NONE),
                   "name its scratch memory"))
    return error;
  scratchpad.reset(memory);
  const char *name = "";
  dnnl_primitive_desc_query(product.get(), dnnl_query_impl_info_str, 0, &name);
  description = name;
  for (const Operand &operand : operands)
    if (operand.reorder)
      description +=
          operand.isResult ? ", result reordered" : ", operand reordered";
  dnnl_primitive_t created = nullptr;
  dnnl_status_t status = dnnl_primitive_create(&created, product.get());
  primitive.reset(created);
  return checkDnn(status, "make a kernel");
}

Error PreparedContraction::run(const void *a, const void *b, void *result,
                               void *scratch) {
  Expected<dnnl_stream_t> stream = getStream();
  if (!stream)
    return stream.takeError();
  auto *bytes = static_cast<char *>(scratch);
  void *addresses[] = {const_cast<void *>(a), const_cast<void *>(b), result};
  auto place = [](const DnnMemory &memory, void *address) {
    return dnnl_memory_set_data_handle(memory.get(), address);
  };
  auto reorder = [&](Operand &operand) {
    const DnnMemory &from = operand.isResult ? operand.taken : operand.given;
    const DnnMemory &to = operand.isResult ? operand.given : operand.taken;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from.get()},
                                   {DNNL_ARG_TO, to.get()}};
    return checkDnn(
        dnnl_primitive_execute(operand.reorder.get(), *stream, 2, arguments),
        "reorder an operand");
  };

  dnnl_exec_arg_t arguments[4];
  for (unsigned index = 0; index < 3; ++index) {
    Operand &operand = operands[index];
    dnnl_status_t status = place(operand.given, addresses[index]);
    if (status == dnnl_success && operand.reorder)
      status = place(operand.taken, bytes + operand.scratchOffset);
    if (Error error = checkDnn(status, "take an operand's address"))
      return error;
    if (operand.reorder && !operand.isResult)
      if (Error error = reorder(operand))
        return error;
    arguments[index] = {operand.argument, operand.reorder
                                              ? operand.taken.get()
                                              : operand.given.get()};
  }
  if (Error error = checkDnn(place(scratchpad, bytes + scratchpadOffset),
                             "take scratch memory"))
    return error;
  arguments[3] = {DNNL_ARG_SCRATCHPAD, scratchpad.get()};
  if (Error error = checkDnn(
          dnnl_primitive_execute(primitive.get(), *stream, 4, arguments),
          "compute a product"))
    return error;
  if (operands[2].reorder)
    if (Error error = reorder(operands[2]))
      return error;
  return checkDnn(dnnl_stream_wait(*stream), "finish a product");
}
