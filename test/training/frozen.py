# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training step of a frozen network: the same live graph of form Q, with
folded batch norms and the integer network's biases (docs/Spec.md, 4 to 7)."""

import numpy as np
import quantizers
import reference
import torch

f32 = np.float32
INT32 = -(2.0**31), 2.0**31 - 1
PASSING = ("tosa.max_pool2d", "tosa.avg_pool2d", "tosa.reshape", "tosa.pad",
           "tosa.slice")  # fmt: skip


class _Through(torch.autograd.Function):
    """A given value forward; backward the gradient times a factor."""

    @staticmethod
    def forward(ctx, x, value, factor):
        ctx.factor = factor
        return value.clone()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None, None


def through(x, value, factor=None):
    value = torch.tensor(np.asarray(value, np.float64))
    factor = torch.ones(()) if factor is None else torch.tensor(factor)
    return _Through.apply(x, value, factor.to(torch.float64))


def round_pool(total, count, rounding):
    if rounding == "nearest":
        return np.floor((2 * total + count) / (2 * count))
    return np.floor(total / count)


class FrozenStep(reference.Step):
    frozen = True

    def __init__(self, module, parameters, function="main"):
        super().__init__(module, parameters, function)
        ops = self.function["ops"]
        self.producers = {result: op for op in ops for result in op.results}
        self.users = {}
        for op in ops:
            for operand in op.operands:
                self.users.setdefault(operand, []).append(op)
        # Behind a layer with weights, what lies on a step rounds up.
        for op in ops:
            out = self.output_quantizer(op)[0] if "conv2d" in op.name else None
            if out is not None:
                out.attributes["raised"] = None
        self.rounding = "nearest" if "nearest" in module.attributes.get(
            "qat.rounding", "nearest"
        ) else "floor"  # fmt: skip
        bits = module.attributes.get("qat.bias_bits", "32 : i32")
        half = 2.0 ** (int(bits.split(":")[0]) - 1)
        self.bias_range = -half, half - 1

    # Steps

    def number(self, value):
        return self.values[value].item()

    def step_of(self, value):
        """The step of the grid that a tensor lies on, in double."""
        op = self.producers[value]
        if op.name in PASSING:
            return self.step_of(op.operands[0])
        if op.name == "qat.quantize_input":
            return quantizers.network_input(np.zeros(1, f32), op).step
        bounds = [self.bound(operand) for operand in op.operands[1:]]
        kind = quantizers.pact if op.name == "qat.pact" else quantizers.bounded
        return kind(np.zeros(1, f32), op, *bounds).step

    def bound(self, value):
        """A bound, also one that is loaded only after the layer."""
        op = self.producers[value]
        return self.arrays[op.attributes["global"].lstrip("@").strip('"')].item()

    def output_quantizer(self, op):
        """The quantizer of a layer's result, and the batch norm before it."""
        norm = None
        while True:
            users = self.users[op.results[0]]
            op = users[0]
            if op.name == "qat.batch_norm":
                norm = op
            elif op.name in reference.ACTIVATIONS:
                return op, norm
            elif op.name != "tosa.reshape":
                return None, norm

    # Layers

    def do_qat_batch_norm(self, op, y, *_):
        return y  # the convolution has done it

    def norm_of(self, op):
        """gamma, beta, mean, variance, epsilon in float32."""
        loads = [self.producers[operand] for operand in op.operands[1:]]
        names = [load.attributes["global"].lstrip("@").strip('"') for load in loads]
        return [self.arrays[name] for name in names] + [f32(op.number("epsilon"))]

    def weights(self, op, w, **bounds):
        """Left to the convolution, which knows what is folded in."""
        return op, w, bounds

    def quantize(self, t, op, bounds):
        array = t.detach().numpy().astype(f32)
        numbers = {name: bound.item() for name, bound in bounds.items()}
        return quantizers.weights(array, op, **numbers)

    def convolution(self, op, x, quantizer, bias, *_):
        quantizer, w, bounds = quantizer
        if self.dropout is not None and op.results[0] == self.last:
            x = x * torch.tensor(self.dropout, dtype=torch.float64).reshape(x.shape)
        out, norm = self.output_quantizer(op)
        kind = "depthwise" if op.name == "tosa.depthwise_conv2d" else ""
        if kind:  # the channels of HWCM weights are C x M
            def by_channel(v):
                return v.reshape(w.shape[2:])
        else:
            def by_channel(v):
                return v.reshape(-1, *[1] * (w.ndim - 1))
        input_step = self.step_of(op.operands[0])
        output_step = self.step_of(out.results[0]) if out else None
        real = bias.detach().numpy().astype(f32)
        owner = "fold_type" if norm is not None else "qat.fold_type"
        fold = (norm or op).word(owner) == "folding_weights" and out is not None
        fold |= norm is not None and norm.word("fold_type") == "folding_weights"
        gain = np.ones(len(real), f32)
        gamma = beta = mean = None
        if norm is not None:
            gamma, beta, mean, variance, epsilon = self.norm_of(norm)
            gain = gamma / np.sqrt(variance + epsilon)
        if fold:
            w = w * by_channel(torch.tensor(gain.astype(np.float64)))
            # In float32, as the weights are folded before they are quantized.
            exact = self.arrays_of(quantizer) * by_channel(gain)
            numbers = {name: bound.item() for name, bound in bounds.items()}
            quantized = quantizers.weights(exact, quantizer, **numbers)
        else:
            quantized = self.quantize(w, quantizer, bounds)
        weights = reference.force(w, quantized, bounds)
        step = np.asarray(quantized.step, np.float64)
        step = step.reshape(-1) if step.ndim else np.full(len(real), float(step))
        e = step * input_step
        if fold:
            folded = real if norm is None else (real - mean) * gain + beta
            bias = bias * torch.tensor(gain.astype(np.float64))
            fake = self.integer_bias(folded, e, e / output_step if out else None)
            return reference.convolve(x, weights, op) + through(bias, fake)
        axes = (0, 1) if kind else tuple(range(1, w.ndim))
        empty = ~np.any(quantized.levels, axis=axes).reshape(-1)
        if out is None:
            fake = self.logit_bias(real, e, step, empty, quantized, input_step)
            return reference.convolve(x, weights, op) + through(bias, fake)
        return self.scaled(op, x, weights, bias, by_channel, quantized, e, gain,
                           output_step, empty, (gamma, beta, mean))  # fmt: skip

    do_tosa_conv2d = convolution
    do_tosa_depthwise_conv2d = convolution
    do_qat_grouped_conv2d = convolution

    def arrays_of(self, quantizer):
        load = self.producers[quantizer.operands[0]]
        return self.arrays[load.attributes["global"].lstrip("@").strip('"')]

    def half(self, multiplier):
        if self.rounding != "nearest" or multiplier is None:
            return 0.0
        with np.errstate(divide="ignore"):
            return 0.5 / multiplier

    def integer_bias(self, real, e, multiplier):
        h = self.half(multiplier)
        fake = (np.clip(np.rint(real / e + h), *self.bias_range) - h) * e
        return np.where(np.isfinite(h), fake, real)

    def logit_bias(self, real, e, step, empty, quantized, input_step):
        if not np.ndim(quantized.step):
            return np.clip(np.rint(real / e), *self.bias_range) * e
        largest = step[~empty].max() if not empty.all() else 1.0
        step = np.where(empty, largest, step)
        return self.integer_bias(real, step * input_step, 256 * step / largest)

    def scaled(self, op, x, weights, bias, by_channel, quantized, e, gain,
               output_step, empty, norm):  # fmt: skip
        gamma, beta, mean = norm
        real = bias.detach().numpy().astype(np.float64)
        if gamma is None:
            beta = mean = np.zeros(len(real))
        g = gain.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            multiplier = g * (e / output_step)
            h = self.half(multiplier)
            unclipped = np.rint(((-mean + real) + beta / g) / e + h)
        constant = (g == 0) | ~((unclipped >= INT32[0]) & (unclipped <= INT32[1]))
        constant |= empty
        with np.errstate(invalid="ignore"):
            fake = (np.clip(unclipped, *self.bias_range) - h) * e
        fake = np.where(np.isfinite(h), fake, real)
        fake = np.where(constant, (real - mean) * g + beta, fake)
        passing = np.where(constant, g, 1.0)
        values = np.where(by_channel(constant), 0, quantized.fake)
        factor = np.broadcast_to(by_channel(passing), values.shape)
        weights = through(weights, values, factor.copy())
        y = reference.convolve(x, weights, op) + through(bias, fake, passing)
        return y * torch.tensor(np.where(constant, 1.0, g))

    # Pools round to their input's grid

    def do_tosa_avg_pool2d(self, op, x, *_):
        step = float(f32(self.step_of(op.operands[0])))
        mean = reference.average_pool(x, op)
        with torch.no_grad():
            levels = torch.round(x / step)
            ones = torch.ones_like(x)
            kernel = op.integers("kernel")
            taps = reference.pool_sums(ones, op, kernel).numpy()
            total = np.rint(reference.pool_sums(levels, op, kernel).numpy())
        return through(mean, round_pool(total, np.rint(taps), self.rounding) * step)
