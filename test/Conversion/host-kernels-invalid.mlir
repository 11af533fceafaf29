// RUN: not qat-mlir-opt %s -convert-qat-to-linalg=host-kernels=sse9 2>&1 | FileCheck %s

// CHECK: error: there are no kernels for 'sse9', only for generic, avx2 and avx512vnni
module {
}
