"""A 1x1 convolution of stride 2 on 2x2 pixels: the importer cuts them to one.

usage: cut_to_point.py FILE.onnx
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

random = np.random.default_rng(1)


def weights(name, *shape):
    return numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)


def value(name, *shape):
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


nodes = [
    helper.make_node("Conv", ["x", "w1"], ["a"], "c1", strides=[2, 2], pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["a"], ["b"], "r1"),
    helper.make_node("Conv", ["b", "w2"], ["c"], "c2", strides=[2, 2]),
    helper.make_node("Relu", ["c"], ["y"], "r2"),
]
graph = helper.make_graph(
    nodes, "cut", [value("x", 1, 2, 4, 4)], [value("y", 1, 3, 1, 1)],
    [weights("w1", 4, 2, 3, 3), weights("w2", 3, 4, 1, 1)],
)
onnx.save(
    helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
    sys.argv[1],
)
