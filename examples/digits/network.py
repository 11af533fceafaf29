"""The digits network: fresh parameters, and its ONNX file.

A MobileNet in small: a 3x3 convolution, then depthwise 3x3 and pointwise 1x1
convolutions, each with batch norm and ReLU6, a global average pool and one
fully connected layer. `train.py` trains it with `qat train`.
"""

import numpy as np

EPS = 1e-3
# name, kind, output channels, stride
LAYERS = [
    ("conv1", "full", 16, 1),
    ("dw1", "depthwise", 16, 2),
    ("pw1", "pointwise", 32, 1),
    ("dw2", "depthwise", 32, 1),
    ("pw2", "pointwise", 48, 1),
    ("dw3", "depthwise", 48, 2),
    ("pw3", "pointwise", 64, 1),
]
CLASSES = 10


def create(rng):
    """Fresh parameters by name: weights as (taps, in, out) or (taps, C)."""
    parameters, channels = {}, 1
    for name, kind, out, _ in LAYERS:
        taps = 1 if kind == "pointwise" else 9
        shape = (taps, channels) if kind == "depthwise" else (taps, channels, out)
        fan_in = taps if kind == "depthwise" else taps * channels
        weight = rng.normal(0, np.sqrt(2 / fan_in), shape)
        parameters[name + ".weight"] = weight.astype(np.float32)
        for part, value in (("gamma", 1), ("beta", 0), ("mean", 0), ("var", 1)):
            parameters[f"{name}.bn.{part}"] = np.full(out, value, np.float32)
        channels = out
    weight = rng.normal(0, np.sqrt(1 / channels), (channels, CLASSES))
    parameters["fc.weight"] = weight.astype(np.float32)
    parameters["fc.bias"] = np.zeros(CLASSES, np.float32)
    return parameters


def from_qat(arrays):
    """Parameters by name from those of `qat export --to safetensors`: weights
    are (out, rows, columns, in) there, or (rows, columns, C, 1)."""
    parameters = {}
    for name, kind, _, _ in LAYERS:
        weight = arrays[name + ".weight"]
        if kind == "depthwise":
            weight = weight.reshape(-1, weight.shape[2])
        else:
            out, channels = weight.shape[0], weight.shape[3]
            weight = weight.reshape(out, -1, channels).transpose(1, 2, 0)
        parameters[name + ".weight"] = weight
        for part in ("gamma", "beta", "mean", "var"):
            parameters[f"{name}.bn.{part}"] = arrays[f"{name}.bn.{part}"]
    parameters["fc.weight"] = arrays["fc.weight"].reshape(CLASSES, -1).T
    parameters["fc.bias"] = arrays["fc.bias"]
    return parameters


def to_onnx(parameters):
    """The network as an ONNX model: opset 13, NCHW, batch N, softmax at the end."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors = [], []

    def tensor(name, array):
        array = np.ascontiguousarray(array, dtype=np.float32)
        tensors.append(numpy_helper.from_array(array, name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    six = [tensor("relu6.min", np.array(0)), tensor("relu6.max", np.array(6))]
    x = "input"
    for name, kind, out, stride in LAYERS:
        weight = parameters[name + ".weight"]
        side = 1 if kind == "pointwise" else 3
        if kind == "depthwise":
            weight, group = weight.reshape(side, side, 1, out), out
        else:
            weight, group = weight.reshape(side, side, -1, out), 1
        weight = tensor(name + ".weight", weight.transpose(3, 2, 0, 1))
        x = node(
            "Conv",
            [x, weight],
            name,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
            group=group,
        )
        bn = [
            tensor(f"{name}.bn.{part}", parameters[f"{name}.bn.{part}"])
            for part in ("gamma", "beta", "mean", "var")
        ]
        x = node("BatchNormalization", [x, *bn], name + "_bn", epsilon=EPS)
        x = node("Clip", [x, *six], name + "_relu6")
    x = node("GlobalAveragePool", [x], "pool")
    x = node("Flatten", [x], "flatten", axis=1)
    weight = tensor("fc.weight", parameters["fc.weight"].T)
    bias = tensor("fc.bias", parameters["fc.bias"])
    x = node("Gemm", [x, weight, bias], "fc", transB=1)
    # The last name is that of the graph's output.
    nodes.append(helper.make_node("Softmax", [x], ["output"], "softmax", axis=1))

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "digits",
        [value("input", ["N", 1, 8, 8])],
        [value("output", ["N", CLASSES])],
        tensors,
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=7)
    model.producer_name = "qat-mlir examples/digits"
    onnx.checker.check_model(model)
    return model
