//===- startup.c - from reset to main, and what happens on faults -*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The program runs on the process stack, which lies at the very start of the
// memory; what lies below is closed, so that running over the stack is a fault.
// Faults are handled on the main stack, which is apart.
//
//===----------------------------------------------------------------------===//

#include "board.h"

/* For ARMv6-M the compiler expects another syntax by default. */
#define UNIFIED ".syntax unified\n\t"

/* From the linker script. */
extern uint32_t qat_data_start[], qat_data_end[], qat_data_load[];
extern uint32_t qat_zero_start[], qat_zero_end[];
extern uint32_t qat_arena_start[], qat_arena_end[];
extern uint32_t qat_stack_start[], qat_stack_end[];
extern uint32_t qat_handler_stack_end[];

void qat_board_reset(void);
void qat_board_fault(void);
void qat_board_report_fault(const uint32_t *frame, uint32_t exception);

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const struct {
  void *stack;
  vector handlers[15];
} vectors = {qat_handler_stack_end,
             {qat_board_reset, qat_board_fault, qat_board_fault,
              qat_board_fault, qat_board_fault, qat_board_fault,
              qat_board_fault, 0, 0, 0, qat_board_fault, qat_board_fault, 0,
              qat_board_fault, qat_board_fault}};

/* Closes what lies below the stack: up to ARMv7-M the megabyte there, whatever
 * the board has in it. */
static void prepare_core(void) {
#if __ARM_ARCH >= 8
  __asm__ volatile("msr psplim, %0" : : "r"(qat_stack_start));
  /* CPACR, CCR: vector instructions and hardware loops, for compilers and
   * kernels that use them. */
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20;
  *(volatile uint32_t *)0xe000ed14 |= 1 << 19;
  __asm__ volatile("dsb\n\tisb" : : : "memory");
#else
  volatile uint32_t *mpu = (volatile uint32_t *)0xe000ed94;
  mpu[1] = 0;                                    /* RNR: region 0 */
  mpu[2] = (uint32_t)qat_stack_start - 0x100000; /* RBAR */
  mpu[3] = 19 << 1 | 1;                          /* RASR: 2^(19+1) bytes */
  mpu[0] = 5; /* CTRL: on, the rest of the memory as by default */
#if __ARM_ARCH < 7
  /* CCR: accesses that are not aligned are faults, as on the processor that the
   * code is for; the one that executes it would allow them. */
  *(volatile uint32_t *)0xe000ed14 |= 1 << 3;
#endif
  __asm__ volatile("dsb\n\tisb" : : : "memory");
#endif
}

void qat_board_reset(void) {
  prepare_core();
  const uint32_t *from = qat_data_load;
  for (uint32_t *to = qat_data_start; to != qat_data_end;)
    *to++ = *from++;
  for (uint32_t *to = qat_zero_start; to != qat_zero_end;)
    *to++ = 0;
  for (uint32_t *to = qat_arena_start; to != qat_arena_end;)
    *to++ = 0;
  __asm__ volatile(UNIFIED
                   "msr psp, %0\n\t"
                   "movs r0, #2\n\t"
                   "msr control, r0\n\t" /* thread mode on the process stack */
                   "isb\n\t"
                   "bl qat_board_main\n\t"
                   "bl qat_board_exit\n\t"
                   :
                   : "r"(qat_stack_end)
                   : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

__attribute__((naked)) void qat_board_fault(void) {
  __asm__ volatile(UNIFIED "mrs r0, psp\n\t"
                           "mrs r1, ipsr\n\t"
                           "ldr r2, =qat_board_report_fault\n\t"
                           "bx r2\n\t"
                           ".ltorg\n\t");
}

void qat_board_report_fault(const uint32_t *frame, uint32_t exception) {
#if __ARM_ARCH >= 7
  const uint32_t status = *(volatile uint32_t *)0xe000ed28; /* CFSR */
#else
  const uint32_t status = 0;
#endif
  qat_board_print("qat: fault exception ");
  qat_board_print_number(exception);
  /* The registers could not be saved below the stack, or its limit was hit. */
  if (frame < qat_stack_start || status & 0x100000) {
    qat_board_print(" stack-overflow\n");
    qat_board_exit(99);
  }
  qat_board_print(" pc ");
  qat_board_print_hex(frame[6]);
  qat_board_print(" status ");
  qat_board_print_hex(status);
  /* The address at fault, where the processor knows it. */
  if (status & 0x8080) {
    qat_board_print(" address ");
    qat_board_print_hex(
        *(volatile uint32_t *)(status & 0x8000 ? 0xe000ed38 : 0xe000ed34));
  }
  qat_board_print("\n");
  qat_board_exit(99);
}

__attribute__((naked, noinline)) void qat_board_mark(void) {
  __asm__ volatile("bx lr");
}

uint32_t *qat_board_call_stack;

__attribute__((naked, noinline)) int
qat_board_call(const void *a, const void *b, const void *c, void (*run)(void)) {
  (void)a, (void)b, (void)c, (void)run;
  __asm__ volatile(UNIFIED "push {r4, r5, r6, lr}\n\t"
                           "ldr r4, =qat_board_call_stack\n\t"
                           "mov r5, sp\n\t"
                           "str r5, [r4]\n\t"
                           "bl qat_board_mark\n\t"
                           "blx r3\n\t"
                           "bl qat_board_mark\n\t"
                           "pop {r4, r5, r6, pc}\n\t"
                           ".ltorg\n\t");
}

#define PATTERN 0x51a7c0deU /* as in qat_board_paint_stack */

/* Assembly, so that it has no frame of its own to paint over. */
__attribute__((naked, noinline)) void qat_board_paint_stack(void) {
  __asm__ volatile(UNIFIED "ldr r0, =qat_stack_start\n\t"
                           "ldr r2, =0x51a7c0de\n\t"
                           "mov r1, sp\n\t"
                           "b 2f\n\t"
                           "1: str r2, [r0]\n\t"
                           "adds r0, #4\n\t"
                           "2: cmp r0, r1\n\t"
                           "bcc 1b\n\t"
                           "bx lr\n\t"
                           ".ltorg\n\t");
}

uint32_t qat_board_stack_used(void) {
  const volatile uint32_t *at = qat_stack_start;
  while (at < qat_board_call_stack && *at == PATTERN)
    ++at;
  return (uint32_t)(qat_board_call_stack - at) * 4;
}
