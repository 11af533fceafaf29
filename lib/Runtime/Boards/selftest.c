//===- selftest.c - runs a project's self-test on a board -------*- C -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// network.h, which the simulator writes, declares the self-test:
// QAT_NETWORK_SELFTEST and QAT_NETWORK_SELFTEST_LAYER.
//
//===----------------------------------------------------------------------===//

#include "board.h"
#include "network.h"

int qat_board_main(void) {
  int result = qat_board_call(0, 0, 0, (void (*)(void))QAT_NETWORK_SELFTEST);
  qat_board_print("qat: done selftest ");
  qat_board_print(QAT_NETWORK_SELFTEST_LAYER(result));
  qat_board_print("\n");
  return 0;
}
