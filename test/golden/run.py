#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every golden case of a folder against the built tools.

usage: run.py [--golden DIR] [--filter GLOB] [--board[=few]] [--jobs N] [--keep DIR]

DIR holds any of: networks (net_NAME.json and .npz, with params_*.npz and
float_*.onnx beside them), quantizers*.npz and .json, units*.npz,
memory_driven*.json, at any depth; the README of the goldens says what is in them.
A case is named KIND/NAME; one line each, `ok NAME` or `FAILED NAME: what differs`;
exit status 0 only when none failed. The tools are those on the PATH or in
build/dev/bin (QAT_BUILD_DIR: another build).

--board also writes C for at least one network of every scheme, fold type and pair
of bits that occurs, and runs it on a simulated Cortex-M4; --board=few takes some.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import board
import memory
import nets
import quantizers
import tools
import units


def collect(golden, pattern, boards):
    """(function, path, names) of all that there is to check, in the order of paths.

    A job checks the cases `names` of one file and says of each what differs.
    """
    work = [(kind, kind.find(golden)) for kind in (quantizers, units, memory, nets)]
    if boards:
        work.append((board, board.choose(nets.find(golden), boards == "few")))
    for kind, paths in work:
        for path in paths:
            for names, check in kind.jobs(path):
                chosen = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
                if chosen:
                    yield check, path, chosen


def run_job(check, path, names, scratch):
    """({name: what differs, as lines}, seconds)."""
    begin = time.monotonic()
    folder = pathlib.Path(scratch) / re.sub(r"[^\w./-]", "_", names[0])
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        outcome = check(path, names, folder)
    except tools.Failure as failure:
        outcome = {name: [str(failure)] for name in names}
    except Exception as error:  # a golden that is not as its README has it
        where = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{pathlib.Path(where.filename).name}:{where.lineno}"
        text = f"{type(error).__name__}: {error} ({at})"
        outcome = {name: [text] for name in names}
    return outcome, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--golden")
    parser.add_argument("--filter", default="*")
    parser.add_argument("--board", nargs="?", const="all", choices=("all", "few"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", help="keep what the tools read and wrote here")
    parser.add_argument("--times", action="store_true", help="say how long each took")
    options = parser.parse_args()
    shared = os.environ.get("QAT_SHARED") or tools.SOURCE.parent / "shared"
    golden = pathlib.Path(options.golden or pathlib.Path(shared) / "golden")
    has_boards = shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")
    boards = options.board if has_boards else None
    jobs = list(collect(golden, options.filter, boards))
    if not jobs:
        where = f"no golden case '{options.filter}' in '{golden}'"
        if options.golden or golden.is_dir():
            print(f"FAILED: {where}\n0 passed, 1 failed, 0 skipped")
            return 1
        print(f"skipped: {where} (set QAT_SHARED)\n0 passed, 0 failed, 1 skipped")
        return 0

    counts = {"passed": 0, "failed": 0}
    skipped = int(bool(options.board) and not has_boards)
    if skipped:
        print("skipped: boards: no arm-none-eabi-gcc or no qemu-system-arm")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.keep or temporary
        with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
            futures = [pool.submit(run_job, *job, scratch) for job in jobs]
            for (_, _, names), future in zip(jobs, futures):
                outcome, seconds = future.result()
                took = f" ({seconds:.2f} s)" if options.times else ""
                for name in names:
                    differences = outcome[name]
                    counts["failed" if differences else "passed"] += 1
                    print(describe(name, differences) + took, flush=True)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {skipped} skipped")
    return 1 if counts["failed"] else 0


def describe(name, differences):
    if not differences:
        notes = "; ".join(getattr(differences, "notes", []))
        return f"ok {name}" + (f" ({notes})" if notes else "")
    more = len(differences) - 3
    text = "; ".join(differences[:3]) + (f"; and {more} more" if more > 0 else "")
    return f"FAILED {name}: {text}"


if __name__ == "__main__":
    sys.exit(main())
