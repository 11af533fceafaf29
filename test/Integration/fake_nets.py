#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the fake-quantized graph of frozen networks with golden numbers.

usage: fake_nets.py [--every N] [NAME ...], networks of QAT_SHARED/golden/nets

Each network is imported from its ONNX file, quantized with the golden bounds
and frozen by qat-fake-pipeline. Then

* its constants (weights, biases, scales) are compared with the golden ones,
* every layer is fed with the golden integers of the layers before it, by a
  module whose layers are cut apart, and has to differ from the golden integers
  by at most one step, and only where its real value lies near the step's edge,
* `qat run --as fake` of the whole network is compared with the golden fake
  tensors as far as no element flipped.

Without names every sixth network is taken (--every 1: all).
"""

import argparse
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np

LAST = "output"  # what importers call the layer that computes the result


def write_safetensors(path, arrays):
    header, data = {}, b""
    for name, value in arrays.items():
        value = np.asarray(value, np.float32)
        header[name] = {
            "dtype": "F32",
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + value.nbytes],
        }
        data += value.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def call(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{command[0]} {command[1]}: {result.stderr.strip()[-300:]}")
    return result.stdout


def nhwc(values):
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


class Net:
    def __init__(self, golden, folder, name):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        with open(os.path.join(golden, f"net_{name}.json")) as f:
            self.net = json.load(f)
        self.data = dict(np.load(os.path.join(golden, f"net_{name}.npz")))
        self.params = dict(np.load(os.path.join(golden, self.net["params"])))
        self.onnx = os.path.join(golden, self.net["onnx"])
        self.errors = []
        self.set_layers()

    def path(self, name):
        return os.path.join(self.folder, name)

    def set_layers(self):
        """The nodes with a name, a key, and the grid of their result."""
        pools, before = 0, "input"
        grid = self.net["input"]
        self.grids = {"input": (np.float64(grid["scale"]), grid["zero_point"], 8)}
        self.nodes = []
        last = [n for n in self.net["nodes"] if "layer" in n][-1]
        for node in self.net["nodes"]:
            node = dict(node)
            layer = node.get("layer")
            node.setdefault("inputs", [before])
            if node["op"] in ("avgpool", "maxpool"):
                node.setdefault("key", f"pool{pools}_out")
                pools += 1
            elif layer is not None:
                node.setdefault("key", f"L{layer}_out")
            node.setdefault("key", before)
            before = node["key"]
            node["stem"] = f"L{layer}" if layer is not None else node.get("name")
            if node.get("layer") == last["layer"]:
                node["name"] = LAST
            if node.get("a_bits"):
                self.grids[node["key"]] = self.grid_of(node)
            elif node["op"] in ("avgpool", "maxpool", "flatten"):
                self.grids[node["key"]] = self.grids[node["inputs"][0]]
            self.nodes.append(node)

    def bounds_of(self, node):
        stem = node["stem"]
        names = [f"{stem}_act_lo", f"{stem}_act_hi"]
        if f"{stem}_alpha" in self.params:
            return np.float32(0), self.params[f"{stem}_alpha"].reshape(())
        return [self.params[name].reshape(()) for name in names]

    def grid_of(self, node):
        """Section 2: step in double, zero point, bits."""
        lo, hi = (np.float64(b) for b in self.bounds_of(node))
        lo, hi, n = min(lo, 0.0), max(hi, 0.0), 2 ** node["a_bits"] - 1
        step = (hi - lo) / n or 1.0
        return step, int(np.rint(-lo / step)), node["a_bits"]

    def quantize(self):
        given = {}
        for node in self.nodes:
            name, stem = node.get("name"), node["stem"]
            if node.get("a_bits"):
                lo, hi = self.bounds_of(node)
                if node["act"]:
                    given[f"{name}.alpha"] = hi
                else:
                    given[f"{name}.lo"], given[f"{name}.hi"] = lo, hi
            for bound in ("lo", "hi"):
                if f"{stem}_{bound}" in self.data and node.get("layer") is not None:
                    given[f"{name}.weight.{bound}"] = self.data[f"{stem}_{bound}"].reshape(())
        write_safetensors(self.path("given.safetensors"), given)
        config = self.net["layer_config"]
        bits = {n.get("bias_bits", 32) for n in self.nodes if "layer" in n}
        if len(bits) > 1:
            raise RuntimeError("bias bits differ from layer to layer")
        source, lo, hi = self.net["input"], "lo", "hi"
        call("qat", "import", self.onnx, "--quiet", "-o", self.path("f.mlir"))
        call(
            *("qat", "quantize", self.path("f.mlir"), "--quiet"),
            *("--parameters", self.path("given.safetensors")),
            *("--quant-add-config", json.dumps(config)),
            *("--activ-rounding", self.net["rounding"]),
            *("--input-range", f"{source[lo]!r},{source[hi]!r}"),
            *("--bias-bits", str(bits.pop())),
            *("-o", self.path("q.mlir")),
        )
        np.save(self.path("x.npy"), self.params["input_float"])
        self.text = call(
            *("qat-mlir-opt", self.path("q.mlir"), "--qat-fake-pipeline"),
            *("--mlir-print-debuginfo", "--mlir-print-elementsattrs-with-hex-if-larger=0"),
            "--mlir-print-local-scope",
        )

    def report(self, text):
        self.errors.append(text)

    # -- constants ---------------------------------------------------------

    def constants(self):
        """The float constants of the frozen graph, by location."""
        found = {}
        pattern = r'arith\.constant dense<(.*?)> : tensor<((?:\d+x)*)f32> loc\("([^"]*)"\)'
        for value, shape, name in re.findall(pattern, self.text):
            shape = [int(s) for s in shape.split("x") if s]
            if value.startswith('"0x'):
                data = np.frombuffer(bytes.fromhex(value[3:-1]), np.float32)
            else:
                data = np.array(float(value) if "0x" not in value else np.nan, np.float32)
            found[name] = np.broadcast_to(data if data.size == 1 else data.reshape(shape), shape)
        return found

    def check_constants(self):
        found, compared = self.constants(), 0
        for node in self.nodes:
            i, name = node.get("layer"), node.get("name")
            if i is None:
                continue
            weight = found.get(f"{name}.weight")
            if weight is None:
                self.report(f"no constant '{name}.weight'")
                continue
            if f"L{i}_w_fake" in self.data:
                expected = self.data[f"L{i}_w_fake"]
                if node["op"] == "fc":
                    weight = weight.reshape(len(weight), -1)
                    image = self.image_before(node)
                    if image:  # flattened in NCHW order by the golden
                        c, h, w = image
                        weight = weight.reshape(-1, h, w, c).transpose(0, 3, 1, 2)
                    weight = weight.reshape(expected.shape)
                elif 1 < node["group"] == node["in_channels"]:
                    weight = weight.reshape(*weight.shape[:2], -1).transpose(2, 0, 1)[:, None]
                else:
                    weight = weight.transpose(0, 3, 1, 2)
                if not np.array_equal(weight, expected):
                    self.report(f"{name}: {int((weight != expected).sum())} fake weights differ")
                compared += 1
            bias, expected = found[f"{name}.bias"], self.data[f"L{i}_b_fake"]
            if not np.allclose(bias, expected, rtol=1e-6, atol=0):
                self.report(f"{name}: fake biases differ by {np.abs(bias - expected).max()}")
            scale = found.get(f"{name}.scale", np.ones(len(bias), np.float32))
            expected = np.broadcast_to(self.data[f"L{i}_scale_fake"], bias.shape)
            if not np.array_equal(scale.reshape(-1), expected):
                self.report(f"{name}: fake scales differ")
            compared += 2
        return compared

    def image_before(self, node):
        """The size of the image that is flattened before a dense layer."""
        index = next(i for i, n in enumerate(self.nodes) if n is node)
        if self.nodes[index - 1]["op"] != "flatten":
            return None
        return self.golden(self.nodes[index - 1]["inputs"][0]).shape[1:]

    # -- layers ------------------------------------------------------------

    def golden(self, key):
        """The golden integers of a tensor, or None."""
        if key == "input":
            return self.params["input_int"]
        return self.data.get(key)

    def real(self, key):
        """The fake tensor that stands for the golden integers."""
        step, zero, _ = self.grids[key]
        levels = self.golden(key).astype(np.int64) - zero
        return nhwc(levels.astype(np.float32) * np.float32(step))

    def cut(self):
        """The frozen graph with every layer fed from the one argument; the
        values in it and the shapes, by key."""
        lines = self.text.splitlines()
        last_of = {}
        pattern = r'\s+(%\S+) = "?([\w.]+)"? ?.* loc\("([^"]*)"\)$'
        for line in lines:
            found = re.match(pattern, line)
            if found and found[2] not in ("arith.constant", "tosa.const", "tosa.const_shape"):
                last_of[found[3]] = found[1]
        pools = sorted(
            (name for name in last_of if re.fullmatch(r"pool\d+", name)),
            key=lambda name: int(name[4:]),
        )
        self.pool_names = {}
        forced = {"input": last_of["input"]}
        for node in self.nodes:
            key = node["key"]
            if node["op"] in ("avgpool", "maxpool"):
                self.pool_names[key] = pools[len(self.pool_names)]
                name = self.pool_names[key]
            elif node["op"] == "flatten" or node.get("a_bits") is None:
                continue
            else:
                name = node["name"]
            forced[key] = last_of[name]
        offset, head, replaced = 0, [], {}
        arrays = []
        for key, value in forced.items():
            array = self.real(key)
            shape, size = array.shape[1:], int(np.prod(array.shape[1:]))
            head.append((key, offset, size, shape))
            replaced[value] = f"%in{len(arrays)}"
            arrays.append(array.reshape(len(array), -1))
            offset += size
        total = f"tensor<1x{offset}xf32>"
        body = []
        for number, (key, start, size, shape) in enumerate(head):
            flat = f"tensor<1x{size}xf32>"
            image = "tensor<1x" + "".join(f"{s}x" for s in shape) + "f32>"
            target = f"%flat{number}" if len(shape) > 1 else f"%in{number}"
            body.append(f"    {target} = tensor.extract_slice %all[0, {start}] [1, {size}] [1, 1] : {total} to {flat}")
            if len(shape) > 1:
                body.append(
                    f"    %in{number} = tensor.expand_shape {target} [[0], [1, 2, 3]] output_shape "
                    f"[1, {', '.join(str(s) for s in shape)}] : {flat} into {image}"
                )
        out = []
        for line in lines:
            if "func.func @main" in line:
                out.append(re.sub(r"\(%arg0: [^)]*?\{.*?\}.*?\) ->", f"(%all: {total}) ->", line, count=1))
                out += body
                continue
            if "qat.quantize_input" in line:
                continue
            if " = " in line:
                left, right = line.split(" = ", 1)
            else:
                left, right = "", line
            right = re.sub(r"%\w+", lambda m: replaced.get(m[0], m[0]), right)
            out.append(f"{left} = {right}" if left else right)
        with open(self.path("cut.mlir"), "w") as f:
            f.write("\n".join(out))
        np.save(self.path("cut.npy"), np.concatenate(arrays, axis=1))
        call(
            *("qat-mlir-opt", self.path("cut.mlir"), "--mlir-print-debuginfo"),
            *("--qat-expose-layers=what=quantizer-inputs", "-o", self.path("exposed.mlir")),
        )
        call(
            *("qat", "run", self.path("exposed.mlir"), "--input", self.path("cut.npy")),
            *("--output", self.path("y.npy"), "--layers", self.path("cut")),
        )

    def load(self, folder, name):
        return np.load(self.path(os.path.join(folder, name + ".npy")))

    def check_single(self):
        """Every layer fed with golden integers against the golden integers."""
        flips = 0
        for node in self.nodes:
            key = node["key"]
            if node["op"] in ("avgpool", "maxpool"):
                actual = self.load("cut", self.pool_names[key])
                if not np.array_equal(actual.reshape(self.real(key).shape), self.real(key)):
                    self.report(f"{key}: a pool differs from the integers")
            elif node["op"] == "concat":
                flips += self.check_concat(node)
            elif node["op"] == "flatten":
                continue
            elif node.get("a_bits") is None:
                scale = float(self.data["logits_scale"])
                actual = self.load("", "y").astype(np.float64).reshape(self.data["logits_int"].shape)
                worst = np.abs(actual / scale - self.data["logits_int"]).max()
                # The accumulators of wide layers do not fit the 24 bits of a float.
                if worst > 1.001 + 1e-6 * np.abs(self.data["logits_int"]).max():
                    self.report(f"logits differ by {worst:.3g} steps")
            else:
                flips += self.check_layer(
                    node["key"],
                    self.load("cut", node["name"] + "_2"),
                    self.load("cut", node["name"]),
                    self.real(key),
                    1e-3 if node["op"] == "add" else 1e-4,
                )
        return flips

    def check_layer(self, key, actual, before, expected, near):
        step, _, _ = self.grids[key]
        actual = actual.reshape(expected.shape)
        levels = np.rint((actual.astype(np.float64) - expected) / step)
        differ = levels != 0
        if np.abs(levels).max() > 1:
            self.report(f"{key}: differs by {np.abs(levels).max():.0f} steps")
        position = before.reshape(expected.shape).astype(np.float64) / step
        if self.net["rounding"] == "nearest":
            position += 0.5
        distance = np.abs(position - np.rint(position))[differ]
        if differ.any() and distance.max() > near:
            self.report(f"{key}: differs at {distance.max():.2g} of a step from its edge")
        return int(differ.sum())

    def check_concat(self, node):
        flips, start = 0, 0
        actual, expected = self.load("cut", node["name"]), self.real(node["key"])
        for index, source in enumerate(node["inputs"]):
            part = slice(start, start + self.golden(source).shape[1])
            start = part.stop
            name = f"{node['name']}.operand{index}"
            if os.path.exists(self.path(f"cut/{name}.npy")):
                flips += self.check_layer(
                    node["key"],
                    actual[..., part],
                    self.load("cut", name),
                    expected[..., part],
                    1e-3,
                )
            elif not np.array_equal(actual[..., part], expected[..., part]):
                self.report(f"{name}: a copied operand differs")
        return flips

    def check_chain(self):
        """The whole network, fake-quantized and in integers."""
        for form in ("fake", "integer"):
            call(
                *("qat", "run", self.path("q.mlir"), "--as", form),
                *("--input", self.path("x.npy"), "--layout", "nchw"),
                *("--output", self.path(f"{form}.npy"), "--layers", self.path(form)),
            )
        flipped, compared = False, 0
        for node in self.nodes:
            key, name = node["key"], self.pool_names.get(node["key"]) or node.get("name")
            if node["op"] == "flatten":
                continue
            expected = self.golden("logits_int" if node.get("a_bits", 0) is None else key)
            if expected is not None:
                actual = self.load("integer", name).reshape(nhwc(expected).shape)
                if not np.array_equal(actual.astype(np.int64), nhwc(expected)):
                    self.report(f"{name}: integers differ")
            if f"{key}_fake" in self.data and not flipped:
                expected = nhwc(self.data[f"{key}_fake"])
                actual = self.load("fake", name).reshape(expected.shape)
                steps = np.rint((actual - expected) / self.grids[key][0])
                flipped = bool(steps.any())
                compared += not flipped
                if np.abs(steps).max() > 1 or (steps != 0).sum() > max(1, 1e-4 * steps.size):
                    self.report(f"{name}: {int((steps != 0).sum())} of {steps.size} fake elements differ")
            elif not flipped and node.get("a_bits") and self.golden(key) is not None:
                # Without golden fake tensors a flip shows against the integers.
                flipped = not np.allclose(self.load("fake", name).reshape(self.real(key).shape), self.real(key), rtol=1e-5, atol=0)
        if not flipped and "logits_fake" in self.data:
            expected = self.data["logits_fake"]
            actual = self.load("", "fake").reshape(expected.shape)
            compared += 1
            if np.abs(actual - expected).max() > 1e-4 * np.abs(expected).max():
                self.report(f"logits: {actual[0]} instead of {expected[0]}")
        return compared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    golden = os.path.join(os.environ.get("QAT_SHARED") or "../shared", "golden", "nets")
    files = sorted(glob.glob(os.path.join(golden, "net_*.json")))
    if not files:
        print(f"skipped: no golden networks in '{golden}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    names = [os.path.basename(f)[len("net_") : -len(".json")] for f in files]
    names = options.names or names[:: options.every]
    passed, failed, skipped, constants, flips, fakes = 0, 0, 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            net = Net(golden, scratch, name)
            if len({n.get("bias_bits", 32) for n in net.nodes if "layer" in n}) > 1:
                print(f"skipped: {name}: bias bits differ from layer to layer")
                skipped += 1
                continue
            try:
                net.quantize()
                constants += net.check_constants()
                net.cut()
                flips += net.check_single()
                fakes += net.check_chain()
            except RuntimeError as error:
                net.report(str(error))
            for error in net.errors:
                print(f"FAILED: {name}: {error}")
            passed, failed = passed + (not net.errors), failed + bool(net.errors)
    print(f"{constants} arrays of constants, {fakes} fake tensors compared; {flips} elements of layers on an edge")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
