#!/usr/bin/env bash
# Every C and C++ file is as clang-format 22 writes it.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
mapfile -t files < <(git ls-files '*.c' '*.h' '*.cpp')
((${#files[@]})) || {
  echo "not a git checkout"
  exit 77
}
unformatted=$(printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 20 \
  /usr/lib/llvm-22/bin/clang-format --dry-run 2>&1 |
  sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: .*clang-format-violations.*/\1/p' | sort -u)
[[ -z $unformatted ]] || {
  printf 'clang-format -i would change:\n%s\n' "$unformatted"
  exit 1
}
