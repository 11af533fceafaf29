"""`qat train --forward integer`: frozen layers on their exact integers, in the
training step and in evaluations, against the integer network."""

import json
import os
import pathlib
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "test/training"))
from short_runs import (COUNTS, NETWORK, QUANTIZE, RECIPE, check, finish, prepare, read_checkpoint,
                        read_idx, refused, run)

ASSETS = pathlib.Path(os.environ.get("QAT_SHARED") or SOURCE.parent / "shared") / "assets"
# One epoch that changes nothing: the step meets every image as it is.
STILL = ["--lr", 0, "--augment", "none", "--dropout", 0, "--epochs", 1, "--batch_fold_delay", 0]


def record(folder):
    return json.loads((folder / "results.jsonl").read_text().splitlines()[-1])


def prepare_arrays(folder, count):
    """The first `count` digits, to train and to judge on."""
    prepare(folder / "digits")
    x = read_idx(folder / "digits/train-images-idx3-ubyte", 3)[:count, :, :, None]
    x = (np.repeat(x, 3, 3) / np.float32(127.5) - 1).astype(np.float32)
    y = read_idx(folder / "digits/train-labels-idx1-ubyte", 1)[:count].astype(np.int64)
    for half in ("train", "test"):
        np.save(folder / f"x_{half}.npy", x)
        np.save(folder / f"y_{half}.npy", y)
    return ["--dataset", "npy", "--data", folder], y


def cross_entropy(logits, labels):
    logits = logits - logits.max(1, keepdims=True)
    scores = np.log(np.exp(logits).sum(1))
    return (scores - logits[np.arange(len(labels)), labels]).mean()


def compare_step(folder):
    """The step's own loss and accuracy are those of the integer network."""
    data, labels = prepare_arrays(folder, 1280)
    run("train", *NETWORK, *data, *RECIPE, "--epochs", 2, "--save", folder / "float")
    network = folder / "q.mlir"
    run("quantize", folder / "float/last.mlir", *QUANTIZE[1:], "--calibrate", folder,
        "--dataset", "npy", "-o", network)
    words = [network, *data, "-b", 64, *STILL]
    save = folder / "still"
    run("train", *words, "--forward", "integer", "--save", save)
    found = record(save)
    check("step: top-1 of the integer network", found["train"]["top1"] == found["integer"]["top1"],
          found)
    check("step: top-5 of the integer network", found["train"]["top5"] == found["integer"]["top5"],
          found)
    check("evaluation: agrees everywhere", found["agreement"] == 100, found)
    outputs = {}
    for form in ("integer", "fake"):
        run("run", save / "last.mlir", "--input", folder / "x_train.npy", "--as", form,
            "--forward", "integer", "--output", folder / f"{form}.npy")
        outputs[form] = np.load(folder / f"{form}.npy").reshape(len(labels), -1).astype(np.float64)
    integer, real = outputs["integer"], outputs["fake"]
    scale = (real * integer).sum() / (integer * integer).sum()
    check("outputs: integers times one scale", np.allclose(real, scale * integer, atol=1e-3 * scale),
          np.abs(real - scale * integer).max())
    right = 100 * (integer.argmax(1) == labels).mean()
    check("outputs: as judged", abs(right - found["integer"]["top1"]) < 1e-9, (right, found))
    wanted = cross_entropy(scale * integer, labels)
    check("step: loss of the integer network", abs(found["loss"] - wanted) < 1e-5 * wanted,
          (found["loss"], wanted))
    refused("another forward", ["--resume", save, "--forward", "float"], 2,
            "has begun with 'forward' \"integer\"")
    refused("no such forward", [*words, "--save", folder / "x", "--forward", "half"], 2,
            "--forward")


def compare_gradients(folder):
    """One update at 8 bits, where levels seldom part: the gradients of both."""
    data, _ = prepare_arrays(folder, 256)
    words = [*NETWORK, *data, "-b", 256, "--augment", "none", "--epochs", 1, "--quantizer",
             "--type_quant", "PerChannelsAsymMinMax", "--batch_fold_delay", 0,
             "--calibrate", folder]
    moments = {}
    for forward in ("float", "integer"):
        run("train", *words, "--forward", forward, "--save", folder / forward)
        state = read_checkpoint(folder / forward)
        moments[forward] = {name: array.astype(np.float64) for name, array in state.items()
                            if "moment1" in name}
    check("gradients: of the same", moments["float"].keys() == moments["integer"].keys()
          and len(moments["float"]) > 20, moments["float"].keys())
    for name, wanted in moments["float"].items():
        found = moments["integer"][name]
        off = np.linalg.norm(found - wanted)
        # Of a bias before a live norm, or a bound that nothing reaches, it is 0.
        check(f"gradients: {name}", off <= 0.05 * np.linalg.norm(wanted) + 1e-6,
              (off, np.linalg.norm(wanted)))
    total = [np.concatenate([m[n].ravel() for n in sorted(m)]) for m in moments.values()]
    off = np.linalg.norm(total[0] - total[1]) / np.linalg.norm(total[0])
    check("gradients: all of them", 0 < off < 0.02, off)


def compare_resnet(folder):
    test = ASSETS / "cifar10/cifar10_test_2k.bin"
    data = ["--dataset", "cifar10", "--data", test, "--validation", test]
    run("import", ASSETS / "models/resnet8_cifar10.onnx", "-o", folder / "r.mlir")
    run("quantize", folder / "r.mlir", "--type_quant", "PerChannelsAsymMinMax", "--weight_bits", 4,
        "--activ_bits", 4, "--calibrate", test, "--dataset", "cifar10", "--calibrate-images", 256,
        "--calibrate-method", "mse", "-o", folder / "q.mlir")
    words = [folder / "q.mlir", *data, "-b", 100, "--forward", "integer"]
    run("train", *words, *STILL, "--save", folder / "still")
    found = record(folder / "still")
    check("ResNet-8: the step counts as the integer network", found["train"] == found["integer"],
          found)
    check("ResNet-8: no class differs", found["agreement"] == 100 and
          found["fake"] == found["integer"], found)
    run("train", *words, "--lr", 1e-3, "--epochs", 2, "--batch_fold_delay", 1, "--save",
        folder / "trained")
    found = record(folder / "trained")
    check("ResNet-8 trained: no class differs", found["agreement"] == 100 and
          found["fake"] == found["integer"], found)
    report = folder / "eval.json"
    run("eval", folder / "trained/last.mlir", *data[:4], "--forward", "integer", "--json", report)
    report = json.loads(report.read_text())
    check("ResNet-8 trained: eval agrees", report["fake_integer_agreement"] == 100 and
          report["images"] == 2000 and report["integer"] == found["integer"], report)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for part, compare in (("step", compare_step), ("gradients", compare_gradients)):
            (folder / part).mkdir()
            compare(folder / part)
        if ASSETS.is_dir():
            compare_resnet(folder)
        else:
            print(f"skipped: no trained models at {ASSETS} (QAT_SHARED)")
            COUNTS["skipped"] += 1
    finish()


if __name__ == "__main__":
    main()
