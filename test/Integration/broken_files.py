"""The files of docs/Errors.md: good ones, and each way of breaking them.

make(folder) writes them all; everything is generated, nothing is random.
"""

import json
import pathlib
import shutil
import struct
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def small_model():
    """conv 3x3 + batch norm + ReLU + global pool + dense: 3x8x8 to 10 classes."""
    rng = np.random.default_rng(7)

    def array(name, *shape):
        return numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)

    weights = [
        array("w", 4, 3, 3, 3),
        *(numpy_helper.from_array(np.ones(4, np.float32), n) for n in ("g", "b", "m", "v")),
        array("w2", 10, 4),
        array("b2", 10),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"], name="norm"),
        helper.make_node("Relu", ["n"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], name="dense", transB=1),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(nodes, "g", [x], [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def set_value(tensor, value):
    values = numpy_helper.to_array(tensor).copy()
    values.flat[1] = value
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def onnx_files(folder):
    def save(name, change):
        model = small_model()
        change(model.graph)
        (folder / name).write_bytes(model.SerializeToString())

    def external(location):
        def change(graph):
            weight = graph.initializer[0]
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value=location)

        return change

    def rename(index, operation):
        def change(graph):
            graph.node[index].op_type = operation

        return change

    def dims(values):
        def change(graph):
            shape = graph.input[0].type.tensor_type.shape
            for dim, value in zip(shape.dim, values):
                if isinstance(value, str):
                    dim.dim_param = value
                else:
                    dim.dim_value = value

        return change

    data = small_model().SerializeToString()
    (folder / "net.onnx").write_bytes(data)
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "cut.onnx").write_bytes(data[:-300])
    (folder / "text.onnx").write_text("these are not the bytes of a model\n")
    (folder / "folder.onnx").mkdir()
    (folder / "folder.onnx" / "x").write_text("")

    def unknown(graph):
        rename(2, "Gelu")(graph)
        rename(3, "LpPool")(graph)

    save("unknown.onnx", unknown)
    save("cycle.onnx", lambda g: g.node[0].input.__setitem__(0, "r"))
    save("sizes.onnx", dims([1, 3, "height", "width"]))
    save("huge.onnx", dims([1, 3, 1 << 40, 1 << 40]))
    save("large.onnx", dims([1, 3, 1 << 15, 1 << 15]))
    save("zero.onnx", dims([1, 3, 0, 8]))
    save("integers.onnx", lambda g: setattr(g.input[0].type.tensor_type, "elem_type", 7))
    save("nan.onnx", lambda g: set_value(g.initializer[0], np.nan))
    save("infinite.onnx", lambda g: set_value(g.initializer[6], np.inf))
    save("negative.onnx", lambda g: set_value(g.initializer[4], -2.0))

    def no_variance(graph):
        set_value(graph.initializer[4], 0.0)
        graph.node[1].attribute.add(name="epsilon", type=1, f=0.0)

    save("no-variance.onnx", no_variance)
    save("channels.onnx", lambda g: set_dims(g.initializer[0], [4, 9, 3, 1]))
    save("few.onnx", lambda g: set_dims(g.initializer[0], [4, 3, 3, 4]))
    save("kernel.onnx", lambda g: g.node[0].attribute.add(name="strides", type=7, ints=[0, 1]))
    save("escape.onnx", external("../../etc/passwd"))
    save("absolute.onnx", external("/etc/passwd"))
    save("absent.onnx", external("absent.bin"))
    old = small_model()
    old.opset_import[0].version = 6
    (folder / "old.onnx").write_bytes(old.SerializeToString())


def set_dims(tensor, dims):
    tensor.dims[:] = dims


def mlir_files(folder):
    text = (folder / "net.mlir").read_text()
    (folder / "cut.mlir").write_text(text[: len(text) // 3])
    (folder / "empty.mlir").write_text("")
    (folder / "nothing.mlir").write_text("module {}\n")
    (folder / "two.mlir").write_text(
        "func.func @main(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {\n"
        "  %0 = tosa.add %x, %y : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>\n"
        "  return %0 : tensor<1x4xf32>\n}\n"
    )
    (folder / "other.mlir").write_text(
        "func.func @main(%x: i32) -> i32 {\n  return %x : i32\n}\n"
    )
    (folder / "foreign.mlir").write_text(
        "func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {\n"
        '  %0 = "torch.aten.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>\n'
        "  return %0 : tensor<1x4xf32>\n}\n"
    )
    (folder / "dynamic.mlir").write_text(
        "func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {\n"
        '  %0 = tosa.abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32> loc("abs")\n'
        "  return %0 : tensor<?x4xf32>\n}\n"
    )
    (folder / "wide.mlir").write_text(
        "func.func @main(%x: tensor<1x100000x100000x3xf32>) -> tensor<1x100000x100000x3xf32> {\n"
        "  %0 = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : "
        "(tensor<1x100000x100000x3xf32>) -> tensor<1x100000x100000x3xf32> "
        'loc("relu")\n'
        "  return %0 : tensor<1x100000x100000x3xf32>\n}\n"
    )
    (folder / "deep.mlir").write_text("module attributes {a = " + "[" * 200000 + "\n")
    # A backslash before the closing quote escapes nothing but itself.
    (folder / "deep-quoted.mlir").write_text(
        'module attributes {a = "\\\\", b = ' + "[" * 200000 + "\n"
    )
    short = (
        'ml_program.global private mutable @"d.weight"(dense_resource<"d.weight"> : '
        "tensor<4xf32>) : tensor<4xf32>\n"
        "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
        '  %w = ml_program.global_load @"d.weight" : tensor<4xf32>\n'
        "  %0 = tosa.add %x, %w : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n"
        "  return %0 : tensor<4xf32>\n}\n"
        '{-# dialect_resources: { builtin: { "d.weight": "0x040000000000803F" } } #-}\n'
    )
    (folder / "short.mlir").write_text(short)
    (folder / "no-data.mlir").write_text(short[: short.index("{-#")])
    infinite = short.replace("0x040000000000803F", "0x04000000" + "0000C07F" * 4)
    (folder / "nan.mlir").write_text(infinite)
    quantized = (folder / "net.q.mlir").read_text()
    assert "bits = 8" in quantized and "(dense<6.0" in quantized
    (folder / "bits.q.mlir").write_text(quantized.replace("bits = 8", "bits = 40", 1))
    (folder / "bound.q.mlir").write_text(quantized.replace("(dense<6.0", "(dense<-6.0", 1))
    (folder / "bound-nan.q.mlir").write_text(
        quantized.replace("(dense<6.000000e+00>", "(dense<0x7FC00000>", 1)
    )
    (folder / "net.mlirbc").write_bytes((folder / "c" / "net.mlirbc").read_bytes())
    data = (folder / "net.mlirbc").read_bytes()
    (folder / "cut.mlirbc").write_bytes(data[: len(data) // 2])
    (folder / "net.tflite").write_bytes(b"\x18\0\0\0TFL3" + bytes(40))


def npy_header(text, body=b"", version=1):
    size = len(text) + 1
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", size) + text.encode() + b"\n" + body


def array_files(folder):
    x = np.linspace(-1, 1, 192, dtype=np.float32).reshape(1, 8, 8, 3)
    np.save(folder / "x.npy", x)
    np.save(folder / "flat.npy", x.reshape(192))
    np.save(folder / "bytes.npy", np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3))
    np.save(folder / "wide.npy", np.full((1, 8, 8, 3), 300, np.int32))
    np.save(folder / "complex.npy", x.astype(np.complex64))
    np.save(folder / "objects.npy", np.array([None, {}]), allow_pickle=True)
    np.save(folder / "text.npy", np.array(["a", "b"]))
    broken = x.copy()
    broken[0, 2, 3, 1] = np.nan
    np.save(folder / "nan.npy", broken)
    data = (folder / "x.npy").read_bytes()
    (folder / "cut.npy").write_bytes(data[:-5])
    (folder / "long.npy").write_bytes(data + b"12345")
    (folder / "empty.npy").write_bytes(b"")
    np.save(folder / "none.npy", np.zeros((0, 8, 8, 3), np.float32))
    (folder / "claims.npy").write_bytes(
        npy_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }")
    )
    (folder / "header.npy").write_bytes(b"\x93NUMPY\x02\0\xff\xff\xff\x7f{'descr'")
    (folder / "order.npy").write_bytes(npy_header("{'descr': '<f4', 'shape': (1,), }", bytes(4)))


def ppm(size, value):
    return b"P6 %d %d 255\n" % (size, size) + bytes([value]) * (size * size * 3)


def data_files(folder):
    def folder_of(name, files):
        for path, content in files.items():
            path = folder / name / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    folder_of("images", {f"class{i}/a.ppm": ppm(8, 20 * i) for i in range(10)})
    folder_of("larger", {f"class{i}/a.ppm": ppm(11, 20 * i) for i in range(10)})
    folder_of("corrupt", {"c0/a.jpg": b"\xff\xd8\xff\xe0nothing", "c1/b.ppm": ppm(8, 1)})
    folder_of("corrupt-ten", {f"c{i}/a.ppm": ppm(8, i) for i in range(9)} |
              {"c9/a.jpg": b"\xff\xd8\xff\xe0nothing"})
    folder_of("claims", {"c0/a.ppm": b"P6 99999 99999 255\n"})
    folder_of("no-images", {"readme.txt": "nothing to see"})
    folder_of("table", {"labels.tsv": "file\tclass\na.ppm\tcat\n", "a.ppm": ppm(8, 1)})
    folder_of("table-short", {"labels.tsv": "a.ppm\t1\nb.ppm\n", "a.ppm": ppm(8, 1)})
    folder_of("table-absent", {"labels.tsv": "gone.ppm\t1\n"})
    folder_of("table-escape", {"labels.tsv": "../net.onnx\t1\n"})
    folder_of("many", {f"class{i:02}/a.ppm": ppm(8, i) for i in range(12)})
    folder_of("cifar", {"test_batch.bin": bytes(3000)})
    folder_of("idx", {"t10k-images-idx3-ubyte": struct.pack(">4I", 2051, 5, 28, 28) + bytes(99),
                      "t10k-labels-idx1-ubyte": struct.pack(">2I", 2049, 5) + bytes(5)})
    folder_of("arrays", {})
    (folder / "arrays").mkdir()
    np.save(folder / "arrays" / "x.npy", np.zeros((4, 8, 8, 3), np.float32))
    np.save(folder / "arrays" / "y.npy", np.zeros(3, np.int64))
    (folder / "nothing").mkdir()
    folder_of("checkpoint-text", {"checkpoint.safetensors": "not a checkpoint"})
    folder_of("checkpoint-other", {"checkpoint.safetensors": safetensors(
        {"conv.weight": np.zeros((3, 3), np.float32)})})


def safetensors(arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        array = np.asarray(array, np.float32)
        end = len(data) + array.nbytes
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(data), end]}
        data += array.tobytes()
    header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def parameter_files(folder):
    def save(name, values):
        (folder / name).write_bytes(safetensors(values))

    bias = np.ones(10, np.float32)
    save("good.safetensors", {"dense.bias": bias, "conv.alpha": np.float32(3.5)})
    save("shape.safetensors", {"dense.bias": bias[:4]})
    save("name.safetensors", {"dense.bais": bias})
    save("nan.safetensors", {"dense.bias": bias * np.float32(np.nan)})
    data = (folder / "good.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(data[:-6])
    (folder / "deep.json").write_text("[" * 100000)


def project_files(folder):
    good = folder / "c"

    def project(name, file, change):
        shutil.copytree(good, folder / name)
        path = folder / name / file
        content = path.read_bytes()
        changed = change(content)
        if changed is None:
            path.unlink()
        else:
            path.write_bytes(changed)

    project("c-manifest", "net.json", lambda data: data[:50])
    project("c-deep", "net.json", lambda data: b"[" * 100000)
    project("c-fields", "net.json", lambda data: b"{}")
    project("c-sizes", "net.json", lambda data: without(data, "input"))
    project("c-target", "net.json", lambda data: replaced(data, "target", "z80"))
    project("c-name", "net.json", lambda data: replaced(data, "name", "../../net"))
    project("c-source", "net.c", lambda data: None)
    project("c-cut", "net.c", lambda data: data[:100])
    project("c-network", "net.mlirbc", lambda data: data[: len(data) // 2])
    project("c-without", "net.mlirbc", lambda data: None)


def without(data, key):
    manifest = json.loads(data)
    manifest.pop(key, None)
    return json.dumps(manifest).encode()


def replaced(data, key, value):
    manifest = json.loads(data)
    manifest[key] = value
    return json.dumps(manifest).encode()


def make(folder):
    """Writes everything below `folder`, which is empty, with the `qat` on PATH."""
    folder = pathlib.Path(folder)
    onnx_files(folder)

    def qat(*words):
        subprocess.run(["qat", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    qat("import", "net.onnx", "--scale", "1/255", "-o", "net.mlir")
    qat("quantize", "net.mlir", "--quiet", "-o", "net.q.mlir")
    qat("deploy", "net.q.mlir", "--name", "net", "--target", "cortex-m4", "-o", "c")
    mlir_files(folder)
    array_files(folder)
    data_files(folder)
    parameter_files(folder)
    project_files(folder)
