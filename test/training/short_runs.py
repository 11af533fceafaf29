"""What the tests of `qat train` share: a small training on the digits."""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Integration"), str(HERE.parent / "golden")]
from digits import BUILD, COUNTS, EXAMPLE, check
from tools import read_safetensors

QAT = BUILD / "bin/qat"
# ResNet-8 on 8x8 pixels: seconds an epoch.
NETWORK = ["-a", "resnet8", "--input", "8x8"]
RECIPE = ["-b", 64, "--lr", 2e-3, "--bn-momentum", 0.1]
QUANTIZE = ["--quantizer", "--weight_bits", 4, "--activ_bits", 4,
            "--type_quant", "PerLayerAsymPACT", "--batch_fold_delay", 1]


def prepare(folder):
    subprocess.run([sys.executable, EXAMPLE / "prepare.py", "--out", folder], check=True)
    return ["--dataset", "digits", "--data", folder]


def start(*arguments, **more):
    return subprocess.Popen([str(word) for word in [QAT, *arguments]],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **more)


def run(*arguments, status=0, **more):
    """(standard output, standard error)."""
    process = start(*arguments, **more)
    out, err = process.communicate()
    check(" ".join(map(str, arguments[:3])), process.returncode == status,
          f"status {process.returncode}: {err.strip()}")
    return out, err


def read_checkpoint(folder):
    arrays = read_safetensors(pathlib.Path(folder) / "checkpoint.safetensors")
    return {name: array for name, array in arrays.items()
            if not name.startswith("checkpoint.")}


def differing(folder, other):
    """Parameters, bounds, statistics and moments that are not the same bits."""
    a, b = read_checkpoint(folder), read_checkpoint(other)
    if a.keys() != b.keys():
        return sorted(a.keys() ^ b.keys())
    return [name for name in a if a[name].tobytes() != b[name].tobytes()]


def same_training(what, folder, other):
    found = differing(folder, other)
    check(f"{what}: the same bits", not found, found[:5])
    for file in ("best.mlir", "last.mlir"):
        check(f"{what}: the same {file}", (pathlib.Path(folder) / file).read_bytes()
              == (pathlib.Path(other) / file).read_bytes())
    timeless = [re.sub(r'"seconds":[^,}]*', "", (pathlib.Path(f) / "results.jsonl").read_text())
                for f in (folder, other)]
    check(f"{what}: the same results", timeless[0] == timeless[1], timeless)


def finish():
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    sys.exit(COUNTS["failed"] > 0)
