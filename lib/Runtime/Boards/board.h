//===- board.h - what the simulated boards offer the harness ------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything of the harness is compiled so that it calls nothing of a library:
// what is linked from there is the network's.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_BOARD_H
#define QAT_BOARD_H

#include <stdint.h>

/* Semihosting: QEMU carries these out on files of the host. */
int qat_board_open_read(const char *path);  /* -1: cannot */
int qat_board_open_write(const char *path); /* -1: cannot */
void qat_board_close(int file);
/* Whether all of `bytes` bytes could be had, or written. */
int qat_board_read(int file, void *to, uint32_t bytes);
int qat_board_write(int file, const void *from, uint32_t bytes);
void qat_board_print(const char *text);
void qat_board_print_number(uint32_t value);
void qat_board_print_hex(uint32_t value);
void qat_board_exit(int status) __attribute__((noreturn));

/* Returns at once. Each execution starts a new region of the plugin that counts
 * instructions; what it executes itself is not counted. Clobbers lr alone. */
void qat_board_mark(void);

/* run(a, b, c) between two marks; counted are the call, what `run` executes and
 * the branch to the second mark. */
int qat_board_call(const void *a, const void *b, const void *c,
                   void (*run)(void));

/* Fills the free stack with a pattern. */
void qat_board_paint_stack(void);
/* Bytes of it that were used below qat_board_call since it was painted. */
uint32_t qat_board_stack_used(void);

/* The program that the start-up code calls. */
int qat_board_main(void);

#endif /* QAT_BOARD_H */
