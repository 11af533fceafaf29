#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The fake-quantized graph of a golden network: parameters, single layers, chain.

Float sums depend on their order, so an element may fall on the other side of a
step. Fed with the integer graph's activations (`single`) at most one element in
10,000 of a layer may, by one step; where acc + b_int is exactly 0 in front of two
bounds, the sum lies on a step and counts for nothing. In the chain a layer is
compared where nothing before it flipped, image by image.
"""

import re

import ir
import numpy as np
import tools
from network import JOINS, POOLS, WEIGHTED
from tools import Failure

FLIPS = 1e-4
STEP = 1e-6  # relative, of integer biases in real units
LOGITS = 1e-4  # relative to the largest of an image


def check(driver):
    check_parameters(driver)
    check_single(driver)
    check_chain(driver)


def check_parameters(driver):
    net, comparison = driver.net, driver.comparison
    arrays = driver.export_as("fake")
    for node in net.of(*WEIGHTED):
        name, prefix, d = driver.names[node.key], node.prefix, net.data
        channels = d[f"{prefix}_b_fake"].size
        try:
            weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        except KeyError as missing:
            raise Failure(f"qat export --as fake writes no {missing}") from None
        scale = arrays.get(f"{name}.scale", np.ones(channels, np.float32))
        if f"{prefix}_w_fake" in d:
            expected = driver.layer_weights(node, d[f"{prefix}_w_fake"], weight)
            comparison.equal(f"{prefix}_w_fake", weight, expected)
        expected = d[f"{prefix}_b_fake"].astype(np.float64)
        comparison.near(
            f"{prefix}_b_fake", bias, expected, STEP * np.abs(expected) + 1e-37
        )
        comparison.equal(f"{prefix}_scale_fake", scale, d[f"{prefix}_scale_fake"])


def stored_levels(net, node, fake):
    """Real values on the node's grid as stored integers, and whether they lie on it."""
    scale, zero, _, _ = net.grid(node.key)
    step = np.float32(scale)
    levels = np.rint(fake.astype(np.float64) / scale)
    on_grid = (levels.astype(np.float32) * step == fake).all()
    return levels.astype(np.int64) + zero, on_grid


def real_values(net, key, stored):
    scale, zero, _, _ = net.grid(key)
    return (stored.astype(np.int64) - zero).astype(np.float32) * np.float32(scale)


def convolve(x, w, node):
    """Exact integer convolution, NCHW and OIHW (or NK and OK), in float64."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    if node.op == "fc":
        return x.reshape(len(x), -1) @ w.T
    top, left, bottom, right = node["pads"]
    (kh, kw), (sh, sw), groups = node["kernel"], node["stride"], node["group"]
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    _, height, width, channels = node.shape
    x = x.reshape(len(x), groups, -1, *x.shape[2:])
    w = w.reshape(groups, -1, *w.shape[1:])
    total = np.zeros((len(x), groups, channels // groups, height, width))
    for i in range(kh):
        for j in range(kw):
            part = x[..., i : i + sh * (height - 1) + 1 : sh, j : j + sw * (width - 1) + 1 : sw]
            total += np.einsum("ngihw,goi->ngohw", part, w[..., i, j])
    return total.reshape(len(x), channels, height, width)


def stored_input(net, key):
    """The golden integers of a tensor, also of one that was flattened."""
    if key == "input":
        return net.params["input_int"]
    node = net.by_key[key]
    return stored_input(net, node.inputs[0]) if node.op == "flatten" else net.data[key]


def on_step(net, node):
    """Elements of which the pre-activation is exactly 0 in front of two bounds."""
    d, shape = net.data, net.data[node.key].shape
    if node.op not in WEIGHTED or node.get("grid") != "bounds":
        return np.zeros(shape, bool)
    _, zero, _, _ = net.grid(node.inputs[0])
    x = stored_input(net, node.inputs[0]).astype(np.int64) - zero
    acc = convolve(x, d[f"{node.prefix}_w_int"], node)
    bias = d[f"{node.prefix}_b_int"].astype(np.float64)
    return acc + bias.reshape((1, -1) + (1,) * (acc.ndim - 2)) == 0


def allowed(elements):
    return max(1, int(elements * FLIPS))


def activations(net):
    """The nodes with a grid and a golden integer output."""
    return [
        node
        for node in net.nodes
        if not node.is_last and node.op != "flatten" and node.key in net.data
    ]


def cut(text, names, net):
    """The module in which every layer reads the golden activations.

    `text` is the fake graph as printed with locations; `names` are layers by key.
    The input becomes one flat tensor: the real input, then every activation, each
    channels last. Returns the module and the keys in their order.
    """
    aliases = dict(re.findall(r'^(#loc\d*) = loc\("((?:[^"\\]|\\.)*)"', text, re.M))
    lines, last = text.splitlines(), {}
    wanted = {name: key for key, name in names.items()}
    for number, line in enumerate(lines):
        found = re.match(r"\s+(%[\w.$-]+) = (\S+) .*loc\((#loc\d*)\)$", line)
        if found and aliases.get(found.group(3)) in wanted and "const" not in found[2]:
            last[wanted[aliases[found.group(3)]]] = (number, found.group(1))
    missing = [names[key] for key in names if key not in last]
    if missing:
        raise Failure(f"no layer '{missing[0]}' in the fake graph")
    entry = next(i for i, line in enumerate(lines) if "func.func @main(" in line)
    argument, shape = re.search(r"@main\((%\w+): tensor<([\dx]*)xf32>", lines[entry]).groups()
    sizes = [int(size) for size in shape.split("x")]
    keys = list(last)
    total = int(np.prod(sizes)) + sum(int(np.prod(net.shapes[key])) for key in keys)
    # Later lines read what is fed, not what was computed.
    for key, (number, value) in last.items():
        old = re.compile(re.escape(value) + r"(?![\w.$-])")
        for later in range(number + 1, len(lines)):
            head, equals, rest = lines[later].partition(" = ")
            if not equals:
                head, rest = "", lines[later]
            if lines[later].lstrip().startswith("return"):
                continue
            lines[later] = head + equals + old.sub(f"%fed.{key}", rest)
    feeds, begin = [], 0
    for key, dims in [(None, sizes)] + [(key, net.shapes[key]) for key in keys]:
        count = int(np.prod(dims))
        target = "%original" if key is None else f"%fed.{key}"
        flat = f"{target}.flat"
        feeds.append(
            f"    {flat} = tensor.extract_slice %flat[0, {begin}] [1, {count}] [1, 1] : "
            f"tensor<1x{total}xf32> to tensor<1x{count}xf32>"
        )
        groups = "[[0], [" + ", ".join(map(str, range(1, len(dims)))) + "]]"
        if len(dims) == 2:
            groups = "[[0], [1]]"
        feeds.append(
            f"    {target} = tensor.expand_shape {flat} {groups} output_shape "
            f"[{', '.join(map(str, dims))}] : tensor<1x{count}xf32> into "
            f"{ir.tensor(dims, 'f32')}"
        )
        begin += count
    name = re.compile(re.escape(argument) + r"(?![\w.$-])")
    for number in range(entry + 1, len(lines)):
        lines[number] = name.sub("%original", lines[number])
    lines[entry] = lines[entry].replace(
        f"{argument}: tensor<{shape}xf32>", f"%flat: tensor<1x{total}xf32>", 1
    )
    return "\n".join(lines[: entry + 1] + feeds + lines[entry + 1 :]) + "\n", keys


def check_single(driver):
    net, comparison = driver.net, driver.comparison
    nodes = activations(net)
    text = tools.run(
        "qat-mlir-opt", "--qat-fake-pipeline", "--mlir-print-debuginfo", driver.quantized
    )
    text, keys = cut(text, {node.key: driver.names[node.key] for node in nodes}, net)
    module, x = driver.scratch / "single.mlir", driver.scratch / "single.npy"
    module.write_text(text)
    parts = [net.params["input_float"]]
    parts += [real_values(net, key, net.data[key]) for key in keys]
    parts = [tools.to_channels_last(part).reshape(len(part), -1) for part in parts]
    np.save(x, np.concatenate(parts, axis=1).astype(np.float32))
    layers = driver.scratch / "single-layers"
    tools.run(
        "qat", "run", module, "--input", x, "--layout", "nhwc", "-j", 1,
        "--output", driver.scratch / "single-y.npy", "--layers", layers,
    )  # fmt: skip
    for node in nodes:
        fake = driver.load(layers, driver.names[node.key])
        levels, on_grid = stored_levels(net, node, fake)
        if not on_grid:
            comparison.fail(f"{node.key} single: values beside the grid")
        expected = net.data[node.key].astype(np.int64).reshape(levels.shape)
        steps = np.abs(levels - expected)
        steps[on_step(net, node).reshape(levels.shape)] = 0
        compare_steps(comparison, f"{node.key} single", steps)


def compare_steps(comparison, what, steps):
    comparison.compared += 1
    flipped, most = int((steps != 0).sum()), int(steps.max(initial=0))
    if most > 1 or flipped > allowed(steps.size):
        comparison.fail(f"{what}: {flipped} of {steps.size} differ, by up to {most} steps")


def golden_levels(net, node):
    """The golden fake activation as stored integers, or None where it is not known."""
    key = f"{node.key}_fake"
    if key in net.data:
        return stored_levels(net, node, net.data[key])[0]
    if node.op in POOLS:
        return None
    name = node.prefix[1:] if node.op in WEIGHTED else node.prefix
    counts = net.json.get("fake_vs_integer", {}).get(name)
    # Nothing differs from the integer graph.
    same = counts is not None and counts["chain"][0] == 0
    return net.data[node.key].astype(np.int64) if same else None


def check_chain(driver):
    net, comparison = driver.net, driver.comparison
    layers = driver.run_as("fake")
    # Images of which everything so far is on the golden's side of every step.
    clean = np.ones(len(net.params["input_float"]), bool)
    for node in activations(net):
        fake = driver.load(layers, driver.names[node.key])
        levels, on_grid = stored_levels(net, node, fake)
        if not on_grid:
            comparison.fail(f"{node.key}_fake: values beside the grid")
        expected = golden_levels(net, node)
        if expected is None:
            if node.op not in POOLS:  # a pool follows from what it reads
                clean[:] = False
            continue
        steps = np.abs(levels - expected.reshape(levels.shape))
        # Where the golden's own two graphs agree so far, the integers tell which
        # elements lie on a step; elsewhere the float sum differs anyway.
        free = on_step(net, node).reshape(levels.shape)
        counted = np.where(free, 0, steps)[clean]
        if counted.size:
            compare_steps(comparison, f"{node.key}_fake", counted)
        clean &= ~steps.reshape(len(steps), -1).any(axis=1)
    if "logits_fake" in net.data:
        expected = net.data["logits_fake"].astype(np.float64)
        fake = driver.load(layers, driver.names[net.last().key])
        fake = fake.reshape(expected.shape)
        tolerance = LOGITS * np.abs(expected).max(axis=1, keepdims=True)
        tolerance = np.broadcast_to(tolerance, expected.shape)
        if not clean.all():
            comparison.note(
                f"logits_fake: {int((~clean).sum())} of {len(clean)} images not "
                "compared, since an activation flipped or may have"
            )
        if clean.any():
            comparison.near("logits_fake", fake[clean], expected[clean], tolerance[clean])
