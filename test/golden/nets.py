#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden networks through the command line: import, quantize, run, export.

`command` cases begin with the ONNX file (or with form F written from the float
parameters where there is none); `integers` cases begin with form I written from the
golden integers, an independent check of `qat run`.
"""

import json

import fake
import float_form
import integer_form
import numpy as np
import tools
from network import JOINS, POOLS, WEIGHTED, Network
from tools import Comparison, Failure

KINDS = {"maxpool": "max_pool2d", "avgpool": "avg_pool2d"}


def is_weighted(kind):
    return "conv2d" in kind or kind == "dense"


def find(folder):
    return sorted(folder.rglob("net_*.json"))


def load(path, name):
    """A saved layer in the order of the goldens."""
    file = path / f"{name}.npy"
    if not file.is_file():
        raise Failure(f"no layer '{name}' in the output of qat run")
    return tools.to_channels_first(np.load(file))


def save_input(scratch, array):
    np.save(scratch / "x.npy", np.ascontiguousarray(tools.to_channels_last(array)))
    return scratch / "x.npy"


def compare_layers(comparison, layers, names, expected):
    for key, array in expected.items():
        actual = load(layers, names[key])
        comparison.equal(key, actual.astype(np.int64), array.astype(np.int64))


def jobs(path):
    name = path.stem[len("net_") :]
    yield [f"nets/{name}"], check_command
    yield [f"integers/{name}"], check_integers


def check_integers(path, names, scratch):
    """Form I from the golden integers."""
    net, comparison = Network(path), Comparison()
    writer = integer_form.Writer(net)
    module = scratch / "integers.mlir"
    module.write_text(writer.write())
    layers = scratch / "integer-layers"
    tools.run(
        "qat", "run", module, "--input", save_input(scratch, net.params["input_int"]),
        "--layout", "nhwc", "-j", 1, "--output", scratch / "y.npy", "--layers", layers,
    )  # fmt: skip
    compare_layers(comparison, layers, {k: k for k in writer.expected}, writer.expected)
    return {names[0]: comparison.finish()}


class Imported:
    """A network in form F and the names that its layers have there."""

    def __init__(self, net, scratch):
        self.path = scratch / "float.mlir"
        if net.onnx:
            tools.run("qat", "import", net.onnx, "-o", self.path)
        else:
            self.path.write_text(float_form.Writer(net).write())
        info = scratch / "info.json"
        tools.run("qat", "info", self.path, "--json", info)
        described = json.loads(info.read_text())
        self.input = described["inputs"][0]["name"]
        layers = [(entry["name"], entry["kind"]) for entry in described["layers"]]
        self.names = {}
        for nodes, fits in (
            (net.of(*WEIGHTED), is_weighted),
            *((net.of(op), KINDS.get(op, op).__eq__) for op in (*POOLS, *JOINS)),
        ):
            found = [name for name, kind in layers if fits(kind)]
            if len(found) != len(nodes):
                raise Failure(
                    f"{len(found)} layers in the imported network where the golden has "
                    f"{len(nodes)} ({', '.join(node.prefix for node in nodes)})"
                )
            self.names.update((node.key, name) for node, name in zip(nodes, found))


class Driver:
    """One network on its way through the commands."""

    def __init__(self, net, scratch):
        self.net, self.scratch = net, scratch
        self.comparison = Comparison()
        self.imported = Imported(net, scratch)
        self.names = self.imported.names
        self.quantized = scratch / "quantized.mlir"
        self.x = save_input(scratch, net.params["input_float"])

    def configuration(self):
        """The golden's own configuration, layers that have names by ours."""
        joins = {node["name"]: node.key for node in self.net.of(*JOINS)}
        entries = []
        for entry in self.net.json["layer_config"]:
            entry = dict(entry)
            if entry["layer"] in joins:
                entry["layer"] = self.names[joins[entry["layer"]]]
            entries.append(entry)
        return entries

    def activation_bounds(self, node, known):
        """The learned bounds of a node under the names that the module has."""
        name, grid_node = self.names[node.key], node
        while grid_node.get("same_grid") and not any(
            f"{grid_node.prefix}_{bound}" in self.net.params
            for bound in ("alpha", "act_lo")
        ):
            grid_node = self.net.by_key[grid_node["same_grid"]]
        prefix, p = grid_node.prefix, self.net.params
        if f"{prefix}_act_lo" in p:
            return {f"{name}.lo": p[f"{prefix}_act_lo"], f"{name}.hi": p[f"{prefix}_act_hi"]}
        alpha = p[f"{prefix}_alpha"]
        if f"{name}.lo" in known:  # the same grid, if nothing is below 0
            return {f"{name}.lo": np.zeros_like(alpha), f"{name}.hi": alpha}
        return {f"{name}.alpha": alpha}

    def parameters(self, known):
        given = {}
        for node in self.net.of(*WEIGHTED, *JOINS):
            if node.op in WEIGHTED:
                for bound in ("lo", "hi"):
                    if f"{node.prefix}_{bound}" in self.net.data:
                        key = f"{self.names[node.key]}.weight.{bound}"
                        given[key] = self.net.data[f"{node.prefix}_{bound}"]
            if not node.is_last:
                given.update(self.activation_bounds(node, known))
        return {k: np.float32(np.asarray(v).reshape(())) for k, v in given.items()}

    def quantize(self):
        net, layer_options = self.net, ["--activ_rounding", self.net.rounding]
        if (net.input["lo"], net.input["hi"]) != (-1.0, 1.0):
            layer_options += [f"--input_range={net.input['lo']},{net.input['hi']}"]
        bias_bits = {node.get("bias_bits", 32) for node in net.of(*WEIGHTED)}
        if len(bias_bits) > 1:
            raise Failure(f"one network with biases of {sorted(bias_bits)} bits")
        if bias_bits != {32}:
            layer_options += ["--bias_bits", bias_bits.pop()]
        # What the bounds are called is a matter of the graph alone.
        plain = self.scratch / "plain.mlir"
        tools.run("qat", "quantize", self.imported.path, "-o", plain, "--quiet")
        tools.run("qat", "export", plain, "--to", "safetensors", "-o", f"{plain}.st")
        known = tools.read_safetensors(f"{plain}.st")
        given = self.scratch / "parameters.safetensors"
        tools.write_safetensors(given, self.parameters(known))
        configuration = self.scratch / "config.json"
        configuration.write_text(json.dumps(self.configuration()))
        tools.run(
            "qat", "quantize", self.imported.path, "--parameters", given,
            "--quant_add_config", configuration, *layer_options, "-o", self.quantized,
            "--quiet",
        )  # fmt: skip

    def run_as(self, form):
        layers = self.scratch / f"{form}-layers"
        tools.run(
            "qat", "run", self.quantized, "--as", form, "--input", self.x, "--layout",
            "nhwc", "-j", 1, "--output", self.scratch / "y.npy", "--layers", layers,
        )  # fmt: skip
        return layers

    def export_as(self, form):
        path = self.scratch / f"{form}.safetensors"
        tools.run(
            "qat", "export", self.quantized, "--to", "safetensors", "--as", form, "-o", path
        )  # fmt: skip
        return tools.read_safetensors(path)

    def load(self, layers, name):
        return load(layers, name)

    def layer_weights(self, node, array, like):
        return layer_weights(self.net, node, array, like)

    def check_input(self, arrays):
        """The integers of the input, by the exported grid."""
        scale, zero, _, _ = self.net.grid("input")
        name = f"{self.imported.input}.output"
        self.comparison.equal("input scale", arrays[f"{name}.scale"], scale)
        self.comparison.equal("input zero point", arrays[f"{name}.zero_point"], zero)

    def check_weighted(self, node, arrays):
        d, name, prefix = self.net.data, self.names[node.key], node.prefix
        equal = self.comparison.equal
        w_int = d[f"{prefix}_w_int"].astype(np.int64)
        zeros = d[f"{prefix}_w_zero_point"].reshape(-1).astype(np.int64)
        stored = w_int + zeros.reshape((-1,) + (1,) * (w_int.ndim - 1))
        weight = arrays[f"{name}.weight"]
        equal(f"{prefix}_w_int", weight, layer_weights(self.net, node, stored, weight))
        equal(f"{prefix}_w_zero_point", arrays[f"{name}.weight.zero_point"], zeros)
        equal(f"{prefix}_w_scale", arrays[f"{name}.weight.scale"], d[f"{prefix}_w_scale"])
        if node["fold_type"] == "folding_thresh" and not node.is_last:
            self.check_thresholds(node, arrays)
            return
        equal(f"{prefix}_b_int", arrays[f"{name}.bias"], d[f"{prefix}_b_int"])
        if f"{prefix}_M0" in d:
            shift = np.minimum(31 - d[f"{prefix}_N0"].astype(np.int64), 63)
            # One for all channels may stand for equal ones.
            multiplier, shifts = (
                np.full(shift.shape, array.item()) if array.size == 1 else array
                for array in (arrays[f"{name}.multiplier"], arrays[f"{name}.shift"])
            )
            equal(f"{prefix}_M0", multiplier, d[f"{prefix}_M0"])
            equal(f"{prefix}_N0", shifts, shift)
            # M0 and N0 are M without a loss where the shift is not cut.
            exact = d[f"{prefix}_M0"] * np.exp2(-shift.astype(np.float64))
            kept = np.atleast_1d(shift) < 63
            equal(
                f"{prefix}_M",
                np.atleast_1d(exact)[kept].astype(np.float32),
                np.atleast_1d(d[f"{prefix}_M"])[kept],
            )
        elif f"{name}.multiplier" in arrays:
            self.comparison.fail(f"{prefix}: a multiplier where there should be none")
        constant = d.get(f"{prefix}_const")
        if constant is not None and np.asarray(w_int)[constant].any():
            self.comparison.fail(f"{prefix}_const: weights of a constant channel")

    def check_thresholds(self, node, arrays):
        """Every threshold is where ICN's output passes its level."""
        d, name, prefix = self.net.data, self.names[node.key], node.prefix
        if f"{name}.multiplier" in arrays:
            self.comparison.fail(f"{prefix}: a multiplier beside the thresholds")
        if arrays.get(f"{name}.bias", np.zeros(1)).any():
            self.comparison.fail(f"{prefix}: a bias beside the thresholds")
        thresholds = arrays[f"{name}.thresholds"].astype(np.int64)
        channels, levels = thresholds.shape
        falling = arrays.get(f"{name}.falling", np.zeros(channels, np.uint8)).astype(bool)
        _, zero, _, top = self.net.grid(node.key)
        if levels != top:
            self.comparison.fail(f"{prefix}: {levels} thresholds, expected {top}")
            return
        rules = [
            np.broadcast_to(d[f"{prefix}_{k}"], channels).astype(object)
            for k in ("b_int", "M0", "N0")
        ]
        wrong = 0
        for c in range(channels):
            bias, m0, n0 = (int(rule[c]) for rule in rules)
            shift = min(31 - n0, 63)

            def output(acc):
                return min(max((((acc + bias) * m0) >> shift) + zero, 0), top)

            for level, stored in enumerate(map(int, thresholds[c]), 1):
                # A falling channel compares ~acc; the ends of int32 stand for
                # thresholds beyond them.
                at, before = stored, stored - 1
                if falling[c]:
                    at, before = ~at, ~before
                if stored < 2**31 - 1:
                    wrong += output(at) < level
                if stored > -(2**31):
                    wrong += output(before) >= level
        self.comparison.equal(f"{prefix} thresholds on the wrong side", wrong, 0)

    def check_join(self, node, arrays):
        d, name, prefix = self.net.data, self.names[node.key], node.prefix
        equal = self.comparison.equal
        m, s, c = (np.atleast_1d(d[f"{prefix}_{k}"]) for k in "msc")
        if node.op == "add":
            sides = [int(arrays[f"{name}.{side}_multiplier"]) for side in ("lhs", "rhs")]
            equal(f"{prefix}_m", sides, m)
            equal(f"{prefix}_s", arrays[f"{name}.shift"], s)
            equal(f"{prefix}_c", arrays[f"{name}.offset"], c)
        else:
            for i, key in enumerate(node.inputs):
                if self.net.grid(key) == self.net.grid(node.key):
                    equal(f"{prefix}: rule of a copy", [m[i], s[i]], [2**19, 19])
                    continue
                operand = self.requantization(name, i, node, arrays)
                rule = [int(arrays[f"{operand}.{k}"]) for k in ("multiplier", "shift", "offset")]
                equal(f"{prefix} operand {i}", rule, [m[i], s[i], c[i % len(c)]])
        self.check_grid(node, arrays)

    def requantization(self, name, i, node, arrays):
        """The name of the requantization of operand `i` of a concat."""
        for operand in (f"{name}.operand{i}", f"{name}.{i}"):
            if f"{operand}.multiplier" in arrays:
                return operand
        raise Failure(f"no requantization of operand {i} of '{name}' is exported")

    def check_grid(self, node, arrays):
        d, name, prefix = self.net.data, self.names[node.key], node.prefix
        scale, zero, _, _ = self.net.grid(node.key)
        self.comparison.equal(
            f"{prefix}_out_scale", arrays[f"{name}.output.scale"], np.float64(scale)
        )
        self.comparison.equal(
            f"{prefix}_out_zero_point", arrays[f"{name}.output.zero_point"], zero
        )

    def check_integers(self):
        arrays = self.export_as("integer")
        try:
            self.check_input(arrays)
            for node in self.net.of(*WEIGHTED):
                self.check_weighted(node, arrays)
                if not node.is_last:
                    self.check_grid(node, arrays)
            for node in self.net.of(*JOINS):
                self.check_join(node, arrays)
            last = self.names[self.net.last().key]
            scale = np.float32(arrays[f"{last}.output.scale"])
            self.comparison.equal("logits_scale", scale, self.net.data["logits_scale"])
        except KeyError as missing:
            raise Failure(f"qat export writes no {missing}") from None
        layers = self.run_as("integer")
        expected = {
            node.key: self.net.expected(node)
            for node in self.net.nodes
            if node.op != "flatten" and self.net.expected(node) is not None
        }
        compare_layers(self.comparison, layers, self.names, expected)
        if (layers / "input.npy").is_file():
            x = load(layers, "input").astype(np.int64)
            self.comparison.equal("input_int", x, self.net.params["input_int"])


def layer_weights(net, node, array, like):
    """Golden weights in the layout of `like`: of rank 2 OI, 3 HWC, 4 OHWI or HWCM."""
    if node.op == "fc":
        return net.weights_to_layer(node, array).reshape(like.shape)
    if like.ndim == 3:
        return array[:, 0].transpose(1, 2, 0)
    if node.is_depthwise and like.shape[2] == node["in_channels"]:
        depthwise = array[:, 0].transpose(1, 2, 0)
        if depthwise.shape[:2] == like.shape[:2]:
            return depthwise.reshape(like.shape)
    return array.transpose(0, 2, 3, 1)


def check_command(path, names, scratch):
    net = Network(path)
    driver = Driver(net, scratch)
    driver.quantize()
    driver.check_integers()
    fake.check(driver)
    return {names[0]: driver.comparison.finish()}
