"""Training steps give the same bits with any number of threads.

usage: step_threads.py [--count N] [--seed S]

Random networks (qat-random-networks), live and frozen: two steps of each with
1, 2, 3 and 5 threads; all that a step changes must be equal to the bit. A step
of the other kernels (--loops) has to differ in some network, or the comparison
would see nothing.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "test/training"), str(SOURCE / "test/Integration")]

try:
    import torch  # noqa: F401: what training_steps needs
except ImportError:
    print("skipped: no torch in this Python")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

import step as under_test  # noqa: E402
import training_steps  # noqa: E402

THREADS = [1, 2, 3, 5]


def form_t(case):
    """The step of a case, and its parameters."""
    source = case.quantized
    if case.is_frozen:
        source = under_test.run("qat-mlir-opt", "--qat-freeze-for-training",
                                *under_test.GENERIC, "-", stdin=source)  # fmt: skip
    parameters = under_test.read(source).parameters
    return under_test.differentiate(source, **case.settings.options()), parameters


def first_arguments(case, text, parameters, rng):
    shapes = dict(under_test.arguments_of(text))
    low, high = case.scale
    arrays = {
        "input": rng.uniform(low, high, shapes["input"]).astype(np.float32),
        "label": rng.integers(0, case.classes, shapes["label"]).astype(np.int32),
        "hyper": case.settings.hyper(1),
        "seed": np.array([77, 0], np.int32),
    }
    for name, array in parameters.items():
        statistic = f"statistic:{name}" in shapes
        arrays[f"{'statistic' if statistic else 'parameter'}:{name}"] = array
    return arrays


def run(folder, text, arrays, *options):
    options = ["--cache", folder / "cache", *options]
    return under_test.CompiledStep(text, folder, options=options).run(arrays, steps=2)


def differing(left, right):
    return [key for key in left if left[key].tobytes() != right[key].tobytes()]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    passed = failed = seen = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for number, case in enumerate(training_steps.random_cases(options.seed, options.count)):
            try:
                text, parameters = form_t(case)
            except under_test.Refused:
                continue
            arrays = first_arguments(case, text, parameters, np.random.default_rng(number))
            results = [run(folder, text, arrays, "--step-threads", n) for n in THREADS]
            seen += bool(differing(results[0], run(folder, text, arrays, "--loops")))
            for count, result in zip(THREADS[1:], results[1:]):
                differ = differing(results[0], result)
                failed += bool(differ)
                passed += not differ
                if differ:
                    print(f"FAILED: {case.name}, {count} threads: {differ[:4]}")
    if not seen:
        failed += 1
        print("FAILED: other kernels give the same bits: nothing is compared")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
