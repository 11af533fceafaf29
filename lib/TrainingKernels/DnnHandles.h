//===- DnnHandles.h - owners of oneDNN's handles ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The C interface of oneDNN: it returns a status where dnnl.hpp throws, and
// this project is built without exceptions.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGKERNELS_DNNHANDLES_H
#define QAT_LIB_TRAININGKERNELS_DNNHANDLES_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <oneapi/dnnl/dnnl.h>

namespace mlir::qat {

template <auto destroy> struct DnnDestroyer {
  template <typename T> void operator()(T *handle) const { destroy(handle); }
};
template <typename T, auto destroy>
using DnnHandle = std::unique_ptr<T, DnnDestroyer<destroy>>;

using DnnEngine = DnnHandle<dnnl_engine, dnnl_engine_destroy>;
using DnnStream = DnnHandle<dnnl_stream, dnnl_stream_destroy>;
using DnnAttributes =
    DnnHandle<dnnl_primitive_attr, dnnl_primitive_attr_destroy>;
using DnnDescription =
    DnnHandle<dnnl_primitive_desc, dnnl_primitive_desc_destroy>;
using DnnPrimitive = DnnHandle<dnnl_primitive, dnnl_primitive_destroy>;
using DnnMemory = DnnHandle<dnnl_memory, dnnl_memory_destroy>;

/// Success, or what failed with oneDNN's status.
inline llvm::Error checkDnn(dnnl_status_t status, const char *what) {
  if (status == dnnl_success)
    return llvm::Error::success();
  return llvm::createStringError(llvm::Twine("oneDNN cannot ") + what +
                                 " (status " + llvm::Twine(int(status)) + ")");
}

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGKERNELS_DNNHANDLES_H
