"""The digits example, from its ONNX file to the emulated board, against ONNX's
own evaluator and scikit-learn's data."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QAT_BUILD_DIR") or ROOT / "build/dev")
EXAMPLE = ROOT / "examples/digits"
COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, holds, found=""):
    COUNTS["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what}: {found}")


def qat(*arguments):
    done = subprocess.run(
        [BUILD / "bin/qat", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    check(f"qat {arguments[0]}", done.returncode == 0, done.stdout.strip())


def read_idx(path, rank):
    data = path.read_bytes()
    assert data[:4] == bytes([0, 0, 8, rank])
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def float_logits(pixels):
    """By ONNX's evaluator. The one for BatchNormalization before opset 14 takes
    the statistics of the batch; nothing else changed in this network's ops."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(EXAMPLE / "digits.onnx")
    model.opset_import[0].version = 15
    x = (pixels / np.float32(255)).astype(np.float32)[:, None]
    return ReferenceEvaluator(model).run(None, {"input": x})[0]


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run(
            [sys.executable, EXAMPLE / "prepare.py", "--out", folder], check=True
        )
        from sklearn.datasets import load_digits

        digits = load_digits()
        test = read_idx(folder / "t10k-images-idx3-ubyte", 3)
        labels = read_idx(folder / "t10k-labels-idx1-ubyte", 1)
        train = read_idx(folder / "train-images-idx3-ubyte", 3)
        pixels = np.concatenate([train, test])
        check("1,297 and 500 images", (len(train), len(test)) == (1297, 500))
        check("pixels are levels", (np.rint(pixels / 255 * 16) == digits.images).all())
        check("labels", (labels == digits.target[1297:]).all())

        expected = 100 * (float_logits(test).argmax(1) == labels).mean()
        q = folder / "digits.q.mlir"
        qat("import", EXAMPLE / "digits.onnx", "--scale", "1/255", "-o", folder / "f.mlir")
        images = folder / "train-images-idx3-ubyte"
        qat("quantize", folder / "f.mlir", "--calibrate", images, "-o", q)
        images = folder / "t10k-images-idx3-ubyte"
        qat("eval", q, "--data", images, "--json", folder / "eval.json")
        score = json.loads((folder / "eval.json").read_text())
        found = score["float"]["top1"]
        check("float top-1 is ONNX's", abs(found - expected) < 1e-9, (found, expected))
        found = score["integer"]["top1"]
        check("8 bits lose less than a point", found > expected - 1, (found, expected))

        if not shutil.which("arm-none-eabi-gcc") or not shutil.which("qemu-system-arm"):
            COUNTS["skipped"] += 1
            print("skipped: no Arm compiler or no QEMU")
        else:
            project = folder / "c"
            qat("deploy", q, "--target", "cortex-m4", "--name", "digits", "-o", project)
            qat("simulate", project, "--json", folder / "board.json")
            board = json.loads((folder / "board.json").read_text())
            check("the board computes what the host does", board["output_equal_to_host"])
            macs = {layer["name"]: layer["macs"] for layer in board["layers"]}
            # 3x3 windows at 8x8, 4x4, 4x4, 2x2; pointwise; 64 -> 10.
            known = {
                "conv1": 9 * 16 * 64,
                "dw1": 9 * 16 * 16,
                "pw1": 16 * 32 * 16,
                "dw2": 9 * 32 * 16,
                "pw2": 32 * 48 * 16,
                "dw3": 9 * 48 * 4,
                "pw3": 48 * 64 * 4,
                "pool": 0,
                "fc": 640,
            }
            check("multiply-accumulates a layer", macs == known, macs)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
