"""Builds the fuzzers and runs each for a while.

usage: run.py [--seconds N] [--jobs J] [--only NAME] [--no-build]
  --seconds N  of each fuzzer (default 60, what CI runs; the long form is
               nice run.py --seconds 3600)
Inputs come from corpus/NAME and from those found before, build/fuzz/corpus/NAME;
what fails is kept as build/fuzz/failures/NAME-*. The last line is
`N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build/fuzz"
FUZZERS = sorted(path.name for path in (HERE / "corpus").iterdir())
MEGABYTES, SECONDS_PER_INPUT, LONGEST = 1500, 10, 8192
ASAN = [
    # libMLIR is not instrumented: what it and we write into one container, or
    # one allocator of LLVM, looks like an error.
    "detect_container_overflow=0",
    "allow_user_poisoning=0",
    # What a context keeps until it dies is no leak.
    "detect_leaks=0",
]


def build():
    for command in (
        ["cmake", "--preset", "fuzz"],
        ["cmake", "--build", "--preset", "fuzz"],
    ):
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            return done.stdout[-4000:]
    return None


def fuzz(name, seconds):
    """What the fuzzer said, if it found something; and how many runs it made."""
    corpus, failures = BUILD / "corpus" / name, BUILD / "failures"
    corpus.mkdir(parents=True, exist_ok=True)
    failures.mkdir(exist_ok=True)
    dictionary = HERE / f"{name}.dict"
    command = [
        BUILD / "bin" / f"fuzz-{name}",
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-timeout={SECONDS_PER_INPUT}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={failures}/{name}-",
        "-print_final_stats=1",
        *([f"-dict={dictionary}"] if dictionary.is_file() else []),
        corpus,
        HERE / "corpus" / name,
    ]
    env = dict(os.environ, ASAN_OPTIONS=":".join(ASAN))
    env["ASAN_SYMBOLIZER_PATH"] = "/usr/lib/llvm-22/bin/llvm-symbolizer"
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    runs = [line for line in done.stdout.splitlines() if "number_of_executed_units" in line]
    runs = int(runs[-1].split()[-1]) if runs else 0
    problem = None
    if done.returncode:
        problem = done.stdout[-3000:]
    elif runs < 10:
        problem = f"made only {runs} runs"
    return name, runs, problem


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--only", default="")
    parser.add_argument("--no-build", action="store_true")
    options = parser.parse_args()
    log = None if options.no_build else build()
    if log is not None:
        print(log + "\n0 passed, 1 failed, 0 skipped")
        return 1
    chosen = [name for name in FUZZERS if options.only in name]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, runs, problem in pool.map(lambda n: fuzz(n, options.seconds), chosen):
            print(f"{name:12} {runs:9} runs" + (f"  FAILED\n{problem}" if problem else ""))
            failed += problem is not None
    print(f"{len(chosen) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
