"""Small ONNX models for tests: a chain of nodes from the input `x` to `y`."""

import os
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Model:
    def __init__(self, *shape, opset=13, type=TensorProto.FLOAT):
        self.nodes, self.initializers, self.outputs = [], [], ["y"]
        self.inputs = [helper.make_tensor_value_info("x", type, list(shape))]
        self.opset = opset

    def constant(self, name, values, dtype=np.float32):
        """An initializer; returns its name."""
        self.initializers.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def ramp(self, name, *shape):
        """An initializer with the values 0, 1, 2, ..."""
        return self.constant(name, np.arange(np.prod(shape)).reshape(shape))

    def ints(self, name, *values):
        return self.constant(name, values, np.int64)

    def node(self, op, *inputs, outputs=None, name=None, **attributes):
        """Appends a node, named after its operator, and returns its output."""
        name = op.lower() if name is None else name
        outputs = outputs or [name + "_out"]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs[0]

    def proto(self):
        # The last node makes the output that the graph promises.
        if self.outputs == ["y"] and self.nodes and self.nodes[-1].output:
            self.nodes[-1].output[0] = "y"
        outputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs
        ]
        graph = helper.make_graph(self.nodes, "g", self.inputs, outputs, self.initializers)
        opset = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opset, ir_version=7)

    def save(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        onnx.save(self.proto(), path)


def import_fails(folder, model, *options):
    """Imports a Model, a ModelProto or bytes, which must fail by the rules: one
    line on standard error, exit status 1, no output file. Returns what the line
    says after the name of the file."""
    os.makedirs(folder, exist_ok=True)
    path, output = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.mlir")
    if os.path.exists(output):
        os.remove(output)
    if isinstance(model, Model):
        model = model.proto()
    if not isinstance(model, bytes):
        model = model.SerializeToString()
    with open(path, "wb") as file:
        file.write(model)
    result = subprocess.run(
        ["qat", "import", path, "-o", output, *options], capture_output=True, text=True
    )
    assert result.returncode == 1, f"exit status {result.returncode}: {result.stderr}"
    assert result.stdout == "" and not os.path.exists(output), result.stdout
    prefix = "qat import: error: "
    assert result.stderr.startswith(prefix) and result.stderr.count("\n") == 1, result.stderr
    return result.stderr[len(prefix) : -1].removeprefix("m.onnx: ")


def expect(got, wanted):
    assert got == wanted, f"\n  got      {got}\n  expected {wanted}"
