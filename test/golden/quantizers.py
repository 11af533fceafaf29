#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""quantizers*.npz: weights, activations, inputs, multipliers, averages.

Integers, steps and zero points of weights are read from form I, to which
qat-mlir-opt brings a network of one layer; their initial bounds are those that
qat-insert-quantizers gives. Fake values and gradients are computed by `qat run`,
numbers without a form in IR by qat-golden-units.
"""

import json
import re

import ir
import numpy as np
import tools
from host import HostModule, ask
from tools import Comparison
from units import ROUNDINGS, check_requantization

OPS = {
    "PerLayerAsymPACT": "weight_asymmetric_pact",
    "PerLayerAsymMinMax": "weight_min_max",
    "PerChannelsAsymMinMax": "weight_min_max",
    "PerLayerSymPACT": "weight_symmetric_pact",
    "PerLayerDymPACT": "weight_symmetric_pact",
}
CASES_A_JOB = 80


def find(folder):
    return sorted(folder.rglob("quantizers*.npz"))


def jobs(path):
    keys, stem = np.load(path).files, path.stem
    cases = [k[len("case/") : -len("/int")] for k in keys if re.match("case/.*/int$", k)]
    # Those of one tensor together: they share its arrays.
    cases.sort(key=lambda case: case.split("/")[2:4])
    for begin in range(0, len(cases), CASES_A_JOB):
        part = cases[begin : begin + CASES_A_JOB]
        yield [f"{stem}/{case}" for case in part], check_weights
    for group, check in (("pact", check_pact), ("input", check_inputs)):
        numbers = {k.split("/")[1] for k in keys if k.startswith(f"{group}/")}
        if numbers:
            yield [f"{stem}/{group}/{k}" for k in sorted(numbers, key=int)], check
    for key, group, check in (
        ("split/M", "split", check_splits),
        ("requant/y", "requant", check_requantizations),
        ("avg/sum", "avg", check_averages),
    ):
        if key in keys:
            yield [f"{stem}/{group}"], check


class WeightCase:
    def __init__(self, data, eps, name):
        self.name, self.key = name, f"case/{name}"
        self.scheme, bits, self.tensor, mode, self.which = name.split("/", 4)
        self.bits, self.folds = int(bits[1:]), mode == "fold"
        self.data, self.eps = data, eps
        self.w = self.of_tensor("w")
        self.scalars = data[f"{self.key}/scalars"].reshape(-1)
        self.is_symmetric = OPS[self.scheme] == "weight_symmetric_pact"
        self.has_bounds = "PACT" in self.scheme
        # A kernel over one input channel may as well be a depthwise one.
        shape = self.w.shape
        self.is_depthwise = len(shape) == 4 and shape[1] == 1 and shape[2] * shape[3] > 1

    def of_tensor(self, what):
        return self.data[f"tensor/{self.tensor}/{what}"]

    @property
    def axes(self):
        return [2, 3] if self.is_depthwise else [0]

    def to_layer(self, array):
        """OIHW or OI as the layer's weights are: OHWI, or HWCM."""
        if array.ndim == 2:
            return array.reshape(array.shape[0], 1, 1, -1)
        if self.is_depthwise:
            return array.transpose(2, 3, 0, 1)
        return array.transpose(0, 2, 3, 1)

    def from_layer(self, array):
        """And back."""
        layer = self.to_layer(self.w)
        array = np.asarray(array).reshape(layer.shape)
        if self.w.ndim == 2:
            return array.reshape(self.w.shape)
        order = (2, 3, 0, 1) if self.is_depthwise else (0, 3, 1, 2)
        return array.transpose(order)

    def attributes(self):
        text = f"bits = {self.bits} : i32"
        if self.scheme.startswith("PerChannels"):
            text += f", channel_axes = {ir.array(self.axes, 64)}"
        return text

    def bounds(self):
        """(name, value) of those that the quantizer takes."""
        names = () if not self.has_bounds else ("hi",) if self.is_symmetric else ("lo", "hi")
        return [(k, np.float32(self.scalars[("lo", "hi").index(k)])) for k in names]


def one_layer(case, is_quantized):
    """A network of one layer: its convolution, with its batch norm where that folds."""
    function, weight = ir.Function(), case.to_layer(case.w)
    typed = ir.tensor(weight.shape, "f32")
    channels = case.w.shape[0]
    kh, kw = weight.shape[:2] if case.is_depthwise else weight.shape[1:3]
    inputs = channels if case.is_depthwise else weight.shape[3]
    x_type, y_type = f"tensor<1x{kh}x{kw}x{inputs}xf32>", f"tensor<1x1x1x{channels}xf32>"
    x, w = "%x", function.add_global("c.weight", weight)
    if is_quantized:
        x = function.emit(
            "qat.quantize_input %x {minimum = -1.0 : f32, maximum = 1.0 : f32} : "
            f"{x_type}"
        )
        bounds = [function.add_global(f"c.weight.{k}", v) for k, v in case.bounds()]
        w = function.emit(
            f"qat.{OPS[case.scheme]} {', '.join([w, *bounds])} {{{case.attributes()}}} : "
            f"{typed}"
        )
    zeros = function.emit(
        f'"tosa.const"() <{{values = dense<0.0> : tensor<{channels}xf32>}}> : () -> '
        f"tensor<{channels}xf32>"
    )
    zero = function.emit(
        '"tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>'
    )
    y = function.emit(
        f"tosa.{'depthwise_' if case.is_depthwise else ''}conv2d {x}, {w}, {zeros}, {zero}, "
        f"{zero} {{acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, "
        f"dilation = array<i64: 1, 1>}} : ({x_type}, {typed}, tensor<{channels}xf32>, "
        f"tensor<1xf32>, tensor<1xf32>) -> {y_type}",
        "c",
    )
    if case.folds:
        norm = [function.add_global(f"c.bn.{k}", case.of_tensor(k))
                for k in ("gamma", "beta", "mean", "var")]  # fmt: skip
        fold = ", fold_type = #qat.fold_type<folding_weights>" if is_quantized else ""
        y = function.emit(
            f"qat.batch_norm {y}, {', '.join(norm)} {{epsilon = {ir.real(case.eps)}{fold}}} : "
            f"{y_type}, tensor<{channels}xf32>",
            "c",
        )
    return function.text(x_type, y_type, y)


def optimize(modules, *passes):
    """The printed modules after the passes, all in one process."""
    text = tools.run(
        "qat-mlir-opt", *passes, "--split-input-file",
        "--mlir-print-elementsattrs-with-hex-if-larger=-1",
        stdin="\n// -----\n".join(modules),
    )  # fmt: skip
    return text.split("// -----")


def read_weights(text, case):
    """(integers without zero point, scales, zero points) of the layer in form I."""
    name, body, size = re.search(
        r"quant\.scast (%\w+) : tensor<.*? to tensor<[\dx]*!quant\.uniform<(\w+):f32", text
    ).groups() + (case.w.size,)
    uniform = re.search(
        r"quant\.scast .* to tensor<[\dx]*!quant\.uniform<\w+:f32(?::\d+)?, ([^>]*)>>", text
    ).group(1)
    scales, zeros = [], []
    for item in uniform.strip("{} ").split(","):
        scale, _, zero = item.strip().partition(":")
        scales.append(float(scale))
        zeros.append(int(zero or 0))
    elements = re.search(rf"{name} = arith\.constant dense<(.*)> : tensor", text).group(1)
    stored = np.array([int(v) for v in re.findall(r"-?\d+", elements)], np.int64)
    stored = np.broadcast_to(stored, size) if stored.size == 1 else stored
    bits = int(body[1:])
    if body[0] == "u":
        stored = stored & ((1 << bits) - 1)
    return stored, np.float32(scales), np.array(zeros)


def check_weights(path, names, scratch):
    data = dict(np.load(path))
    eps = json.loads(path.with_suffix(".json").read_text())["bn_eps"]
    cases = [WeightCase(data, eps, name.split("/", 1)[1]) for name in names]
    comparisons = {case.name: Comparison() for case in cases}
    printed = optimize([one_layer(case, True) for case in cases], "--qat-integer-pipeline")
    for case, text in zip(cases, printed):
        comparison = comparisons[case.name]
        stored, scales, zeros = read_weights(text, case)
        stored = case.from_layer(stored)
        per_channel = zeros.reshape((-1,) + (1,) * (stored.ndim - 1))
        comparison.equal("int", stored - per_channel, data[f"{case.key}/int"])
        comparison.equal("scale", scales, data[f"{case.key}/scale"])
        comparison.equal("zero_point", zeros, data[f"{case.key}/zero_point"])
    check_initial_bounds(cases, comparisons)
    check_fake_weights(cases, comparisons, scratch)
    return {name: comparisons[case.name].finish() for name, case in zip(names, cases)}


def check_initial_bounds(cases, comparisons):
    groups = {}
    for case in cases:
        if not np.isnan(case.scalars[3]):
            groups.setdefault((case.scheme, case.bits, case.folds), []).append(case)
    for (scheme, bits, folds), group in groups.items():
        fold = "folding_weights" if folds else "ICN"
        printed = optimize(
            [one_layer(case, False) for case in group],
            f"--qat-insert-quantizers=type-quant={scheme} weight-bits={bits} "
            f"batch-fold-type={fold}",
        )
        for case, text in zip(group, printed):
            for at, bound in ((2, "lo"), (3, "hi")):
                expected = case.scalars[at]
                found = re.search(rf'@"?c\.weight\.{bound}"?\(dense<([^>]*)>', text)
                if np.isnan(expected):
                    if found:
                        comparisons[case.name].fail(f"init_{bound}: there should be none")
                    continue
                if not found:
                    comparisons[case.name].fail(f"init_{bound}: there is none")
                    continue
                comparisons[case.name].near(
                    f"init_{bound}", float(found.group(1)), expected, 1e-5 * abs(expected)
                )


def check_fake_weights(cases, comparisons, scratch):
    module, tensors = HostModule(), {}

    def tensor_value(case, what):
        key = (case.tensor, what)
        if key not in tensors:
            array = case.of_tensor(what)
            tensors[key] = module.value(case.to_layer(array) if array.ndim > 1 else array)
        return tensors[key]

    for case in cases:
        shape = case.to_layer(case.w).shape
        typed, channels = ir.tensor(shape, "f32"), case.w.shape[0]
        w, g = tensor_value(case, "w"), tensor_value(case, "g")

        def fold(value):
            gamma, var = tensor_value(case, "gamma"), tensor_value(case, "var")
            return module.emit(
                f"qat.fold_weight {value}, {gamma}, {var} {{channel_axes = "
                f"{ir.array(case.axes, 64)}, epsilon = {ir.real(case.eps)}}} : {typed}, "
                f"tensor<{channels}xf32>"
            )

        t = fold(w) if case.folds else w
        bounds = [module.scalar(value) for _, value in case.bounds()]
        fake = module.emit(
            f"qat.{OPS[case.scheme]} {', '.join([t, *bounds])} {{{case.attributes()}}} : "
            f"{typed}"
        )
        module.output((case.name, "fake"), fake, shape)
        dt = g
        if bounds:
            op = "symmetric" if case.is_symmetric else "bounded"
            dt, *sums = module.emit_many(
                1 + len(bounds),
                f"qat.{op}_gradient {', '.join([t, *bounds, g])} : {typed}",
            )
            for (bound, _), value in zip(case.bounds(), sums):
                module.output((case.name, f"d{bound}"), value, ())
        module.output((case.name, "dt"), dt, shape)
        if case.folds:
            module.output((case.name, "dw"), fold(dt), shape)
    results = module.run(scratch)
    by_name = {case.name: case for case in cases}
    for (name, what), array in results.items():
        case, comparison = by_name[name], comparisons[name]
        if what in ("dlo", "dhi"):
            total = np.abs(case.of_tensor("g").astype(np.float64)).sum()
            expected = case.scalars[4 if what == "dlo" else 5]
            comparison.near(what, array, [expected], 1e-5 * total)
        else:
            comparison.equal(what, case.from_layer(array), case.data[f"{case.key}/{what}"])


def check_pact(path, names, scratch):
    data, module = np.load(path), HostModule()
    requests, wanted = [], []
    comparisons = {name: Comparison() for name in names}
    for name in names:
        key = f"pact/{name.rsplit('/', 1)[1]}"
        x, g = data[f"{key}/x"], data[f"{key}/g"]
        alpha = np.float32(data[f"{key}/alpha"].reshape(-1)[0])
        typed = f"tensor<1x{x.size}xf32>"
        x_value, g_value = module.value(x.reshape(1, -1)), module.value(g.reshape(1, -1))
        bound = module.scalar(alpha)
        dx, dalpha = module.emit_many(
            2, f"qat.pact_gradient {x_value}, {bound}, {g_value} : {typed}"
        )
        module.output((name, "dx"), dx, (1, x.size))
        module.output((name, "dalpha"), dalpha, ())
        subs = {k.split("/")[2] for k in data.files if re.match(f"{key}/b\\d", k)}
        for sub in sorted(subs):
            for nearest, rounding in enumerate(ROUNDINGS):
                at = f"{key}/{sub}/{rounding}"
                if f"{at}/y" not in data.files:
                    continue
                y = module.emit(
                    f"qat.pact {x_value}, {bound} {{bits = {sub[1:]} : i32, rounding = "
                    f"#qat.rounding<{rounding}>}} : {typed}"
                )
                module.output((name, f"{sub}/{rounding}/y"), y, (1, x.size))
                requests.append(("pact", float(alpha), int(sub[1:]), nearest,
                                 *map(float, x.reshape(-1))))  # fmt: skip
                wanted.append((name, f"{at}/int"))
    for (name, at), integers in zip(wanted, ask(requests)):
        comparisons[name].equal(at, integers, data[at])
    for (name, what), array in module.run(scratch).items():
        key = f"pact/{name.rsplit('/', 1)[1]}"
        if what == "dalpha":
            total = np.abs(data[f"{key}/g"].astype(np.float64)).sum()
            comparisons[name].near(what, array, data[f"{key}/{what}"], 1e-5 * total)
        else:
            comparisons[name].equal(what, array, data[f"{key}/{what}"])
    return {name: comparison.finish() for name, comparison in comparisons.items()}


def check_inputs(path, names, scratch):
    data, module = np.load(path), HostModule()
    comparisons = {name: Comparison() for name in names}
    requests = []
    for name in names:
        key = f"input/{name.rsplit('/', 1)[1]}"
        x = data[f"{key}/x"].reshape(1, -1)
        lo, hi = map(float, data[f"{key}/range"])
        requests.append(("input", lo, hi, *map(float, x[0])))
        y = module.emit(
            f"qat.quantize_input {module.value(x)} {{minimum = {ir.double(lo)}, maximum = "
            f"{ir.double(hi)}}} : tensor<1x{x.size}xf32>"
        )
        module.output(name, y, x.shape)
    results = module.run(scratch)
    for name, (scale, zero, *integers) in zip(names, ask(requests)):
        key, comparison = f"input/{name.rsplit('/', 1)[1]}", comparisons[name]
        expected = data[f"{key}/int"].astype(np.int64)
        golden_scale, golden_zero = data[f"{key}/scale"], data[f"{key}/zero_point"]
        comparison.equal("int", integers, expected)
        comparison.equal("scale", scale, golden_scale)
        comparison.equal("zero_point", zero, golden_zero)
        levels = (expected - int(golden_zero.reshape(-1)[0])).astype(np.float32)
        step = np.float32(golden_scale.reshape(-1)[0])
        comparison.equal("fake input", results[name], (levels * step).reshape(-1))
    return {name: comparison.finish() for name, comparison in comparisons.items()}


def check_splits(path, names, scratch):
    data, comparison = np.load(path), Comparison()
    answers = ask([("split", float(m)) for m in data["split/M"].reshape(-1)])
    refused = [answer is None for answer in answers]
    comparison.equal("refused", np.any(refused), False)
    if not any(refused):
        comparison.equal("M0", [a[0] for a in answers], data["split/M0"])
        comparison.equal("N", [a[1] for a in answers], data["split/N"])
    return {names[0]: comparison.finish()}


def check_requantizations(path, names, scratch):
    return check_requantization(path, names, scratch, "requant")


def check_averages(path, names, scratch):
    data, comparison = np.load(path), Comparison()
    sums, counts = data["avg/sum"].reshape(-1), data["avg/k"].reshape(-1)
    for nearest, rounding in enumerate(ROUNDINGS):
        answers = ask([("average", s, k, nearest) for s, k in zip(sums, counts)])
        comparison.equal(rounding, [a[0] for a in answers], data[f"avg/{rounding}"])
        check_pools(comparison, scratch, sums, counts, rounding, data[f"avg/{rounding}"])
    return {names[0]: comparison.finish()}


def check_pools(comparison, scratch, sums, counts, rounding, expected):
    """Sums that k bytes can have, as one-dimensional pools of one image each k."""
    module, chosen = HostModule(), {}
    fits = (sums >= 0) & (sums <= 255 * counts)
    for k in sorted(set(counts[fits].tolist())):
        at = np.flatnonzero(fits & (counts == k))
        # A channel a sum: as even as it gets, the rest in the first elements.
        quotient, rest = np.divmod(sums[at], k)
        image = quotient[None] + (np.arange(k)[:, None] < rest[None])
        x, x_type = module.integers(
            image.reshape(1, k, 1, len(at)), "!quant.uniform<u8:f32, 1.0>", 8
        )
        typed = f"tensor<1x1x1x{len(at)}x!quant.uniform<u8:f32, 1.0>>"
        y = module.emit(
            f"qat.avg_pool2d {x} {{kernel = array<i64: {k}, 1>, stride = array<i64: 1, 1>, "
            f"pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<{rounding}>}} : "
            f"({x_type}) -> {typed}"
        )
        module.output_typed(k, y, typed)
        chosen[k] = at
    if chosen:
        results = module.run(scratch, f"pools-{rounding}")
        got = np.concatenate([results[k] for k in chosen])
        want = expected.reshape(-1)[np.concatenate(list(chosen.values()))]
        comparison.equal(f"{rounding} on the host", got, want)
