#!/usr/bin/env bash
# Installs what is missing on a bare Debian 12, and says what it does only when
# there is something to do. Takes a fraction of a second when nothing is missing.
#
# usage: utils/setup.sh [--build | --run | --test]
#   --build  what compiles the tools
#   --run    and what deploys: the Arm compiler, QEMU, Python (build/venv)
#   --test   and what the tests, the linters and the docs need (default)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/build/venv
log=$root/build/setup.log

fail() {
  echo "utils/setup.sh: error: $*" >&2
  exit 1
}

level=test
case "${1-}" in
  '' | --test) ;;
  --build) level=build ;;
  --run) level=run ;;
  -h | --help)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "utils/setup.sh: error: unknown option '$1'; --help lists them" >&2
    exit 2
    ;;
esac

packages=(
  clang-22 lld-22 llvm-22-dev libmlir-22-dev mlir-22-tools
  libonnx-dev libprotobuf-dev protobuf-compiler
  libdnnl-dev libturbojpeg0-dev libpng-dev zlib1g-dev
  cmake ninja-build ccache pkg-config gcc g++
)
if [[ $level != build ]]; then
  packages+=(
    gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
    ca-certificates python3-venv
  )
fi
if [[ $level == test ]]; then
  packages+=(
    llvm-22-tools libclang-rt-22-dev clang-format-22 clang-tidy-22
    libgtest-dev libzip-dev
  )
fi

mkdir -p "$root/build"
exec 9>"$root/build/.setup.lock"
flock 9 # two runs at once would meet in dpkg and in the venv

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  fail "needs Debian 12 (apt-get); elsewhere install the counterparts of:" \
    "${packages[*]}"

missing=()
installed=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' \
  "${packages[@]}" 2>/dev/null || true)"
for package in "${packages[@]}"; do
  [[ $installed == *" $package=installed "* ]] || missing+=("$package")
done

if ((${#missing[@]})); then
  as_root=()
  if (($(id -u) != 0)); then
    command -v sudo >/dev/null ||
      fail "cannot install ${missing[*]}: not root, and there is no sudo"
    as_root=(sudo)
    # Nobody can type a password where there is no terminal.
    [[ -t 0 ]] || as_root+=(-n)
  fi
  apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" \
      </dev/null >>"$log" 2>&1
  }
  apt_says() { grep -m1 '^E: \|^sudo: ' "$log" || tail -n1 "$log"; }
  echo "installing ${#missing[@]} packages: ${missing[*]}"
  : >"$log"
  apt update || fail "apt-get update: $(apt_says)"
  # LLVM 22 comes by bookworm-security; say so rather than apt's own words.
  for package in "${missing[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 ||
      fail "apt knows no package '$package': it is in bookworm," \
        "bookworm-updates or bookworm-security (main); see" \
        "/etc/apt/sources.list.d"
  done
  : >"$log"
  apt install -y --no-install-recommends "${missing[@]}" ||
    fail "cannot install ${missing[*]}: $(apt_says) (log: build/setup.log)"
fi

if [[ $level != build ]]; then
  wanted=$root/utils/requirements-test.txt
  if ! cmp -s "$wanted" "$venv/requirements-installed.txt"; then
    echo "installing Python packages into build/venv"
    rm -rf "$venv"
    python3 -m venv "$venv" >"$log" 2>&1 ||
      fail "cannot make build/venv: $(tail -n1 "$log")"
    "$venv/bin/pip" install -q --disable-pip-version-check -r "$wanted" \
      </dev/null >>"$log" 2>&1 ||
      fail "cannot install utils/requirements-test.txt:" \
        "$(grep -m1 '^ERROR' "$log" || tail -n1 "$log") (log: build/setup.log)"
    cp "$wanted" "$venv/requirements-installed.txt"
  fi
fi
