"""The digits network: forward and backward passes in numpy, and its ONNX file.

A MobileNet in small: a 3x3 convolution, then depthwise 3x3 and pointwise 1x1
convolutions, each with batch norm and ReLU6, a global average pool and one
fully connected layer. Arrays are NHWC here and NCHW in the file.
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


def windows(x, stride):
    """The nine shifted images that a padded 3x3 window reads."""
    size = (x.shape[1] - 1) // stride + 1
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    end = (size - 1) * stride + 1
    return [
        padded[:, i : i + end : stride, j : j + end : stride]
        for i in range(3)
        for j in range(3)
    ]


def scatter(gradients, shape, stride):
    """The gradient of an image from those of its nine shifted copies."""
    n, size, _, channels = shape
    padded = np.zeros((n, size + 2, size + 2, channels), np.float32)
    end = (gradients[0].shape[1] - 1) * stride + 1
    for tap, gradient in enumerate(gradients):
        i, j = divmod(tap, 3)
        padded[:, i : i + end : stride, j : j + end : stride] += gradient
    return padded[:, 1:-1, 1:-1]


def forward(parameters, x, tape=None, momentum=0.9):
    """Logits of images (N, 8, 8, 1) in 0..1. With a tape, batch norms take the
    statistics of the batch, update the running ones, and the tape gets what
    `backward` needs."""
    for name, kind, _, stride in LAYERS:
        weight = parameters[name + ".weight"]
        taps = [x] if kind == "pointwise" else windows(x, stride)
        if kind == "depthwise":
            y = sum(tap * w for tap, w in zip(taps, weight))
        else:
            y = sum(tap @ w for tap, w in zip(taps, weight))
        mean, var = parameters[name + ".bn.mean"], parameters[name + ".bn.var"]
        if tape is not None:
            batch_mean, batch_var = y.mean((0, 1, 2)), y.var((0, 1, 2))
            mean += (1 - momentum) * (batch_mean - mean)
            var += (1 - momentum) * (batch_var - var)
            mean, var = batch_mean, batch_var
        inverse = 1 / np.sqrt(var + EPS)
        normal = (y - mean) * inverse
        z = normal * parameters[name + ".bn.gamma"] + parameters[name + ".bn.beta"]
        if tape is not None:
            tape.append((x.shape, taps, inverse, normal, (z > 0) & (z < 6)))
        x = np.clip(z, 0, 6)
    pooled = x.mean((1, 2))
    if tape is not None:
        tape.append((x.shape, pooled))
    return pooled @ parameters["fc.weight"] + parameters["fc.bias"]


def backward(parameters, tape, d_logits):
    """Gradients by name; `tape` is from the forward pass over the same batch."""
    shape, pooled = tape.pop()
    gradients = {"fc.weight": pooled.T @ d_logits, "fc.bias": d_logits.sum(0)}
    d_pooled = d_logits @ parameters["fc.weight"].T / (shape[1] * shape[2])
    dx = np.broadcast_to(d_pooled[:, None, None, :], shape)
    for name, kind, _, stride in reversed(LAYERS):
        weight = parameters[name + ".weight"]
        shape, taps, inverse, normal, inside = tape.pop()
        dz = dx * inside
        d_gamma, d_beta = (dz * normal).sum((0, 1, 2)), dz.sum((0, 1, 2))
        gradients[name + ".bn.gamma"], gradients[name + ".bn.beta"] = d_gamma, d_beta
        count = dz.size // dz.shape[-1]
        dy = (dz - d_beta / count - normal * (d_gamma / count)) * (
            inverse * parameters[name + ".bn.gamma"]
        )
        if kind == "depthwise":
            dw = [(tap * dy).sum((0, 1, 2)) for tap in taps]
            d_taps = [dy * w for w in weight]
        else:
            flat = dy.reshape(-1, dy.shape[-1])
            dw = [tap.reshape(-1, tap.shape[-1]).T @ flat for tap in taps]
            d_taps = [dy @ w.T for w in weight]
        gradients[name + ".weight"] = np.stack(dw)
        dx = d_taps[0] if kind == "pointwise" else scatter(d_taps, shape, stride)
    return gradients


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
