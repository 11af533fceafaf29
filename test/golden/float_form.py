#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a golden network in form F from its float parameters.

For networks without an ONNX file. Layers are named by their golden prefixes.
"""

import ir
import numpy as np
from network import POOLS


class Writer:
    def __init__(self, net):
        self.net = net
        self.function = ir.Function()
        self.values = {"input": ("%x", net.input_shape)}

    def emit(self, text, shape, name=None):
        return self.function.emit(text, name), list(shape)

    def constant(self, values, name=None):
        values = np.asarray(values, np.float32)
        typed = ir.tensor(values.shape, "f32")
        return self.function.emit(
            f'"tosa.const"() <{{values = {ir.floats(values)} : {typed}}}> : () -> {typed}',
            name,
        )

    def reshape(self, value, shape, name):
        x, old = value
        shape = list(shape)
        sizes = ", ".join(map(str, shape))
        c = self.function.emit(
            f"tosa.const_shape {{values = dense<[{sizes}]> : tensor<{len(shape)}xindex>}}"
            f" : () -> !tosa.shape<{len(shape)}>"
        )
        return self.emit(
            f"tosa.reshape {x}, {c} : ({ir.tensor(old, 'f32')}, !tosa.shape<{len(shape)}>)"
            f" -> {ir.tensor(shape, 'f32')}",
            shape,
            name,
        )

    def window(self, node, value, output):
        """TOSA's sizes divide exactly: less padding, or a slice, as imports have."""
        (x, shape), pads = value, list(node["pads"])
        (kh, kw), (sh, sw) = node["kernel"], node["stride"]
        sizes = []
        for axis, kernel, stride in ((0, kh, sh), (1, kw, sw)):
            used = (output[1 + axis] - 1) * stride + kernel
            size = shape[1 + axis]
            spare = size + pads[axis] + pads[axis + 2] - used
            taken = min(spare, pads[axis + 2])
            pads[axis + 2] -= taken
            sizes.append(size - (spare - taken))
        if sizes != shape[1:3]:
            new = [shape[0], *sizes, shape[3]]
            start, size = (
                self.function.emit(
                    f"tosa.const_shape {{values = dense<[{', '.join(map(str, v))}]> : "
                    f"tensor<4xindex>}} : () -> !tosa.shape<4>"
                )
                for v in ([0, 0, 0, 0], new)
            )
            x, shape = self.emit(
                f"tosa.slice {x}, {start}, {size} : ({ir.tensor(shape, 'f32')}, "
                f"!tosa.shape<4>, !tosa.shape<4>) -> {ir.tensor(new, 'f32')}",
                new,
                node.prefix,
            )
        top, left, bottom, right = pads
        return (x, shape), [top, bottom, left, right]

    def parameter(self, node, name, values):
        return self.function.add_global(f"{node.prefix}.{name}", values)

    def weighted(self, node):
        p, prefix = self.net.params, node.prefix
        w = self.net.weights_to_layer(node, p[f"{prefix}_w"])
        channels = p[f"{prefix}_w"].shape[0]
        value = self.values[node.inputs[0]]
        if node.op == "fc":
            value = self.reshape(value, [1, 1, 1, w.shape[1]], prefix)
            w = w.reshape(channels, 1, 1, -1)
            pads, stride, shape = [0] * 4, [1, 1], [1, 1, 1, channels]
        else:
            value, pads = self.window(node, value, node.shape)
            stride, shape = node["stride"], node.shape
        op, groups = "tosa.conv2d", ""
        if node.is_depthwise:
            op = "tosa.depthwise_conv2d"
            multiplier = channels // node["in_channels"]
            w = w.reshape(*w.shape[:2], node["in_channels"], multiplier)
        elif node.get("group", 1) > 1:
            op, groups = "qat.grouped_conv2d", f"groups = {node['group']} : i64, "
        w_value = self.parameter(node, "weight", w)
        bias = p.get(f"{prefix}_bias")
        if bias is not None:
            b = self.parameter(node, "bias", bias)
        else:
            b = self.constant(np.zeros(channels), prefix)
        x, old = value
        types = [ir.tensor(s, "f32") for s in (old, w.shape, [channels])]
        operands = [x, w_value, b]
        attributes = f"pad = {ir.array(pads, 64)}, stride = {ir.array(stride, 64)}, "
        attributes += f"{groups}dilation = array<i64: 1, 1>"
        if op.startswith("tosa"):
            attributes += ", acc_type = f32"
            operands += [self.constant([0.0], prefix)] * 2
            types += ["tensor<1xf32>"] * 2
        value = self.emit(
            f"{op} {', '.join(operands)} {{{attributes}}} : ({', '.join(types)}) -> "
            f"{ir.tensor(shape, 'f32')}",
            shape,
            prefix,
        )
        if node.op == "fc":
            value = self.reshape(value, node.shape, prefix)
        if node["batch_norm"]:
            value = self.batch_norm(node, value)
        return self.activation(node, value)

    def batch_norm(self, node, value):
        x, shape = value
        names = [
            self.parameter(node, f"bn.{k}", self.net.params[f"{node.prefix}_bn_{k}"])
            for k in ("gamma", "beta", "mean", "var")
        ]
        return self.emit(
            f"qat.batch_norm {x}, {', '.join(names)} {{epsilon = "
            f"{ir.real(self.net.json['bn_eps'])}}} : {ir.tensor(shape, 'f32')}, "
            f"tensor<{shape[-1]}xf32>",
            shape,
            f"{node.prefix}.bn",
        )

    def activation(self, node, value):
        if node.get("act") is None:
            return value
        x, shape = value
        top = np.finfo(np.float32).max
        if node["act"] == "clip":
            top = self.net.params[f"{node.prefix}_alpha"].reshape(-1)[0]
        typed = ir.tensor(shape, "f32")
        return self.emit(
            f"tosa.clamp {x} {{min_val = 0.0 : f32, max_val = {ir.real(top)}}} : "
            f"({typed}) -> {typed}",
            shape,
            f"{node.prefix}.act",
        )

    def pool(self, node):
        (x, shape), pads = self.window(node, self.values[node.inputs[0]], node.shape)
        attributes = f"kernel = {ir.array(node['kernel'], 64)}, pad = "
        attributes += f"{ir.array(pads, 64)}, stride = {ir.array(node['stride'], 64)}"
        result = ir.tensor(node.shape, "f32")
        if node.op == "maxpool":
            text = f"tosa.max_pool2d {x} {{{attributes}}} : ({ir.tensor(shape, 'f32')})"
        else:
            zero = self.constant([0.0], node.prefix)
            text = (
                f"tosa.avg_pool2d {x}, {zero}, {zero} {{acc_type = f32, {attributes}}} : "
                f"({ir.tensor(shape, 'f32')}, tensor<1xf32>, tensor<1xf32>)"
            )
        return self.emit(f"{text} -> {result}", node.shape, node.prefix)

    def join(self, node):
        values = [self.values[key] for key in node.inputs]
        names = ", ".join(x for x, _ in values)
        types = ", ".join(ir.tensor(shape, "f32") for _, shape in values)
        axis = " {axis = 3 : i32}" if node.op == "concat" else ""
        signature = f"({types}) -> {ir.tensor(node.shape, 'f32')}"
        value = self.emit(
            f"tosa.{node.op} {names}{axis} : {signature}", node.shape, node.prefix
        )
        return self.activation(node, value)

    def write(self):
        for node in self.net.nodes:
            if node.op in ("conv", "fc"):
                value = self.weighted(node)
            elif node.op in POOLS:
                value = self.pool(node)
            elif node.op == "flatten":
                value = self.flatten(node)
            else:
                value = self.join(node)
            self.values[node.key] = value
        y, shape = self.values[self.net.last().key]
        return self.function.text(
            ir.tensor(self.net.input_shape, "f32") + ' {qat.name = "input"}',
            ir.tensor(shape, "f32"),
            y,
        )

    def flatten(self, node):
        value = self.values[node.inputs[0]]
        return self.reshape(value, node.shape, node.key) if len(value[1]) == 4 else value
