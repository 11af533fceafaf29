//===- Kernels.cpp - the kernels for every instruction set ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Shape.h"

#include "qat/HostKernels/HostKernels.h"
#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
// GCC cannot compile templates for another instruction set than the file's.
#if defined(__x86_64__) && defined(__clang__)
#define QAT_HAS_X86_KERNELS 1
#endif

using namespace mlir::qat;
using namespace mlir::qat::kernels;

// HostLayer::rounding.
static constexpr int64_t kFloor = static_cast<int64_t>(ScaleRounding::Floor);
static constexpr int64_t kDoubleRound =
    static_cast<int64_t>(ScaleRounding::DoubleRound);

namespace {
/// Vectors of integers, operated on by the compiler's vector extensions. Sums
/// are unsigned: they wrap.
template <int Lanes> struct Vector {
  typedef uint8_t U8 __attribute__((vector_size(Lanes)));
  typedef int32_t I32 __attribute__((vector_size(4 * Lanes)));
  typedef uint32_t U32 __attribute__((vector_size(4 * Lanes)));
  typedef int64_t I64 __attribute__((vector_size(8 * Lanes)));
};
} // namespace

// Vectors that are wider than the registers of the baseline are passed between
// inlined functions only.
#pragma GCC diagnostic ignored "-Wpsabi"

//===----------------------------------------------------------------------===//
// Any processor
//===----------------------------------------------------------------------===//

namespace {
namespace generic {
constexpr Shape kShape = kGenericShape;

/// sum + x.low * w.low + x.high * w.high, of the 16-bit halves of each lane.
static inline Vector<4>::U32 dot(Vector<4>::U32 sum, Vector<4>::I32 x,
                                 Vector<4>::I32 w) {
#if defined(__SSE2__)
  return sum + (Vector<4>::U32)_mm_madd_epi16((__m128i)x, (__m128i)w);
#else
  Vector<4>::I32 low = (x << 16 >> 16) * (w << 16 >> 16);
  Vector<4>::I32 high = (x >> 16) * (w >> 16);
  return sum + (Vector<4>::U32)low + (Vector<4>::U32)high;
#endif
}

/// sum + x * w, of 0 <= x <= 255 and |w| <= 255.
template <typename U32, typename I32>
static inline U32 multiplyAdd(U32 sum, I32 x, I32 w) {
#if defined(__SSE2__)
  if constexpr (sizeof(I32) == 16)
    return dot(sum, x, w); // The high half of x is 0.
#endif
  return sum + (U32)(x * w);
}

#define QAT_KERNEL_INPUT_BYTES 2
#define QAT_KERNEL_VECTORS 2
#include "KernelBody.inc"
#undef QAT_KERNEL_INPUT_BYTES
#undef QAT_KERNEL_VECTORS
} // namespace generic
} // namespace

//===----------------------------------------------------------------------===//
// x86-64
//===----------------------------------------------------------------------===//

#if QAT_HAS_X86_KERNELS
#pragma clang attribute push(__attribute__((target("avx2"))),                  \
                             apply_to = function)
namespace {
namespace avx2 {
constexpr Shape kShape = kAvx2Shape;

/// As generic::dot. Two products of 9 bits with a sign stay far below 32.
static inline Vector<8>::U32 dot(Vector<8>::U32 sum, Vector<8>::I32 x,
                                 Vector<8>::I32 w) {
  return sum + (Vector<8>::U32)_mm256_madd_epi16((__m256i)x, (__m256i)w);
}

template <typename U32, typename I32>
static inline U32 multiplyAdd(U32 sum, I32 x, I32 w) {
  if constexpr (sizeof(I32) == 32)
    return dot(sum, x, w);
  return sum + (U32)(x * w);
}

#define QAT_KERNEL_INPUT_BYTES 2
#define QAT_KERNEL_VECTORS 2
#include "KernelBody.inc"
#undef QAT_KERNEL_INPUT_BYTES
#undef QAT_KERNEL_VECTORS
} // namespace avx2
} // namespace
#pragma clang attribute pop

#pragma clang attribute push(                                                  \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),  \
    apply_to = function)
namespace {
namespace avx512vnni {
constexpr Shape kShape = kAvx512VnniShape;

/// sum + the four products of unsigned bytes of x and signed bytes of w. The
/// instruction adds them exactly, unlike vpmaddubsw or vpdpbusds.
static inline Vector<16>::U32 dot(Vector<16>::U32 sum, Vector<16>::I32 x,
                                  Vector<16>::I32 w) {
  return (Vector<16>::U32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x,
                                              (__m512i)w);
}

template <typename U32, typename I32>
static inline U32 multiplyAdd(U32 sum, I32 x, I32 w) {
  if constexpr (sizeof(I32) == 64)
    return (U32)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
  return sum + (U32)(x * w);
}

#define QAT_KERNEL_INPUT_BYTES 1
#define QAT_KERNEL_VECTORS 4
#include "KernelBody.inc"
#undef QAT_KERNEL_INPUT_BYTES
#undef QAT_KERNEL_VECTORS
} // namespace avx512vnni
} // namespace
#pragma clang attribute pop
#endif // QAT_HAS_X86_KERNELS

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

llvm::StringRef mlir::qat::stringifyHostIsa(HostIsa isa) {
  switch (isa) {
  case HostIsa::Generic:
    return "generic";
  case HostIsa::Avx2:
    return "avx2";
  case HostIsa::Avx512Vnni:
    return "avx512vnni";
  }
  llvm_unreachable("all instruction sets are handled");
}

std::optional<HostIsa> mlir::qat::symbolizeHostIsa(llvm::StringRef word) {
  return llvm::StringSwitch<std::optional<HostIsa>>(word)
      .Case("generic", HostIsa::Generic)
      .Case("avx2", HostIsa::Avx2)
      .Case("avx512vnni", HostIsa::Avx512Vnni)
      .Default(std::nullopt);
}

llvm::SmallVector<HostIsa> mlir::qat::getSupportedHostIsas() {
  llvm::SmallVector<HostIsa> isas = {HostIsa::Generic};
#if QAT_HAS_X86_KERNELS
  if (__builtin_cpu_supports("avx2"))
    isas.push_back(HostIsa::Avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni"))
    isas.push_back(HostIsa::Avx512Vnni);
#endif
  return isas;
}

static const NamedHostKernel kKernels[] = {
    {"qat_host_conv2d_generic", generic::conv2D},
    {"qat_host_conv2d_generic_i32", generic::conv2D},
    {"qat_host_depthwise_conv2d_generic", generic::depthwiseConv2D},
#if QAT_HAS_X86_KERNELS
    {"qat_host_conv2d_avx2", avx2::conv2D},
    {"qat_host_conv2d_avx2_i32", avx2::conv2D},
    {"qat_host_depthwise_conv2d_avx2", avx2::depthwiseConv2D},
    {"qat_host_conv2d_avx512vnni", avx512vnni::conv2D},
    {"qat_host_conv2d_avx512vnni_i32", avx512vnni::conv2D},
    {"qat_host_depthwise_conv2d_avx512vnni", avx512vnni::depthwiseConv2D},
#endif
};

llvm::ArrayRef<NamedHostKernel> mlir::qat::getNamedHostKernels() {
  return kKernels;
}
