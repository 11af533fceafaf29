//===- after_layer_mark.h - counts each layer on its own ----------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included before a network's own source. The branch to the mark is the only
// instruction that it adds: no arguments, so that nothing has to be computed
// for it.
//
//===----------------------------------------------------------------------===//

#define QAT_AFTER_LAYER(index, data, bytes)                                    \
  __asm__ volatile("bl qat_board_mark" : : : "lr", "memory")
