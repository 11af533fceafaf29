#!/usr/bin/env bash
# Every C and C++ file is as clang-format 22 writes it.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
mapfile -t files < <(git ls-files '*.c' '*.h' '*.cpp')
((${#files[@]})) || {
  echo "not a git checkout"
  exit 77
}
output=$(printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 20 \
  /usr/lib/llvm-22/bin/clang-format --dry-run -Werror 2>&1) && exit 0
echo "clang-format -i would change, or cannot read:"
grep -o '^[^: ]*:[0-9]*:[0-9]*: error' <<<"$output" | cut -d: -f1 | sort -u
tail -n 3 <<<"$output"
exit 1
