//===- Passes.td - from integer layers to form C -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_PASSES
#define QAT_TARGET_C_PASSES

include "mlir/Pass/PassBase.td"

def QatNameBuffers : Pass<"qat-name-buffers", "::mlir::ModuleOp"> {
  let summary = "Give every integer layer the name that it has in C";
  let description = [{
    Sets `qat.c_name` on every integer layer of `@main`: a C identifier made
    from the layer's name in the model. Folders that all names share are cut
    off, what C does not allow becomes `_`, and names that mean something in C
    or to the generated project, or that are taken, get a number. A layer
    without a name is called by its operation and a number. The module gets the
    name of the network as `qat.network`.

    ```mlir
    %0 = qat.conv2d … loc("resnet/conv1/Conv2D")
    // becomes, where all names begin with resnet/
    %0 = qat.conv2d … {…, qat.c_name = "conv1_Conv2D"} loc("resnet/conv1/Conv2D")
    ```
  }];
  let options = [
    Option<"network", "network", "std::string", /*default=*/"\"network\"",
           "C identifier of the network, with which its own names begin">,
  ];
}

def ConvertQatToKernels : Pass<"convert-qat-to-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn integer layers into calls of C kernels";
  let description = [{
    Form I to form C: `@main` on tensors of quantized type becomes `@main` on
    byte buffers, each layer a `qat.kernel_call` of the cheapest kernel of
    qat-rt that the target has for its storages, with the members of the
    kernel's parameter struct as `fields`. Constants become `memref.global`s
    named after the layer, weights still in the order of the tensor (see
    `qat-pack-weights`); results and scratch become `memref.alloc` (see
    `qat-plan-memory`). Reshapes cost nothing.

    A tensor is kept in the narrowest storage for which all its layers have a
    kernel, and in bytes where that is none. A layer that no kernel serves is
    an error that names it.

    Layers have to be named by `qat-name-buffers`.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"cortex-m4\"",
           "Part that the kernels are chosen for">,
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::qat::QatDialect"];
}

def QatPackWeights : Pass<"qat-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Pack weights into the 32-bit words that the kernels read";
  let description = [{
    Replaces the weights of every `qat.kernel_call` by words in the order that
    its kernel consumes: the rows that the kernel wants to begin on a word,
    fields from the low bits up, the last word of a row filled up with zeros.

    ```mlir
    memref.global "private" constant @conv1_weights : memref<2x1x1x3xi8> = dense<[[[[1, 2, 3]]], [[[4, 5, -1]]]]>
    // becomes
    memref.global "private" constant @conv1_weights : memref<2xi32> = dense<[197121, 16712964]>
    ```
  }];
}

def QatPlanMemory : Pass<"qat-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Place all buffers in one arena";
  let description = [{
    Replaces the `memref.alloc`s of `@main` by `memref.view`s of an argument
    `%arena`. Buffers that live at the same time do not overlap; a layer whose
    kernel allows it writes over an input that nobody reads later. The input
    and the result of the network are the caller's and not in the arena.

    The module gets `qat.arena_bytes`, the size of the arena, and
    `qat.peak_bytes`, the largest sum of bytes that live at one layer, which no
    arena can undercut.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // QAT_TARGET_C_PASSES
