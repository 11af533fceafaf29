#!/usr/bin/env bash
# Installs to a folder, moves it, and builds a program on it with find_package.
# Runs from build/dev or from QAT_BUILD_DIR.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${QAT_BUILD_DIR:-$here/../../build/dev}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check NAME COMMAND...: one case, whose output is shown when it fails.
check() {
  local name=$1
  shift
  if "$@" >"$scratch/log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    tail -n 30 "$scratch/log"
  fi
}

says() { # says WORDS COMMAND...: the command succeeds and prints the words
  local words=$1
  shift
  local output
  output=$("$@" 2>&1) && [[ $output == *"$words"* ]] || {
    echo "expected '$words', but got: $output"
    return 1
  }
}

names_no_build_tree() {
  ! grep -rlF "$(realpath "$build")" "$scratch/moved/lib/cmake"
}

check "install" cmake --install "$build" --prefix "$scratch/prefix"
mv "$scratch/prefix" "$scratch/moved"
check "the package names no file of the build tree" names_no_build_tree
check "installed qat" says "USAGE: qat" "$scratch/moved/bin/qat" --help
check "installed qat-mlir-opt" says "softmax" "$scratch/moved/bin/qat-mlir-opt" \
  "$here/../Dialect/Qat/ops.mlir"
cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
check "configure a program" cmake -G Ninja -S "$here/install" -B "$scratch/consumer" \
  -DCMAKE_PREFIX_PATH="$scratch/moved" \
  -DCMAKE_CXX_COMPILER="$(cache CMAKE_CXX_COMPILER)" \
  -DCMAKE_C_COMPILER="$(cache CMAKE_C_COMPILER)" \
  -DCMAKE_EXE_LINKER_FLAGS="$(cache CMAKE_EXE_LINKER_FLAGS)" \
  -DCMAKE_CXX_FLAGS="$(cache QAT_SANITIZERS | sed 's/..*/-fsanitize=& -fno-sanitize=vptr/')"
check "build a program" cmake --build "$scratch/consumer"
check "run a program" says "1 softmax" "$scratch/consumer/consumer"

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
