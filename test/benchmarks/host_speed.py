#!/usr/bin/env python3
"""Images a second of the integer MobileNetV1 1.0/224 on this machine.

usage: test/benchmarks/host_speed.py [BIN]

BIN is the folder of the tools (default: build/release/bin). The network and
its 200 images are those of QAT_SHARED (default: ../shared). Prints, for every
set of kernels that the processor has and for the compiled loops alone, images
a second of `qat eval` with JPEG decoding on all cores, the seconds of the whole
command, and its processor time an image. The accuracies must all be the same.
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or SOURCE.parent / "shared")
IMAGES = SHARED / "assets/imagenet_samples"
MODEL = SHARED / "assets/models/mobilenet_v1_1.0_224_relu6.onnx"
BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else SOURCE / "build/release/bin")


def run(tool, *words):
    """Standard output, seconds and processor seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([BIN / tool, *map(str, words)], capture_output=True, text=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{tool} {words[0]}: {done.stderr.strip()}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, seconds, used


def supported():
    """The sets of kernels that this processor can run."""
    flags = ""
    if os.path.exists("/proc/cpuinfo"):
        flags = pathlib.Path("/proc/cpuinfo").read_text()
    sets = ["none", "generic"]
    if " avx2" in flags:
        sets.append("avx2")
    if " avx512_vnni" in flags:
        sets.append("avx512vnni")
    return sets


def main():
    if not MODEL.exists():
        sys.exit(f"no '{MODEL}'; set QAT_SHARED")
    with tempfile.TemporaryDirectory() as folder:
        network = pathlib.Path(folder)
        f, q, i = (network / name for name in ("f.mlir", "q.mlir", "i.mlir"))
        run("qat", "import", MODEL, "--mean", 128, "--std", 128, "--crop", 224, "-o", f)
        data = ["--dataset", "imagenet"]
        _, seconds, used = run("qat", "quantize", f, "--calibrate", IMAGES, *data, "-o", q)
        print(f"calibration on 200 images: {seconds:.1f} s, {used:.1f} s of processor time")
        run("qat-mlir-opt", "--qat-integer-pipeline", q, "-o", i)
        print("kernels      images/s   whole command   processor time an image")
        figures = set()
        for kernels in supported():
            words = ["eval", i, "--data", IMAGES, *data, "--host-kernels", kernels]
            _, _, started = run("qat", *words, "--images", 1)
            output, seconds, used = run("qat", *words, "--verbose")
            speed = re.search(r"^speed +([\d.]+)", output, re.M).group(1)
            figures.add(re.search(r"^integer.*", output, re.M).group())
            each = (used - started) / 199 * 1000
            print(f"{kernels:<12} {speed:>8}   {seconds:>11.2f} s   {each:>20.1f} ms")
        print("\n".join(sorted(figures)))
        if len(figures) != 1:
            sys.exit("the kernels disagree")


if __name__ == "__main__":
    main()
