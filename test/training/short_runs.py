"""What the tests of `qat train` share: a small training on the digits."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Integration"), str(HERE.parent / "golden")]
from digits import BUILD, COUNTS, EXAMPLE, check, qat, read_idx
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


def prepare_long(folder, copies=3):
    """The digits again and again with noise: epochs that can be interrupted."""
    prepare(folder / "digits")
    rng = np.random.default_rng(0)
    for half, name in (("train", "train"), ("test", "t10k")):
        x = read_idx(folder / f"digits/{name}-images-idx3-ubyte", 3)
        y = read_idx(folder / f"digits/{name}-labels-idx1-ubyte", 1)
        if half == "train":
            x, y = np.tile(x, (copies, 1, 1)), np.tile(y, copies)
            x = np.clip(x + rng.normal(0, 20, x.shape), 0, 255).astype(np.uint8)
        np.save(folder / f"x_{half}.npy", x)
        np.save(folder / f"y_{half}.npy", y.astype(np.int64))
    return ["--dataset", "npy", "--data", folder]


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


def refused(what, arguments, status, line, **more):
    out, err = run("train", *arguments, status=status, **more)
    lines = [l for l in err.splitlines() if "error:" in l]
    check(f"{what}: one line", len(lines) == 1 and line in lines[0], err.strip())


def read_checkpoint(folder):
    arrays = read_safetensors(pathlib.Path(folder) / "checkpoint.safetensors")
    return {name: array for name, array in arrays.items()
            if not name.startswith("checkpoint.")}


def read_position(folder):
    arrays = read_safetensors(pathlib.Path(folder) / "checkpoint.safetensors")
    return json.loads(arrays["checkpoint.json"].tobytes())["position"]


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
