/* Prints what the self-test of the network finds. */
#include "small.h"

#include <stdio.h>

int main(void) {
  int result = small_selftest();
  printf("selftest %d '%s'\n", result, small_selftest_layer(result));
  return 0;
}
