#!/bin/sh
# check-sanitized.sh SOURCE BUILD: builds the tests of the kernels with GCC's
# address and undefined-behaviour sanitizers in BUILD and runs them. GCC,
# because Debian packages Clang's sanitizer runtime apart from Clang.
set -eu
source=$1
build=$2
if ! command -v g++ >/dev/null; then
  echo "skipped: g++ is not installed"
  exit 77
fi
mkdir -p "$build"
cd "$build"
flags="-O1 -g -DQAT_TEST_FEW_KERNELS -fsanitize=address,undefined -fno-sanitize-recover=undefined
  -I$source/include/qat-rt -I$source/lib/Runtime/C"
gcc -std=c99 $flags -c "$source/test/Unit/Runtime/Kernels.c"
objects="Kernels.o"
for file in PlainKernelsTest WeightedKernelsTest; do
  g++ -std=c++17 $flags -c "$source/test/Unit/Runtime/$file.cpp"
  objects="$objects $file.o"
done
g++ $flags $objects -lgtest -lgtest_main -lpthread -o kernels
./kernels --gtest_brief=1
