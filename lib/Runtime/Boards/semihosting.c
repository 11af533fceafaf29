//===- semihosting.c - files and messages by way of the debugger --*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// "Semihosting for AArch32 and AArch64", Arm: operation in r0, the address of
// its arguments in r1, a breakpoint instruction with the number 0xab.
//
//===----------------------------------------------------------------------===//

#include "board.h"

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_EXIT_EXTENDED = 0x20
};

static int32_t request(int32_t operation, const void *arguments) {
  register int32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab"
                   : "+r"(r0), "+r"(r1)
                   :
                   : "r2", "r3", "r12", "lr", "memory");
  return r0;
}

static int open_file(const char *path, uint32_t mode) {
  uint32_t length = 0;
  while (path[length])
    ++length;
  const uint32_t arguments[3] = {(uint32_t)path, mode, length};
  return request(SYS_OPEN, arguments);
}

int qat_board_open_read(const char *path) { return open_file(path, 1); }

int qat_board_open_write(const char *path) { return open_file(path, 5); }

void qat_board_close(int file) {
  const uint32_t arguments[1] = {(uint32_t)file};
  request(SYS_CLOSE, arguments);
}

/* Both answer the number of bytes that are missing. */
int qat_board_read(int file, void *to, uint32_t bytes) {
  const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)to, bytes};
  return request(SYS_READ, arguments) == 0;
}

int qat_board_write(int file, const void *from, uint32_t bytes) {
  const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)from, bytes};
  return request(SYS_WRITE, arguments) == 0;
}

void qat_board_print(const char *text) { request(SYS_WRITE0, text); }

void qat_board_print_number(uint32_t value) {
  /* Subtraction instead of division: no helper of the compiler is linked into
   * the program on the harness's account. */
  static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000,
                                    100000,     10000,     1000,     100,
                                    10,         1};
  char text[11];
  char *end = text;
  for (int i = 0; i < 10; ++i) {
    char digit = '0';
    for (; value >= powers[i]; value -= powers[i])
      ++digit;
    if (digit != '0' || end != text || i == 9)
      *end++ = digit;
  }
  *end = 0;
  qat_board_print(text);
}

void qat_board_print_hex(uint32_t value) {
  char text[11] = "0x";
  for (int i = 0; i < 8; ++i)
    text[2 + i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  text[10] = 0;
  qat_board_print(text);
}

void qat_board_exit(int status) {
  const uint32_t arguments[2] = {0x20026, (uint32_t)status};
  request(SYS_EXIT_EXTENDED, arguments);
  for (;;)
    ;
}
