"""Runs the integer MobileNetV1 1.0/224 of the GreenWaves SDK, bit for bit.

usage: gap_mobilenet.py [--long]

The network is written in form I from its published integers (weights, biases,
multipliers, shifts: assets/mobilenet_v1_gap8), with rounding down everywhere.
`qat run` has to give the golden activations and logits, and the logits of
eight sample images (all 32 with --long), which an independent formula gave.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np


def dense(values, kind):
    return f'dense<"0x{np.ascontiguousarray(values).astype(kind).tobytes().hex()}">'


def tensor(shape, element):
    return "tensor<" + "".join(f"{s}x" for s in shape) + element + ">"


def array(values, bits):
    return f"array<i{bits}: {', '.join(str(int(v)) for v in values)}>"


INPUT = "!quant.uniform<i8:f32, 0.0078125>"  # pixel - 128, in steps of 1/128
ACTIVATION = "!quant.uniform<i8<0:127>:f32, 0.047244094488188976>"  # 6/127
WEIGHT = "!quant.uniform<i8:f32, 1.0>"
LOGIT = "!quant.uniform<i32:f32, 2.19639e-4>"


def write_network(params):
    columns = str(params["table_columns"]).split(",")
    lines = []

    def constant(name, values, kind, element=None):
        bits = np.dtype(kind).itemsize * 8
        plain = tensor(values.shape, f"i{bits}")
        if element is None:
            lines.append(f"  {name} = arith.constant {dense(values, kind)} : {plain}")
            return plain
        typed = tensor(values.shape, element)
        lines.append(f"  {name}_q = arith.constant {dense(values, kind)} : {plain}")
        lines.append(f"  {name} = quant.scast {name}_q : {plain} to {typed}")
        return typed

    value, shape, element = "%x", [1, 224, 224, 3], INPUT
    for row in params["table"]:
        row = dict(zip(columns, (int(v) for v in row)))
        i = row["layer"]
        weights = params[f"L{i}_weight"]
        if row["is_depthwise"]:
            op, weights = "depthwise_conv2d", weights[:, 0].transpose(1, 2, 0)
            extra = ""
        else:
            op, weights = "conv2d", weights.transpose(0, 2, 3, 1)
            extra = "groups = 1 : i64, "
        bias = params[f"L{i}_bias"].astype(np.int64) << row["bias_shift"]
        w = constant(f"%w{i}", weights, "i1", WEIGHT)
        b = constant(f"%b{i}", bias, "<i4")
        before, after, stride = row["pad_begin"], row["pad_end"], row["stride"]
        out = [1, row["out_hw"], row["out_hw"], row["out_channels"]]
        lines.append(
            f"  %y{i} = qat.{op} {value}, %w{i}, %b{i} "
            f"{{pad = {array([before, after, before, after], 64)}, "
            f"stride = {array([stride, stride], 64)}, dilation = array<i64: 1, 1>, {extra}"
            f"multiplier = {array(params[f'L{i}_M0'], 32)}, "
            f"shift = {array([row['shift_N0']] * len(bias), 8)}}} : "
            f"({tensor(shape, element)}, {w}, {b}) -> {tensor(out, ACTIVATION)} "
            f'loc("act{i}")'
        )
        value, shape, element = f"%y{i}", out, ACTIVATION
    pooled = [1, 1, 1, shape[3]]
    lines.append(
        f"  %p = qat.avg_pool2d {value} {{kernel = {array(shape[1:3], 64)}, "
        f"stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, "
        f"rounding = #qat.rounding<floor>}} : ({tensor(shape, element)}) -> "
        f'{tensor(pooled, element)} loc("act27")'
    )
    flat = [1, shape[3]]
    lines.append(
        f"  %f = tensor.collapse_shape %p [[0, 1, 2], [3]] : "
        f"{tensor(pooled, element)} into {tensor(flat, element)}"
    )
    w = constant("%wf", params["fc_weight"], "i1", WEIGHT)
    b = constant("%bf", params["fc_bias"], "<i4")
    result = tensor([1, len(params["fc_bias"])], LOGIT)
    lines.append(
        f"  %l = qat.fully_connected %f, %wf, %bf : ({tensor(flat, element)}, {w}, {b}) "
        f'-> {result} loc("logits")'
    )
    return "\n".join(
        [f"func.func @main(%x: {tensor([1, 224, 224, 3], INPUT)}) -> {result} {{"]
        + lines
        + [f"  return %l : {result}", "}", ""]
    )


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, what, actual, expected):
        actual, expected = np.asarray(actual), np.asarray(expected)
        same = actual.shape == expected.shape and np.array_equal(actual, expected)
        self.passed, self.failed = self.passed + same, self.failed + (not same)
        if not same:
            count = (actual != expected).sum() if actual.shape == expected.shape else "all"
            print(f"FAILED: {what}: {count} of {expected.size} differ")


def run(arguments):
    result = subprocess.run(["qat"] + arguments, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"FAILED: qat {' '.join(arguments)}\n{result.stderr}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    assets = os.path.join(os.environ.get("QAT_SHARED") or "../shared", "assets")
    folder = os.path.join(assets, "mobilenet_v1_gap8")
    if not os.path.isdir(folder):
        print(f"skipped: no '{folder}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    params = np.load(os.path.join(folder, "mobilenet_v1_int_params.npz"))
    golden = np.load(os.path.join(folder, "golden_L0_INPUT.npz"))
    samples = os.path.join(assets, "imagenet_samples")
    crops = np.load(os.path.join(samples, "crops224_u8_32.npz"))
    reference = np.load(os.path.join(samples, "mobilenet_v1_reference.npz"))
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        path = lambda name: os.path.join(scratch, name)
        with open(path("net.mlir"), "w") as f:
            f.write(write_network(params))
        np.save(path("x.npy"), golden["input"].transpose(1, 2, 0)[None])
        command = ["run", path("net.mlir"), "--layout", "nhwc"]
        run(command + ["--input", path("x.npy"), "--output", path("y.npy")]
            + ["--layers", path("layers")])
        checks.equal("logits", np.load(path("y.npy"))[0], golden["logits"])
        for i in range(28):
            layer = np.load(path(f"layers/act{i}.npy"))[0].astype(np.int64)
            checks.equal(f"sum of act{i}", layer.sum(), golden["act_sums"][i])
            if f"act{i}" in golden:
                expected = golden[f"act{i}"]
                layer = layer.transpose(2, 0, 1).reshape(expected.shape)
                checks.equal(f"act{i}", layer, expected)
        count = 32 if long else 8
        pixels = crops["images_nhwc"][:count].astype(np.int16) - 128
        np.save(path("x.npy"), pixels.astype(np.int8))
        run(command + ["--input", path("x.npy"), "--output", path("y.npy")])
        for logits, index in zip(np.load(path("y.npy")), crops["class_index"]):
            place = list(reference["class_index"]).index(index)
            checks.equal(f"class {index}", logits, reference["int_logits"][place])
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
