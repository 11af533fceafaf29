"""How long MobileNetV1 1.0/224 takes from ONNX to C, and how much memory.

usage: import_to_c.py [--runs N]

Prints the seconds and the peak memory of `qat import`, `qat quantize` (without
calibration) and `qat deploy`, the best of some runs, and of the C compiler on
what came out. The three commands have to stay under 3 s and 500 MB.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS, MEGABYTES = 3.0, 500


def measure(command, cwd):
    """Seconds and peak megabytes of one command."""
    begin = time.monotonic()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"FAILED: {' '.join(command)}\n0 passed, 1 failed, 0 skipped")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    shared = os.environ.get("QAT_SHARED") or "../shared"
    model = os.path.abspath(
        os.path.join(shared, "assets", "models", "mobilenet_v1_1.0_224_relu6.onnx")
    )
    if not os.path.exists(model):
        print(f"skipped: no '{model}' (set QAT_SHARED)\n0 passed, 0 failed, 1 skipped")
        return 0
    commands = [
        ["qat", "import", model, "-o", "float.mlir"],
        ["qat", "quantize", "float.mlir", "--quiet", "-o", "quantized.mlir"],
        ["qat", "deploy", "quantized.mlir", "--target", "cortex-m4", "-o", "mobilenet"],
    ]
    with tempfile.TemporaryDirectory() as scratch:
        best = min(
            ([measure(command, scratch) for command in commands] for _ in range(runs)),
            key=lambda run: sum(seconds for seconds, _ in run),
        )
        for command, (seconds, megabytes) in zip(commands, best):
            print(f"{' '.join(command[:2]):14} {seconds:5.2f} s {megabytes:5.0f} MB")
        seconds = sum(seconds for seconds, _ in best)
        megabytes = max(megabytes for _, megabytes in best)
        print(f"{'ONNX to C':14} {seconds:5.2f} s {megabytes:5.0f} MB")
        gcc = shutil.which("arm-none-eabi-gcc")
        if gcc:
            compile_c = [gcc, "-c", "-O2", "-mcpu=cortex-m4", "mobilenet/quantized.c"]
            compiled = measure(compile_c, scratch)
            print(f"{'C compiler':14} {compiled[0]:5.2f} s {compiled[1]:5.0f} MB")
    checks = [seconds < SECONDS, megabytes < MEGABYTES]
    if not all(checks):
        print(f"FAILED: more than {SECONDS} s or {MEGABYTES} MB")
    print(f"{sum(checks)} passed, {2 - sum(checks)} failed, 0 skipped")
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
