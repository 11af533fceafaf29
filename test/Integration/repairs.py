"""Calibration methods and repairs on two trained networks.

Checks, by computations of its own, that equalization leaves the float network
what it is and that corrected biases give every layer the float network's means;
then measures ResNet-8 and the visual-wake-words MobileNet with each method and
repair. `--long` takes every method and repair, as the table of docs/Results.md;
`--images 0` judges all 2,000 images of CIFAR-10 in place of 500. Skips without the trained models of QAT_SHARED.
"""

import argparse
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ASSETS = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared") / "assets"
VARIANTS = [
    ("minmax", []),
    ("percentile", ["--calibrate-method", "percentile"]),
    ("mse", ["--calibrate-method", "mse"]),
    ("equalize", ["--repair", "equalize"]),
    ("clip", ["--repair", "clip"]),
    ("bias", ["--repair", "bias"]),
    ("bias,gain", ["--repair", "bias,gain"]),
    ("mse and all", ["--calibrate-method", "mse", "--repair", "equalize,clip,bias,gain"]),
]
SHORT = ("minmax", "mse", "bias", "mse and all")

passed, failed = 0, 0


def check(what, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'passed' if good else 'FAILED'}: {what} {detail}".rstrip(), flush=True)


def run(*command, **more):
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))[:300]}: {done.stderr[:500]}")
    return done.stdout


class ResNet8:
    name, model, imported = "ResNet-8", "resnet8_cifar10.onnx", []

    def prepare(self, folder, images):
        data = lzma.open(ASSETS / "cifar10/cifar10_train_10k.bin.xz").read(256 * 3073)
        (folder / "calibration.bin").write_bytes(data)
        self.inputs = np.frombuffer(data, np.uint8).reshape(-1, 3073)[:, 1:]
        self.inputs = self.inputs.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.inputs = self.inputs.astype(np.float32)
        return (folder / "calibration.bin", ASSETS / "cifar10/cifar10_test_2k.bin",
                images)


class VisualWakeWords:
    name, model, imported = "VWW", "vww_96.onnx", ["--scale", "1/255"]

    def prepare(self, folder, images):
        """Every second picture calibrates; of the others the agreement counts."""
        pictures = sorted((ASSETS / "imagenet_samples/images").glob("*.jpg"))
        halves = []
        for half in range(2):
            path = folder / f"half{half}"
            path.mkdir()
            for picture in pictures[half::2]:
                shutil.copy(picture, path / picture.name)
            (path / "labels.tsv").write_text(
                "".join(f"{picture.name}\t0\n" for picture in pictures[half::2]))
            halves.append(path)
        return halves[0], halves[1], 0


def logits_of(module, folder):
    """What the last layer gives for the inputs of x.npy, before the softmax."""
    layers = folder / "layers"
    shutil.rmtree(layers, ignore_errors=True)
    run("qat", "run", module, "--layout", "nhwc", "--input", folder / "x.npy",
        "--output", folder / "y.npy", "--layers", layers)
    wide = [np.load(path) for path in layers.glob("*.npy")]
    wide = [array.reshape(len(array), -1) for array in wide if array.ndim and array[0].size == 10]
    return next(array for array in wide if not np.allclose(array.sum(1), 1))


def check_equalization(network, module, folder):
    """The float function, through ReLUs, pools and batch norms."""
    equalized = folder / "equalized.mlirbc"
    run("qat-mlir-opt", module, "--qat-equalize-layers", "--emit-bytecode",
        "-o", equalized)
    random = np.random.default_rng(1)
    shape = (4, 32, 32, 3) if network.name == "ResNet-8" else (4, 96, 96, 3)
    scale = 255 if network.name == "ResNet-8" else 1
    np.save(folder / "x.npy", (random.random(shape) * scale).astype(np.float32))
    outputs = []
    for source in (module, equalized):
        run("qat", "run", source, "--input", folder / "x.npy",
            "--output", folder / "y.npy")
        outputs.append(np.load(folder / "y.npy"))
    difference = np.abs(outputs[0] - outputs[1]).max()
    changed = module.read_bytes() != equalized.read_bytes()
    check(f"{network.name}: equalized, the float network computes the same",
          changed and difference <= 1e-4, f"(max difference {difference:.1e})")


def check_means(network, module, folder):
    """Biases are corrected from the first layer to the last: at the end the mean
    of each class over the images is that of the float network, but for what
    freezing rounds."""
    data = folder / "npy"
    data.mkdir()
    inputs = network.inputs[:32]
    np.save(folder / "x.npy", inputs)
    np.save(data / "x.npy", inputs)
    np.save(data / "y.npy", np.zeros(len(inputs), np.int64))
    options = ["--weight_bits", "4", "--calibrate", data, "--input_range", "0,255"]
    expected = logits_of(module, folder).mean(0)
    size = np.sqrt((expected**2).mean())
    errors = []
    for repair in ([], ["--repair", "bias"], ["--repair", "clip,bias"],
                   ["--repair", "bias,gain"],
                   ["--repair", "bias", "--type_quant", "PerLayerAsymMinMax"]):
        quantized = folder / "means.mlir"
        run("qat", "quantize", module, *options, *repair, "-o", quantized)
        frozen = folder / "frozen.mlir"
        run("qat-mlir-opt", quantized, "--mlir-print-debuginfo", "--qat-bind-parameters",
            "--qat-fold-batch-norm", "-o", frozen)
        means = logits_of(frozen, folder).mean(0)
        errors.append(np.abs(means - expected).max() / size)
    before, *after = errors
    # What runs here is the frozen network, whose biases and pools are rounded;
    # the correction is made before that.
    check(f"{network.name}: corrected biases give the float network's means",
          max(after) < 3e-2 < 1e-1 < before,
          f"(off by {before:.1e} of their size before, {max(after):.1e} after)")


def measure(network, module, folder, calibration, test, images, variants):
    """A row a variant: top-1 (or agreement with float) at 8/8 and 4/8."""
    rows = {}
    for name, options in variants:
        cells = []
        for bits in (8, 4):
            quantized, report = folder / "q.mlirbc", folder / "report.json"
            run("qat", "quantize", module, "--weight_bits", bits, "--calibrate",
                calibration, *options, "-o", quantized)
            run("qat", "eval", quantized, "--reference", module, "--data", test,
                "--images", images, "--json", report)
            figures = json.loads(report.read_text())
            cells.append((figures["integer"]["top1"], figures["float_integer_agreement"]))
        rows[name] = cells
        print(f"| {network.name} | {name} | "
              + " | ".join(f"{top1:.2f} / {agreement:.2f}" for top1, agreement in cells)
              + " |", flush=True)
    worst = min(cells[0][1] for cells in rows.values())
    check(f"{network.name}: at 8/8 every variant agrees with float", worst >= 93,
          f"(at least {worst:.1f} %)")
    gain = rows["mse and all"][1][1] - rows["minmax"][1][1]
    check(f"{network.name}: at 4/8 the repaired network agrees better", gain > 0,
          f"({gain:+.1f} points)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--images", type=int, default=500)
    options = parser.parse_args()
    images = options.images
    variants = [row for row in VARIANTS if options.long or row[0] in SHORT]
    if not ASSETS.is_dir():
        print(f"skipped: no trained models at '{ASSETS}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    for network in (ResNet8(), VisualWakeWords()):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            try:
                module = folder / "float.mlirbc"
                run("qat", "import", ASSETS / "models" / network.model,
                    *network.imported, "-o", module)
                calibration, test, count = network.prepare(folder, images)
                check_equalization(network, module, folder)
                if network.name == "ResNet-8":
                    check_means(network, module, folder)
                print("top-1 / agreement with float, 8/8 then 4/8:")
                measure(network, module, folder, calibration, test, count, variants)
            except (RuntimeError, StopIteration) as error:
                check(network.name, False, f"{type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
