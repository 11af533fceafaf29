# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A training step of a form Q module by PyTorch in double, levels forced.

Rounding turns a difference in the last bit into a whole step, and deep networks
make that large: comparing gradients means nothing once a level differs. So what
goes into each activation quantizer of the step under test is taken from it
(`taps`), after it has been compared with what this step computes: the quantizer
then gives both the same levels and masks. Everything else is computed here from
docs/Spec.md, in double.
"""

import numpy as np
import quantizers
import torch
import torch.nn.functional as F

ACTIVATIONS = ("qat.pact", "qat.bounded")
WEIGHTS = (
    "qat.weight_asymmetric_pact",
    "qat.weight_symmetric_pact",
    "qat.weight_min_max",
)


class _Force(torch.autograd.Function):
    """Given values forward; backward as the quantizer's masks say."""

    @staticmethod
    def forward(ctx, x, fake, inside, factors, *bounds):
        ctx.masks = inside, factors
        return fake.clone()

    @staticmethod
    def backward(ctx, g):
        inside, factors = ctx.masks
        return g * inside, None, None, None, *((g * f).sum() for f in factors)


def force(x, quantized, bounds):
    """Straight through a quantizer; `bounds` are tensors by their names."""
    names = list(quantized.bounds)
    factors = [torch.tensor(quantized.bounds[n], dtype=torch.float64) for n in names]
    return _Force.apply(
        x,
        torch.tensor(quantized.fake, dtype=torch.float64),
        torch.tensor(quantized.inside),
        factors,
        *(bounds[name] for name in names),
    )


def channels_first(x):
    return x.permute(0, 3, 1, 2)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def convolve(x, w, op):
    """NHWC with OHWI weights, or HWCM where the convolution is depthwise."""
    top, bottom, left, right = op.integers("pad")
    x = F.pad(channels_first(x), (left, right, top, bottom))
    if op.name == "tosa.depthwise_conv2d":
        height, width, channels, multiplier = w.shape
        w = w.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
        groups = channels
    else:
        w = w.permute(0, 3, 1, 2)
        groups = int(op.number("groups")) if "groups" in op.attributes else 1
    y = F.conv2d(x, w, None, op.integers("stride"), 0, op.integers("dilation"), groups)
    return channels_last(y)


def pool_sums(x, op, kernel):
    top, bottom, left, right = op.integers("pad")
    x = F.pad(channels_first(x), (left, right, top, bottom))
    mean = F.avg_pool2d(x, kernel, op.integers("stride"))
    return channels_last(mean) * (kernel[0] * kernel[1])


def average_pool(x, op):
    """Pads are not counted."""
    kernel = op.integers("kernel")
    return pool_sums(x, op, kernel) / pool_sums(torch.ones_like(x), op, kernel)


def max_pool(x, op):
    """The first of equal maxima, row by row, takes the gradient."""
    top, bottom, left, right = op.integers("pad")
    x = F.pad(channels_first(x), (left, right, top, bottom), value=-torch.inf)
    return channels_last(F.max_pool2d(x, op.integers("kernel"), op.integers("stride")))


class Step:
    """One forward pass of a live network; gradients by autograd."""

    frozen = False

    def __init__(self, module, parameters, function="main"):
        """`parameters`: float32 arrays by name, instead of the module's."""
        self.module, self.function = module, module.functions[function]
        self.arrays = {n: np.asarray(a, np.float32) for n, a in parameters.items()}
        self.tensors = {
            name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
            for name, array in self.arrays.items()
        }
        self.statistics = {}  # mean and unbiased variance of the batch, by name
        self.differences = []  # (what, difference, allowed)
        self.quantizer_inputs = 0

    def forward(self, x, taps, dropout=None):
        """`taps`: inputs of the activation quantizers, in order (None: its own);
        `dropout`: factors of the input of the last layer with weights."""
        self.values, self.taps, self.batch = {}, taps, len(x)
        self.names = {}  # SSA value -> parameter
        self.values[self.function["arguments"][0][0]] = torch.tensor(
            np.asarray(x, np.float32), dtype=torch.float64
        )
        ops = self.function["ops"]
        convolutions = [i for i, op in enumerate(ops) if "conv2d" in op.name]
        self.last = ops[convolutions[-1]].results[0] if convolutions else None
        self.dropout = dropout
        for op in ops:
            if op.name == "func.return":
                return self.values[op.operands[0]]
            self.values |= zip(op.results, [self.compute(op)])
        raise ValueError("no return")

    def parameter(self, value):
        return self.names[value]

    def compute(self, op):
        method = getattr(self, "do_" + op.name.replace(".", "_"), None)
        if method is None:
            raise NotImplementedError(f"the reference knows no '{op.name}'")
        return method(op, *(self.values[operand] for operand in op.operands))

    # Parameters and constants

    def do_ml_program_global_load(self, op):
        name = op.attributes["global"].lstrip("@").strip('"')
        self.names[op.results[0]] = name
        return self.tensors[name]

    def do_tosa_const(self, op):
        return torch.tensor(op.attributes["values"].astype(np.float64))

    def do_tosa_const_shape(self, op):
        text = op.attributes["values"]
        inside = text[text.index("<") + 1 : text.rindex("> :")]
        if inside.startswith('"0x'):
            return np.frombuffer(bytes.fromhex(inside[3:-1]), "<i8").tolist()
        found = [int(w) for w in inside.strip("[]").replace(",", " ").split()]
        count = int(op.result_types[0].split("<")[1].rstrip(">"))
        return found * count if len(found) == 1 < count else found

    # Quantizers

    def compare(self, what, ours, expected, allowed):
        """Records how far two arrays are apart, in units of the largest element."""
        scale = max(1e-3, np.abs(expected).max(initial=0))
        difference = np.abs(np.asarray(ours, np.float64) - expected).max(initial=0)
        self.differences.append((what, difference / scale, allowed))

    def tapped(self, op, x):
        """What the step under test gave this quantizer, compared with `x`."""
        if self.taps is None:
            return x.detach().numpy().astype(np.float32)
        ours = self.taps[self.quantizer_inputs]
        self.quantizer_inputs += 1
        self.compare(f"input of {op.name} {op.results[0]}", ours, x.detach().numpy(),
                     allowed=1e-5)  # fmt: skip
        return ours

    def do_qat_quantize_input(self, op, x):
        fake = quantizers.network_input(x.numpy().astype(np.float32), op).fake
        return torch.tensor(fake, dtype=torch.float64)

    def do_qat_pact(self, op, x, alpha):
        ours = self.tapped(op, x)
        if op.word("activation_type") == "relu6" and not self.frozen:
            return torch.where(
                torch.tensor((ours > 0) & (ours < alpha.item())), x, x.detach()
            ).clamp(0, alpha.item())
        quantized = quantizers.pact(ours, op, alpha.item())
        if op.word("activation_type") != "learned":
            alpha = alpha.detach()
        return force(x, quantized, {"alpha": alpha})

    def do_qat_bounded(self, op, x, lo, hi):
        quantized = quantizers.bounded(self.tapped(op, x), op, lo.item(), hi.item())
        return force(x, quantized, {"lo": lo, "hi": hi})

    def weights(self, op, w, **bounds):
        array = w.detach().numpy().astype(np.float32)
        numbers = {name: bound.item() for name, bound in bounds.items()}
        clamps = "unclamped" not in op.attributes
        return force(w, quantizers.weights(array, op, clamps=clamps, **numbers), bounds)

    def do_qat_weight_asymmetric_pact(self, op, w, lo, hi):
        return self.weights(op, w, lo=lo, hi=hi)

    def do_qat_weight_symmetric_pact(self, op, w, hi):
        return self.weights(op, w, hi=hi)

    def do_qat_weight_min_max(self, op, w):
        return self.weights(op, w)

    # Layers

    def convolution(self, op, x, w, bias, *_):
        if self.dropout is not None and op.results[0] == self.last:
            x = x * torch.tensor(self.dropout, dtype=torch.float64).reshape(x.shape)
        return convolve(x, w, op) + bias

    do_tosa_conv2d = convolution
    do_tosa_depthwise_conv2d = convolution
    do_qat_grouped_conv2d = convolution

    def do_qat_batch_norm(self, op, y, gamma, beta, mean, variance):
        axes = tuple(range(y.ndim - 1))
        batch_mean = y.mean(axes)
        centred = y - batch_mean
        biased = (centred * centred).mean(axes)
        count = y.numel() // y.shape[-1]
        unbiased = biased * (count / max(count - 1, 1))
        self.statistics[self.names[op.operands[3]]] = batch_mean.detach().numpy()
        self.statistics[self.names[op.operands[4]]] = unbiased.detach().numpy()
        return centred / torch.sqrt(biased + op.number("epsilon")) * gamma + beta

    def do_tosa_clamp(self, op, x):
        low, high = op.number("min_val"), op.number("max_val")
        return F.hardtanh(x, low, high)

    def do_tosa_add(self, op, x, y):
        return x + y

    def do_tosa_concat(self, op, *inputs):
        return torch.cat(inputs, int(op.number("axis")))

    def do_tosa_pad(self, op, x, sizes, value):
        pairs = list(zip(sizes[::2], sizes[1::2]))[::-1]
        return F.pad(x, [n for pair in pairs for n in pair], value=value.item())

    def do_tosa_slice(self, op, x, start, size):
        size = [self.batch, *size[1:]]
        return x[tuple(slice(b, b + n) for b, n in zip(start, size))]

    def do_tosa_avg_pool2d(self, op, x, *_):
        return average_pool(x, op)

    def do_tosa_max_pool2d(self, op, x):
        return max_pool(x, op)

    def do_tosa_reshape(self, op, x, shape):
        return x.reshape([self.batch, *shape[1:]])

    def do_qat_softmax(self, op, x):
        return x  # the loss is taken of the logits


def cross_entropy(logits, labels, smoothing=0.0):
    """Mean over the batch, and how many labels are the first, or in the first 5."""
    logits = logits.reshape(len(labels), -1)
    target = torch.tensor(labels, dtype=torch.long)
    loss = F.cross_entropy(logits, target, label_smoothing=smoothing)
    return loss, logits
