//===- after_layer_write.h - writes the output of each layer ------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included before a network's own source.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>
void qat_board_write_layer(int index, const void *data, uint32_t bytes);
#define QAT_AFTER_LAYER(index, data, bytes)                                    \
  qat_board_write_layer(index, data, bytes)
