#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""units*.npz: adds, concats, two-bound grids, requantization, packing."""

import re

import numpy as np
from host import HostModule, ask
from ir import array, integers
from tools import Comparison

ROUNDINGS = ("floor", "nearest")


def find(folder):
    return sorted(folder.rglob("units*.npz"))


def rows(data, group):
    some = next((k for k in data if k.startswith(f"{group}/")), None)
    return len(data[some]) if some else 0


def jobs(path):
    """(names of the cases, function) of one file."""
    data = np.load(path)
    keys, stem = data.files, path.stem
    for group, check in (
        ("add", check_adds),
        ("add_refused", check_refused),
        ("concat", check_concats),
    ):
        count = rows({k: data[k] for k in keys if k.startswith(f"{group}/")}, group)
        if count:
            yield [f"{stem}/{group}/{i}" for i in range(count)], check
    bounds = sorted({k.split("/")[1] for k in keys if k.startswith("bounds/")}, key=int)
    if bounds:
        yield [f"{stem}/bounds/{k}" for k in bounds], check_bounds
    if "requant_z/y" in keys:
        yield [f"{stem}/requant_z"], check_requantization
    packs = [k.rsplit("/", 1)[0] for k in keys if re.match(r"packs?/.*/values$", k)]
    if packs:
        yield [f"{stem}/{k}" for k in packs], check_packing


def element(bits, zero, lowest=0):
    """The type of integers on a grid; below 0 only where the input is signed."""
    kind = "i" if lowest < 0 else "u"
    return f"!quant.uniform<{kind}{int(bits)}:f32, 1.0:{int(zero)}>"


def check_adds(path, names, scratch):
    data = np.load(path)
    get = {k: data[f"add/{k}"] for k in
           ("S1", "S2", "So", "Z1", "Z2", "Zo", "bits1", "bits2", "bits", "nearest",
            "m1", "m2", "s", "c", "x1", "x2", "y")}  # fmt: skip
    numbers = [int(name.rsplit("/", 1)[1]) for name in names]
    rules = ask([("add", *(float(get[k][i]) for k in ("S1", "S2", "So")),
                  get["nearest"][i]) for i in numbers])  # fmt: skip
    module = HostModule()
    comparisons = {}
    for name, i, rule in zip(names, numbers, rules):
        comparison = comparisons[name] = Comparison()
        expected = [int(get[k][i]) for k in ("m1", "m2", "s", "c")]
        if rule is None:
            comparison.fail("the add is refused")
            continue
        comparison.equal("m1, m2, s, c", rule, expected)
        operands = []
        for side in "12":
            x, bits = get[f"x{side}"][i], int(get[f"bits{side}"][i])
            typed = element(bits, get[f"Z{side}"][i], x.min())
            operands.append(module.integers(x[None], typed, bits))
        typed = f"tensor<1x{len(x)}x{element(get['bits'][i], get['Zo'][i])}>"
        (a, a_type), (b, b_type) = operands
        y = module.emit(
            f"qat.add {a}, {b} {{lhs_multiplier = {rule[0]} : i32, rhs_multiplier = "
            f"{rule[1]} : i32, shift = {rule[2]} : i32, offset = {rule[3]} : i32}} : "
            f"({a_type}, {b_type}) -> {typed}"
        )
        module.output_typed(name, y, typed)
    results = module.run(scratch)
    for name, i in zip(names, numbers):
        if name in results:
            comparisons[name].equal("y", results[name], get["y"][i])
    return {name: comparisons[name].finish() for name in names}


def check_refused(path, names, scratch):
    data, outcome = np.load(path), {}
    numbers = [int(name.rsplit("/", 1)[1]) for name in names]
    scales = [[float(data[f"add_refused/{k}"][i]) for k in ("S1", "S2", "So")] for i in numbers]
    rules = ask([("add", *row, 1) for row in scales])
    for name, i, rule in zip(names, numbers, rules):
        comparison = outcome[name] = Comparison()
        comparison.equal("refused", rule is None, bool(data["add_refused/refused"][i]))
    return {name: comparison.finish() for name, comparison in outcome.items()}


def check_concats(path, names, scratch):
    data = np.load(path)
    get = {k: data[f"concat/{k}"] for k in
           ("S1", "So", "Z1", "Zo", "bits1", "bits", "nearest", "m", "s", "c", "x", "y")}  # fmt: skip
    numbers = [int(name.rsplit("/", 1)[1]) for name in names]
    rules = ask([("rescale", float(get["S1"][i]), float(get["So"][i]), get["nearest"][i])
                 for i in numbers])  # fmt: skip
    module, comparisons = HostModule(), {}
    for name, i, rule in zip(names, numbers, rules):
        comparison = comparisons[name] = Comparison()
        if rule is None:
            comparison.fail("the requantization is refused")
            continue
        comparison.equal("m, s, c", rule, [int(get[k][i]) for k in "msc"])
        x, bits = get["x"][i], int(get["bits1"][i])
        value, kind = module.integers(
            x[None], element(bits, get["Z1"][i], x.astype(int).min()), bits
        )
        typed = f"tensor<1x{len(x)}x{element(get['bits'][i], get['Zo'][i])}>"
        y = module.emit(
            f"qat.requantize {value} {{multiplier = {rule[0]} : i32, shift = {rule[1]} : "
            f"i32, offset = {rule[2]} : i32}} : ({kind}) -> {typed}"
        )
        module.output_typed(name, y, typed)
    results = module.run(scratch)
    for name, i in zip(names, numbers):
        if name in results:
            comparisons[name].equal("y", results[name], get["y"][i])
    return {name: comparisons[name].finish() for name in names}


def check_bounds(path, names, scratch):
    data, module = np.load(path), HostModule()
    requests, wanted = [], []
    comparisons = {name: Comparison() for name in names}
    for name in names:
        key = f"bounds/{name.rsplit('/', 1)[1]}"
        x, g = data[f"{key}/x"], data[f"{key}/g"]
        lo, hi = (np.float32(data[f"{key}/{k}"].reshape(-1)[0]) for k in ("lo", "hi"))
        typed = f"tensor<1x{x.size}xf32>"
        x_value, g_value = module.value(x.reshape(1, -1)), module.value(g.reshape(1, -1))
        lo_value, hi_value = module.scalar(lo), module.scalar(hi)
        gradient = module.emit_many(
            3, f"qat.bounded_gradient {x_value}, {lo_value}, {hi_value}, {g_value} : {typed}"
        )
        for what, value, shape in zip(
            ("dx", "dlo", "dhi"), gradient, ((1, x.size), (), ())
        ):
            module.output((name, what), value, shape)
        for sub in sorted({k.split("/")[2] for k in data.files if re.match(f"{key}/b\\d", k)}):
            for nearest, rounding in enumerate(ROUNDINGS):
                at = f"{key}/{sub}/{rounding}"
                if f"{at}/y" not in data.files:
                    continue
                bits = int(sub[1:])
                y = module.emit(
                    f"qat.bounded {x_value}, {lo_value}, {hi_value} {{bits = {bits} : i32, "
                    f"rounding = #qat.rounding<{rounding}>}} : {typed}"
                )
                module.output((name, f"{sub}/{rounding}/y"), y, (1, x.size))
                requests.append(("bounds", float(lo), float(hi), bits, nearest,
                                 *map(float, x.reshape(-1))))  # fmt: skip
                wanted.append((name, f"{key}/{sub}", rounding))
    for (name, at, rounding), (scale, zero, *integers) in zip(wanted, ask(requests)):
        comparison = comparisons[name]
        comparison.equal(f"{at}/scale", scale, data[f"{at}/scale"])
        comparison.equal(f"{at}/zero_point", zero, data[f"{at}/zero_point"])
        comparison.equal(f"{at}/{rounding}/int", integers, data[f"{at}/{rounding}/int"])
    for (name, what), array in module.run(scratch).items():
        key = f"bounds/{name.rsplit('/', 1)[1]}"
        if what in ("dlo", "dhi"):
            total = np.abs(data[f"{key}/g"].astype(np.float64)).sum()
            comparisons[name].near(what, array, data[f"{key}/{what}"], 1e-5 * total)
        else:
            comparisons[name].equal(what, array, data[f"{key}/{what}"])
    return {name: comparison.finish() for name, comparison in comparisons.items()}


def requantize_on_host(comparison, scratch, acc, bias, m0, n0, top, zero, y):
    """Rows whose accumulators a short dot product gives, as fully connected layers:
    one output channel a row, one layer for every grid of results."""
    length, reach = 64, 255 * 127 * 64
    fits = np.abs(acc.astype(np.int64)) < reach - 255
    module, chosen = HostModule(), {}
    bits = np.round(np.log2(top.astype(np.float64) + 1)).astype(int)
    x = np.full((1, length + 1), 255)
    x[0, length] = 1
    for grid in sorted(set(zip(bits[fits].tolist(), zero[fits].tolist()))):
        at = np.flatnonzero(fits & (bits == grid[0]) & (zero == grid[1]))
        weights = np.zeros((len(at), length + 1), np.int64)
        quotient, rest = np.divmod(acc[at].astype(np.int64), 255)
        over = rest > 127  # a weight of 8 bits cannot hold it
        quotient, rest = quotient + over, rest - 255 * over
        weights[:, length] = rest
        for k in range(length):
            part = np.clip(quotient, -128, 127)
            weights[:, k], quotient = part, quotient - part
        a, a_type = module.integers(x, "!quant.uniform<u8:f32, 1.0>", 8)
        w, w_type = module.integers(weights, "!quant.uniform<i8:f32, 1.0>", 8)
        b_type = f"tensor<{len(at)}xi32>"
        b = module.emit(f"arith.constant {integers(bias[at], 32)} : {b_type}")
        shift = np.minimum(31 - n0[at].astype(np.int64), 63)
        typed = f"tensor<1x{len(at)}x{element(*grid)}>"
        value = module.emit(
            f"qat.fully_connected {a}, {w}, {b} {{multiplier = {array(m0[at], 32)}, shift "
            f"= {array(shift, 8)}}} : ({a_type}, {w_type}, {b_type}) -> {typed}"
        )
        module.output_typed(grid, value, typed)
        chosen[grid] = at
    if not chosen:
        return
    results = module.run(scratch)
    got = np.concatenate([results[grid] for grid in chosen])
    comparison.equal("y on the host", got, y[np.concatenate(list(chosen.values()))])


def check_requantization(path, names, scratch, prefix="requant_z"):
    data, comparison = np.load(path), Comparison()
    acc, bias, m0, n0, top, y = (
        data[f"{prefix}/{k}"].reshape(-1) for k in ("acc", "b", "M0", "N", "n", "y")
    )
    has_zero = f"{prefix}/Z" in data.files
    zero = data[f"{prefix}/Z"].reshape(-1) if has_zero else np.zeros_like(y)
    table = np.stack([a.astype(np.int64) for a in (acc, bias, m0, n0, top, zero)], 1)
    answers = ask([("requantize", *row) for row in table])
    comparison.equal("y", [a[0] for a in answers], y)
    requantize_on_host(comparison, scratch, acc, bias, m0, n0, top, zero, y)
    return {names[0]: comparison.finish()}


def check_packing(path, names, scratch):
    data, requests = np.load(path), []
    keys = [name.split("/", 1)[1] for name in names]
    for key in keys:
        group, bits, _ = key.split("/")
        head = (int(group == "packs"), int(bits[1:]))
        values, packed = data[f"{key}/values"], data[f"{key}/bytes"]
        requests.append(("pack", *head, *values.reshape(-1)))
        requests.append(("unpack", *head, values.size, *packed.reshape(-1)))
    answers, outcome = ask(requests), {}
    for i, (name, key) in enumerate(zip(names, keys)):
        comparison = Comparison()
        for what, answer in zip(("bytes", "values"), answers[2 * i : 2 * i + 2]):
            if answer is None:
                comparison.fail(f"{what}: refused")
            elif what == "bytes":
                answer = np.asarray(answer, np.int64) & 255
                comparison.equal(what, answer, data[f"{key}/{what}"])
            else:
                comparison.equal(what, answer, data[f"{key}/{what}"])
        outcome[name] = comparison.finish()
    return outcome
