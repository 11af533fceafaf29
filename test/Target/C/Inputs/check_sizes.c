/* The sizes that the compiler states are those that a 32-bit target has. */
#include "small.c"

#define EXPECT(name, condition) typedef char name[(condition) ? 1 : -1]
#define WEIGHTED(layer)                                                        \
  (sizeof layer + sizeof layer##_weights + sizeof layer##_bias)
#define SCALED(layer)                                                          \
  (WEIGHTED(layer) + sizeof layer##_multiplier + sizeof layer##_shift)

EXPECT(arena_is_ram_bytes, sizeof arena == SMALL_RAM_BYTES);
EXPECT(input_is_its_bytes, sizeof(small_input_t) == SMALL_INPUT_BYTES);
EXPECT(output_is_its_bytes, sizeof(small_output_t) == SMALL_OUTPUT_BYTES);
EXPECT(constants_are_flash_bytes,
       SCALED(stem_Conv2D) + sizeof stem_Conv2D_weight_zero_points +
               SCALED(n3x3_depthwise) +
               sizeof n3x3_depthwise_weight_zero_points + SCALED(layer_int) +
               SCALED(wide) + sizeof wide_weight_zero_points +
               WEIGHTED(logits) + sizeof logits_weight_zero_points +
               sizeof add + sizeof add_2 + sizeof max_pool2d_1 + sizeof mean +
               sizeof nibbles + sizeof moved + sizeof joined + sizeof padded ==
           SMALL_FLASH_BYTES);
