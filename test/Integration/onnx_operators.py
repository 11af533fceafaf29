"""Imports random ONNX models and compares what they compute with ONNX's own
reference implementation.

For every operator that is imported: random shapes, attributes and opsets, and
random networks of several layers. The runner is a command that is called as
`qat run` is: RUNNER MODEL.mlir --input x.npy --output y.npy, arrays in NHWC.

usage: onnx_operators.py [--qat QAT] [--runner COMMAND | --import-only]
                         [--cases N] [--seed S] [--only NAME]
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

OPSETS = list(range(7, 26))
TOLERANCE = 1e-5


class BatchNormalization(OpRun):
    """The reference implementation takes some opsets as training."""

    op_domain = ""

    def _run(self, x, scale, bias, mean, variance, epsilon=None, **_):
        shape = [1, -1] + [1] * (x.ndim - 2)
        scale, bias, mean, variance = (v.reshape(shape) for v in (scale, bias, mean, variance))
        return ((scale * (x - mean) / np.sqrt(variance + epsilon) + bias).astype(x.dtype),)


class Pool(OpRun):
    """Pools as the specification has them, over the taps inside the image (the
    reference implementation fails for some pads). Expects no auto_pad."""

    op_domain = ""

    def _run(self, x, kernel_shape=None, strides=None, pads=None, ceil_mode=0, **_):
        strides, pads = strides or [1, 1], pads or [0, 0, 0, 0]
        bounds = []  # first and last tap of each window, by axis
        for axis in range(2):
            size, stride = x.shape[2 + axis], strides[axis]
            before, after = pads[axis], pads[axis + 2]
            beyond = size + before + after - kernel_shape[axis]
            count = (-(-beyond // stride) if ceil_mode else beyond // stride) + 1
            starts = [i * stride - before for i in range(count)]
            bounds.append(
                [(max(s, 0), min(s + kernel_shape[axis], size)) for s in starts if s < size]
            )
        y = [
            [self.reduce(x[:, :, top:bottom, left:right], axis=(2, 3)) for left, right in bounds[1]]
            for top, bottom in bounds[0]
        ]
        return (np.array(y).transpose(2, 3, 0, 1).astype(x.dtype),)


class MaxPool(Pool):
    reduce = staticmethod(np.max)


class AveragePool(Pool):
    reduce = staticmethod(np.mean)


class Case:
    """A model under construction: a chain of nodes from `x`."""

    def __init__(self, rng, shape, opset):
        self.rng = rng
        self.opset = opset
        self.input_shape = list(shape)
        self.shape = list(shape)  # of `value`, as the model has it
        self.value = "x"
        self.nodes = []
        self.initializers = []
        self.reference_pads = {}  # by node name
        self.count = 0

    def name(self, stem):
        self.count += 1
        return f"{stem}_{self.count}"

    def constant(self, values, stem="c"):
        """A name for `values`: an initializer, or a Constant node."""
        name = self.name(stem)
        values = np.asarray(values)
        if self.rng.random() < 0.2:
            tensor = numpy_helper.from_array(values, name + "_value")
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        elif values.dtype == np.float32 and self.rng.random() < 0.3:
            # In the typed field instead of the raw bytes.
            self.initializers.append(
                helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.ravel())
            )
        else:
            self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def reals(self, *shape, stem="w"):
        return self.constant(
            self.rng.uniform(-1, 1, shape).astype(np.float32), stem=stem
        )

    def ints(self, *values):
        return self.constant(np.array(values, np.int64), stem="s")

    def add(self, op, *inputs, **attributes):
        """Appends a node; its output becomes the value."""
        name = self.name(op.lower())
        self.nodes.append(
            helper.make_node(op, list(inputs) or [self.value], [name], name=name, **attributes)
        )
        self.value = name
        return name

    def model(self, is_reference=False):
        """The model, or one that is the same without auto_pad."""
        nodes = self.nodes
        if is_reference:
            nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
            for node in nodes:
                if node.name in self.reference_pads:
                    kept = [a for a in node.attribute if a.name != "auto_pad"]
                    del node.attribute[:]
                    node.attribute.extend(kept)
                    pads = self.reference_pads[node.name]
                    node.attribute.append(helper.make_attribute("pads", pads))
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"] + self.input_shape[1:])],
            [helper.make_tensor_value_info(self.value, TensorProto.FLOAT, None)],
            self.initializers,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=7
        )
        return model


def image(rng, opset, low=3, high=11):
    channels, height, width = (
        int(rng.integers(1, 7)),
        int(rng.integers(low, high)),
        int(rng.integers(low, high)),
    )
    return Case(rng, [1, channels, height, width], opset)


def matrix(rng, opset):
    return Case(rng, [1, int(rng.integers(1, 12))], opset)


def window(case, kernel, dilations=(1, 1), pools=False):
    """Random strides and pads under which the window fits the image."""
    rng = case.rng
    attributes = {"strides": [int(rng.integers(1, 4)) for _ in range(2)]}
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    choice = rng.integers(0, 4)
    if choice == 0:
        attributes["auto_pad"] = ["SAME_UPPER", "SAME_LOWER"][rng.integers(0, 2)]
    elif choice == 1 and all(e <= s for e, s in zip(extent, case.shape[2:])):
        attributes["auto_pad"] = "VALID"
    else:
        high = [k if pools else k + 1 for k in kernel]
        pads = [int(rng.integers(0, high[i % 2])) for i in range(4)]
        for axis in range(2):
            missing = extent[axis] - case.shape[2 + axis] - pads[axis] - pads[axis + 2]
            if missing > 0 and not pools:
                pads[axis] += missing
        attributes["pads"] = pads
    return attributes


def add_window(case, op, *inputs, extent, **attributes):
    """Adds a node with a window. The reference implementation has errors in
    auto_pad (SAME of dilated convolutions), so it gets the pads that the
    specification gives for it."""
    shape = case.shape[2:]
    case.add(op, *inputs, **attributes)
    if "auto_pad" not in attributes:
        return
    pads = [0, 0, 0, 0]
    if attributes["auto_pad"] != "VALID":
        for axis, stride in enumerate(attributes["strides"]):
            size = -(-shape[axis] // stride)
            total = max((size - 1) * stride + extent[axis] - shape[axis], 0)
            small, large = total // 2, total - total // 2
            is_upper = attributes["auto_pad"] == "SAME_UPPER"
            pads[axis], pads[axis + 2] = (small, large) if is_upper else (large, small)
    case.reference_pads[case.value] = pads


def fits(case, kernel):
    return [min(k, s) for k, s in zip(kernel, case.shape[2:])]


def conv(rng, opset, case=None):
    case = case or image(rng, opset)
    channels = case.shape[1]
    kernel = fits(case, [int(rng.integers(1, 5)) for _ in range(2)])
    dilations = [1, 1]
    if rng.random() < 0.3:
        dilations = [
            int(rng.integers(1, 3)) if (k - 1) * 2 + 1 <= s else 1
            for k, s in zip(kernel, case.shape[2:])
        ]
    attributes = window(case, kernel, dilations)
    if rng.random() < 0.4 and channels > 1:
        outputs = channels * int(rng.integers(1, 4))
        attributes["group"] = channels
        weight = case.reals(outputs, 1, *kernel)
    else:
        outputs = int(rng.integers(1, 9))
        weight = case.reals(outputs, channels, *kernel)
    if rng.random() < 0.7:
        attributes["kernel_shape"] = kernel
    if dilations != [1, 1] or rng.random() < 0.5:
        attributes["dilations"] = dilations
    inputs = [case.value, weight]
    if rng.random() < 0.6:
        inputs.append(case.reals(outputs, stem="b"))
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    add_window(case, "Conv", *inputs, extent=extent, **attributes)
    case.shape = [1, outputs, None, None]
    return case


def conv_add_bias(rng, opset):
    """A bias that is added afterwards, as some exporters write it."""
    case = image(rng, opset)
    outputs = int(rng.integers(1, 9))
    case.add("Conv", case.value, case.reals(outputs, case.shape[1], 1, 1))
    shape = [[outputs, 1, 1], [1, outputs, 1, 1], [1]][rng.integers(0, 3)]
    operands = [case.value, case.reals(*shape, stem="b")]
    if rng.random() < 0.5:
        operands.reverse()
    case.add("Add", *operands)
    return case


def batch_norm(rng, opset):
    case = image(rng, opset) if rng.random() < 0.7 else matrix(rng, opset)
    if rng.random() < 0.5 and len(case.shape) == 4:
        case.add("Conv", case.value, case.reals(3, case.shape[1], 1, 1))
        case.shape[1] = 3
    channels = case.shape[1]
    variance = case.constant(rng.uniform(0.1, 2, channels).astype(np.float32))
    attributes = {} if rng.random() < 0.3 else {"epsilon": 1e-3}
    case.add(
        "BatchNormalization",
        case.value,
        *[case.reals(channels) for _ in range(3)],
        variance,
        **attributes,
    )
    return case


def relu(rng, opset):
    case = image(rng, opset) if rng.random() < 0.5 else matrix(rng, opset)
    case.add("Relu")
    return case


def clip(rng, opset):
    case = image(rng, opset) if rng.random() < 0.5 else matrix(rng, opset)
    low, high = sorted(rng.uniform(-1, 1, 2))
    has_low, has_high = rng.random(2) < 0.7
    if opset < 11:
        attributes = {}
        if has_low:
            attributes["min"] = float(low)
        if has_high:
            attributes["max"] = float(high)
        case.add("Clip", **attributes)
    else:
        inputs = [case.value, "", ""]
        if has_low:
            inputs[1] = case.constant(np.float32(low))
        if has_high:
            inputs[2] = case.constant(np.float32(high))
        case.add("Clip", *inputs)
    return case


def add(rng, opset):
    """A residual: the sum of a tensor and a layer of it."""
    case = image(rng, opset)
    residual = case.value
    case.add("Conv", case.value, case.reals(case.shape[1], case.shape[1], 1, 1))
    case.add("Add", *rng.permutation([case.value, residual]).tolist())
    return case


def pool(rng, opset, op):
    case = image(rng, opset)
    kernel = fits(case, [int(rng.integers(1, 5)) for _ in range(2)])
    attributes = window(case, kernel, pools=True)
    if rng.random() < 0.3 and "auto_pad" not in attributes and opset >= 10:
        rest = [
            (s + attributes["pads"][i] + attributes["pads"][i + 2] - k) % t
            for i, (s, k, t) in enumerate(zip(case.shape[2:], kernel, attributes["strides"]))
        ]
        # A last window in the pads alone is refused: see the lit tests.
        if all(
            r == 0 or t - r + attributes["pads"][i + 2] < k
            for i, (r, t, k) in enumerate(zip(rest, attributes["strides"], kernel))
        ):
            attributes["ceil_mode"] = 1
    if op == "AveragePool" and "pads" in attributes and not any(attributes["pads"]):
        attributes["count_include_pad"] = int(rng.integers(0, 2))
    add_window(case, op, extent=kernel, kernel_shape=kernel, **attributes)
    return case


def global_pool(rng, opset):
    case = image(rng, opset)
    case.add(["GlobalAveragePool", "GlobalMaxPool"][rng.integers(0, 2)])
    return case


def gemm(rng, opset, case=None):
    case = case or matrix(rng, opset)
    inputs, outputs = case.shape[1], int(rng.integers(1, 9))
    attributes = {}
    if rng.random() < 0.5:
        attributes["alpha"] = float(rng.uniform(0.5, 2))
    if rng.random() < 0.5:
        attributes["beta"] = float(rng.uniform(0.5, 2))
    operands = [case.value]
    if rng.random() < 0.5:
        attributes["transB"] = 1
        operands.append(case.reals(outputs, inputs))
    else:
        operands.append(case.reals(inputs, outputs))
    if rng.random() < 0.7 or case.opset < 11:
        shape = [[outputs], [1, outputs], [1], []][rng.integers(0, 4)]
        operands.append(case.reals(*shape, stem="b"))
    case.add("Gemm", *operands, **attributes)
    case.shape = [1, outputs]
    return case


def matmul(rng, opset, case=None):
    case = case or matrix(rng, opset)
    outputs = int(rng.integers(1, 9))
    case.add("MatMul", case.value, case.reals(case.shape[1], outputs))
    if rng.random() < 0.6:
        operands = [case.value, case.reals(*[[outputs], [1, outputs]][rng.integers(0, 2)])]
        if rng.random() < 0.5:
            operands.reverse()
        case.add("Add", *operands)
    case.shape = [1, outputs]
    return case


def flatten(rng, opset, case=None):
    """Flattened by one of the ways that exporters know."""
    case = case or image(rng, opset)
    size = int(np.prod(case.shape[1:]))
    way = rng.integers(0, 5)
    if way == 0:
        case.add("Flatten", axis=1)
    elif way == 1:
        case.add("Reshape", case.value, case.ints(1, size))
    elif way == 2:
        case.add("Reshape", case.value, case.ints(0, -1))
    elif way == 3:
        case.add("Reshape", case.value, case.ints(-1, size))
    else:  # x.view(x.size(0), -1) in PyTorch
        source = case.value
        batch = case.add("Gather", case.add("Shape", source), case.constant(np.int64(0)))
        if case.opset < 13:
            row = case.add("Unsqueeze", batch, axes=[0])
        else:
            row = case.add("Unsqueeze", batch, case.ints(0))
        target = case.add("Concat", row, case.ints(-1), axis=0)
        case.add("Reshape", source, target)
    case.shape = [1, size]
    return case


def flatten_dense(rng, opset):
    """The order of the columns, with operators between."""
    case = flatten(rng, opset)
    for _ in range(int(rng.integers(0, 3))):
        choice = rng.integers(0, 4)
        if choice == 0:
            case.add("Relu")
        elif choice == 1:
            case.add("Identity")
        elif choice == 2:
            size = case.shape[1]
            variance = case.constant(rng.uniform(0.1, 2, size).astype(np.float32))
            case.add(
                "BatchNormalization", case.value, *[case.reals(size) for _ in range(3)], variance
            )
        else:
            case.add("Add", case.value, case.value)
    return (gemm if rng.random() < 0.5 else matmul)(rng, opset, case)


def reshape(rng, opset):
    """Between any two shapes of images and matrices."""
    case = image(rng, opset) if rng.random() < 0.7 else Case(rng, [1, 24], opset)
    for _ in range(int(rng.integers(1, 3))):
        size = int(np.prod(case.shape))
        divisors = [d for d in range(1, size + 1) if size % d == 0]
        channels = int(rng.choice(divisors))
        height = int(rng.choice([d for d in divisors if size // channels % d == 0]))
        shape = [1, channels, height, size // channels // height]
        if rng.random() < 0.3:
            shape = [1, size]
        case.add("Reshape", case.value, case.ints(*shape))
        case.shape = shape
    if len(case.shape) == 4 and rng.random() < 0.5:
        case.add("Conv", case.value, case.reals(2, case.shape[1], 1, 1))
    return case


def squeeze(rng, opset):
    case = image(rng, opset)
    case.add("GlobalAveragePool")
    axes = [2, 3] if rng.random() < 0.5 else [-1, -2]
    if opset < 13:
        case.add("Squeeze", axes=axes)
    else:
        case.add("Squeeze", case.value, case.ints(*axes))
    if rng.random() < 0.5:
        if opset < 13:
            case.add("Unsqueeze", axes=[2, 3])
        else:
            case.add("Unsqueeze", case.value, case.ints(2, 3))
    return case


def softmax(rng, opset):
    if rng.random() < 0.5:
        case = matrix(rng, opset)
        axis = [1, -1][rng.integers(0, 2)]
    else:
        # Over the channels of every pixel; before opset 13, of one pixel.
        size = [1, 1] if opset < 13 else [3, 5]
        case = Case(rng, [1, 4] + size, opset)
        axis = 1
    case.add("Softmax", axis=axis)
    return case


def identity(rng, opset):
    case = image(rng, opset) if rng.random() < 0.5 else matrix(rng, opset)
    case.add("Identity")
    inputs = [case.value]
    if opset >= 12:
        inputs += [case.constant(np.float32(0.4))]
        if rng.random() < 0.5:
            inputs += [case.constant(np.bool_(False))]
        case.add("Dropout", *inputs)
    else:
        case.add("Dropout", ratio=0.4)
    return case


def network(rng, opset):
    """Some convolutions, a pool, and dense layers."""
    case = Case(rng, [1, int(rng.integers(1, 4)), 12, 14], opset)
    shape = [12, 14]
    for _ in range(int(rng.integers(1, 4))):
        channels, outputs = case.shape[1], int(rng.integers(2, 7))
        stride = 2 if min(shape) > 4 and rng.random() < 0.5 else 1
        case.add(
            "Conv",
            case.value,
            case.reals(outputs, channels, 3, 3),
            strides=[stride, stride],
            pads=[1, 1, 1, 1],
        )
        case.shape[1] = outputs
        shape = [(s - 1) // stride + 1 for s in shape]
        variance = case.constant(rng.uniform(0.1, 2, outputs).astype(np.float32))
        case.add(
            "BatchNormalization", case.value, *[case.reals(outputs) for _ in range(3)], variance
        )
        case.add("Relu")
    case.shape = [1, case.shape[1]] + shape
    if rng.random() < 0.5:
        case.add("GlobalAveragePool")
        case.shape[2:] = [1, 1]
    flatten(rng, opset, case)
    gemm(rng, opset, case)
    case.add("Relu")
    matmul(rng, opset, case)
    case.add("Softmax", axis=1)
    return case


OPERATORS = {
    "Conv": conv,
    "ConvAddBias": conv_add_bias,
    "BatchNormalization": batch_norm,
    "Relu": relu,
    "Clip": clip,
    "Add": add,
    "MaxPool": lambda rng, opset: pool(rng, opset, "MaxPool"),
    "AveragePool": lambda rng, opset: pool(rng, opset, "AveragePool"),
    "GlobalPool": global_pool,
    "Gemm": gemm,
    "MatMul": matmul,
    "Flatten": flatten,
    "FlattenDense": flatten_dense,
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Softmax": softmax,
    "Identity": identity,
    "Network": network,
}


def to_nhwc(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


class Wrong(Exception):
    """A model that was not imported, or does not compute what it should."""


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Wrong(f"{shlex.join(command)}: {result.stdout}{result.stderr}".strip())


def result_shape(path):
    """The shape of the result in the signature of @main."""
    with open(path) as file:
        for line in file:
            match = re.search(r"func.func @main\(.*\) -> \(?tensor<([0-9x]+)xf32>", line)
            if match:
                return [int(size) for size in match.group(1).split("x")]
    raise Wrong("the import has no @main")


def check(options, folder, case, x):
    path = os.path.join(folder, "model.onnx")
    onnx.save(case.model(), path)
    reference = ReferenceEvaluator(
        case.model(is_reference=True), new_ops=[AveragePool, BatchNormalization, MaxPool]
    )
    expected = to_nhwc(reference.run(None, {"x": x})[0])
    imported = os.path.join(folder, "model.mlir")
    run([options.qat, "import", path, "-o", imported])
    if result_shape(imported) != list(expected.shape):
        raise Wrong(f"shape {result_shape(imported)}, expected {list(expected.shape)}")
    if options.import_only:
        return
    inputs, outputs = (os.path.join(folder, file) for file in ("x.npy", "y.npy"))
    np.save(inputs, np.ascontiguousarray(to_nhwc(x)))
    command = options.runner or f"{options.qat} run --layout nhwc"
    run(shlex.split(command) + [imported, "--input", inputs, "--output", outputs])
    got = np.load(outputs)
    if got.shape != expected.shape:
        raise Wrong(f"got shape {got.shape}, expected {expected.shape}")
    # Relative to the largest value: sums of products cancel.
    error = np.abs(got - expected).max() / max(1.0, np.abs(expected).max())
    if not error <= TOLERANCE:
        raise Wrong(f"relative error {error:.3g} exceeds {TOLERANCE}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--qat", default="qat")
    parser.add_argument("--runner", help="default: QAT run --layout nhwc")
    parser.add_argument("--import-only", action="store_true")
    parser.add_argument("--cases", type=int, default=3, help="per operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=OPERATORS)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for position, (name, make) in enumerate(OPERATORS.items()):
            if options.only not in (None, name):
                continue
            for index in range(options.cases):
                rng = np.random.default_rng([options.seed, position, index])
                opset = int(rng.choice(OPSETS))
                case = make(rng, opset)
                x = rng.uniform(-1, 1, case.input_shape).astype(np.float32)
                try:
                    check(options, folder, case, x)
                    passed += 1
                except Wrong as wrong:
                    print(f"FAIL {name} {index}, seed {options.seed}, opset {opset}: {wrong}")
                    failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
