"""`qat train` on the digits: its files, what it computes and what it refuses."""

import csv
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import (NETWORK, QUANTIZE, RECIPE, check, differing, finish, prepare, refused,
                        run, same_training)

QUICKSTART = (
    "-a mobilenet --mobilenet_width 1.0 --mobilenet_input 224 "
    "--save Imagenet/mobilenet_224_1.0_w8a8 --dataset imagenet "
    "--type_quant PerLayerSymPACT --weight_bits 8 --activ_bits 7 --activ_type learned "
    "--gpus 0,1,2,3 -j 8 --epochs 12 -b 128 --save_check --quantizer --batch_fold_delay 1 "
    "--batch_fold_type folding_weights").split()


def rows(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def train_float(folder, data):
    save = folder / "float"
    run("train", *NETWORK, *data, *RECIPE, "--epochs", 3, "--save", save)
    found = rows(save)
    check("float: an object an epoch", [row["epoch"] for row in found] == [0, 1, 2], found)
    check("float: learns", found[-1]["float"]["top1"] > 60 and
          found[-1]["loss"] < found[0]["loss"], found)
    check("float: no quantizers", "fake" not in found[-1] and found[-1]["bounds"] == {})
    best = max(found, key=lambda row: row["float"]["top1"])["epoch"]
    marked = [row["epoch"] for row in found if row["best"]]
    check("float: the best is marked", marked[-1] == best, (marked, best))
    report = folder / "float.json"
    run("eval", save / "best.mlir", *data, "--json", report)
    check("float: eval agrees", json.loads(report.read_text())["float"] ==
          found[best]["float"], report.read_text())
    return save / "best.mlir"


def train_quantized(folder, data, network):
    save = folder / "q"
    words = [network, *data, *RECIPE, *QUANTIZE, "--calibrate", data[-1]]
    run("train", *words, "--epochs", 2, "--save", save, "-j", 2)
    found = rows(save)
    check("quantized: frozen from epoch 1", [r["frozen"] for r in found] == [False, True])
    check("quantized: fake and integer agree", found[1]["agreement"] == 100, found[1])
    check("quantized: noise of layers after the last epoch", "noise" not in found[0] and
          len(found[1]["noise"]) >= 10, found[1])
    check("quantized: bounds", any(name.endswith(".alpha") for name in found[1]["bounds"]))
    with open(save / "results.csv") as file:
        table = list(csv.DictReader(file))
    check("quantized: results.csv", [float(row["integer_top1"]) for row in table] ==
          [round(row["integer"]["top1"], 2) for row in found], table)
    report = folder / "q.json"
    run("eval", save / "last.mlir", *data, "--forward", "integer", "--json", report)
    report = json.loads(report.read_text())
    check("quantized: eval agrees", all(report[form] == found[1][form]
                                        for form in ("fake", "integer")), report)
    out, _ = run("train", save / "last.mlir", "--evaluate", *data)
    check("quantized: --evaluate agrees",
          f"integer    top-1 {found[1]['integer']['top1']:.2f} %" in out, out)
    run("deploy", save / "best.mlir", "--target", "host", "-o", folder / "c")

    # Any number of threads: the same bits; another seed: others.
    for threads in (1, 3):
        other = folder / f"j{threads}"
        run("train", *words, "--epochs", 2, "--save", other, "-j", threads, "--save_check")
        same_training(f"{threads} threads", save, other)
    seeded = folder / "q2"
    run("train", *words, "--epochs", 2, "--save", seeded, "--seed", 1)
    check("another seed", len(differing(save, seeded)) > 0)

    refused("a folder in use", [*words, "--save", save], 1, "is not empty; --resume")
    refused("another recipe", ["--resume", save, "-b", 32], 2, "has begun with 'batch' 64")
    # Epoch by epoch: the same.
    steps = folder / "steps"
    run("train", *words, "--epochs", 1, "--save", steps)
    run("train", "--resume", steps, "--epochs", 2)
    same_training("an epoch at a time", save, steps)


def integer_forward(folder, data, network):
    """Where ranges are not calibrated, sums fall on steps: on exact integers the
    two networks differ nowhere, on floats now and then; the training is the same."""
    words = [network, *data, *RECIPE, *QUANTIZE, "--epochs", 1]
    words[words.index("--batch_fold_delay") + 1] = 0
    exact, sums = folder / "exact", folder / "sums"
    run("train", *words, "--save", exact, "--forward", "integer")
    run("train", *words, "--save", sums)
    found, others = rows(exact)[0], rows(sums)[0]
    check("--forward integer: frozen", found["frozen"])
    check("--forward integer: no class differs", found["agreement"] == 100 and
          found["fake"] == found["integer"], found)
    check("--forward: the same training", not differing(exact, sums) and
          found["integer"] == others["integer"], (found, others))
    run("train", "--resume", exact, "--epochs", 2)
    check("--forward integer: kept by --resume", rows(exact)[1]["agreement"] == 100)


def diverge(folder, data):
    save = folder / "nan"
    _, err = run("train", *NETWORK, *data, "-b", 64, "--lr", 1e30, "--epochs", 2,
                 "--save", save, status=1)
    lines = [line for line in err.splitlines() if "error:" in line]
    check("NaN: one line", len(lines) == 1 and re.search(
        r"the loss is not finite in epoch \d+, step \d+: .*'[\w.]+'.*--lr", lines[0]), err)


def refuse(folder, data):
    refused("no network", data, 2, "expects one of M.mlir, '-a' and '--resume'")
    refused("no folder", [*NETWORK, *data], 2, "'--save' is missing")
    refused("no data", [*NETWORK, "--save", folder / "x"], 2, "'--data' is missing",
            env={k: v for k, v in os.environ.items() if k != "QAT_DATA"})
    refused("a GPU", [*NETWORK, *data, "--save", folder / "x", "--device", "cuda"], 1,
            "trains on the CPU")
    for option, known, other in (("--keep", "f16", "f32 or f16"),
                                 ("--grad-precision", "bf16", "f32 or bf16")):
        words = [*NETWORK, *data, "--save", folder / "x", option]
        refused(f"{option} {known}", [*words, known], 1, f"has no '{option} {known}'")
        refused(f"{option} f8", [*words, "f8"], 2, f"expects '{option}' to be {other}")
    refused("bits without quantizers", [*NETWORK, *data, "--save", folder / "x",
                                        "--weight_bits", 4], 2, "goes with --quantizer")
    refused("fewer images than a batch", [*NETWORK, *data, "--save", folder / "x", "-b", 5000],
            1, "5000")
    refused("a schedule", [*NETWORK, *data, "--save", folder / "x", "--lr_schedule", "{}"], 2,
            "--lr-schedule")
    refused("no checkpoint", ["--resume", folder], 1, "there is no checkpoint")
    check("nothing was made", not (folder / "x").exists() or not os.listdir(folder / "x"))


def bad_data(folder):
    """Through the command: what is counted and skipped, and what ends it."""
    rng = np.random.default_rng(0)
    images = folder / "images"
    for label in range(3):
        (images / f"class{label}").mkdir(parents=True)
        for index in range(70 if label < 2 else 0):
            (images / f"class{label}/{index:02}.ppm").write_bytes(
                b"P6 8 8 255\n" + rng.bytes(8 * 8 * 3))
    words = [*NETWORK, "--classes", 3, "--dataset", "folder", "--data", images, "-b", 20,
             "--epochs", 1, "--augment", "none", "--lr", 1e-3]
    (images / "class0/69.ppm").unlink()
    (images / "class0/69.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    _, err = run("train", *words, "--save", folder / "few")
    named = {line.split(": ")[1] for line in err.splitlines() if line.endswith("; skipped")}
    check("a corrupt JPEG is named and skipped", len(named) == 1 and "69.jpg" in str(named), err)
    check("an empty class is remarked upon", "1 of 3 classes have no sample in" in err, err)
    found = rows(folder / "few")
    check("batches stay full", (found[0]["steps"], found[0]["images"]) == (7, 140), found)
    for index in range(2):
        (images / f"class1/{index:02}.ppm").write_bytes(b"P6 8 8 255\nshort")
    _, err = run("train", *words, "--quiet", "--save", folder / "many", status=1)
    errors = [line for line in err.splitlines() if "error:" in line]
    check("three of 140 are many", len(errors) == 1 and "more than 1 %" in errors[0], err)


def quickstart(folder, data):
    """The reference's line: as it stands to the passes that it means, and run at
    the smallest size."""
    out, err = run("train", *QUICKSTART, "--data", data[-1], "--print-pipeline")
    check("the reference's line: quantizers", "qat-insert-quantizers" in out and
          all(text in out for text in ("weight-bits=8", "activ-bits=7", "activ-type=learned",
                                       "batch-fold-type=folding_weights",
                                       "type-quant=PerLayerSymPACT")), out)
    check("the reference's line: a step", re.search(
        r"qat-differentiate\{[^}]*batch=128[^}]*dropout=2\.0+e-01", out), out)
    check("the reference's line: --gpus", "'--gpus' is not used" in err, err)

    rng = np.random.default_rng(0)
    images = folder / "imagenet"
    for half, count in (("train", 10), ("val", 3)):
        for label in range(3):
            where = images / half / f"n0000{label}"
            where.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(60 * label, 60 * label + 120, (70, 80, 3)).astype(np.uint8)
                (where / f"{number}.ppm").write_bytes(b"P6\n80 70\n255\n" + pixels.tobytes())
    save = folder / "Imagenet/mobilenet"
    small = {"1.0": "0.25", "224": "32", "128": "8", "12": "3",
             "Imagenet/mobilenet_224_1.0_w8a8": str(save)}
    line = [small.get(word, word) for word in QUICKSTART]
    out, err = run("train", *line, "--data", images)
    found = rows(save)
    check("quickstart: three epochs", [row["images"] for row in found] == [24, 48, 72], found)
    check("quickstart: freezing", [row["frozen"] for row in found] == [False, True, True])
    check("quickstart: accuracies", all(form in row for row in found
                                        for form in ("train", "fake", "integer")), found)
    check("quickstart: files", {file.name for file in save.iterdir()} == {
        "best.mlir", "last.mlir", "checkpoint.safetensors", "results.csv", "results.jsonl",
        "report.html"}, list(save.iterdir()))
    check("quickstart: as many lines as epochs", len(re.findall(r"^epoch +\d", out, re.M)) == 3, out)
    # The same line with --evaluate judges a fresh network; a checkpoint is judged
    # by --resume.
    out, _ = run("train", *line, "--data", images, "--evaluate")
    check("quickstart: --evaluate", re.search(r"integer +top-1 \d", out), out)
    out, _ = run("train", "--resume", save, "--evaluate")
    check("quickstart: --resume --evaluate",
          f"integer    top-1 {found[-1]['integer']['top1']:.2f} %" in out, out)
    check("quickstart: --evaluate trains nothing", rows(save) == found)
    run("train", "--resume", save, "--epochs", 4)
    check("quickstart: --resume with more epochs", len(rows(save)) == 4)
    run("deploy", save / "best.mlir", "--target", "cortex-m7", "-o", folder / "mobilenet-c")
    # Without --quantizer, in float.
    plain = folder / "plain"
    quantizer = line.index("--quantizer")
    line = [small.get(word, word) for word in QUICKSTART[:quantizer]]
    line = line[:line.index("--type_quant")] + line[line.index("--gpus"):]
    line[line.index("--save") + 1] = plain
    run("train", *line, "--data", images)
    found = rows(plain)
    check("no --quantizer: float", all("float" in row and "fake" not in row and
                                       not row["frozen"] for row in found), found)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = prepare(folder / "data")
        refuse(folder, data)
        quickstart(folder, data)
        network = train_float(folder, data)
        integer_forward(folder, data, network)
        train_quantized(folder, data, network)
        diverge(folder, data)
        bad_data(folder)
    finish()


if __name__ == "__main__":
    main()
