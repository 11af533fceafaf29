/* The sizes that the compiler states are those that a 32-bit target has. */
#include "small.c"

#define EXPECT(name, condition) typedef char name[(condition) ? 1 : -1]
EXPECT(arena_is_ram_bytes, sizeof arena == SMALL_RAM_BYTES);
EXPECT(input_is_its_bytes, sizeof(small_input_t) == SMALL_INPUT_BYTES);
EXPECT(output_is_its_bytes, sizeof(small_output_t) == SMALL_OUTPUT_BYTES);
EXPECT(parameters_as_counted,
       sizeof stem_Conv2D == 68 && sizeof n3x3_depthwise == 68 &&
           sizeof add == 40 && sizeof add_2 == 40 &&
           sizeof max_pool2d_1 == 22 && sizeof mean == 24 &&
           sizeof logits == 48);
