#!/usr/bin/env python3
"""Trains the digits network and writes digits.onnx. A few minutes on one core.

usage: train.py [--epochs N] [--seed S] [-o digits.onnx]

Needs what the tests need (utils/requirements-test.txt), nothing more. The
network takes pixel / 255, as `qat import --scale 1/255` states it.
"""

import argparse
import pathlib

import numpy as np

import network
import prepare


def augment(images, rng):
    """Each image turned, scaled, slanted and moved a little; bilinear."""
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
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    u, v = np.clip(u, 0, size + 0.999), np.clip(v, 0, size + 0.999)
    column, row = u.astype(int), v.astype(int)
    fu, fv = (u - column)[..., None], (v - row)[..., None]
    which = np.arange(n)[:, None, None]
    top = padded[which, row, column] * (1 - fu) + padded[which, row, column + 1] * fu
    row = row + 1
    low = padded[which, row, column] * (1 - fu) + padded[which, row, column + 1] * fu
    return (top * (1 - fv) + low * fv).astype(np.float32)


def accuracy(parameters, images, labels):
    return (network.forward(parameters, images).argmax(1) == labels).mean()


def train(images, labels, epochs, seed, report):
    """Adam, one cosine of learning rate, decay on weights, smoothed labels."""
    rng = np.random.default_rng(seed)
    parameters = network.create(rng)
    trained = [n for n in parameters if not n.endswith(("mean", "var"))]
    first = {name: np.zeros_like(parameters[name]) for name in trained}
    second = {name: np.zeros_like(parameters[name]) for name in trained}
    targets = np.eye(network.CLASSES, dtype=np.float32)[labels] * 0.9 + 0.01
    batch, step = 64, 0
    steps = epochs * (len(images) // batch)
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        for begin in range(0, len(images) - batch + 1, batch):
            chosen = order[begin : begin + batch]
            tape = []
            logits = network.forward(parameters, augment(images[chosen], rng), tape)
            scores = np.exp(logits - logits.max(1, keepdims=True))
            scores /= scores.sum(1, keepdims=True)
            gradients = network.backward(
                parameters, tape, (scores - targets[chosen]) / batch
            )
            step += 1
            rate = 4e-3 * (1 + np.cos(np.pi * step / steps)) / 2
            for name in trained:
                g = gradients[name]
                first[name] += 0.1 * (g - first[name])
                second[name] += 0.001 * (g * g - second[name])
                move = first[name] / (1 - 0.9**step)
                move /= np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
                if name.endswith("weight"):
                    move += 0.02 * parameters[name]
                parameters[name] -= (rate * move).astype(np.float32)
        report(epoch + 1, parameters)
    return parameters


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", dest="out", type=pathlib.Path, default=here / "digits.onnx")
    arguments = parser.parse_args()

    digits = prepare.load()
    images = (digits["images"] / np.float32(255)).astype(np.float32)[..., None]
    labels = digits["labels"].astype(int)
    seen, unseen = slice(None, prepare.TRAIN_IMAGES), slice(prepare.TRAIN_IMAGES, None)

    def report(epoch, parameters):
        if epoch % 10 == 0 or epoch == arguments.epochs:
            print(
                f"epoch {epoch:3}  train {accuracy(parameters, images[seen], labels[seen]):.4f}"
                f"  test {accuracy(parameters, images[unseen], labels[unseen]):.4f}",
                flush=True,
            )

    parameters = train(images[seen], labels[seen], arguments.epochs, arguments.seed, report)
    arguments.out.write_bytes(network.to_onnx(parameters).SerializeToString())


if __name__ == "__main__":
    main()
