"""Runs golden integer networks and compares every layer bit for bit.

usage: golden_nets.py [--board] [NAME ...], networks of QAT_SHARED/golden/nets

Each network is written in form I from the golden integers alone (weights,
biases, multipliers, or for folding_thresh the thresholds that follow from them),
so that `qat run` is tested and nothing before it.
Without names every network is run.
Every sixteenth of them (with --board all) is also written as C and run on a
simulated Cortex-M4: these networks have many widths, signs and zero points.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np


def constant(values, bits):
    """A dense constant of signless integers; one byte each below 8 bits."""
    values = np.asarray(values)
    if bits > 8:
        data = values.astype("<i4").tobytes()
    else:
        data = (values.astype(np.int64) & ((1 << bits) - 1)).astype("u1").tobytes()
    return f'dense<"0x{data.hex()}">'


def array(values, bits):
    items = ", ".join(str(int(v)) for v in np.atleast_1d(values))
    return f"array<i{bits}: {items}>"


class Writer:
    """Writes one network; values are (name, shape NHWC or NK, element type)."""

    def __init__(self, net, data, params):
        self.net, self.data, self.params = net, data, params
        self.lines, self.count = [], 0
        self.values = {}
        self.expected = {}
        self.compared = 0  # channels with thresholds

    def fresh(self):
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text, layer=None):
        self.lines.append("  " + text + (f' loc("{layer}")' if layer else ""))

    @staticmethod
    def tensor(shape, element):
        return "tensor<" + "".join(f"{s}x" for s in shape) + element + ">"

    def weights(self, node, stored, axis, zero_points):
        """The quantized weights, whose channels are dimension `axis`."""
        bits = node["w_bits"]
        kind = "i" if node["quant_type"] == "PerLayerSymPACT" else "u"
        zero_points = np.atleast_1d(zero_points)
        if len(zero_points) == 1:
            element = f"!quant.uniform<{kind}{bits}:f32, 1.0:{zero_points[0]}>"
        else:
            inside = ", ".join(f"1.0:{z}" for z in zero_points)
            element = f"!quant.uniform<{kind}{bits}:f32:{axis}, {{{inside}}}>"
        plain = self.tensor(stored.shape, f"i{bits}")
        typed = self.tensor(stored.shape, element)
        c, w = self.fresh(), self.fresh()
        self.emit(f"{c} = arith.constant {constant(stored, bits)} : {plain}")
        self.emit(f"{w} = quant.scast {c} : {plain} to {typed}")
        return w, typed

    def result_type(self, node, key):
        if node.get("a_bits") is None:
            return "!quant.uniform<i32:f32, 1.0>"
        zero = f"{key}_zero_point"
        zero = int(self.data[zero]) if zero in self.data else 0
        return f"!quant.uniform<u{node['a_bits']}:f32, 1.0:{zero}>"

    def thresholds(self, node, key):
        """One row a channel and which of them fall, from M0, N0 and b alone.

        Level k is reached from (acc + b) * M0 >= (k - Z) * 2^(31 - N0) on. A row
        is stored ascending: of a falling channel the complement.
        """
        d, i = self.data, node["layer"]
        zero = f"{key}_zero_point"
        zero = int(d[zero]) if zero in d else 0
        biases = [int(b) for b in d[f"L{i}_b_int"]]
        factors = np.broadcast_to(d[f"L{i}_M0"], len(biases))
        exponents = np.broadcast_to(d[f"L{i}_N0"], len(biases))
        rows, falling = [], []
        for b, m, n in zip(biases, map(int, factors), map(int, exponents)):
            row = []
            for level in range(1, 2 ** node["a_bits"]):
                needed = (level - zero) << min(31 - n, 63)
                if m > 0:  # ceil(needed / m)
                    threshold = -(-needed // m) - b
                elif m < 0:  # acc + b <= floor(needed / m)
                    threshold = needed // m - b
                else:
                    threshold = -(2**31) if needed <= 0 else 2**31 - 1
                threshold = min(max(threshold, -(2**31)), 2**31 - 1)
                row.append(~threshold if m < 0 else threshold)
            rows.append(row)
            falling.append(m < 0)
        return np.array(rows), falling

    def weighted(self, node, source, key):
        i = node["layer"]
        d = self.data
        w_int = d[f"L{i}_w_int"].astype(np.int64)
        zero = d[f"L{i}_w_zero_point"]
        stored = w_int + zero.reshape((-1,) + (1,) * (w_int.ndim - 1))
        name, shape, element = source
        attributes = []
        if node["op"] == "fc":
            if node.get("permute"):  # flattened in NCHW order by the source
                h, w, c = node["permute"]
                stored = stored.reshape(-1, c, h, w).transpose(0, 2, 3, 1)
                stored = stored.reshape(len(w_int), -1)
            op, axis, out = "fully_connected", 0, [shape[0], len(w_int)]
        else:
            top, left, bottom, right = node["pads"]
            (kh, kw), (sh, sw) = node["kernel"], node["stride"]
            out = [
                shape[0],
                (shape[1] + top + bottom - kh) // sh + 1,
                (shape[2] + left + right - kw) // sw + 1,
                len(w_int),
            ]
            attributes += [
                f"pad = {array([top, bottom, left, right], 64)}",
                f"stride = {array([sh, sw], 64)}",
                "dilation = array<i64: 1, 1>",
            ]
            if node["group"] > 1 and node["group"] == shape[3]:
                op, axis = "depthwise_conv2d", 2
                stored = stored[:, 0].transpose(1, 2, 0)
            else:
                op, axis = "conv2d", 0
                stored = stored.transpose(0, 2, 3, 1)
                attributes.append(f"groups = {node['group']} : i64")
        w, w_type = self.weights(node, stored, axis, zero)
        b, b_type = self.fresh(), f"tensor<{len(w_int)}xi32>"
        compares = node["fold_type"] == "folding_thresh" and node["a_bits"]
        b_int = d[f"L{i}_b_int"]
        b_values = constant(np.zeros_like(b_int) if compares else b_int, 32)
        self.emit(f"{b} = arith.constant {b_values} : {b_type}")
        t, t_type = "", ""
        if compares:
            rows, falling = self.thresholds(node, key)
            t, t_type = self.fresh(), self.tensor(rows.shape, "i32")
            self.emit(f"{t} = arith.constant {constant(rows, 32)} : {t_type}")
            t, t_type = ", " + t, ", " + t_type
            self.compared += len(rows)
            if any(falling):
                words = ", ".join("true" if f else "false" for f in falling)
                attributes.append(f"falling = array<i1: {words}>")
        elif f"L{i}_M0" in d:
            shift = np.minimum(31 - d[f"L{i}_N0"].astype(np.int64), 63)
            attributes += [
                f"multiplier = {array(d[f'L{i}_M0'], 32)}",
                f"shift = {array(shift, 8)}",
            ]
        y, y_element = self.fresh(), self.result_type(node, f"L{i}_out")
        y_type = self.tensor(out, y_element)
        self.emit(
            f"{y} = qat.{op} {name}, {w}, {b}{t} {{{', '.join(attributes)}}} : "
            f"({self.tensor(shape, element)}, {w_type}, {b_type}{t_type}) -> {y_type}",
            key,
        )
        return y, out, y_element

    def pool(self, node, source, key):
        name, shape, element = source
        top, left, bottom, right = node["pads"]
        (kh, kw), (sh, sw) = node["kernel"], node["stride"]
        out = [
            shape[0],
            (shape[1] + top + bottom - kh) // sh + 1,
            (shape[2] + left + right - kw) // sw + 1,
            shape[3],
        ]
        rounding = f", rounding = #qat.rounding<{self.net['rounding']}>"
        op = "max_pool2d" if node["op"] == "maxpool" else "avg_pool2d"
        y = self.fresh()
        self.emit(
            f"{y} = qat.{op} {name} {{kernel = {array([kh, kw], 64)}, stride = "
            f"{array([sh, sw], 64)}, pad = {array([top, bottom, left, right], 64)}"
            f"{rounding if node['op'] == 'avgpool' else ''}}} : "
            f"({self.tensor(shape, element)}) -> {self.tensor(out, element)}",
            key,
        )
        return y, out, element

    def add(self, node, lhs, rhs, key):
        d, stem = self.data, node["name"]
        m = d[f"{stem}_m"]
        y, element = self.fresh(), self.result_type(node, key)
        self.emit(
            f"{y} = qat.add {lhs[0]}, {rhs[0]} {{lhs_multiplier = {m[0]} : i32, "
            f"rhs_multiplier = {m[1]} : i32, offset = {int(d[f'{stem}_c'])} : i32, "
            f"shift = {int(d[f'{stem}_s'])} : i32}} : "
            f"({self.tensor(*lhs[1:])}, {self.tensor(*rhs[1:])}) -> "
            f"{self.tensor(lhs[1], element)}",
            key,
        )
        return y, lhs[1], element

    def concat(self, node, sources, key):
        d, stem = self.data, node["name"]
        element, inputs = self.result_type(node, key), []
        for i, (name, shape, source_element) in enumerate(sources):
            typed = self.tensor(shape, element)
            inputs.append((name, typed))
            if source_element == element and node.get("same_grid") == node["inputs"][i]:
                continue  # copied
            y = self.fresh()
            inputs[-1] = (y, typed)
            self.emit(
                f"{y} = qat.requantize {name} {{multiplier = {d[f'{stem}_m'][i]} : i32, "
                f"offset = {np.atleast_1d(d[f'{stem}_c'])[i]} : i32, "
                f"shift = {d[f'{stem}_s'][i]} : i32}} : "
                f"({self.tensor(shape, source_element)}) -> {typed}",
                f"{key}.operand{i}",
            )
        out = sources[0][1][:3] + [sum(shape[3] for _, shape, _ in sources)]
        y = self.fresh()
        self.emit(
            f"{y} = qat.concat {', '.join(name for name, _ in inputs)} {{axis = 3 : i64}} : "
            f"({', '.join(typed for _, typed in inputs)}) -> {self.tensor(out, element)}",
            key,
        )
        return y, out, element

    def write(self):
        x = self.params["input_int"]
        grid = self.net["input"]
        kind = "i" if grid["min"] < 0 else "u"
        element = f"!quant.uniform<{kind}8:f32, 1.0:{grid['zero_point']}>"
        shape = [1, x.shape[2], x.shape[3], x.shape[1]]
        arg_type = self.tensor(shape, element)
        last = ("%x", shape, element)
        self.values["input"] = last
        permute = None
        for node in self.net["nodes"]:
            op = node["op"]
            layer = node.get("layer")
            key = node.get("key") or (f"L{layer}_out" if layer is not None else None)
            sources = [self.values[k] for k in node.get("inputs", [])] or [last]
            if op in ("conv", "fc"):
                last = self.weighted(dict(node, permute=permute), sources[0], key)
                permute = None
            elif op in ("avgpool", "maxpool"):
                last = self.pool(node, sources[0], key)
            elif op == "add":
                last = self.add(node, *sources, key)
            elif op == "concat":
                last = self.concat(node, sources, key)
            elif op == "flatten":
                name, shape, element = sources[0]
                y, flat = self.fresh(), [shape[0], int(np.prod(shape[1:]))]
                self.emit(
                    f"{y} = tensor.collapse_shape {name} [[0], [1, 2, 3]] : "
                    f"{self.tensor(shape, element)} into {self.tensor(flat, element)}"
                )
                permute = shape[1:]
                last = (y, flat, element)
            else:
                raise ValueError(f"unknown op '{op}'")
            if key:
                self.values[key] = last
                expected = "logits_int" if node.get("a_bits", 0) is None else key
                if op != "flatten" and expected in self.data:
                    self.expected[key] = self.data[expected]
        y_type = self.tensor(*last[1:])
        return "\n".join(
            [f"func.func @main(%x: {arg_type}) -> {y_type} {{"]
            + self.lines
            + [f"  return {last[0]} : {y_type}", "}", ""]
        )


def check(golden, scratch, name):
    """Runs one network; the list of its errors."""
    with open(os.path.join(golden, f"net_{name}.json")) as f:
        net = json.load(f)
    data = dict(np.load(os.path.join(golden, f"net_{name}.npz")))
    params = dict(np.load(os.path.join(golden, net["params"])))
    writer = Writer(net, data, params)
    text = writer.write()
    folder = os.path.join(scratch, name)
    os.makedirs(folder, exist_ok=True)
    module, x = os.path.join(folder, "net.mlir"), os.path.join(folder, "x.npy")
    with open(module, "w") as f:
        f.write(text)
    np.save(x, params["input_int"])
    layers = os.path.join(folder, "layers")
    command = ["qat", "run", module, "--input", x, "--layout", "nchw"]
    command += ["--output", os.path.join(folder, "y.npy"), "--layers", layers]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        return [f"{name}: {result.stderr.strip()}"]
    errors = []
    for key, expected in writer.expected.items():
        actual = np.load(os.path.join(layers, key + ".npy")).astype(np.int64)
        if actual.ndim == 4:
            actual = actual.transpose(0, 3, 1, 2)
        if not np.array_equal(actual, expected.astype(np.int64).reshape(actual.shape)):
            differ = int((actual != expected.reshape(actual.shape)).sum())
            errors.append(f"{name}: {key}: {differ} of {actual.size} differ")
    folds = [node.get("fold_type") for node in net["nodes"] if node.get("a_bits")]
    if ("folding_thresh" in folds) != (writer.compared > 0):
        errors.append(f"{name}: {writer.compared} channels with thresholds")
    if not writer.expected:
        errors.append(f"{name}: nothing to compare")
    return errors


def check_board(scratch, name):
    """The same network in C on two of the inputs, after `check`."""
    folder = os.path.join(scratch, name)
    x = np.load(os.path.join(folder, "x.npy"))[:2].transpose(0, 2, 3, 1)
    expected = np.load(os.path.join(folder, "y.npy"))[: len(x)]
    two, board = os.path.join(folder, "two.npy"), os.path.join(folder, "board.npy")
    project = os.path.join(folder, "c")
    np.save(two, np.ascontiguousarray(x))
    for command in (
        ["deploy", os.path.join(folder, "net.mlir"), "--target", "cortex-m4", "-o", project],
        ["simulate", project, "--input", two, "--output", board],
    ):
        result = subprocess.run(["qat", *command], capture_output=True, text=True)
        if result.returncode:
            return [f"{name} on the board: {result.stderr.strip()}"]
    if not np.array_equal(np.load(board).reshape(expected.shape), expected):
        return [f"{name} on the board: another output"]
    return []


def main():
    shared = os.environ.get("QAT_SHARED") or "../shared"
    golden = os.path.join(shared, "golden", "nets")
    files = sorted(glob.glob(os.path.join(golden, "net_*.json")))
    if not files:
        print(f"skipped: no golden networks in '{golden}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    everywhere = "--board" in sys.argv
    names = [word for word in sys.argv[1:] if word != "--board"] or [os.path.basename(f)[len("net_") : -len(".json")] for f in files]
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        boards = shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")
        for number, name in enumerate(names):
            errors = check(golden, scratch, name)
            if boards and not errors and (everywhere or number % 16 == 0):
                errors += check_board(scratch, name)
            passed, failed = passed + (not errors), failed + bool(errors)
            for error in errors:
                print("FAILED: " + error)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
