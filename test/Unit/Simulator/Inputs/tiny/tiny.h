/* A project as the generator lays it out, written by hand for the tests of the
 * simulator. TINY_LOOPS, TINY_STACK, TINY_FAULT, TINY_HANG and
 * TINY_ARENA_CALLER, set by the tests, make it behave in different ways. */
#ifndef TINY_H
#define TINY_H

#include "tiny_config.h"
#include <stdint.h>

#define TINY_RAM_BYTES 24

typedef uint8_t tiny_input_t[8];
typedef int32_t tiny_output_t[4];

#ifdef TINY_ARENA_CALLER
int tiny_run(void *arena, const tiny_input_t *input, tiny_output_t *output);
#else
int tiny_run(const tiny_input_t *input, tiny_output_t *output);
#endif

#endif /* TINY_H */
