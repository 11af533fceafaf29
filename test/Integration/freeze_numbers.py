#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares every integer of form I with arithmetic written a second time.

Random networks of form Q (convolution, depthwise, pointwise, residual add,
pool, dense; all weight schemes, fold types, roundings and bits) go through
qat-mlir-opt; what the printed IR holds - weights, biases, multipliers, shifts,
accumulator bits, scales, zero points, the integers of adds - is compared with
numpy float32 arithmetic that follows docs/Spec.md, sections 1 to 7, and shares
no code with the compiler.

usage: freeze_numbers.py [--seed N] [--count N] [--keep FILE] [qat-mlir-opt]
"""

import argparse
import itertools
import math
import re
import subprocess
import sys

import numpy as np

f32 = np.float32
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
PIPELINE = [
    "--qat-bind-parameters",
    "--qat-fold-batch-norm",
    "--qat-freeze-ranges={bias}",
    "--qat-check-accumulators",
    "--split-input-file",
    "--mlir-print-elementsattrs-with-hex-if-larger=-1",
]
SCHEMES = {
    "PerLayerAsymPACT": "weight_asymmetric_pact",
    "PerLayerAsymMinMax": "weight_min_max",
    "PerChannelsAsymMinMax": "weight_min_max",
    "PerLayerSymPACT": "weight_symmetric_pact",
}


# ---------------------------------------------------------------------------
# The arithmetic, from the text of the specification
# ---------------------------------------------------------------------------


def to_integer(value, low, high):
    """A rounded real as an integer between two bounds; NaN is 0."""
    value = float(value)
    if math.isnan(value):
        return min(max(0, low), high)
    if math.isinf(value):
        return high if value > 0 else low
    return min(max(int(value), low), high)


def saturate(value, bits):
    return min(max(value, -(2 ** (bits - 1))), 2 ** (bits - 1) - 1)


def split(multiplier):
    """M as (M0, shift): section 5."""
    multiplier = float(multiplier)
    if multiplier == 0:
        return 0, 31
    mantissa, exponent = math.frexp(multiplier)
    fixed = to_integer(np.rint(mantissa * 2.0**31), INT32_MIN, INT32_MAX)
    return fixed, min(31 - max(exponent, -128), 63)


def quantize_weights(t, bits, scheme, bounds):
    """Section 3 for `t` with the channel first: integers, scales, zeros."""
    n = 2**bits - 1
    symmetric = scheme == "PerLayerSymPACT"
    if bounds is not None:
        low, high = bounds
        high = max(high, f32(0))
        low = -high if symmetric else min(low, f32(0))
        t = np.minimum(np.maximum(t, low), high)
    rows = t if scheme == "PerChannelsAsymMinMax" else t.reshape(1, -1)
    integers, scales, zeros = [], [], []
    for row in rows:
        if symmetric:
            step = f32(2) * np.max(np.abs(row)) / f32(n)
        else:
            low = min(np.min(row), f32(0))
            step = (max(np.max(row), f32(0)) - low) / f32(n)
        if step == 0:
            step = f32(1)
        zero = 0 if symmetric else to_integer(np.rint(-low / step), 0, n)
        least = -(2 ** (bits - 1)) if symmetric else -zero
        integers.append(np.clip(np.rint(row / step), least, least + n))
        scales.append(step)
        zeros.append(zero)
    return np.array(integers).reshape(t.shape).astype(np.int64), scales, zeros


def folded_bias(norm, c):
    return (norm["b"][c] - norm["mean"][c]) * norm["g"][c] + norm["beta"][c]


def hidden_layer(layer, in_scale, out_scale):
    """Section 5: integers, scales, zeros, biases, multipliers."""
    nearest = layer["rounding"] == "nearest"
    norm, fold = layer["norm"], layer["fold"]
    t = layer["w"]
    if norm["real"] and fold == "folding_weights":
        t = t * norm["g"][:, None]
    integers, scales, zeros = quantize_weights(
        t, layer["bits"], layer["scheme"], layer["bounds"]
    )
    s_in, s_out = f32(in_scale), f32(out_scale)
    biases, multipliers = [], []
    for c in range(len(t)):
        e = scales[c % len(scales)] * s_in
        if fold == "folding_weights":
            m = e / s_out
            h = f32(0.5) / m if nearest else f32(0)
            b = folded_bias(norm, c)
            bias = to_integer(np.rint(b / e + h), INT32_MIN, INT32_MAX)
            biases.append(saturate(bias, layer["bias_bits"]))
            multipliers.append(split(m))
            continue
        g = norm["g"][c]
        m = g * (e / s_out)
        h = f32(0.5) / m if nearest else f32(0)
        real = np.rint(
            ((-norm["mean"][c] + norm["b"][c]) + norm["beta"][c] / g) / e + h
        )
        fits = bool(-(2.0**31) <= real < 2.0**31)
        if g == 0 or not fits or not integers[c].any():
            integers[c] = 0
            r = f32(0.5) if nearest else f32(0)
            level = np.floor(folded_bias(norm, c) / s_out + r)
            biases.append(to_integer(level, INT32_MIN, INT32_MAX))
            multipliers.append(split(1.0))
            layer["constants"] += 1
        else:
            biases.append(saturate(int(real), layer["bias_bits"]))
            multipliers.append(split(m))
    if all(m == multipliers[0] for m in multipliers):
        multipliers = multipliers[:1]
    return integers, scales, zeros, biases, multipliers


def thresholds(biases, multipliers, grid):
    """Section 4: the rows of a layer that compares, and which channels fall.

    Level k is reached where (acc + b) * M0 >= (k - Z) * 2^shift. Rows ascend;
    those of a channel with a negative factor are complemented.
    """
    multipliers = multipliers * (len(biases) // len(multipliers))
    rows, falling = [], []
    for bias, (factor, shift) in zip(biases, multipliers):
        row = []
        for level in range(grid["low"] + 1, grid["high"] + 1):
            needed = (level - grid["zero"]) * 2**shift
            if factor > 0:
                value = (needed + factor - 1) // factor - bias
            elif factor < 0:
                value = needed // factor - bias
            else:
                value = INT32_MIN if needed <= 0 else INT32_MAX
            value = saturate(value, 32)
            row.append(-1 - value if factor < 0 else value)
        rows.append(row)
        falling.append(factor < 0)
    return rows, falling if any(falling) else []


def last_layer(layer, in_scale):
    """Section 6: ..., multipliers (empty: none), the scale of the logits."""
    norm = layer["norm"]
    t, b = layer["w"], norm["b"]
    if norm["real"]:
        t = t * norm["g"][:, None]
        b = np.array([folded_bias(norm, c) for c in range(len(t))], f32)
    integers, scales, zeros = quantize_weights(
        t, layer["bits"], layer["scheme"], layer["bounds"]
    )
    s_in = f32(in_scale)

    def bias_of(value, e, h):
        level = np.rint(value / e + h)
        return saturate(to_integer(level, INT32_MIN, INT32_MAX), layer["bias_bits"])

    if layer["scheme"] != "PerChannelsAsymMinMax":
        e = scales[0] * s_in
        return integers, scales, zeros, [bias_of(v, e, f32(0)) for v in b], [], e
    used = [s for c, s in enumerate(scales) if integers[c].any()]
    largest = max(used) if used else f32(1)
    biases, multipliers = [], []
    for c, value in enumerate(b):
        step = scales[c] if integers[c].any() else largest
        m = f32(256) * step / largest
        h = f32(0.5) / m if layer["rounding"] == "nearest" else f32(0)
        biases.append(bias_of(value, step * s_in, h))
        multipliers.append(split(m))
    return integers, scales, zeros, biases, multipliers, largest * s_in / f32(256)


def accumulator_bits(integers, biases, grid):
    """32 where every sum of a subset of the terms, bias or not, fits."""
    low, high = grid["low"] - grid["zero"], grid["high"] - grid["zero"]
    for row, bias in zip(integers, biases):
        ends = np.stack([row * low, row * high])
        least = int(np.minimum(ends.min(0), 0).sum()) + min(bias, 0)
        most = int(np.maximum(ends.max(0), 0).sum()) + max(bias, 0)
        if least < INT32_MIN or most > INT32_MAX:
            return 64
    return 32


def add_rule(s1, s2, s_out, rounding):
    """Section 7."""
    exponent = math.frexp(max(s1, s2) / s_out)[1]
    s = 20 - exponent
    offset = 2 ** (s - 1) if rounding == "nearest" else 0
    m1, m2 = (int(np.rint(np.float64(x) / s_out * 2.0**s)) for x in (s1, s2))
    return {"lhs_multiplier": m1, "rhs_multiplier": m2, "offset": offset, "shift": s}


def grid_of(quantizer):
    """Sections 1 and 2: the grid of an activation quantizer."""
    kind, bits = quantizer["kind"], quantizer["bits"]
    n = 2**bits - 1
    if kind == "input":
        low, high = float(quantizer["lo"]), float(quantizer["hi"])
        scale = (high - low) / 255
        if (low, high) == (-1.0, 1.0):
            return dict(scale=scale, zero=0, low=-128, high=127, name="i8")
        zero = to_integer(np.rint(-low / scale), 0, 255)
        return dict(scale=scale, zero=zero, low=0, high=255, name="u8")
    if kind == "pact":
        return dict(
            scale=float(quantizer["hi"]) / n, zero=0, low=0, high=n, name=f"u{bits}"
        )
    low, high = min(float(quantizer["lo"]), 0.0), max(float(quantizer["hi"]), 0.0)
    scale = (high - low) / n or 1.0
    zero = to_integer(np.rint(-low / scale), 0, n)
    return dict(scale=scale, zero=zero, low=0, high=n, name=f"u{bits}")


# ---------------------------------------------------------------------------
# Random networks of form Q
# ---------------------------------------------------------------------------


class Network:
    """Writes a module and, beside it, what its integers have to be."""

    def __init__(self, random, scheme, fold, rounding, bits, bias_bits):
        self.random, self.scheme, self.fold = random, scheme, fold
        self.rounding, self.bits, self.bias_bits = rounding, bits, bias_bits
        self.globals, self.body, self.expected = [], [], []
        self.count = self.constants = self.falling = 0
        self.other = {"nearest": "floor", "floor": "nearest"}[rounding]
        self.build()

    # -- text ---------------------------------------------------------------

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def parameter(self, name, value):
        value = np.asarray(value, f32)
        type_ = f"tensor<{''.join(f'{d}x' for d in value.shape)}f32>"
        if value.ndim == 0:
            text = f"{float(value):.9e}"
        else:
            text = re.sub(
                r"[^\[\], \n]+",
                lambda m: f"{float(m.group()):.9e}",
                np.array2string(
                    value,
                    separator=",",
                    threshold=10**9,
                    formatter={"float_kind": lambda v: f"{float(v):.9e}"},
                ),
            )
        self.globals.append(
            f'ml_program.global private mutable @"{name}"(dense<{text}> : {type_})'
            f" : {type_}"
        )
        out = self.name()
        self.body.append(f'{out} = ml_program.global_load @"{name}" : {type_}')
        return out

    def shape_text(self, shape):
        return f"tensor<{'x'.join(map(str, shape))}xf32>"

    def reshape(self, value, old, new):
        shape, out = self.name(), self.name()
        rank = len(new)
        self.body.append(
            f"{shape} = tosa.const_shape {{values = dense<{list(new)}> : "
            f"tensor<{rank}xindex>}} : () -> !tosa.shape<{rank}>"
        )
        self.body.append(
            f"{out} = tosa.reshape {value}, {shape} : ({self.shape_text(old)}, "
            f"!tosa.shape<{rank}>) -> {self.shape_text(new)}"
        )
        return out

    # -- random values ------------------------------------------------------

    def floats(self, *shape, scale=1.0):
        return (self.random.standard_normal(shape) * scale).astype(f32)

    def quantizer(self, name, value, shape, kind=None):
        """A quantizer behind `value`; returns the value, its grid, rounding."""
        kind = kind or self.random.choice(["pact", "bounded"])
        bits = int(self.random.choice(self.bits))
        rounding = self.rounding if self.random.random() < 0.8 else self.other
        out = self.name()
        attrs = f"{{bits = {bits} : i32, rounding = #qat.rounding<{rounding}>}}"
        hi = f32(self.random.uniform(0.2, 6))
        lo = f32(self.random.uniform(-4, 0.2))
        if kind == "pact":
            alpha = self.parameter(name + ".alpha", hi)
            self.body.append(
                f"{out} = qat.pact {value}, {alpha} {attrs} : {self.shape_text(shape)}"
            )
        else:
            if self.random.random() < 0.1:
                lo = hi = f32(0)
            low = self.parameter(name + ".lo", lo)
            high = self.parameter(name + ".hi", hi)
            self.body.append(
                f"{out} = qat.bounded {value}, {low}, {high} {attrs} : "
                f"{self.shape_text(shape)}"
            )
        return out, grid_of(dict(kind=kind, bits=bits, lo=lo, hi=hi)), rounding

    def weights(self, name, channels, shape, axes, to_front):
        """Weights of `shape` behind their quantizer, and the layer's data."""
        w = self.floats(*shape, scale=10.0 ** self.random.uniform(-2, 1))
        front = to_front(w)  # a view: channel first, two dimensions
        if self.random.random() < 0.3:
            w = w.copy()
            front = to_front(w)
            front = front.copy()
            front[self.random.integers(channels)] = 0
            w = self.from_front(front, shape, axes)
        bits = int(self.random.choice(self.bits))
        value = self.parameter(name + ".weight", w)
        out = self.name()
        attrs = [f"bits = {bits} : i32"]
        bounds, operands = None, ""
        if self.scheme == "PerLayerAsymPACT":
            spread = float(np.abs(w).max())
            bounds = f32(self.random.uniform(-1, 0.1) * spread), f32(
                self.random.uniform(-0.1, 1) * spread
            )
            operands = ", " + self.parameter(name + ".weight.lo", bounds[0])
            operands += ", " + self.parameter(name + ".weight.hi", bounds[1])
        elif self.scheme == "PerLayerSymPACT":
            bounds = None, f32(self.random.uniform(0, 1) * np.abs(w).max())
            operands = ", " + self.parameter(name + ".weight.hi", bounds[1])
        elif self.scheme == "PerChannelsAsymMinMax":
            attrs.append(f"channel_axes = array<i64: {', '.join(map(str, axes))}>")
        self.body.append(
            f"{out} = qat.{SCHEMES[self.scheme]} {value}{operands} "
            f"{{{', '.join(attrs)}}} : {self.shape_text(shape)}"
        )
        return out, dict(
            w=to_front(w),
            bits=bits,
            bounds=bounds,
            scheme=self.scheme,
            fold=self.fold,
            bias_bits=self.bias_bits,
            constants=0,
        )

    @staticmethod
    def from_front(front, shape, axes):
        if axes == (0,):
            return front.reshape(shape)
        return np.moveaxis(front.reshape(shape[2:] + shape[:2]), (0, 1), (2, 3)).copy()

    def norm(self, name, value, shape, channels, bias, real):
        """A batch norm behind `value` (or none), and its numbers."""
        zero, one = np.zeros(channels, f32), np.ones(channels, f32)
        if not real:
            return value, dict(real=False, b=bias, g=one, mean=zero, beta=zero)
        gamma = self.floats(channels)
        if self.random.random() < 0.3:
            gamma[self.random.integers(channels)] = 0
        if self.random.random() < 0.2:
            gamma[self.random.integers(channels)] = f32(1e-12)
        beta, mean = self.floats(channels), self.floats(channels)
        var = (self.random.random(channels) * 3).astype(f32)
        epsilon = f32(self.random.choice([1e-3, 1e-5]))
        vectors = [
            self.parameter(f"{name}.bn.{role}", data)
            for role, data in zip(
                ("gamma", "beta", "mean", "var"), (gamma, beta, mean, var)
            )
        ]
        out = self.name()
        self.body.append(
            f"{out} = qat.batch_norm {value}, {', '.join(vectors)} "
            f"{{epsilon = {float(epsilon):.9e} : f32, fold_type = "
            f"#qat.fold_type<{self.fold}>}} : {self.shape_text(shape)}, "
            f"tensor<{channels}xf32>"
        )
        g = gamma / np.sqrt(var + epsilon)
        return out, dict(real=True, b=bias, g=g, mean=mean, beta=beta)

    def bias(self, name, channels):
        size = 10.0 ** self.random.choice([-1, 0, 0, 6])
        data = self.floats(channels, scale=size)
        return self.parameter(name + ".bias", data), data

    # -- layers -------------------------------------------------------------

    def conv(self, name, value, shape, grid, oc, kernel, kind, quantizer=None):
        """conv2d, depthwise_conv2d or (kind fully_connected) the last layer."""
        ic = shape[3]
        if kind == "depthwise_conv2d":
            wshape, axes, op = (kernel, kernel, ic, oc // ic), (2, 3), kind
            to_front = lambda w: np.moveaxis(w, (2, 3), (0, 1)).reshape(oc, -1)
        else:
            wshape, axes, op = (oc, kernel, kernel, ic), (0,), "conv2d"
            to_front = lambda w: w.reshape(oc, -1)
        weights, layer = self.weights(name, oc, wshape, axes, to_front)
        bias, data = self.bias(name, oc)
        out, pad = self.name(), kernel // 2
        oshape = (*shape[:3], oc)
        self.body.append(
            f"{out} = tosa.{op} {value}, {weights}, {bias}, %zp, %zp "
            f"{{acc_type = f32, pad = array<i64: {pad}, {pad}, {pad}, {pad}>, "
            f"stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, "
            f"qat.fold_type = #qat.fold_type<{self.fold}>}} : "
            f"({self.shape_text(shape)}, {self.shape_text(wshape)}, tensor<{oc}xf32>, "
            f"tensor<1xf32>, tensor<1xf32>) -> {self.shape_text(oshape)} loc(\"{name}\")"
        )
        is_last = kind == "fully_connected"
        real = bool(self.random.random() < 0.7)
        if is_last and self.fold != "folding_weights":
            real = False
        out, layer["norm"] = self.norm(name, out, oshape, oc, data, real)
        if is_last:
            layer["rounding"] = self.rounding
            numbers = last_layer(layer, grid["scale"])
            result = None
        else:
            out, result, layer["rounding"] = self.quantizer(
                name, out, oshape, quantizer
            )
            numbers = (*hidden_layer(layer, grid["scale"], result["scale"]), None)
        integers, scales, zeros, biases, multipliers, logits = numbers
        rows, falling = [], []
        if self.fold == "folding_thresh" and not is_last:
            rows, falling = thresholds(biases, multipliers, result)
            biases, multipliers = [0] * oc, []
        self.falling += sum(falling)
        self.constants += layer["constants"]
        stored = integers + np.array(zeros)[:, None]
        if kind == "depthwise_conv2d":
            stored = stored.reshape(oc, kernel, kernel).transpose(1, 2, 0)
        elif kind == "conv2d":
            stored = stored.reshape(wshape)
        self.expected.append(
            dict(
                op=kind,
                weights=stored % 2 ** layer["bits"],
                bits=layer["bits"],
                storage=("i" if self.scheme == "PerLayerSymPACT" else "u")
                + str(layer["bits"]),
                scales=[float(s) for s in scales],
                zeros=zeros,
                bias=biases,
                multiplier=[m for m, _ in multipliers],
                shift=[s for _, s in multipliers],
                thresholds=rows,
                falling=falling,
                accumulator_bits=accumulator_bits(integers, biases, grid),
                result=result
                or dict(scale=float(logits), zero=0, name="i32"),
            )
        )
        return out, oshape, result

    def build(self):
        r = self.random
        shape = (1, 4, 4, 3)
        ranges = [(-1, 1), (0, 1), (f32(-2.117904), f32(2.64)), (0, 255)]
        lo, hi = ranges[r.integers(len(ranges))]
        grid = grid_of(dict(kind="input", bits=8, lo=f32(lo), hi=f32(hi)))
        self.body.append(
            f"%x = qat.quantize_input %arg {{minimum = {float(lo):.9e} : f32, "
            f"maximum = {float(hi):.9e} : f32}} : {self.shape_text(shape)}"
        )
        self.body.append(
            '%zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> '
            "tensor<1xf32>"
        )
        self.expected.append(dict(op="input", result=grid))
        x, shape, grid = self.conv("conv1", "%x", shape, grid, 4, 3, "conv2d")
        a, shape, agrid = self.conv(
            "dw.2", x, shape, grid, 4 * int(r.choice([1, 2])), 3, "depthwise_conv2d"
        )
        y, shape, ygrid = self.conv("pw", a, shape, agrid, 4, 1, "conv2d", "bounded")
        out = self.name()
        self.body.append(
            f"{out} = tosa.add {x}, {y} : ({self.shape_text(shape)}, "
            f'{self.shape_text(shape)}) -> {self.shape_text(shape)} loc("add")'
        )
        out, sgrid, rounding = self.quantizer("add", out, shape)
        self.expected.append(
            dict(
                op="add",
                result=sgrid,
                **add_rule(grid["scale"], ygrid["scale"], sgrid["scale"], rounding),
            )
        )
        pooled = self.name()
        self.body.append(
            f"{pooled} = tosa.avg_pool2d {out}, %zp, %zp {{kernel = array<i64: 4, 4>, "
            f"stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, acc_type = f32}}"
            f" : ({self.shape_text(shape)}, tensor<1xf32>, tensor<1xf32>) -> "
            f"{self.shape_text((1, 1, 1, 4))}"
        )
        self.expected.append(dict(op="avg_pool2d", result=sgrid, rounding=self.rounding))
        flat = self.reshape(pooled, (1, 1, 1, 4), (1, 4))
        image = self.reshape(flat, (1, 4), (1, 1, 1, 4))
        out, shape, _ = self.conv(
            "fc", image, (1, 1, 1, 4), sgrid, 5, 1, "fully_connected"
        )
        out = self.reshape(out, (1, 1, 1, 5), (1, 5))
        self.body.append(f"return {out} : tensor<1x5xf32>")

    def text(self):
        lines = [f"module attributes {{qat.rounding = #qat.rounding<{self.rounding}>}} {{"]
        lines += self.globals
        lines.append("func.func @main(%arg: tensor<1x4x4x3xf32>) -> tensor<1x5xf32> {")
        lines += self.body + ["}", "}"]
        return "\n".join(lines)


# ---------------------------------------------------------------------------
# The printed IR
# ---------------------------------------------------------------------------


def read_type(text):
    """A !quant.uniform type as (storage, scales, zeros)."""
    body = re.fullmatch(r".*!quant\.uniform<(.*)>>?", text.strip()).group(1)
    head, rest = body.split(", ", 1)
    scales, zeros = [], []
    for item in re.split(r",\s*", rest.strip("{}>")):
        scale, _, zero = item.partition(":")
        scales.append(float(scale))
        zeros.append(int(zero or 0))
    return head.split(":")[0], scales, zeros


def read_elements(text, count):
    numbers = [int(x) for x in re.findall(r"-?\d+", text)]
    return numbers * count if len(numbers) == 1 else numbers


def read_array(line, name):
    found = re.search(name + r" = array<i\d+: ([^>]*)>", line)
    return [int(x) for x in found.group(1).split(",")] if found else []


def read_booleans(line, name):
    found = re.search(name + r" = array<i1: ([^>]*)>", line)
    return [word.strip() == "true" for word in found.group(1).split(",")] if found else []


def read_integer(line, name, default=None):
    found = re.search(name + r" = (-?\d+) :", line)
    return int(found.group(1)) if found else default


def read_network(text):
    """The layers of one printed module, in order."""
    constants, casts, layers = {}, {}, []
    for line in text.splitlines():
        line = line.strip()
        if match := re.match(
            r"(%\w+) = arith\.constant dense<(.*)> : tensor<(.*)xi(\d+)>", line
        ):
            shape = [int(d) for d in match.group(3).split("x")]
            data = read_elements(match.group(2), int(np.prod(shape)))
            constants[match.group(1)] = np.array(data).reshape(shape)
        elif match := re.match(r"(%\w+) = quant\.scast (%\w+) : .* to (.*)", line):
            casts[match.group(1)] = (constants[match.group(2)], read_type(match.group(3)))
        elif match := re.match(r"func\.func @main\(%arg0: (.*)\) -> (.*) \{", line):
            layers.append(dict(op="input", result=read_type(match.group(1))))
        elif match := re.match(
            r"%\w+ = qat\.(\w+) ([^{:]*?)(?: \{(.*)\})? : \(.* -> (.*)", line
        ):
            op, operands, attributes, result = match.groups("")
            layer = dict(op=op, result=read_type(result))
            operands = operands.split(", ")
            if op == "add":
                for key in ("lhs_multiplier", "rhs_multiplier", "offset", "shift"):
                    layer[key] = read_integer(attributes, key)
            elif op == "avg_pool2d":
                layer["rounding"] = re.search(r"rounding<(\w+)>", attributes).group(1)
            else:
                weights, type_ = casts[operands[1]]
                layer["storage"], layer["scales"], layer["zeros"] = type_
                layer["weights"] = weights % 2 ** int(type_[0][1:])
                layer["bias"] = constants[operands[2]].tolist()
                layer["multiplier"] = read_array(attributes, "multiplier")
                layer["shift"] = read_array(attributes, "shift")
                layer["thresholds"] = (
                    constants[operands[3]].tolist() if len(operands) > 3 else []
                )
                layer["falling"] = read_booleans(attributes, "falling")
                layer["accumulator_bits"] = read_integer(
                    attributes, "accumulator_bits", 64
                )
            layers.append(layer)
    return layers


def differences(expected, got):
    """What differs between two lists of layers, as lines."""
    names = [layer["op"] for layer in got]
    if names != [layer["op"] for layer in expected]:
        return [f"layers {names}"]
    lines = []
    for want, have in zip(expected, got):
        grid = want["result"]
        want = dict(want, result=(grid["name"], [grid["scale"]], [grid["zero"]]))
        for key, value in want.items():
            if key == "bits":
                continue
            if not np.array_equal(value, have[key]) if key == "weights" else (
                value != have[key]
            ):
                lines.append(f"{want['op']} {key}: expected {value}, got {have[key]}")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("opt", nargs="?", default="qat-mlir-opt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3, help="networks a choice")
    parser.add_argument("--keep", help="write the networks to this file")
    options = parser.parse_args()
    np.seterr(all="ignore")

    choices = [
        (scheme, fold, rounding, bits, bias_bits)
        for scheme, fold, rounding, bits in itertools.product(
            SCHEMES,
            ("folding_weights", "ICN", "folding_thresh"),
            ("floor", "nearest"),
            ((8,), (4,), (2,), (2, 3, 4, 5, 6, 7, 8)),
        )
        for bias_bits in ((32, 16) if bits == (8,) else (32,))
        if (scheme, fold) != ("PerChannelsAsymMinMax", "folding_weights")
    ]
    passed = failed = constants = wide = falling = 0
    for bias_bits in (32, 16):
        networks = [
            (choice, Network(np.random.default_rng([options.seed, index, k]), *choice))
            for index, choice in enumerate(choices)
            for k in range(options.count)
            if choice[4] == bias_bits
        ]
        text = "\n// -----\n".join(network.text() for _, network in networks)
        if options.keep:
            with open(f"{options.keep}.{bias_bits}", "w") as file:
                file.write(text)
        arguments = [a.format(bias=f"bias-bits={bias_bits}") for a in PIPELINE]
        run = subprocess.run(
            [options.opt, *arguments], input=text, capture_output=True, text=True
        )
        printed = run.stdout.split("// -----")
        if run.returncode or len(printed) != len(networks):
            print(run.stderr[:2000])
            failed += len(networks)
            continue
        for (choice, network), module in zip(networks, printed):
            constants += network.constants
            falling += network.falling
            wide += sum(e.get("accumulator_bits") == 64 for e in network.expected)
            lines = differences(network.expected, read_network(module))
            passed += not lines
            failed += bool(lines)
            for line in lines[:5]:
                print(f"FAIL {choice}: {line}")
    # The rare cases must have been among them.
    rare = ("constant channels", constants), ("wide layers", wide), ("falling channels", falling)
    for what, number in rare:
        print(f"{number} {what}")
        failed += number == 0
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
