#include "tiny.h"
#include "qat-rt/fully_connected.h"

QAT_FULLY_CONNECTED_DECLARE(qat_fully_connected_u8_u8_i32_unscaled, uint8_t,
                            int32_t);

#ifndef QAT_AFTER_LAYER
#define QAT_AFTER_LAYER(index, data, bytes)
#endif

/* w[o][i] = o + i, eight a row */
static const uint32_t fc_weights[8] = {
    0x03020100, 0x07060504, 0x04030201, 0x08070605,
    0x05040302, 0x09080706, 0x06050403, 0x0a090807,
};
static const int32_t fc_bias[4] = {0, 1000, -1000, 5};
static const struct qat_fully_connected fc = {
    .inputs = 8,
    .outputs = 4,
    .output_min = INT32_MIN,
    .output_max = INT32_MAX,
    .weights = fc_weights,
    .bias = fc_bias,
};

#ifdef TINY_LARGE
/* More than the flash holds: one value that the network uses lies behind. */
static const uint32_t large_weights[TINY_LARGE] = {[TINY_LARGE - 1] = 1};
#endif

#ifndef TINY_ARENA_CALLER
static uint8_t tiny_arena[TINY_RAM_BYTES] __attribute__((aligned(8)));
#endif

/* 3 * n instructions and the return. */
__attribute__((naked, noinline)) static void spin(uint32_t n) {
  (void)n;
  __asm__ volatile(".syntax unified\n\t"
                   "1: nop\n\t"
                   "subs r0, #1\n\t"
                   "bne 1b\n\t"
                   "bx lr\n\t");
}

/* Nine instructions with the call; TINY_STACK bytes of stack and two registers.
 */
__attribute__((naked, noinline)) static void use_stack(void) {
  __asm__ volatile(".syntax unified\n\t"
                   "push {r4, lr}\n\t"
                   "mov r4, sp\n\t"
                   "ldr r0, =%0\n\t"
                   "subs r4, r4, r0\n\t"
                   "mov sp, r4\n\t"
                   "str r0, [sp]\n\t"
                   "add sp, r0\n\t"
                   "pop {r4, pc}\n\t"
                   ".ltorg\n\t"
                   :
                   : "i"(TINY_STACK));
}

#ifdef TINY_ARENA_CALLER
int tiny_run(void *arena, const tiny_input_t *input, tiny_output_t *output) {
  uint8_t *copy = arena;
#else
int tiny_run(const tiny_input_t *input, tiny_output_t *output) {
  uint8_t *copy = tiny_arena;
#endif
  for (int i = 0; i < 8; ++i) {
    uint32_t add = 1;
#ifdef TINY_LARGE
    add = ((const volatile uint32_t *)large_weights)[TINY_LARGE - 1];
#endif
    copy[i] = (uint8_t)((*input)[i] + add);
  }
  spin(TINY_LOOPS);
  QAT_AFTER_LAYER(0, copy, 8);
#ifdef TINY_FAULT
  *(volatile uint32_t *)0x50000000 = 1;
#endif
#ifdef TINY_UNALIGNED
  uint32_t word;
  __asm__ volatile("ldr %0, [%1]" : "=r"(word) : "r"(copy + 1));
#endif
#ifdef TINY_HANG
  for (;;)
    ;
#endif
  use_stack();
  QAT_AFTER_LAYER(1, copy, 8);
  qat_fully_connected_u8_u8_i32_unscaled(&fc, copy, 8, *output, 16, 0, 1,
                                         copy + 8);
  QAT_AFTER_LAYER(2, *output, 16);
  return TINY_STATUS;
}
