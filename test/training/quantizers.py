# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The quantizers in numpy, in float32 and double as docs/Spec.md states them."""

import dataclasses

import numpy as np

f32 = np.float32


@dataclasses.dataclass
class Quantized:
    levels: np.ndarray  # integers; the zero point is already taken off weights
    fake: np.ndarray  # float32
    step: object  # double, or an array a channel
    zero: float
    inside: np.ndarray  # where the gradient passes
    bounds: dict  # bound name -> factor of the gradient that goes to it


def channel_axes(kind):
    """The dimensions of OHWI or HWCM weights that make up the output channel."""
    return (2, 3) if kind == "depthwise" else (0,)


def weights(t, op, lo=None, hi=None, clamps=True):
    """Fake weights of the tensor `t`; `clamps` is False before a fold."""
    n = f32(2 ** int(op.number("bits")) - 1)
    everywhere = np.ones(t.shape, bool)
    if op.name == "qat.weight_symmetric_pact":
        bound = max(f32(hi), f32(0)) if clamps else f32(np.inf)
        clamped = np.clip(t, -bound, bound)
        step = f32(2) * np.abs(clamped).max() / n
        step = step if step > 0 else f32(1)
        half = 2 ** (int(op.number("bits")) - 1)
        levels = np.clip(np.rint(clamped / step), -half, half - 1)
        inside = np.abs(t) < bound
        bounds = {"hi": np.where(inside, 0, np.sign(t)).astype(f32)}
        return Quantized(levels, levels * step, float(step), 0.0, inside, bounds)
    inside, bounds, clamped = everywhere, {}, t
    if op.name == "qat.weight_asymmetric_pact":
        low, high = min(f32(lo), f32(0)), max(f32(hi), f32(0))
        if clamps:
            clamped = np.clip(t, low, high)
            inside = (t > low) & (t < high)
            bounds = {"lo": (t <= low).astype(f32), "hi": (t >= high).astype(f32)}
        else:
            bounds = {"lo": np.zeros_like(t), "hi": np.zeros_like(t)}
    axes = op.integers("channel_axes")
    reduced = None if axes is None else tuple(
        axis for axis in range(t.ndim) if axis not in axes
    )  # fmt: skip
    low = np.minimum(clamped.min(reduced, keepdims=True), f32(0))
    high = np.maximum(clamped.max(reduced, keepdims=True), f32(0))
    step = (high - low) / n
    step = np.where(step > 0, step, f32(1))
    zero = np.rint(-low / step)
    levels = np.clip(np.rint(clamped / step), -zero, n - zero)
    step_out = float(step.reshape(-1)[0]) if axes is None else step
    return Quantized(levels, levels * step, step_out, 0.0, inside, bounds)


def half(op):
    r = f32(0.5) if op.word("rounding") == "nearest" else f32(0)
    return r + f32(2.0**-18) if "raised" in op.attributes else r


def pact(x, op, alpha):
    n, alpha = 2 ** int(op.number("bits")) - 1, f32(alpha)
    step = float(alpha) / n
    scale = f32(n / float(alpha))
    levels = np.clip(np.floor(scale * x + half(op)), f32(0), f32(n))
    levels = np.where(x >= alpha, f32(n), levels)
    inside, above = (x > 0) & (x < alpha), x >= alpha
    return Quantized(
        levels, levels * f32(step), step, 0.0, inside, {"alpha": above.astype(f32)}
    )


def bounded(x, op, lo, hi):
    n = 2 ** int(op.number("bits")) - 1
    lo, hi = min(f32(lo), f32(0)), max(f32(hi), f32(0))
    step = (float(hi) - float(lo)) / n or 1.0
    zero = float(np.rint(-float(lo) / step))
    levels = np.clip(np.floor(x / f32(step) + half(op)) + f32(zero), f32(0), f32(n))
    below, above = x <= lo, x >= hi
    bounds = {"lo": below.astype(f32), "hi": above.astype(f32)}
    fake = (levels - f32(zero)) * f32(step)
    return Quantized(levels, fake, step, zero, ~below & ~above, bounds)


def network_input(x, op):
    lo, hi = op.number("minimum"), op.number("maximum")
    if (lo, hi) == (-1, 1):
        step, zero = 2 / 255, 0.0
        levels = np.minimum(np.rint(np.clip(x, -1, 1) * f32(127.5)), f32(127))
    else:
        step = (hi - lo) / 255
        zero = float(np.rint(-lo / step))
        levels = np.rint(np.clip(x, f32(lo), f32(hi)) / f32(step)) + f32(zero)
        levels = np.clip(levels, f32(0), f32(255))
    fake = (levels - f32(zero)) * f32(step)
    return Quantized(levels, fake, step, zero, np.zeros(x.shape, bool), {})
