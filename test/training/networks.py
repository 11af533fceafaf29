# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small networks in forms F and Q as text, every number of them a parameter."""

import numpy as np

CONV = "acc_type = f32, dilation = array<i64: {d}>, pad = array<i64: {p}>, stride = array<i64: {s}>"
POOL = "kernel = array<i64: {k}>, pad = array<i64: {p}>, stride = array<i64: {s}>"


def words(numbers):
    return ", ".join(map(str, numbers))


def tensor(shape, element="f32"):
    return f"tensor<{''.join(f'{n}x' for n in shape)}{element}>"


class Network:
    """A builder of `@main`. A value is its name; `shapes` has their shapes.

    The batch in the text is 1; qat-differentiate sets another one.
    """

    def __init__(self, rng, shape):
        self.rng, self.globals, self.lines = rng, [], []
        self.arrays, self.shapes = {}, {}
        self.input_shape = (1, *shape)
        self.shapes["%x"] = self.input_shape

    def define(self, text, shape):
        name = f"%{len(self.lines)}"
        self.shapes[name] = tuple(shape)
        self.lines.append(f'{name} = {text} loc("layer{len(self.lines)}")')
        return name

    def parameter(self, shape, name=None, array=None):
        name = name or f"p{len(self.arrays)}"
        if array is None:
            array = self.rng.uniform(-1, 1, shape)
        self.arrays[name] = np.asarray(array, np.float32).reshape(shape)
        kind = tensor(shape)
        self.globals.append(
            f'ml_program.global private mutable @"{name}"'
            f"(dense<{self.arrays[name].tolist()}> : {kind}) : {kind}"
        )
        return self.define(f'ml_program.global_load @"{name}" : {kind}', shape)

    def constant(self, value, shape=(1,), element="f32"):
        kind = tensor(shape, element)
        return self.define(
            f'"tosa.const"() <{{values = dense<{value}> : {kind}}}> : () -> {kind}', shape
        )

    def sizes(self, numbers):
        n = len(numbers)
        return self.define(
            f"tosa.const_shape {{values = dense<[{words(numbers)}]> : tensor<{n}xindex>}}"
            f" : () -> !tosa.shape<{n}>", (),
        )  # fmt: skip

    def kind(self, value):
        return tensor(self.shapes[value])

    def plus(self, x, shape=None):
        """`x` plus a parameter, through which the gradient of `x` is seen."""
        return self.binary("add", x, self.parameter(shape or self.shapes[x]))

    def binary(self, op, x, y):
        shape = np.broadcast_shapes(self.shapes[x], self.shapes[y])
        operands, kinds = [x, y], [self.kind(x), self.kind(y)]
        if op == "mul":
            operands.append(self.constant(0, element="i8"))
            kinds.append("tensor<1xi8>")
        return self.define(
            f"tosa.{op} {', '.join(operands)} : ({', '.join(kinds)}) -> {tensor(shape)}", shape
        )

    def convolve(self, x, channels, kernel=(3, 3), pad=(0, 0, 0, 0), stride=(1, 1),
                 dilation=(1, 1), groups=1, depthwise=False, weight=None, bias=None):  # fmt: skip
        n, h, w, c = self.shapes[x]
        out = [n]
        for size, k, before, after, s, d in zip((h, w), kernel, pad[::2], pad[1::2], stride, dilation):
            out.append((size + before + after - d * (k - 1) - 1) // s + 1)
        out.append(channels)
        shape = (*kernel, c, channels // c) if depthwise else (channels, *kernel, c // groups)
        weight = weight or self.parameter(shape)
        bias = bias or self.parameter((channels,))
        place = CONV.format(d=words(dilation), p=words(pad), s=words(stride))
        kinds = [self.kind(x), self.kind(weight), self.kind(bias)]
        if groups > 1:
            place = place.replace("acc_type = f32, ", "") + f", groups = {groups} : i64"
            return self.define(
                f"qat.grouped_conv2d {x}, {weight}, {bias} {{{place}}}"
                f" : ({', '.join(kinds)}) -> {tensor(out)}", out,
            )  # fmt: skip
        zero = self.constant("0.0")
        op = "depthwise_conv2d" if depthwise else "conv2d"
        return self.define(
            f"tosa.{op} {x}, {weight}, {bias}, {zero}, {zero} {{{place}}}"
            f" : ({', '.join(kinds)}, tensor<1xf32>, tensor<1xf32>) -> {tensor(out)}", out,
        )  # fmt: skip

    def norm(self, x, frozen=False):
        c = self.shapes[x][-1:]
        name = f"norm{len(self.lines)}.bn"
        vectors = [
            self.parameter(c, f"{name}.gamma"),
            self.parameter(c, f"{name}.beta"),
            self.parameter(c, f"{name}.mean"),
            self.parameter(c, f"{name}.var", self.rng.uniform(0.5, 2, c)),
        ]
        mark = ", fold_type = #qat.fold_type<ICN>, frozen" if frozen else ""
        return self.define(
            f"qat.batch_norm {x}, {', '.join(vectors)} {{epsilon = 1.0e-3 : f32{mark}}}"
            f" : {self.kind(x)}, {tensor(c)}", self.shapes[x],
        )  # fmt: skip

    def fold(self, weight, axes, norm, epsilon=1e-3):
        gamma, variance = norm[0], norm[3]
        return self.define(
            f"qat.fold_weight {weight}, {gamma}, {variance} {{channel_axes = array<i64: {words(axes)}>,"
            f" epsilon = {float(epsilon):e} : f32}} : {self.kind(weight)}, {self.kind(gamma)}",
            self.shapes[weight],
        )  # fmt: skip

    def fold_bias(self, bias, norm):
        return self.define(
            f"qat.fold_bias {bias}, {', '.join(norm)} {{epsilon = 1.0e-3 : f32}}"
            f" : {self.kind(bias)}", self.shapes[bias],
        )  # fmt: skip

    def vectors(self, channels):
        """gamma, beta, mean and variance of a batch norm that is folded."""
        name = f"norm{len(self.lines)}.bn"
        return [
            self.parameter((channels,), f"{name}.{what}", None if what != "var" else
                           self.rng.uniform(0.5, 2, channels))
            for what in ("gamma", "beta", "mean", "var")
        ]  # fmt: skip

    def pool(self, op, x, kernel, stride=(1, 1), pad=(0, 0, 0, 0)):
        n, h, w, c = self.shapes[x]
        out = [n]
        for size, k, before, after, s in zip((h, w), kernel, pad[::2], pad[1::2], stride):
            out.append((size + before + after - k) // s + 1)
        out.append(c)
        place = POOL.format(k=words(kernel), p=words(pad), s=words(stride))
        if op == "max":
            return self.define(
                f"tosa.max_pool2d {x} {{{place}}} : ({self.kind(x)}) -> {tensor(out)}", out
            )
        zero = self.constant("0.0")
        return self.define(
            f"tosa.avg_pool2d {x}, {zero}, {zero} {{acc_type = f32, {place}}}"
            f" : ({self.kind(x)}, tensor<1xf32>, tensor<1xf32>) -> {tensor(out)}", out,
        )  # fmt: skip

    def clamp(self, x, low, high):
        return self.define(
            f"tosa.clamp {x} {{min_val = {low} : f32, max_val = {high} : f32}}"
            f" : ({self.kind(x)}) -> {self.kind(x)}", self.shapes[x],
        )  # fmt: skip

    def reshape(self, x, shape):
        sizes = self.sizes(shape)
        return self.define(
            f"tosa.reshape {x}, {sizes} : ({self.kind(x)}, !tosa.shape<{len(shape)}>)"
            f" -> {tensor(shape)}", shape,
        )  # fmt: skip

    def concat(self, *inputs, axis=3):
        shape = list(self.shapes[inputs[0]])
        shape[axis] = sum(self.shapes[x][axis] for x in inputs)
        kinds = ", ".join(map(self.kind, inputs))
        return self.define(
            f"tosa.concat {', '.join(inputs)} {{axis = {axis} : i32}} : ({kinds}) -> {tensor(shape)}",
            shape,
        )  # fmt: skip

    def pad(self, x, pairs):
        shape = [n + a + b for n, a, b in zip(self.shapes[x], pairs[::2], pairs[1::2])]
        sizes, zero = self.sizes(pairs), self.constant("0.5")
        return self.define(
            f"tosa.pad {x}, {sizes}, {zero} : ({self.kind(x)}, !tosa.shape<{len(pairs)}>,"
            f" tensor<1xf32>) -> {tensor(shape)}", shape,
        )  # fmt: skip

    def slice(self, x, start, size):
        n = len(start)
        return self.define(
            f"tosa.slice {x}, {self.sizes(start)}, {self.sizes(size)} : ({self.kind(x)},"
            f" !tosa.shape<{n}>, !tosa.shape<{n}>) -> {tensor(size)}", size,
        )  # fmt: skip

    def transpose(self, x, order):
        shape = [self.shapes[x][i] for i in order]
        return self.define(
            f"tosa.transpose {x} {{perms = array<i32: {words(order)}>}} : ({self.kind(x)})"
            f" -> {tensor(shape)}", shape,
        )  # fmt: skip

    def softmax(self, x):
        return self.define(f"qat.softmax {x} : {self.kind(x)}", self.shapes[x])

    def quantize(self, op, x, bounds=(), attributes="bits = 8 : i32"):
        return self.define(
            f"qat.{op} {', '.join([x, *bounds])} {{{attributes}}} : {self.kind(x)}",
            self.shapes[x],
        )  # fmt: skip

    def dense(self, x, channels):
        """A fully connected layer as form F has it."""
        k = int(np.prod(self.shapes[x][1:]))
        image = self.reshape(x, (1, 1, 1, k))
        return self.reshape(self.convolve(image, channels, (1, 1)), (1, channels))

    def text(self, result):
        body = "\n".join(self.lines)
        kind, out = tensor(self.input_shape), self.kind(result)
        return (
            "\n".join(self.globals)
            + f'\nfunc.func @main(%x: {kind} {{qat.name = "input"}}) -> {out} {{\n{body}\n'
            f"return {result} : {out}\n}}\n"
        )
