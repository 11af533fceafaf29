#!/usr/bin/env bash
# The generated reference of ops and passes, and the links between the pages.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QAT_BUILD_DIR:-$root/build/dev}
passed=0 failed=0

check() { # check NAME COMMAND...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n%s\n' "$name" "$(tail -n 20 <<<"$output")"
  fi
}

pages() { # the dialect's page describes its ops, the passes' page its passes
  ninja -C "$build" mlir-doc &&
    grep -q '### `qat.conv2d`' "$build/docs/Dialects/QatDialect.md" &&
    grep -q -- '### `-qat-fold-batch-norm`' "$build/docs/QatPasses.md"
}

links() { # relative links lead to files
  local page link missing=0
  for page in "$root"/*.md "$root"/docs/*.md "$root"/examples/*/README.md; do
    while read -r link; do
      [[ $link == *://* || -e $(dirname "$page")/${link%%#*} ]] || {
        echo "${page#"$root"/}: no file '$link'"
        missing=1
      }
    done < <(grep -o '](\([^)]*\))' "$page" | sed 's/^](//; s/)$//')
  done
  return $missing
}

commands() { # every command that qat has is on the page, and no other
  diff <("$build/bin/qat" --help | sed -n 's/^  \([a-z]*\) *- .*/\1/p' | sort) \
    <(sed -n 's/^| `qat \([a-z]*\) .*/\1/p' "$root/docs/Commands.md" | sort)
}

check "mlir-doc writes the reference" pages
check "links of the pages" links
check "commands of docs/Commands.md" commands

echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
