"""Writes a small network in form I and what it computes.

    small_network.py DIR

DIR gets network.mlir, input.bin (four images) and, one after the other, the
outputs of every layer for each image as expected.bin. The numbers come from
NumPy and Python integers, straight from the description of the integer layers,
and share no code with the compiler.
"""

import os
import sys

import numpy as np

rng = np.random.default_rng(7)
STORAGE = {"u8": (0, 255), "i8": (-128, 127), "u4": (0, 15), "i4": (-8, 7),
           "i32": (-(2**31), 2**31 - 1)}


class Tensor:
    def __init__(self, name, shape, storage, scale, zero=0):
        self.name, self.shape, self.storage = name, shape, storage
        self.scale, self.zero = scale, zero

    @property
    def type(self):
        zero = f":{self.zero}" if self.zero else ""
        dims = "x".join(map(str, self.shape))
        return f"tensor<{dims}x!quant.uniform<{self.storage}:f32, {self.scale}{zero}>>"


class Network:
    def __init__(self):
        self.lines, self.steps, self.count = [], [], 0

    def fresh(self):
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text, loc=None):
        suffix = f' loc("{loc}")' if loc else ""
        self.lines.append(f"    {text}{suffix}")

    def constant(self, values, element):
        name = self.fresh()
        dims = "x".join(map(str, values.shape))
        self.emit(f"{name} = arith.constant dense<{values.tolist()}> : tensor<{dims}x{element}>")
        return name

    def weights(self, shape, storage, zeros, axis):
        """Stored values, quantized type and the integers that they stand for."""
        low, high = STORAGE[storage]
        stored = rng.integers(low, high + 1, shape)
        bits = int(storage[1:])
        held = np.where(stored >= 2 ** (bits - 1), stored - 2**bits, stored)
        constant = self.constant(held, f"i{bits}")
        if len(zeros) == 1:
            quant = f"!quant.uniform<{storage}:f32, 0.01:{zeros[0]}>"
        else:
            scales = ",".join(f"0.01:{z}" for z in zeros)
            quant = f"!quant.uniform<{storage}:f32:{axis}, {{{scales}}}>"
        dims = "x".join(map(str, shape))
        name = self.fresh()
        self.emit(f"{name} = quant.scast {constant} : tensor<{dims}xi{bits}> to tensor<{dims}x{quant}>")
        expand = [1] * len(shape)
        expand[axis] = -1
        return name, f"tensor<{dims}x{quant}>", stored - np.reshape(zeros, expand)

    def layer(self, op, operands, types, attributes, result, loc, compute):
        attributes = f" {{{attributes}}}" if attributes else ""
        self.emit(f"{result.name} = qat.{op} {', '.join(operands)}{attributes} : "
                  f"({', '.join(types)}) -> {result.type}", loc)
        self.steps.append((result, compute))
        return result


def requantize(acc, bias, multiplier, shift, out):
    low, high = STORAGE[out.storage]
    result = np.empty(acc.shape, dtype=np.int64)
    for index in np.ndindex(*acc.shape):
        c = index[-1]
        value = int(acc[index]) + int(bias[c])
        if multiplier is not None:
            at = c if len(multiplier) > 1 else 0
            value = (value * int(multiplier[at])) >> int(shift[at])
        result[index] = min(max(value + out.zero, low), high)
    return result


def array(kind, values):
    return f"array<{kind}: {', '.join(str(int(v)) for v in values)}>"


def conv(net, x, out, storage, zeros, loc, kernel, stride, pad, dilation=(1, 1),
         groups=1, depthwise=False, per_channel=True, negative=False):
    kh, kw = kernel
    ic, oc = x.shape[3], out.shape[3]
    if depthwise:
        w, wtype, integers = net.weights((kh, kw, oc), storage, zeros, 2)
    else:
        w, wtype, integers = net.weights((oc, kh, kw, ic // groups), storage, zeros, 0)
    bias = rng.integers(-3000, 3000, oc)
    b = net.constant(bias, "i32")
    count = oc if per_channel else 1
    multiplier = rng.integers(2**30, 2**31, count)
    if negative:
        multiplier[0] = -multiplier[0]
    shift = rng.integers(38, 41, count)
    attributes = (f"pad = {array('i64', pad)}, stride = {array('i64', stride)}, "
                  f"dilation = {array('i64', dilation)}, "
                  f"multiplier = {array('i32', multiplier)}, shift = {array('i8', shift)}, "
                  "accumulator_bits = 32 : i32")
    if groups != 1:
        attributes += f", groups = {groups} : i64"

    def compute(values):
        image = values[x.name].astype(np.int64) - x.zero
        padded = np.pad(image, ((0, 0), pad[:2], pad[2:], (0, 0)))
        acc = np.zeros(out.shape, dtype=np.int64)
        for index in np.ndindex(*out.shape):
            _, oy, ox, c = index
            for ky in range(kh):
                for kx in range(kw):
                    pixel = padded[0, oy * stride[0] + ky * dilation[0],
                                   ox * stride[1] + kx * dilation[1]]
                    if depthwise:
                        acc[index] += pixel[c // (oc // ic)] * integers[ky, kx, c]
                    else:
                        first = c // (oc // groups) * (ic // groups)
                        acc[index] += (pixel[first:first + ic // groups] * integers[c, ky, kx]).sum()
        return requantize(acc, bias, multiplier, shift, out)

    op = "depthwise_conv2d" if depthwise else "conv2d"
    return net.layer(op, [x.name, w, b], [x.type, wtype, f"tensor<{oc}xi32>"],
                     attributes, out, loc, compute)


def rescaled(net, op, inputs, multipliers, offset, shift, out, loc):
    names = ["lhs_multiplier", "rhs_multiplier"] if len(inputs) == 2 else ["multiplier"]
    attributes = ", ".join(f"{n} = {m} : i32" for n, m in zip(names, multipliers))
    attributes += f", offset = {offset} : i32, shift = {shift} : i32"

    def compute(values):
        total = offset
        for x, m in zip(inputs, multipliers):
            total = total + (values[x.name].astype(np.int64) - x.zero) * m
        return np.clip((total >> shift) + out.zero, *STORAGE[out.storage])

    return net.layer(op, [x.name for x in inputs], [x.type for x in inputs],
                     attributes, out, loc, compute)


def pool(net, op, x, out, kernel, stride, pad, loc):
    attributes = (f"kernel = {array('i64', kernel)}, stride = {array('i64', stride)}, "
                  f"pad = {array('i64', pad)}")
    if op == "avg_pool2d":
        attributes += ", rounding = #qat.rounding<nearest>"

    def compute(values):
        image = values[x.name].astype(np.int64)
        result = np.empty(out.shape, dtype=np.int64)
        for index in np.ndindex(*out.shape):
            _, oy, ox, c = index
            top, left = oy * stride[0] - pad[0], ox * stride[1] - pad[2]
            window = image[0, max(top, 0):top + kernel[0], max(left, 0):left + kernel[1], c]
            if op == "avg_pool2d":
                result[index] = (2 * int(window.sum()) + window.size) // (2 * window.size)
            else:
                result[index] = window.max()
        return result

    return net.layer(op, [x.name], [x.type], attributes, out, loc, compute)


def concat(net, inputs, out, axis, loc):
    def compute(values):
        return np.concatenate([values[x.name] for x in inputs], axis)

    return net.layer("concat", [x.name for x in inputs], [x.type for x in inputs],
                     f"axis = {axis} : i64", out, loc, compute)


def border(net, x, out, low, high, value, loc):
    attributes = f"low = {array('i64', low)}, high = {array('i64', high)}, value = {value} : i32"

    def compute(values):
        return np.pad(values[x.name], list(zip(low, high)), constant_values=value)

    return net.layer("pad", [x.name], [x.type], attributes, out, loc, compute)


def packed(values, storage):
    """As the C keeps a tensor: rows that start on bytes, low bits first."""
    bits = int(storage[1:])
    if bits >= 8:
        kind = {"i32": np.int32, "i8": np.int8}.get(storage, np.uint8)
        return values.astype(kind).tobytes()
    text = b""
    for row in values.reshape(values.shape[1] if values.ndim == 4 else 1, -1):
        fields = 0
        for place, value in enumerate(row.tolist()):
            fields |= (value & (2**bits - 1)) << place * bits
        text += fields.to_bytes(-(-len(row) * bits // 8), "little")
    return text


def build():
    net = Network()
    x = Tensor("%x", (1, 12, 10, 3), "i8", 0.0078125)
    stem = conv(net, x, Tensor("%stem", (1, 6, 5, 8), "u8", 0.05), "u8", [131],
                "resnet/stem/Conv2D", (3, 3), (2, 2), (0, 1, 0, 1), negative=True)
    dw = conv(net, stem, Tensor("%dw", (1, 6, 5, 8), "u4", 0.4), "i8",
              list(range(-4, 4)), "resnet/3x3 depthwise", (3, 3), (1, 1),
              (1, 1, 1, 1), depthwise=True)
    pw = conv(net, dw, Tensor("%pw", (1, 6, 5, 8), "i8", 0.05, -3), "i4", [0],
              "resnet/int", (1, 1), (1, 1), (0, 0, 0, 0), groups=2, per_channel=False)
    total = rescaled(net, "add", [stem, pw], [524288, 700000], 2**19, 20,
                     Tensor("%total", (1, 6, 5, 8), "u8", 0.1), "resnet/add")
    again = rescaled(net, "requantize", [total], [900000], 0, 20,
                     Tensor("%again", (1, 6, 5, 8), "u8", 0.12, 5), "resnet/add")
    top = pool(net, "max_pool2d", again, Tensor("%top", (1, 3, 5, 8), "u8", 0.12, 5),
               (3, 2), (2, 1), (1, 0, 0, 1), "")
    # Nibbles that start in the middle of bytes: rows of 7 pixels of 17 channels.
    nibbles = pool(net, "max_pool2d", dw, Tensor("%nibbles", (1, 3, 5, 8), "u4", 0.4),
                   (3, 2), (2, 1), (1, 0, 0, 1), "resnet/nibbles")
    moved = rescaled(net, "requantize", [top], [100000], 2**19, 20,
                     Tensor("%moved", (1, 3, 5, 8), "u4", 0.4), "resnet/moved")
    joined = concat(net, [nibbles, moved],
                    Tensor("%joined", (1, 3, 5, 16), "u4", 0.4), 3, "resnet/joined")
    padded = border(net, joined, Tensor("%padded", (1, 4, 7, 17), "u4", 0.4),
                    (0, 1, 0, 1), (0, 0, 2, 0), 9, "resnet/padded")
    wide = conv(net, padded, Tensor("%wide", (1, 4, 7, 34), "i8", 0.1, 7), "i8", [3],
                "resnet/wide", (2, 2), (1, 1), (1, 1, 1, 1), (2, 2), depthwise=True)
    mean = pool(net, "avg_pool2d", wide, Tensor("%mean", (1, 1, 1, 34), "i8", 0.1, 7),
                (4, 7), (1, 1), (0, 0, 0, 0), "resnet/mean")
    flat = Tensor("%flat", (1, 34), "i8", 0.1, 7)
    net.emit(f"%flat = tensor.collapse_shape %mean [[0, 1, 2], [3]] : {mean.type} into {flat.type}")
    w, wtype, integers = net.weights((5, 34), "u8", [120, 121, 122, 123, 124], 0)
    bias = rng.integers(-(2**31), 2**31, 5)
    b = net.constant(bias, "i32")
    logits = Tensor("%logits", (1, 5), "i32", 0.001)

    def dense(values):
        acc = (integers * (values["%mean"].reshape(-1).astype(np.int64) - flat.zero)).sum(axis=1)
        return requantize(acc[None], bias, None, None, logits)

    net.layer("fully_connected", [flat.name, w, b], [flat.type, wtype, "tensor<5xi32>"],
              "accumulator_bits = 64 : i32", logits, "resnet/logits", dense)
    return net, x, logits


def main(folder):
    net, x, logits = build()
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "network.mlir"), "w") as file:
        file.write('module attributes {qat.source = "small.onnx"} {\n')
        file.write(f'  func.func @main(%x: {x.type} {{qat.name = "image"}}) -> '
                   f'({logits.type} {{qat.name = "logits"}}) {{\n')
        file.write("\n".join(net.lines))
        file.write(f"\n    return {logits.name} : {logits.type}\n  }}\n}}\n")
    images = rng.integers(-128, 128, (4,) + x.shape[1:]).astype(np.int8)
    images[0] = 127
    images.tofile(os.path.join(folder, "input.bin"))
    with open(os.path.join(folder, "expected.bin"), "wb") as file:
        for image in images:
            values = {x.name: image[None]}
            for result, compute in net.steps:
                value = values[result.name] = compute(values)
                assert STORAGE[result.storage][0] <= value.min()
                if result.storage != "i32":
                    # A network that saturates would not tell kernels apart.
                    assert len(np.unique(value)) > 4, result.name
                # What is made for a concat has no buffer of its own.
                if result.name != "%moved":
                    file.write(packed(value, result.storage))


if __name__ == "__main__":
    main(sys.argv[1])
