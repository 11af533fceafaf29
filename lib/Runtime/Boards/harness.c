//===- harness.c - runs a network on every input of a file --------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// network.h, which the simulator writes, includes the network's own header and
// defines QAT_NETWORK_RUN, QAT_NETWORK_INPUT and QAT_NETWORK_OUTPUT (types),
// and where the arena is the caller's QAT_NETWORK_RAM_BYTES, its size.
//
// Reads input.bin, writes output.bin and, where the network was compiled with
// after_layer_write.h, layers.bin: index, size and content of each layer's
// output, one after the other.
//
//===----------------------------------------------------------------------===//

#include "board.h"
#include "network.h"

static QAT_NETWORK_INPUT input;
static QAT_NETWORK_OUTPUT output;

#ifdef QAT_NETWORK_RAM_BYTES
/* Counted as the network's, like the arena that it would have itself. */
__attribute__((section(".bss.qat_board_arena"))) static uint64_t
    arena[(QAT_NETWORK_RAM_BYTES + 7) / 8];
#endif

static int layers, layers_are_open;

void qat_board_write_layer(int index, const void *data, uint32_t bytes);
void qat_board_write_layer(int index, const void *data, uint32_t bytes) {
  const uint32_t head[2] = {(uint32_t)index, bytes};
  if (!layers_are_open)
    layers = qat_board_open_write("layers.bin");
  layers_are_open = 1;
  if (!qat_board_write(layers, head, sizeof(head)) ||
      !qat_board_write(layers, data, bytes)) {
    qat_board_print("qat: cannot write layers.bin\n");
    qat_board_exit(98);
  }
}

int qat_board_main(void) {
  int from = qat_board_open_read("input.bin");
  int to = qat_board_open_write("output.bin");
  uint32_t count = 0, stack = 0;
  while (qat_board_read(from, &input, sizeof(input))) {
    qat_board_paint_stack();
#ifdef QAT_NETWORK_RAM_BYTES
    int status =
        qat_board_call(arena, &input, &output, (void (*)(void))QAT_NETWORK_RUN);
#else
    int status =
        qat_board_call(&input, &output, 0, (void (*)(void))QAT_NETWORK_RUN);
#endif
    uint32_t used = qat_board_stack_used();
    if (used > stack)
      stack = used;
    if (status) {
      qat_board_print("qat: status ");
      qat_board_print_hex((uint32_t)status);
      qat_board_print(" input ");
      qat_board_print_number(count);
      qat_board_print("\n");
      return 97;
    }
    if (!qat_board_write(to, &output, sizeof(output))) {
      qat_board_print("qat: cannot write output.bin\n");
      return 98;
    }
    ++count;
  }
  qat_board_close(from);
  qat_board_close(to);
  if (layers_are_open)
    qat_board_close(layers);
  qat_board_print("qat: done inputs ");
  qat_board_print_number(count);
  qat_board_print(" stack ");
  qat_board_print_number(stack);
  qat_board_print("\n");
  return 0;
}
