"""`qat eval --per-layer` against numpy, which reads what `qat run --layers` writes.

The digits example with few bits, so that there is noise to see: ratios, levels
that differ, dead channels and the first difference are computed a second time
from the layers of the float, the fake-quantized and the integer network.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "golden")]
from digits import COUNTS, EXAMPLE, check, qat, read_idx
from tools import read_safetensors

f32 = np.float32


def decibels(reference, other):
    reference, other = (np.asarray(a, np.float64).ravel() for a in (reference, other))
    noise = ((other - reference) ** 2).sum()
    return 10 * np.log10((reference**2).sum() / noise) if noise else "inf"


def close(a, b):
    return a == b or (not isinstance(a, str) and not isinstance(b, str) and abs(a - b) < 1e-3)


def compare(folder, pixels, options):
    q, report = folder / "q.mlir", folder / "report.json"
    qat("quantize", folder / "f.mlir", "--calibrate",
        folder / "train-images-idx3-ubyte", "-o", q, *options)
    images = folder / "t10k-images-idx3-ubyte"
    qat("eval", q, "--data", images, "--per-layer", "--json", report)
    report = json.loads(report.read_text())
    layers = report["per_layer"]["layers"]
    np.save(folder / "x.npy", (pixels / f32(255)).astype(f32)[..., None])
    for form in ("float", "fake", "integer"):
        qat("run", q, "--as", form, "--input", folder / "x.npy", "--output",
            folder / "y.npy", "--layers", folder / form)
    qat("export", q, "--as", "integer", "--to", "safetensors", "-o", folder / "i.safetensors")
    numbers = read_safetensors(folder / "i.safetensors")
    count = len(pixels)
    check("images", report["per_layer"]["images"] == count)
    check("layers", {"conv1", "dw1", "pool", "fc"} <= {l["name"] for l in layers},
          [l["name"] for l in layers])
    first = None
    for layer in layers:
        name = layer["name"]
        if not (folder / "integer" / f"{name}.npy").exists():
            check("only the input has no layer", layer is layers[0], name)
            continue
        stored = np.load(folder / "integer" / f"{name}.npy").astype(np.int64)
        fake = np.load(folder / "fake" / f"{name}.npy").reshape(stored.shape)
        real = np.load(folder / "float" / f"{name}.npy").reshape(stored.shape)
        scale = f32(numbers[f"{name}.output.scale"].item())
        zero = int(numbers[f"{name}.output.zero_point"].item())
        integer = (stored - zero).astype(f32) * scale
        found, expected = layer["snr_fake_float"], decibels(real, fake)
        check(f"{name}: fake against float", close(found, expected), (found, expected))
        found, expected = layer["snr_integer_fake"], decibels(fake, integer)
        check(f"{name}: integer against fake", close(found, expected), (found, expected))
        flat = stored.reshape(-1, stored.shape[-1])
        dead = int((flat.min(0) == flat.max(0)).sum())
        check(f"{name}: dead channels", layer["dead_channels"] == dead,
              (layer["dead_channels"], dead))
        if f"{name}.multiplier" not in numbers and name == "fc":
            continue  # logits have no steps
        levels = np.rint(fake / scale).astype(np.int64) + zero
        differing = levels != stored
        if layer["steps"]["elements"]:
            check(f"{name}: levels that differ",
                  layer["steps"]["differing"] == differing.sum(),
                  (layer["steps"], differing.sum()))
            if first is None and differing.any():
                image, element = np.argwhere(differing.reshape(count, -1))[0]
                first = {"layer": name, "element": element,
                         "fake": levels.reshape(count, -1)[image, element],
                         "integer": stored.reshape(count, -1)[image, element]}
        # Fed with the same integers a layer differs on edges alone.
        local = layer["steps_local"]
        check(f"{name}: alone", local["differing"] <= max(2, local["elements"] // 10000)
              and local["largest"] <= 1, local)
    found = report["per_layer"].get("first_difference")
    agrees = (found is None) == (first is None) and all(
        found[key] == value for key, value in (first or {}).items()
    )
    check("the first difference", agrees, (found, first))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run(
            [sys.executable, EXAMPLE / "prepare.py", "--out", folder], check=True
        )
        pixels = read_idx(folder / "t10k-images-idx3-ubyte", 3)
        qat("import", EXAMPLE / "digits.onnx", "--scale", "1/255", "-o", folder / "f.mlir")
        for options in (
            ["--weight-bits", "4", "--activ-bits", "4"],
            ["--type-quant", "PerLayerAsymPACT", "--activ-bits", "3",
             "--activ-rounding", "floor"],
            ["--type-quant", "PerLayerSymPACT", "--weight-bits", "2",
             "--activ-bits", "8", "--batch-fold-type", "folding_thresh"],
        ):
            compare(folder, pixels, options)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
