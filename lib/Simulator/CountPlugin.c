//===- CountPlugin.c - instructions executed per region -----------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qemu-system-arm ... -plugin libqat-qemu-count.so,mark=ADDRESS,out=FILE
//
// Each execution of the function at ADDRESS (the start of a translated block)
// ends a region and starts the next. Each region that ends is written to FILE
// as a line with its number of instructions; the first line is what ran before
// the first mark. The instructions of the block at ADDRESS itself are not
// counted. Lines are written at once: they outlive a program that is killed.
//
// Blocks are counted as a whole when they are entered, which is exact for
// programs without interrupts and faults. A conditional instruction whose
// condition is false counts as one.
//
// QEMU's interface (include/qemu/qemu-plugin.h, version 1: QEMU 4.2 to 8.x) is
// declared here, since distributions do not package that header.
//
//===----------------------------------------------------------------------===//

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef struct qemu_info_t qemu_info_t;

enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id,
    void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          void (*executed)(unsigned cpu,
                                                           void *data),
                                          int flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block,
                                              int operation, void *counter,
                                              uint64_t addend);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
                               int argc, char **argv);

static uint64_t mark;
static FILE *out;
/* One CPU: no other thread counts. */
static uint64_t counter;

static void on_mark(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  fprintf(out, "%" PRIu64 "\n", counter);
  fflush(out);
  counter = 0;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  if (qemu_plugin_tb_vaddr(block) == mark)
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_mark, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
  else
    qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                             &counter,
                                             qemu_plugin_tb_n_insns(block));
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                        char **argv) {
  (void)info;
  const char *path = NULL;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "mark=", 5) == 0)
      mark = strtoull(argv[i] + 5, NULL, 0) & ~(uint64_t)1;
    else if (strncmp(argv[i], "out=", 4) == 0)
      path = argv[i] + 4;
  }
  if (!path || !(out = fopen(path, "w"))) {
    fprintf(stderr, "qat: the plugin cannot write its counts\n");
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
