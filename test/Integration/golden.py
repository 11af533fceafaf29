#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every golden case of QAT_SHARED/golden (test/golden/run.py), and a few boards.

Prints what failed and the counts; test/golden/run.py prints every case.
"""

import os
import pathlib
import subprocess
import sys

RUN = pathlib.Path(__file__).resolve().parents[1] / "golden/run.py"


def main():
    done = subprocess.run(
        [sys.executable, RUN, "--board=few", *sys.argv[1:]],
        stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if not line.startswith("ok "):
            print(line)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
