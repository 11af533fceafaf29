#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C on a simulated Cortex-M4: a small set of networks that covers what occurs.

Every combination of weight scheme, fold type, weight bits and activation bits of a
layer is in one of the chosen networks, and every float network (each family has its
own kinds of layers and edge cases).
"""

import nets
import numpy as np
import tools
from network import WEIGHTED, Network
from tools import Comparison

FEW = 6


def traits(net):
    """What a network exercises."""
    found = {("network", net.json["params"]), ("rounding", net.rounding)}
    for node in net.of(*WEIGHTED):
        where = "logits" if node.is_last else node["a_bits"]
        found.add((node["quant_type"], node["fold_type"], node["w_bits"], where))
    found |= {("mixed", len(found) > 4)}
    return found


def choose(paths, few):
    """Paths of networks that cover all traits, greedily: most new ones first."""
    open_sets = {path: traits(Network(path)) for path in paths}
    missing, chosen = set().union(*open_sets.values()), []
    while missing and open_sets:
        path = max(open_sets, key=lambda p: len(open_sets[p] & missing))
        missing -= open_sets.pop(path)
        chosen.append(path)
    return chosen[:FEW] if few else chosen


def jobs(path):
    yield [f"board/{path.stem[len('net_') :]}"], check


def check(path, names, scratch):
    net, comparison = Network(path), Comparison()
    driver = nets.Driver(net, scratch)
    driver.quantize()
    project, y = scratch / "c", scratch / "board.npy"
    tools.run(
        "qat", "deploy", driver.quantized, "--target", "cortex-m4", "--name", "net",
        "-o", project, "--quiet",
    )  # fmt: skip
    tools.run("qat", "simulate", project, "--input", driver.x, "--output", y, "--quiet")
    expected = net.data["logits_int"]
    comparison.equal("logits_int", np.load(y).astype(np.int64), expected.astype(np.int64))
    return {names[0]: comparison.finish()}
