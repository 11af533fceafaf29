# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step against the reference, stage by stage.

Adam divides a gradient by its own size: a gradient that is rounding noise moves
a parameter by a whole learning rate. So the chain is compared link by link:
gradients (from the first moment) with the reference's, the new moments with the
gradients, the new parameters with the new moments, each by its own tolerance.

Tolerances: float32 has 6e-8 relative; sums over a batch and a layer, the norm of
a batch and the backward chain add and cancel some hundred times that:
GRADIENT is relative to the largest element of the tensor's gradient, with the
norm over all tensors times NOISE as the floor (where the exact gradient cancels to 0).
FORMULA covers the four or five roundings of one element of the optimizer.
"""

import dataclasses

import module
import numpy as np
import reference
import torch

GRADIENT = 5e-5
NOISE = 1e-6
LOSS = 1e-5
STATISTIC = 1e-4
FORMULA = 2e-6
# Elements of `hyper` (form T).
RATE, BOUND_RATE, DECAY, BOUND_DECAY, CORRECTION1, CORRECTION2 = range(6)
BETA1, BETA2, EPSILON, MOMENTUM, CLIP, NORM_MOMENTUM, SMOOTHING = range(6, 13)
FACTOR = 15


@dataclasses.dataclass
class Settings:
    optimizer: str = "adam"
    smoothing: float = 0.0
    clip: float = 0.0
    accumulate: int = 1
    dropout: float = 0.0
    decay: float = 0.0
    bound_scale: str = "none"
    batch: int = 5

    def hyper(self, step):
        hyper = np.zeros(16, np.float32)
        hyper[RATE], hyper[BOUND_RATE] = 1e-3, 1e-2
        hyper[DECAY], hyper[BOUND_DECAY] = self.decay, 5e-4
        hyper[BETA1], hyper[BETA2], hyper[EPSILON] = 0.9, 0.999, 1e-8
        hyper[CORRECTION1] = 1 - 0.9**step
        hyper[CORRECTION2] = 1 - 0.999**step
        hyper[MOMENTUM], hyper[CLIP] = 0.9, self.clip
        hyper[NORM_MOMENTUM], hyper[SMOOTHING] = 0.1, self.smoothing
        hyper[FACTOR] = 1 / self.accumulate
        return hyper

    def options(self):
        """Of qat-differentiate."""
        words = {"batch": self.batch, "optimizer": self.optimizer}
        if self.clip:
            words["clip"] = "true"
        if self.accumulate > 1:
            words["accumulate"] = "true"
        if self.dropout:
            words["dropout"] = self.dropout
        if self.bound_scale != "none":
            words["bound-scale"] = self.bound_scale
        return words


def is_bound(name):
    return name.rpartition(".")[2] in ("alpha", "lo", "hi")


def mix(x):
    """lowbias32, https://github.com/skeeto/hash-prospector."""
    x = np.asarray(x, np.uint64) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def dropout_factors(rate, seed, step, batch, elements):
    """What `qat.dropout` multiplies by, one row a sample."""
    h = mix(mix(np.uint64(seed)) ^ np.uint64(step))
    h = mix(h ^ np.arange(batch, dtype=np.uint64))[:, None]
    h = mix(h ^ np.arange(elements, dtype=np.uint64))
    keeps = h >= round(rate * 2**32)
    return keeps * float(np.float32(1 / (1 - rate)))


class Comparison:
    """What differs beyond its tolerance, and the largest ratio to a tolerance."""

    def __init__(self):
        self.failures, self.worst = [], {}

    def near(self, kind, what, ours, expected, allowed):
        ours = np.asarray(ours, np.float64)
        expected = np.asarray(expected, np.float64)
        off = np.abs(ours - expected)
        allowed = np.broadcast_to(np.asarray(allowed, np.float64), off.shape)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(off == 0, 0, off / allowed)
        ratio = np.where(np.isnan(ratio) | ~np.isfinite(ours), np.inf, ratio)
        largest = float(ratio.max(initial=0))
        self.worst[kind] = max(self.worst.get(kind, 0), largest)
        if largest > 1:
            at = np.unravel_index(ratio.argmax(), ratio.shape) if ratio.ndim else ()
            self.failures.append(
                f"{what}: {ours[at]:.7g} instead of {expected[at]:.7g}"
                f" (allowed {allowed[at]:.2g}, element {list(map(int, at))})"
            )


def count_range(logits, labels, places, blur):
    """The least and the most hits among the first `places` if scores may move."""
    own = logits[np.arange(len(labels)), labels][:, None]
    other = np.arange(logits.shape[1])[None, :] != np.asarray(labels)[:, None]
    surely_before = ((logits > own + blur) & other).sum(1)
    maybe_before = ((logits >= own - blur) & other).sum(1)
    return (maybe_before < places).sum(), (surely_before < places).sum()


def optimizer_step(comparison, name, settings, hyper, old, new, gradient, allowed):
    """The chain from the gradient to the parameter; `old`, `new`: (parameter,
    moment1, moment2)."""
    bound = is_bound(name)
    rate = float(hyper[BOUND_RATE if bound else RATE])
    decay = float(hyper[BOUND_DECAY if bound else DECAY])
    p, m, v = (np.asarray(a, np.float64) for a in old)
    p1, m1, v1 = (np.asarray(a, np.float64) for a in new)
    expected = gradient + decay * p
    if settings.optimizer == "sgd":
        momentum = float(hyper[MOMENTUM])
        slack = FORMULA * (np.abs(m1) + np.abs(momentum * m) + np.abs(p * decay))
        comparison.near("gradient", f"gradient of {name}", m1 - momentum * m,
                        expected, allowed + slack)  # fmt: skip
        change = rate * m1
    else:
        beta1, beta2 = float(hyper[BETA1]), float(hyper[BETA2])
        g = (m1 - m) / (1 - beta1) + m
        slack = FORMULA * (np.abs(m1) + np.abs(m)) / (1 - beta1) * 4
        comparison.near("gradient", f"gradient of {name}", g, expected, allowed + slack)
        second = beta2 * v + (1 - beta2) * g * g
        slack = 1e-4 * second + 2 * (1 - beta2) * np.abs(g) * slack + 1e-37
        comparison.near("moment", f"second moment of {name}", v1, second, slack)
        root = np.sqrt(v1) / np.sqrt(float(hyper[CORRECTION2]))
        change = rate / float(hyper[CORRECTION1]) * m1 / (root + float(hyper[EPSILON]))
    slack = 8 * FORMULA * np.abs(change) + 1.3e-7 * np.abs(p) + 1e-37
    comparison.near("parameter", f"new {name}", p1, p - change, slack)


def bound_factors(parsed, settings):
    """What the gradient of each bound is multiplied by: LSQ's gradient scale."""
    if settings.bound_scale == "none":
        return {}
    names, factors = {}, {}
    for op in parsed.functions["main"]["ops"]:
        if op.name == "ml_program.global_load":
            names[op.results[0]] = op.attributes["global"].lstrip("@").strip('"')
        elif op.name in reference.ACTIVATIONS + reference.WEIGHTS:
            shape, _ = module.shape_of(op.operand_types[0])
            levels = 2 ** int(op.number("bits")) - 1
            for bound in op.operands[1:]:
                factors[names[bound]] = 1.0 / np.sqrt(float(np.prod(shape)) * levels)
    return factors


def loss_and_gradients(step, settings, x, labels, taps, dropout):
    """Mean loss, logits, and the gradients by parameter name."""
    logits = step.forward(x, taps, dropout)
    logits = logits.reshape(len(labels), -1)
    loss = torch.nn.functional.cross_entropy(
        logits, torch.tensor(labels, dtype=torch.long),
        label_smoothing=settings.smoothing,
    )  # fmt: skip
    loss.backward()
    gradients = {
        name: t.grad.numpy() if t.grad is not None else np.zeros(t.shape)
        for name, t in step.tensors.items()
    }
    return loss.item(), logits.detach().numpy(), gradients
