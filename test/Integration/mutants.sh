#!/usr/bin/env bash
# Random mutants of every model end in one line: the short form of
# test/fuzz/mutate.py (test/fuzz/README.md tells the long one).
exec "${QAT_PYTHON:-python3}" "$(dirname "${BASH_SOURCE[0]}")/../fuzz/mutate.py"
