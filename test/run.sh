#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last line is
# `N passed, N failed, N skipped`; the exit status is 1 if anything failed.
#
# usage: test/run.sh [--again] [unit] [lit] [fuzz] [integration] [integration/NAME]...
#   Without arguments everything; what passed and cannot have changed is not run
#   again without --again. QAT_SHARED: folder of trained models and
#   goldens (default ../shared); what needs it is skipped where it is absent.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ! "$root/utils/setup.sh" --test; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
exec "$root/build/venv/bin/python" -u "$root/test/run_parts.py" "$@"
