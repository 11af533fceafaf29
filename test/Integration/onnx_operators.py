"""Imports random ONNX models and compares what they compute with ONNX's own
reference implementation.

For every operator that is imported: random shapes, attributes and opsets, and
random networks of several layers; with the weights in the model or beside it. The runner is a command that is called as
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

OPSETS = list(range(7, onnx.defs.onnx_opset_version() + 1))
TOLERANCE = 1e-5


class BatchNormalization(OpRun):
    """The reference implementation takes some opsets as training."""

    op_domain = ""

    def _run(self, x, scale, bias, mean, variance, epsilon=None, **_):
        shape = [1, -1] + [1] * (x.ndim - 2)
        scale, bias, mean, variance = (v.reshape(shape) for v in (scale, bias, mean, variance))
        return ((scale * (x - mean) / np.sqrt(variance + epsilon) + bias).astype(x.dtype),)


class Pool(OpRun):
    """Pools as the specification has them (the reference implementation fails
    for some pads). Expects no auto_pad."""

    op_domain = ""

    def _run(
        self,
        x,
        kernel_shape=None,
        strides=None,
        pads=None,
        ceil_mode=0,
        count_include_pad=0,
        **_,
    ):
        rank = x.ndim - 2
        strides, pads = strides or [1] * rank, pads or [0] * (2 * rank)
        windows = []  # by axis: (first and last tap in the image, taps to count)
        for axis in range(rank):
            size, stride, kernel = x.shape[2 + axis], strides[axis], kernel_shape[axis]
            before, after = pads[axis], pads[axis + rank]
            beyond = size + before + after - kernel
            count = (-(-beyond // stride) if ceil_mode else beyond // stride) + 1
            starts = [i * stride - before for i in range(count)]
            windows.append(
                [
                    (
                        slice(max(s, 0), min(s + kernel, size)),
                        # What ceil_mode adds is no pad that would count.
                        min(s + kernel, size + after) - s
                        if count_include_pad
                        else min(s + kernel, size) - max(s, 0),
                    )
                    for s in starts
                    if s < size
                ]
            )
        y = np.empty(x.shape[:2] + tuple(len(w) for w in windows))
        axes = tuple(range(2, x.ndim))
        for index in np.ndindex(*y.shape[2:]):
            chosen = [windows[axis][i] for axis, i in enumerate(index)]
            taps = x[(slice(None), slice(None), *(c[0] for c in chosen))]
            y[(slice(None), slice(None), *index)] = self.reduce(
                taps.astype(np.float64), axes, np.prod([c[1] for c in chosen])
            )
        return (y.astype(x.dtype),)


class MaxPool(Pool):
    @staticmethod
    def reduce(taps, axes, _):
        return taps.max(axis=axes)


class AveragePool(Pool):
    @staticmethod
    def reduce(taps, axes, count):
        return taps.sum(axis=axes) / count


class GlobalMaxPool(OpRun):
    """The reference implementation takes signals as images."""

    op_domain = ""

    def _run(self, x, **_):
        return (x.max(axis=tuple(range(2, x.ndim)), keepdims=True),)


class OldSoftmax(OpRun):
    """Before opset 13: over everything from the axis on, which the reference
    implementation does not know."""

    op_domain = ""

    def _run(self, x, axis=1, **_):
        axis = (1 if axis is None else axis) % x.ndim
        rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
        e = np.exp(rows - rows.max(axis=1, keepdims=True))
        return ((e / e.sum(axis=1, keepdims=True)).reshape(x.shape).astype(x.dtype),)


OldSoftmax.__name__ = "Softmax"
NEW_OPS = [AveragePool, BatchNormalization, GlobalMaxPool, MaxPool]


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
        # What the model holds channels-last at its edges.
        self.keeps_input = self.keeps_output = False
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


def signal(rng, opset):
    return Case(rng, [1, int(rng.integers(1, 7)), int(rng.integers(5, 20))], opset)


def image(rng, opset, low=3, high=11):
    channels, height, width = (
        int(rng.integers(1, 7)),
        int(rng.integers(low, high)),
        int(rng.integers(low, high)),
    )
    return Case(rng, [1, channels, height, width], opset)


def matrix(rng, opset):
    return Case(rng, [1, int(rng.integers(1, 12))], opset)


def window(case, kernel, dilations=None, pools=False):
    """Random strides and pads under which the window fits the image."""
    rng, rank = case.rng, len(kernel)
    dilations = dilations or [1] * rank
    attributes = {"strides": [int(rng.integers(1, 4)) for _ in range(rank)]}
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    choice = rng.integers(0, 4)
    if choice == 0:
        attributes["auto_pad"] = ["SAME_UPPER", "SAME_LOWER"][rng.integers(0, 2)]
    elif choice == 1 and all(e <= s for e, s in zip(extent, case.shape[2:])):
        attributes["auto_pad"] = "VALID"
    else:
        high = [k if pools else k + 1 for k in kernel]
        pads = [int(rng.integers(0, high[i % rank])) for i in range(2 * rank)]
        for axis in range(rank):
            missing = extent[axis] - case.shape[2 + axis] - pads[axis] - pads[axis + rank]
            if missing > 0 and not pools:
                pads[axis] += missing
        attributes["pads"] = pads
        if rng.random() < 0.3:
            attributes["auto_pad"] = "NOTSET"
    return attributes


def add_window(case, op, *inputs, extent, **attributes):
    """Adds a node with a window. The reference implementation has errors in
    auto_pad (SAME of dilated convolutions), so it gets the pads that the
    specification gives for it."""
    shape = case.shape[2:]
    rank = len(shape)
    case.add(op, *inputs, **attributes)
    if attributes.get("auto_pad", "NOTSET") == "NOTSET":
        return
    pads = [0] * (2 * rank)
    if attributes["auto_pad"] != "VALID":
        for axis, stride in enumerate(attributes["strides"]):
            size = -(-shape[axis] // stride)
            total = max((size - 1) * stride + extent[axis] - shape[axis], 0)
            small, large = total // 2, total - total // 2
            is_upper = attributes["auto_pad"] == "SAME_UPPER"
            pads[axis], pads[axis + rank] = (small, large) if is_upper else (large, small)
    case.reference_pads[case.value] = pads


def fits(case, kernel):
    return [min(k, s) for k, s in zip(kernel, case.shape[2:])]


def conv(rng, opset, case=None):
    case = case or (image if rng.random() < 0.75 else signal)(rng, opset)
    channels = case.shape[1]
    kernel = fits(case, [int(rng.integers(1, 5)) for _ in case.shape[2:]])
    dilations = [1] * len(kernel)
    if rng.random() < 0.3:
        dilations = [
            int(rng.integers(1, 3)) if (k - 1) * 2 + 1 <= s else 1
            for k, s in zip(kernel, case.shape[2:])
        ]
    attributes = window(case, kernel, dilations)
    divisors = [d for d in range(2, channels + 1) if channels % d == 0]
    if rng.random() < 0.5 and divisors:
        # Depthwise, with a multiplier, or in groups.
        groups = int(rng.choice(divisors))
        outputs = groups * int(rng.integers(1, 4))
        attributes["group"] = groups
        weight = case.reals(outputs, channels // groups, *kernel)
    else:
        outputs = int(rng.integers(1, 9))
        weight = case.reals(outputs, channels, *kernel)
    if rng.random() < 0.7:
        attributes["kernel_shape"] = kernel
    if max(dilations) > 1 or rng.random() < 0.5:
        attributes["dilations"] = dilations
    inputs = [case.value, weight]
    if rng.random() < 0.6:
        inputs.append(case.reals(outputs, stem="b"))
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    add_window(case, "Conv", *inputs, extent=extent, **attributes)
    case.shape = [1, outputs] + [None] * len(kernel)
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


def add_batch_norm(case, **attributes):
    channels = case.shape[1]
    variance = case.constant(case.rng.uniform(0.1, 2, channels).astype(np.float32))
    parameters = [case.reals(channels) for _ in range(3)]
    case.add("BatchNormalization", case.value, *parameters, variance, **attributes)


def batch_norm(rng, opset):
    """After a convolution, a Gemm, or nothing; of rank 2, 3 and 4."""
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    choice = rng.random()
    if choice < 0.5 and len(case.shape) > 2:
        kernel = [1] * (len(case.shape) - 2)
        case.add("Conv", case.value, case.reals(3, case.shape[1], *kernel))
        case.shape[1] = 3
    elif choice < 0.5:
        gemm(rng, opset, case)
    add_batch_norm(case, **({} if rng.random() < 0.3 else {"epsilon": 1e-3}))
    if rng.random() < 0.3:
        case.add("Relu")
        add_batch_norm(case)
    return case


def add_affine(case):
    """One constant more, by one of the operators that take one."""
    rng = case.rng
    op = ["Add", "Sub", "Mul", "Div", "Neg"][rng.integers(0, 5)]
    if op == "Neg":
        return case.add("Neg")
    shape = [1] * int(rng.integers(0, len(case.shape) + 1))
    if rng.random() < 0.6:
        shape = [case.shape[1]] + [1] * (len(case.shape) - 2)
        if rng.random() < 0.5:
            shape = [1] + shape
    values = rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)
    operands = [case.value, case.constant(values.astype(np.float32))]
    if op != "Div" and rng.random() < 0.4:
        operands.reverse()
    return case.add(op, *operands)


def affine(rng, opset):
    """Constants before, between and after layers with and without pads."""
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    for _ in range(int(rng.integers(1, 4))):
        for _ in range(int(rng.integers(0, 3))):
            add_affine(case)
        choice = rng.integers(0, 4)
        spatial = len(case.shape) - 2
        if choice == 0 and spatial:
            outputs = int(rng.integers(1, 5))
            groups = case.shape[1] if rng.random() < 0.4 else 1
            outputs *= groups
            pad = int(rng.integers(0, 2))
            weight = case.reals(outputs, case.shape[1] // groups, *[2 * pad + 1] * spatial)
            case.add("Conv", case.value, weight, group=groups, pads=[pad] * 2 * spatial)
            case.shape[1] = outputs
        elif choice == 0:
            gemm(rng, opset, case)
        elif choice == 1:
            add_batch_norm(case)
        elif choice == 2:
            case.add("Relu")
        else:
            source = case.value
            case.add("Add", add_affine(case), source)
    add_affine(case)
    return case


def channels_last(rng, opset):
    """As converters from channels-last frameworks write it: transposes at the
    edges, constants and means in that order, layers between in the other."""
    rank = 4 if rng.random() < 0.7 else 3
    sizes = [1] + [int(rng.integers(4, 9)) for _ in range(rank - 2)] + [int(rng.integers(2, 6))]
    case = Case(rng, sizes, opset)
    case.keeps_input = True
    first, last = [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]
    if rng.random() < 0.4:
        case.add("Sub", case.value, case.reals(sizes[-1]))
        case.add("Mul", case.value, case.constant(np.float32(0.5)))
    case.add("Transpose", perm=first)
    outputs = int(rng.integers(2, 6))
    case.add("Conv", case.value, case.reals(outputs, sizes[-1], *[3] * (rank - 2)))
    case.add("Relu")
    choice = rng.integers(0, 4)
    if choice > 0:
        case.add("Transpose", perm=last)
    if choice == 1:
        case.keeps_output = True
        case.add("Add", case.value, case.reals(outputs))
    elif choice == 2:
        add_reduce(case, "ReduceMean", list(range(1, rank - 1)), rank, keepdims=0)
    elif choice == 3:
        case.add("MatMul", case.value, case.reals(outputs, 3))
        case.add("Add", case.value, case.reals(3))
        case.keeps_output = True
        if rank == 4:  # only a Transpose is seen as one
            case.add("Transpose", perm=first)
            case.keeps_output = False
    return case


def add_reduce(case, op, axes, rank, **attributes):
    since = 18
    axes = [int(axis) - rank if case.rng.random() < 0.3 else int(axis) for axis in axes]
    if case.opset < since:
        case.add(op, axes=axes, **attributes)
    else:
        case.add(op, case.value, case.ints(*axes), **attributes)


def reduce(rng, opset):
    case = (image if rng.random() < 0.7 else signal)(rng, opset)
    rank = len(case.shape)
    axes = [[2], [3], [2, 3], [3, 2]][rng.integers(0, 4)] if rank == 4 else [2]
    # Without keepdims a mean over one of two axes leaves a signal.
    keeps = int(rng.integers(0, 2))
    add_reduce(case, ["ReduceMean", "ReduceMax"][rng.integers(0, 2)], axes, rank, keepdims=keeps)
    return case


def concat(rng, opset):
    """Branches of an image, a signal or a matrix, along any axis but the batch."""
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    source, channels, rank = case.value, case.shape[1], len(case.shape)
    axis = int(rng.integers(1, rank))
    values = []
    for _ in range(int(rng.integers(1, 4))):
        case.value = source
        choice = rng.integers(0, 3)
        if choice == 0:
            case.add("Relu")
        elif choice == 1 and rank > 2:
            outputs = int(rng.integers(1, 5)) if axis == 1 else channels
            case.add("Conv", source, case.reals(outputs, channels, *[1] * (rank - 2)))
        values.append(case.value)
    case.add("Concat", *values, axis=axis - rank if rng.random() < 0.3 else axis)
    if rng.random() < 0.5:
        case.add("Relu")
    return case


def pad(rng, opset):
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    rank = len(case.shape)
    sizes = [0] + [int(rng.integers(0, 3)) for _ in range(rank - 1)]
    sizes += [0] + [int(rng.integers(0, 3)) for _ in range(rank - 1)]
    if rng.random() < 0.6:
        sizes[1] = sizes[rank + 1] = 0
    value = 0.0 if rng.random() < 0.6 else float(rng.uniform(-1, 1))
    if opset < 11:
        case.add("Pad", pads=sizes, value=value, mode="constant")
    elif opset >= 18 and rng.random() < 0.5:
        axes = [int(a) for a in rng.permutation(rank)]
        ordered = [sizes[a] for a in axes] + [sizes[rank + a] for a in axes]
        case.add(
            "Pad",
            case.value,
            case.ints(*ordered),
            case.constant(np.float32(value)),
            case.ints(*axes),
        )
    else:
        inputs = [case.value, case.ints(*sizes)]
        if value != 0 or rng.random() < 0.5:
            inputs.append(case.constant(np.float32(value)))
        case.add("Pad", *inputs)
    case.shape = [s + sizes[i] + sizes[rank + i] for i, s in enumerate(case.shape)]
    padded = case.value
    if rank > 2 and rng.random() < 0.7:
        kernel = fits(case, [int(rng.integers(1, 4)) for _ in case.shape[2:]])
        if rng.random() < 0.5:
            weight = case.reals(2, case.shape[1], *kernel)
            add_window(case, "Conv", padded, weight, extent=kernel, **window(case, kernel))
        else:
            attributes = {"kernel_shape": kernel, "strides": [1] * len(kernel)}
            case.add(["MaxPool", "AveragePool"][rng.integers(0, 2)], **attributes)
    return case


def sum_of(rng, opset):
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    source = case.value
    others = [case.add("Relu", source), source, case.add("Identity", source)]
    case.add("Sum", *others[: int(rng.integers(1, 4))])
    return case


def folded(rng, opset):
    """Weights that the graph prepares: transposed, cast, scaled, joined."""
    case = matrix(rng, opset)
    inputs, outputs = case.shape[1], int(rng.integers(1, 6))
    source = case.value
    weight = case.reals(outputs, inputs)
    weight = case.add("Transpose", weight, perm=[1, 0])
    weight = case.add("Mul", weight, case.reals(outputs))
    if opset < 13:
        weight = case.add("Unsqueeze", weight, axes=[0])
        weight = case.add("Squeeze", weight, axes=[0])
    weight = case.add("Cast", weight, to=TensorProto.FLOAT)
    weight = case.add("Concat", weight, case.reals(inputs, 2), axis=1)
    bias = case.add("Sub", case.reals(outputs + 2), case.constant(np.float32(0.5)))
    if opset >= 10:
        weight = case.add("Slice", weight, case.ints(1), case.ints(100), case.ints(1))
        bias = case.add("Gather", bias, case.ints(*range(1, outputs + 2)), axis=0)
    case.add("MatMul", source, weight)
    case.add("Add", case.value, bias)
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
    case = (image if rng.random() < 0.75 else signal)(rng, opset)
    kernel = fits(case, [int(rng.integers(1, 5)) for _ in case.shape[2:]])
    attributes = window(case, kernel, pools=True)
    pads, rank = attributes.get("pads"), len(kernel)
    if rng.random() < 0.3 and "auto_pad" not in attributes and opset >= 10:
        rest = [
            (s + pads[i] + pads[i + rank] - k) % t
            for i, (s, k, t) in enumerate(zip(case.shape[2:], kernel, attributes["strides"]))
        ]
        # A last window in the pads alone is refused: see the lit tests.
        if all(
            r == 0 or t - r + pads[i + rank] < k
            for i, (r, t, k) in enumerate(zip(rest, attributes["strides"], kernel))
        ):
            attributes["ceil_mode"] = 1
    if op == "AveragePool":
        attributes["count_include_pad"] = int(rng.integers(0, 2))
    add_window(case, op, extent=kernel, kernel_shape=kernel, **attributes)
    return case


def global_pool(rng, opset):
    case = (image if rng.random() < 0.7 else signal)(rng, opset)
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
    if rng.random() < 0.3:
        attributes["transA"] = 1
        operands = [case.add("Transpose")]
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
        case.add("Flatten", axis=1 - len(case.shape))
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
    case = [image, signal, matrix][rng.integers(0, 3)](rng, opset)
    rank = len(case.shape)
    case.add("Softmax", axis=int(rng.integers(-rank + 1, rank)) or 1)
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
    "Affine": affine,
    "ChannelsLast": channels_last,
    "Concat": concat,
    "Folded": folded,
    "Pad": pad,
    "Reduce": reduce,
    "Sum": sum_of,
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


def as_imported(array, shape, is_kept):
    """The array in the order that @main has for it, `shape`."""
    if array.ndim > 2 and not is_kept and not (array.ndim == len(shape) == 3):
        array = np.moveaxis(array, 1, -1)
    if array.ndim == 3 and len(shape) == 4:
        array = array[:, None]
    return array


class Wrong(Exception):
    """A model that was not imported, or does not compute what it should."""


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Wrong(f"{shlex.join(command)}: {result.stdout}{result.stderr}".strip())


def shapes(path):
    """The shapes of the input and the result in the signature of @main."""
    with open(path) as file:
        for line in file:
            match = re.search(
                r"func.func @main\(%\w+: tensor<([0-9x]+)xf32>.*\) -> \(?tensor<([0-9x]+)xf32>", line
            )
            if match:
                return [[int(size) for size in text.split("x")] for text in match.groups()]
    raise Wrong("the import has no @main")


def check(options, folder, case, x):
    path = os.path.join(folder, "model.onnx")
    save(case, path)
    old = [OldSoftmax] if case.opset < 13 else []
    reference = ReferenceEvaluator(case.model(is_reference=True), new_ops=NEW_OPS + old)
    expected = reference.run(None, {"x": x})[0]
    imported = os.path.join(folder, "model.mlir")
    run([options.qat, "import", path, "-o", imported])
    input_shape, result_shape = shapes(imported)
    expected = as_imported(expected, result_shape, case.keeps_output)
    if result_shape != list(expected.shape):
        raise Wrong(f"shape {result_shape}, expected {list(expected.shape)}")
    if options.import_only:
        return
    inputs, outputs = (os.path.join(folder, file) for file in ("x.npy", "y.npy"))
    np.save(inputs, np.ascontiguousarray(as_imported(x, input_shape, case.keeps_input)))
    command = options.runner or f"{options.qat} run --layout nhwc"
    run(shlex.split(command) + [imported, "--input", inputs, "--output", outputs])
    got = np.load(outputs)
    if got.shape != expected.shape:
        raise Wrong(f"got shape {got.shape}, expected {expected.shape}")
    # Relative to the largest value: sums of products cancel.
    error = np.abs(got - expected).max() / max(1.0, np.abs(expected).max())
    if not error <= TOLERANCE:
        raise Wrong(f"relative error {error:.3g} exceeds {TOLERANCE}")


def save(case, path):
    """The model, in a third of the cases with its weights in another file."""
    model = case.model()
    if case.rng.random() < 0.67:
        return onnx.save(model, path)
    folder, name = os.path.split(path)
    if os.path.exists(os.path.join(folder, "weights.bin")):
        os.remove(os.path.join(folder, "weights.bin"))
    return onnx.save(
        model,
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=case.rng.random() < 0.5,
        location="weights.bin" if case.rng.random() < 0.5 else None,
        size_threshold=0,
        convert_attribute=bool(case.rng.random() < 0.5),
    )


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
