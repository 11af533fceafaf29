#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A golden network: its nodes with their operands, shapes and arrays.

In chains a node reads the one before it and has no key; here every node has
`inputs`, a `key` that names its output array, and a `prefix` for its parameters.
"""

import json
import pathlib

import numpy as np

WEIGHTED = ("conv", "fc")
POOLS = ("avgpool", "maxpool")
JOINS = ("add", "concat")


def output_size(size, before, after, kernel, stride):
    return (size + before + after - kernel) // stride + 1


class Node:
    def __init__(self, fields, key, inputs):
        self.fields = fields
        self.op = fields["op"]
        self.key = key
        self.inputs = inputs
        # Of the output at batch 1, channels last.
        self.shape = None
        # Height, width and channels before the flatten in front of an fc.
        self.flattened_from = None

    def __getitem__(self, name):
        return self.fields[name]

    def get(self, name, default=None):
        return self.fields.get(name, default)

    @property
    def is_last(self):
        return self.op in WEIGHTED and self.fields.get("a_bits") is None

    @property
    def prefix(self):
        """What the names of its arrays begin with."""
        if self.op in WEIGHTED:
            return f"L{self.fields['layer']}"
        return self.fields["name"] if self.op in JOINS else self.key

    @property
    def is_depthwise(self):
        """Whether every group has one input channel."""
        return self.op == "conv" and 1 < self["group"] == self["in_channels"]


class Network:
    def __init__(self, path):
        path = pathlib.Path(path)
        with open(path) as file:
            self.json = json.load(file)
        self.folder = path.parent
        self.name = path.stem[len("net_") :]
        self.data = dict(np.load(path.with_suffix(".npz")))
        self.params = dict(np.load(self.folder / self.json["params"]))
        self.rounding = self.json["rounding"]
        self.input = self.json["input"]
        x = self.params["input_float"]
        self.input_shape = [1, x.shape[2], x.shape[3], x.shape[1]]
        self._connect()
        self._infer()

    @property
    def onnx(self):
        """The float network to import, or None where there is none."""
        name = self.json.get("onnx")
        path = self.folder / name if name else None
        return path if path and path.is_file() else None

    def _connect(self):
        self.nodes, last = [], "input"
        for number, fields in enumerate(self.json["nodes"]):
            key = fields.get("key")
            if key is None and fields["op"] in WEIGHTED:
                last_layer = fields.get("a_bits") is None
                key = "logits_int" if last_layer else f"L{fields['layer']}_out"
            key = key or f"{fields['op']}{number}"
            self.nodes.append(Node(fields, key, fields.get("inputs", [last])))
            last = key
        self.by_key = {node.key: node for node in self.nodes}

    def _infer(self):
        shapes, flattened = {"input": self.input_shape}, {}
        for node in self.nodes:
            shape = shapes[node.inputs[0]]
            if node.op == "conv" or node.op in POOLS:
                top, left, bottom, right = node["pads"]
                (kh, kw), (sh, sw) = node["kernel"], node["stride"]
                channels = node["out_channels"] if node.op == "conv" else shape[3]
                node.shape = [
                    shape[0],
                    output_size(shape[1], top, bottom, kh, sh),
                    output_size(shape[2], left, right, kw, sw),
                    channels,
                ]
            elif node.op == "fc":
                node.shape = [shape[0], node["out_features"]]
                node.flattened_from = flattened.get(node.inputs[0])
            elif node.op == "flatten":
                node.shape = [shape[0], int(np.prod(shape[1:]))]
                flattened[node.key] = shape[1:] if len(shape) == 4 else None
            elif node.op == "add":
                node.shape = shape
            elif node.op == "concat":
                parts = [shapes[key] for key in node.inputs]
                node.shape = shape[:3] + [sum(part[3] for part in parts)]
            else:
                raise ValueError(f"unknown op '{node.op}'")
            shapes[node.key] = node.shape
        self.shapes = shapes

    def of(self, *ops):
        return [node for node in self.nodes if node.op in ops]

    def last(self):
        return next(node for node in self.nodes if node.is_last)

    def weights_to_layer(self, node, array):
        """Weights of the golden (OIHW, OI) as the integer layer has them."""
        if node.op == "fc":
            if node.flattened_from:  # flattened in NCHW order by the source
                h, w, c = node.flattened_from
                array = array.reshape(-1, c, h, w).transpose(0, 2, 3, 1)
            return array.reshape(node["out_features"], -1)
        if node.is_depthwise:
            return array[:, 0].transpose(1, 2, 0)
        return array.transpose(0, 2, 3, 1)

    def parameter(self, name, default=None):
        """A float scalar or array, of the network or of this case."""
        for arrays in (self.params, self.data):
            if name in arrays:
                return arrays[name]
        return default

    def grid(self, key):
        """(scale, zero point, lowest, highest) of a stored tensor."""
        if key == "input":
            g = self.input
            return g["scale"], g["zero_point"], g["min"], g["max"]
        node = self.by_key[key]
        if node.op in POOLS or node.op == "flatten":
            return self.grid(node.inputs[0])
        if node.get("same_grid"):
            return self.grid(node["same_grid"])
        top = 2 ** node["a_bits"] - 1
        if f"{node.prefix}_out_scale" in self.data:
            scale = float(self.data[f"{node.prefix}_out_scale"])
            return scale, int(self.data[f"{node.prefix}_out_zero_point"]), 0, top
        return float(self.params[f"{node.prefix}_alpha"].reshape(-1)[0]) / top, 0, 0, top

    def expected(self, node):
        """The golden output of a node in its own order, or None."""
        key = "logits_int" if node.is_last else node.key
        return self.data.get(key)
