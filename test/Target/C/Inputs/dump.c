/* Reads images on standard input, writes every layer's output. */
#include "small.h"

#include <stdio.h>

void dump_layer(int index, const void *data, size_t bytes) {
  (void)index;
  fwrite(data, 1, bytes, stdout);
}

int main(void) {
  static small_input_t input;
  static small_output_t output;
#ifdef SMALL_ARENA_CALLER
  static uint64_t arena[SMALL_RAM_BYTES / 8 + 1];
  if (small_run((char *)arena + 1, &input, &output) != 1 ||
      small_run(NULL, &input, &output) != 1)
    return 2;
#endif
  while (fread(input.data, 1, sizeof input.data, stdin) == sizeof input.data) {
#ifdef SMALL_ARENA_CALLER
    int status = small_run(arena, &input, &output);
#else
    int status = small_run(&input, &output);
#endif
    if (status)
      return 1;
  }
  return 0;
}
