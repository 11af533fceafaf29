#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a golden network in form I from its golden integers alone.

What `qat run` and `qat deploy` make of it depends on nothing that comes before.
"""

import ir
import numpy as np
from network import POOLS


class Writer:
    def __init__(self, net):
        self.net, self.data = net, net.data
        self.function = ir.Function()
        # Values of the network: name and type of the elements.
        self.values = {}
        # Golden arrays by the name of the layer that computes them.
        self.expected = {}

    def typed(self, key):
        """The SSA name and the type of a value."""
        name, element = self.values[key]
        return name, ir.tensor(self.net.shapes[key], element)

    def element(self, node):
        if node.is_last:
            return "!quant.uniform<i32:f32, 1.0>"
        _, zero, _, _ = self.net.grid(node.key)
        return f"!quant.uniform<u{node['a_bits']}:f32, 1.0:{zero}>"

    def weights(self, node):
        bits = node["w_bits"]
        kind = "i" if node["quant_type"] == "PerLayerSymPACT" else "u"
        w_int = self.data[f"{node.prefix}_w_int"].astype(np.int64)
        zeros = self.data[f"{node.prefix}_w_zero_point"].reshape(-1)
        stored = w_int + zeros.reshape((-1,) + (1,) * (w_int.ndim - 1))
        stored = self.net.weights_to_layer(node, stored)
        if len(zeros) == 1:
            element = f"!quant.uniform<{kind}{bits}:f32, 1.0:{zeros[0]}>"
        else:
            axis = 2 if node.is_depthwise else 0
            inside = ", ".join(f"1.0:{zero}" for zero in zeros)
            element = f"!quant.uniform<{kind}{bits}:f32:{axis}, {{{inside}}}>"
        plain = ir.tensor(stored.shape, f"i{bits}")
        typed = ir.tensor(stored.shape, element)
        c = self.function.emit(
            f"arith.constant {ir.integers(stored, bits)} : {plain}"
        )
        return self.function.emit(f"quant.scast {c} : {plain} to {typed}"), typed

    def weighted(self, node):
        d, prefix = self.data, node.prefix
        attributes = []
        if node.op == "fc":
            op = "fully_connected"
        else:
            top, left, bottom, right = node["pads"]
            attributes += [
                f"pad = {ir.array([top, bottom, left, right], 64)}",
                f"stride = {ir.array(node['stride'], 64)}",
                "dilation = array<i64: 1, 1>",
            ]
            op = "depthwise_conv2d" if node.is_depthwise else "conv2d"
            if not node.is_depthwise:
                attributes.append(f"groups = {node['group']} : i64")
        geometry = list(attributes)
        w, w_type = self.weights(node)
        biases = d[f"{prefix}_b_int"]
        b_type = ir.tensor(biases.shape, "i32")
        b = self.function.emit(f"arith.constant {ir.integers(biases, 32)} : {b_type}")
        if f"{prefix}_M0" in d:
            shift = np.minimum(31 - d[f"{prefix}_N0"].astype(np.int64), 63)
            attributes += [
                f"multiplier = {ir.array(d[f'{prefix}_M0'], 32)}",
                f"shift = {ir.array(shift, 8)}",
            ]
        x, x_type = self.typed(node.inputs[0])
        element = self.element(node)
        result = ir.tensor(node.shape, element)
        y = self.function.emit(
            f"qat.{op} {x}, {w}, {b} {{{', '.join(attributes)}}} : "
            f"({x_type}, {w_type}, {b_type}) -> {result}",
            node.key,
        )
        if f"{prefix}_acc" in d:
            # The accumulators: the same layer without bias and multiplier.
            zero = self.function.emit(f"arith.constant dense<0> : {b_type}")
            logits = ir.tensor(node.shape, "!quant.uniform<i32:f32, 1.0>")
            self.function.emit(
                f"qat.{op} {x}, {w}, {zero} {{{', '.join(geometry)}}} : "
                f"({x_type}, {w_type}, {b_type}) -> {logits}",
                f"{prefix}_acc",
            )
            self.expected[f"{prefix}_acc"] = d[f"{prefix}_acc"]
        return y, element

    def pool(self, node):
        top, left, bottom, right = node["pads"]
        x, x_type = self.typed(node.inputs[0])
        element = self.values[node.inputs[0]][1]
        rounding = f", rounding = #qat.rounding<{self.net.rounding}>"
        y = self.function.emit(
            f"qat.{'max' if node.op == 'maxpool' else 'avg'}_pool2d {x} {{kernel = "
            f"{ir.array(node['kernel'], 64)}, stride = {ir.array(node['stride'], 64)}, "
            f"pad = {ir.array([top, bottom, left, right], 64)}"
            f"{rounding if node.op == 'avgpool' else ''}}} : ({x_type}) -> "
            f"{ir.tensor(node.shape, element)}",
            node.key,
        )
        return y, element

    def add(self, node):
        m = self.data[f"{node.prefix}_m"]
        (lhs, lhs_type), (rhs, rhs_type) = map(self.typed, node.inputs)
        element = self.element(node)
        y = self.function.emit(
            f"qat.add {lhs}, {rhs} {{lhs_multiplier = {m[0]} : i32, "
            f"rhs_multiplier = {m[1]} : i32, "
            f"offset = {int(self.data[f'{node.prefix}_c'])} : i32, "
            f"shift = {int(self.data[f'{node.prefix}_s'])} : i32}} : "
            f"({lhs_type}, {rhs_type}) -> {ir.tensor(node.shape, element)}",
            node.key,
        )
        return y, element

    def concat(self, node):
        element, operands = self.element(node), []
        m, s, c = (np.atleast_1d(self.data[f"{node.prefix}_{k}"]) for k in "msc")
        for i, key in enumerate(node.inputs):
            x, x_type = self.typed(key)
            typed = ir.tensor(self.net.shapes[key], element)
            if x_type != typed or self.net.grid(key) != self.net.grid(node.key):
                x = self.function.emit(
                    f"qat.requantize {x} {{multiplier = {m[i]} : i32, offset = "
                    f"{c[i % len(c)]} : i32, shift = {s[i]} : i32}} : ({x_type}) -> "
                    f"{typed}",
                    f"{node.key}.operand{i}",
                )
            operands.append((x, typed))
        names, types = zip(*operands)
        y = self.function.emit(
            f"qat.concat {', '.join(names)} {{axis = 3 : i64}} : "
            f"({', '.join(types)}) -> {ir.tensor(node.shape, element)}",
            node.key,
        )
        return y, element

    def flatten(self, node):
        x, x_type = self.typed(node.inputs[0])
        element = self.values[node.inputs[0]][1]
        if len(self.net.shapes[node.inputs[0]]) == 2:
            return x, element
        y = self.function.emit(
            f"tensor.collapse_shape {x} [[0], [1, 2, 3]] : {x_type} into "
            f"{ir.tensor(node.shape, element)}"
        )
        return y, element

    def write(self):
        scale, zero, lowest, _ = self.net.grid("input")
        kind = "i" if lowest < 0 else "u"
        self.values["input"] = ("%x", f"!quant.uniform<{kind}8:f32, 1.0:{zero}>")
        for node in self.net.nodes:
            if node.op in ("conv", "fc"):
                value = self.weighted(node)
            elif node.op in POOLS:
                value = self.pool(node)
            else:
                value = getattr(self, node.op)(node)
            self.values[node.key] = value
            expected = self.net.expected(node)
            if expected is not None and node.op != "flatten":
                self.expected[node.key] = expected
        y, result = self.typed(self.net.last().key)
        return self.function.text(self.typed("input")[1], result, y)
