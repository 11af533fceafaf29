#!/bin/sh
# check-warnings.sh SOURCE CLANG: compiles the runtime as the promise to its
# users reads, once with each compiler that is installed. GCC sees the warnings
# of its own only where it optimizes.
set -eu
source=$1
clang=$2
flags="-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Werror -O2 -DQAT_TEST_FEW_KERNELS -I$source/include/qat-rt
  -I$source/lib/Runtime/C"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

check() {
  if ! command -v "$1" >"$out/found"; then
    echo "skipped: $1 is not installed"
    return
  fi
  for file in "$source"/lib/Runtime/C/*.c "$source"/test/Unit/Runtime/*.c; do
    "$@" $flags -c "$file" -o "$out/kernel.o"
  done
  # A header has to stand on its own, in C++ as well.
  for file in "$source"/include/qat-rt/*.h; do
    echo "#include \"$(basename "$file")\"" >"$out/header.c"
    "$@" $flags -c "$out/header.c" -o "$out/header.o"
    "$@" -x c++ -Wall -Wextra -Wpedantic -Werror -I"$source/include/qat-rt" \
      -c "$out/header.c" -o "$out/header.o"
  done
  echo "passed: $*"
  ran=$((ran + 1))
}
ran=0

check gcc
check "$clang"
check arm-none-eabi-gcc -mcpu=cortex-m0plus
check arm-none-eabi-gcc -mcpu=cortex-m4

[ "$ran" -gt 0 ] || {
  echo "no compiler is installed"
  exit 77
}
