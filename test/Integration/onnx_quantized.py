"""Takes ONNX networks of every structure to the integer form and compares what
that computes with the float network.

Random networks of grouped convolutions, signals, concats, pads, constants,
channels-last edges and batch norms of their own: imported, quantized to 8 bits
with calibration, frozen and run. The integer network has to be close to the one
with quantizers and to the float one, and that equal to ONNX's reference.

usage: onnx_quantized.py [--cases N] [--seed S] [--only NAME]
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from onnx_operators import NEW_OPS, Case, Wrong, as_imported, run, shapes

# Root mean square of the error over the output's variation: against the network
# with quantizers, from which single levels differ (measured: at most 0.1), and
# against the float network (0.1 per channel, 0.36 per layer). What is wrong by a
# channel, a layer or a zero point is off by about 1.
SAME = 0.15
CLOSE = {"PerChannelsAsymMinMax": 0.15, "PerLayerAsymPACT": 0.5}
IMAGES = 24


def conv(case, outputs, kernel=3, group=1, **attributes):
    spatial = len(case.shape) - 2
    inputs = case.shape[1] // group
    scale = 1 / np.sqrt(inputs * kernel**spatial)
    shape = [outputs, inputs] + [kernel] * spatial
    weight = case.constant((scale * case.rng.normal(size=shape)).astype(np.float32))
    bias = case.reals(outputs, stem="b")
    case.add("Conv", case.value, weight, bias, group=group, **attributes)
    case.shape[1] = outputs


def same(case, outputs, kernel=3, **attributes):
    spatial = len(case.shape) - 2
    conv(case, outputs, kernel, pads=[kernel // 2] * 2 * spatial, **attributes)


def norm(case):
    channels, rng = case.shape[1], case.rng
    values = [rng.uniform(0.5, 1.5, channels), *rng.uniform(-0.3, 0.3, (2, channels))]
    values.append(rng.uniform(0.5, 1.5, channels))
    parameters = [case.constant(v.astype(np.float32)) for v in values]
    case.add("BatchNormalization", case.value, *parameters)


def head(case, outputs=5):
    """The mean over the image, and a dense layer."""
    case.add("GlobalAveragePool")
    case.add("Flatten")
    weight = case.reals(outputs, case.shape[1])
    case.add("Gemm", case.value, weight, case.reals(outputs, stem="b"), transB=1)
    case.shape = [1, outputs]


def grouped(case):
    conv(case, 8, pads=[1, 1, 1, 1])
    case.add("Relu")
    same(case, 12, group=4)
    norm(case)
    case.add("Relu")
    conv(case, 6, kernel=3, group=2, strides=[2, 2], pads=[0, 1, 1, 0])
    case.add("Relu")
    head(case)


def joined(case):
    conv(case, 6)
    case.add("Relu")
    source = case.value
    values = []
    for kernel in (1, 3):
        case.value, case.shape[1] = source, 6
        same(case, 4 + kernel, kernel)
        norm(case)
        case.add("Relu")
        values.append(case.value)
    case.add("Concat", *values, source, axis=1)
    case.shape[1] = 4 + 1 + 4 + 3 + 6
    same(case, 8, 1)
    case.add("Relu")
    head(case)


def padded(case):
    """A pad with a value, one before a pool, and one that becomes a conv's."""
    case.add("Pad", case.value, case.ints(0, 0, 1, 0, 0, 0, 2, 1))
    conv(case, 6)
    case.add("Relu")
    case.add("Pad", case.value, case.ints(0, 0, 1, 1, 0, 0, 1, 1), case.constant(np.float32(0.4)))
    conv(case, 6)
    case.add("Relu")
    case.add(
        "AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1
    )
    head(case)


def left_over(case):
    """A pool that counts its pads and does not reach the last row or column."""
    conv(case, 6)
    case.add("Relu")
    case.add(
        "AveragePool", kernel_shape=[2, 1], strides=[2, 2], pads=[1, 0, 0, 0], count_include_pad=1
    )
    conv(case, 6)
    case.add("Relu")
    head(case)


def signal(case):
    same(case, 8, 5)
    norm(case)
    case.add("Relu")
    case.add("MaxPool", kernel_shape=[2], strides=[2])
    same(case, 8, 3, group=8)
    case.add("Relu")
    conv(case, 10, 3, group=2)
    case.add("Relu")
    head(case)


def constants(case):
    """A preprocessing in front of padding, and scales after activations."""
    channels = case.shape[1]
    case.add("Sub", case.value, case.constant(np.full((channels, 1, 1), 0.2, np.float32)))
    std = case.rng.uniform(0.5, 1.5, (channels, 1, 1)).astype(np.float32)
    case.add("Div", case.value, case.constant(std))
    same(case, 8)
    case.add("Relu")
    case.add("Mul", case.value, case.constant(np.float32(0.5)))
    source = case.value
    same(case, 8)
    case.add("Mul", case.value, case.reals(1, 8, 1, 1))
    case.add("Add", case.value, source)
    case.add("Relu")
    head(case)


def norms_first(case):
    """As in pre-activation ResNets."""
    norm(case)
    same(case, 8)
    source = case.value
    norm(case)
    case.add("Relu")
    same(case, 8)
    case.add("Add", case.value, source)
    norm(case)
    case.add("Relu")
    head(case)


def channels_last(case):
    case.shape = [1, case.shape[3], *case.shape[1:3]]
    case.keeps_input = True
    case.add("Transpose", perm=[0, 3, 1, 2])
    same(case, 8)
    case.add("Relu")
    case.add("Transpose", perm=[0, 2, 3, 1])
    case.add("ReduceMean", axes=[1, 2], keepdims=0)
    weight = case.reals(8, 5)
    case.add("MatMul", case.value, weight)
    case.add("Add", case.value, case.reals(5))
    case.shape = [1, 5]


def dense(case):
    """A flattened image of which every order matters, and norms of rank 2."""
    same(case, 4)
    case.add("Relu")
    size = int(np.prod(case.shape[1:]))
    case.add("Flatten")
    case.shape = [1, size]
    weight = (case.rng.normal(size=(size, 8)) / np.sqrt(size)).astype(np.float32)
    case.add("Gemm", case.value, case.constant(weight), alpha=2.0)
    case.shape = [1, 8]
    norm(case)
    case.add("Relu")
    case.add("Gemm", case.value, case.reals(8, 4), case.reals(4), beta=0.5)


IMAGE = [1, 4, 9, 10]
NETWORKS = {
    "grouped": (grouped, IMAGE),
    "joined": (joined, IMAGE),
    "padded": (padded, IMAGE),
    "signal": (signal, [1, 4, 24]),
    "constants": (constants, IMAGE),
    "norms_first": (norms_first, IMAGE),
    "channels_last": (channels_last, [1, 9, 10, 3]),
    "dense": (dense, IMAGE),
    "left over": (left_over, IMAGE),
}


def result_scale(path):
    """(scale, zero point) of the result of the integer @main."""
    with open(path) as file:
        for line in file:
            match = re.search(r"func.func @main.*->.*!quant.uniform<\w+:f32, ([^:>]+):?(-?\d+)?", line)
            if match:
                return float(match.group(1)), int(match.group(2) or 0)
    raise Wrong("the integer network has no @main")


def check(folder, case, scheme):
    paths = {name: os.path.join(folder, name) for name in
             ("m.onnx", "m.mlir", "q.mlir", "i.mlir", "images.npy", "float.npy", "q.npy", "integer.npy")}  # fmt: skip
    onnx.save(case.model(), paths["m.onnx"])
    run(["qat", "import", paths["m.onnx"], "-o", paths["m.mlir"]])
    shape = shapes(paths["m.mlir"])[0]
    # Of a mean and a contrast of its own each: plain noise is averaged away.
    x = case.rng.uniform(-1, 1, [IMAGES, *case.input_shape[1:]])
    mean, contrast = case.rng.uniform(-1, 1, [2, IMAGES, *[1] * (x.ndim - 1)])
    x = (0.5 * mean + 0.5 * contrast * x).astype(np.float32)
    own = as_imported(x, shape, case.keeps_input)
    np.save(paths["images.npy"], np.ascontiguousarray(own))
    quantize = ["qat", "quantize", paths["m.mlir"], "--input-range=-1,1", "--type-quant", scheme]
    run([*quantize, "--calibrate", paths["images.npy"], "--dataset=npy", "-o", paths["q.mlir"]])
    run(["qat-mlir-opt", "--qat-integer-pipeline", paths["q.mlir"], "-o", paths["i.mlir"]])
    for model, result in (("m.mlir", "float.npy"), ("q.mlir", "q.npy"), ("i.mlir", "integer.npy")):
        files = ["--input", paths["images.npy"], "--output", paths[result]]
        run(["qat", "run", "--layout=nhwc", paths[model], *files])
    # The float network is what ONNX computes.
    reference = ReferenceEvaluator(case.model(), new_ops=NEW_OPS)
    expected = np.concatenate([reference.run(None, {"x": row[None]})[0] for row in x])
    got = np.load(paths["float.npy"])
    if not np.abs(got - expected).max() <= 1e-4 * max(1, np.abs(expected).max()):
        raise Wrong("the float network differs from ONNX")
    scale, zero = result_scale(paths["i.mlir"])
    integer = scale * (np.load(paths["integer.npy"]).astype(np.float64) - zero)
    variation = expected.var(axis=0).mean()
    errors = []
    for name, other, tolerance in (
        ("quantized", np.load(paths["q.npy"]), SAME),
        ("float", expected, CLOSE[scheme]),
    ):
        errors.append(np.sqrt(((integer - other) ** 2).mean() / variation))
        if not errors[-1] <= tolerance:
            raise Wrong(f"{errors[-1]:.3f} of the output's variation off the {name} network")
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cases", type=int, default=2, help="per network")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=NETWORKS)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for position, (name, (make, shape)) in enumerate(NETWORKS.items()):
            if options.only not in (None, name):
                continue
            for index in range(options.cases):
                rng = np.random.default_rng([options.seed, position, index])
                case = Case(rng, shape, 13)
                make(case)
                scheme = ["PerChannelsAsymMinMax", "PerLayerAsymPACT"][index % 2]
                try:
                    errors = check(folder, case, scheme)
                    passed += 1
                    if options.verbose:
                        print(f"{name} {index} {scheme}:", *(f"{error:.4f}" for error in errors))
                except Wrong as wrong:
                    print(f"FAIL {name} {index}, seed {options.seed}, {scheme}: {wrong}")
                    failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
