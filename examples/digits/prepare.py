#!/usr/bin/env python3
"""Writes the UCI digits of scikit-learn as IDX files, the format of MNIST.

usage: prepare.py [--out DIR]

The 1,797 images are 8x8 with levels 0 to 16. A level is stored as the pixel
round(level * 255 / 16), so that the files look like any other gray images.
The first 1,297 images are the training split, the last 500 the test split, in
the order of the set. Files that are there already are left alone.
"""

import argparse
import os
import pathlib
import struct

import numpy as np

TRAIN_IMAGES = 1297
FILES = {
    "train-images-idx3-ubyte": ("images", slice(None, TRAIN_IMAGES)),
    "train-labels-idx1-ubyte": ("labels", slice(None, TRAIN_IMAGES)),
    "t10k-images-idx3-ubyte": ("images", slice(TRAIN_IMAGES, None)),
    "t10k-labels-idx1-ubyte": ("labels", slice(TRAIN_IMAGES, None)),
}


def load():
    """Pixels (N, 8, 8) and labels (N,), both uint8, in scikit-learn's order."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.floor(digits.images * 255 / 16 + 0.5).astype(np.uint8)
    return {"images": pixels, "labels": digits.target.astype(np.uint8)}


def write_idx(path, array):
    """One IDX file: magic 0, 0, 8 (ubyte), rank; sizes big-endian; the bytes."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    header += struct.pack(f">{array.ndim}I", *array.shape)
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(header + array.tobytes())
    os.replace(beside, path)


def main():
    default = pathlib.Path(__file__).parents[2] / "build/examples/digits"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=default)
    out = parser.parse_args().out
    if all((out / name).is_file() for name in FILES):
        return
    out.mkdir(parents=True, exist_ok=True)
    digits = load()
    for name, (kind, part) in FILES.items():
        write_idx(out / name, digits[kind][part])


if __name__ == "__main__":
    main()
