#!/usr/bin/env bash
# From a trained ONNX network to integer C that runs on an emulated Cortex-M4.
# The first run installs what is missing and builds qat (minutes); the next
# takes seconds. Everything that it writes is in build/.
#
# usage: examples/quickstart.sh [--target cortex-m4]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=cortex-m4
case "${1-}" in
  '') ;;
  --target) target=${2:?--target needs a part, such as cortex-m4} ;;
  -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit ;;
  *) echo "examples/quickstart.sh: error: unknown option '$1'" >&2; exit 2 ;;
esac

(($# <= 2)) || { echo "examples/quickstart.sh: error: unknown option '$3'" >&2; exit 2; }

build=$root/build/release
data=$root/build/examples/digits
out=$root/build/examples/quickstart
log=$out/step.log
qat=$build/bin/qat
mkdir -p "$out"

# step WORDS COMMAND...: says what is being done and how long it took; the
# output of a command that fails is shown.
step() {
  local words=$1 begin=$EPOCHREALTIME
  shift
  printf '%-46s' "$words"
  if ! "$@" </dev/null >"$log" 2>&1; then
    printf 'failed\n'
    tail -n 30 "$log" >&2
    exit 1
  fi
  printf '%7.1f s\n' "$(seconds "$begin" "$EPOCHREALTIME")"
}

# The decimals of EPOCHREALTIME are always six: microseconds by dropping the dot.
seconds() {
  local us=$((${2//[.,]/} - ${1//[.,]/}))
  printf '%d.%06d' $((us / 1000000)) $((us % 1000000))
}

build_qat() {
  if [[ ! -f $build/build.ninja ]]; then
    (cd "$root" && cmake --preset release -DQAT_BUILD_TESTS=OFF)
  fi
  ninja -C "$build" qat qat-qemu-count
}

step "set-up" "$root/utils/setup.sh" --run
step "build qat (first time: minutes)" build_qat
step "data: 1,797 handwritten digits" \
  "$root/build/venv/bin/python" "$root/examples/digits/prepare.py"
step "import digits.onnx" \
  "$qat" import "$root/examples/digits/digits.onnx" --scale 1/255 \
  -o "$out/digits.mlir"
step "info" "$qat" info "$out/digits.mlir" --json "$out/info.json"
step "quantize to 8 bits, calibrate on 512 images" \
  "$qat" quantize "$out/digits.mlir" \
  --calibrate "$data/train-images-idx3-ubyte" -o "$out/digits.q.mlir"
step "eval float and integer on 500 images" \
  "$qat" eval "$out/digits.q.mlir" --dataset mnist \
  --data "$data/t10k-images-idx3-ubyte" --json "$out/eval.json"
step "deploy: write C for a $target" \
  "$qat" deploy "$out/digits.q.mlir" --target "$target" --with-test \
  --name digits -o "$out/digits_c"
step "simulate: compile it, run it under QEMU" \
  "$qat" simulate "$out/digits_c" --json "$out/simulate.json"

"$root/build/venv/bin/python" - "$out" <<'PYTHON'
import json
import pathlib
import sys

out = pathlib.Path(sys.argv[1])
score = json.loads((out / "eval.json").read_text())
board = json.loads((out / "simulate.json").read_text())
flash, ram = board["flash"], board["ram"]
rows = [
    ("float top-1", f"{score['float']['top1']:.1f} %"),
    ("integer top-1", f"{score['integer']['top1']:.1f} %"),
    ("flash", f"{sum(flash.values()):,} bytes ({flash['weights']:,} of them weights)"),
    ("RAM", f"{sum(ram.values()):,} bytes ({ram['arena']:,} of them activations)"),
    ("instructions an image", f"{board['instructions']:,}"),
    ("output", "equal to the host's" if board["output_equal_to_host"] else "WRONG"),
]
print(f"\ndigits on a {board['target']}:")
for name, value in rows:
    print(f"  {name:22} {value}")
if not board["output_equal_to_host"]:
    sys.exit("error: the board's output differs from the host's")
PYTHON
echo "
The C project is in ${out#"$PWD"/}/digits_c; digits.h is what firmware includes."
