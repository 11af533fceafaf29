#!/usr/bin/env python3
"""Trains the digits network from scratch with `qat train` and writes digits.onnx.

usage: train.py [--bin build/release/bin] [--epochs N] [--seed S] [--threads N]
                [--work FOLDER] [-o build/examples/train/digits.onnx]

A fresh network (network.py) goes through `qat import` and `qat train`, the
numbers that came out through `qat export` back into the ONNX file. The network
takes pixel / 255, as `qat import --scale 1/255` states it. The training images
are drawn COPIES times, each time turned, scaled, slanted and moved a little: an
epoch sees them all. Needs what the tests need (utils/requirements-test.txt).
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

import network
import numpy as np
import prepare

COPIES = 30
RECIPE = ["-b", 64, "--optimizer", "adam", "--lr", 4e-3, "--lr-schedule", "cosine",
          "--weight-decay", 1e-4, "--label-smoothing", 0.1, "--bn-momentum", 0.1,
          "--augment", "none"]  # fmt: skip


def augment(images, rng):
    """Each image (N, 8, 8) turned, scaled, slanted and moved a little; bilinear."""
    n, size = images.shape[:2]
    angle = rng.uniform(-0.22, 0.22, n)
    slant = rng.uniform(-0.2, 0.2, n)
    scale = rng.uniform(0.85, 1.15, (2, n))
    shift = rng.uniform(-0.9, 0.9, (2, n))
    centre = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - centre
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    x = x + slant[:, None, None] * y
    u = (cos * x - sin * y) * scale[0][:, None, None]
    v = (sin * x + cos * y) * scale[1][:, None, None]
    u = u + centre + shift[0][:, None, None] + 1
    v = v + centre + shift[1][:, None, None] + 1
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    u, v = np.clip(u, 0, size + 0.999), np.clip(v, 0, size + 0.999)
    column, row = u.astype(int), v.astype(int)
    fu, fv = u - column, v - row
    which = np.arange(n)[:, None, None]
    top = padded[which, row, column] * (1 - fu) + padded[which, row, column + 1] * fu
    row = row + 1
    low = padded[which, row, column] * (1 - fu) + padded[which, row, column + 1] * fu
    return np.rint(top * (1 - fv) + low * fv).astype(np.uint8)


def write_data(folder, rng):
    """Training and test half as x_train.npy and the like, pixels."""
    digits = prepare.load()
    images, labels = digits["images"], digits["labels"].astype(np.int64)
    seen = slice(None, prepare.TRAIN_IMAGES)
    unseen = slice(prepare.TRAIN_IMAGES, None)
    drawn = np.concatenate([augment(images[seen], rng) for _ in range(COPIES)])
    np.save(folder / "x_train.npy", drawn[..., None])
    np.save(folder / "y_train.npy", np.tile(labels[seen], COPIES))
    np.save(folder / "x_test.npy", images[unseen][..., None])
    np.save(folder / "y_test.npy", labels[unseen])


def read_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    arrays = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + at for at in entry["data_offsets"])
            arrays[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return arrays


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=root / "build/release/bin")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--work", type=pathlib.Path, default=root / "build/examples/train")
    parser.add_argument("-o", dest="out", type=pathlib.Path, default=root / "build/examples/train/digits.onnx")
    options = parser.parse_args()
    work = options.work
    work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / "run", ignore_errors=True)

    def qat(*words):
        done = subprocess.run([str(w) for w in [options.bin / "qat", *words]], stdin=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(done.returncode)

    rng = np.random.default_rng(options.seed)
    fresh = network.create(rng)
    write_data(work, rng)
    (work / "fresh.onnx").write_bytes(network.to_onnx(fresh).SerializeToString())
    qat("import", work / "fresh.onnx", "--scale", "1/255", "-o", work / "fresh.mlir")
    qat("train", work / "fresh.mlir", "--dataset", "npy", "--data", work, *RECIPE,
        "--epochs", options.epochs, "--seed", options.seed, "-j", options.threads,
        "--save", work / "run")  # fmt: skip
    qat("export", work / "run/last.mlir", "--to", "safetensors", "-o", work / "trained.safetensors")
    trained = network.from_qat(read_safetensors(work / "trained.safetensors"))
    model = network.to_onnx(trained).SerializeToString()
    beside = options.out.with_name(options.out.name + ".part")
    beside.write_bytes(model)
    beside.replace(options.out)


if __name__ == "__main__":
    main()
