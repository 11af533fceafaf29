"""Writes the first inputs of the fuzzers, corpus/NAME/*: small, generated, and
committed, so that a fuzzer needs nothing else. Run it again where a format
grows. usage: make_corpus.py   (with qat and qat-mlir-opt on PATH)
"""

import ctypes
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Integration"))
sys.path.insert(0, str(HERE.parent / "Target/Onnx/Inputs"))
from broken_files import small_model
from onnx_builder import Model


def models():
    yield "conv", small_model()
    m = Model("N", 2, 6, 6)
    depthwise = dict(group=2, pads=[0, 1, 1, 0], strides=[2, 1])
    m.node("Conv", "x", m.ramp("w", 2, 1, 3, 3), m.ramp("b", 2), **depthwise)
    m.node("Clip", "conv_out", m.constant("lo", 0.0), m.constant("hi", 6.0))
    m.node("MaxPool", "clip_out", kernel_shape=[2, 2])
    m.node("Flatten", "maxpool_out")
    m.node("Softmax", "flatten_out")
    yield "depthwise", m.proto()
    m = Model(1, 2, 4, 4)
    m.node("Conv", "x", m.ramp("w", 2, 2, 1, 1), name="a")
    m.node("Relu", "a_out", name="r")
    m.node("Add", "r_out", "x", name="sum")
    m.node("AveragePool", "sum_out", kernel_shape=[2, 2], strides=[2, 2], name="p")
    m.node("Reshape", "p_out", m.ints("shape", 0, -1))
    m.node("MatMul", "reshape_out", m.ramp("w2", 8, 3))
    yield "residual", m.proto()
    m = Model(1, 4)
    m.node("Gemm", "x", m.ramp("w", 4, 3), m.ramp("b", 3))
    yield "dense", m.proto()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color, row, *more):
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * height)
    chunks = chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg(pixels, subsampling):
    library = ctypes.CDLL("libturbojpeg.so.0")
    library.tjInitCompress.restype = ctypes.c_void_p
    out, size = ctypes.c_void_p(), ctypes.c_ulong()
    height, width = pixels.shape[:2]
    status = library.tjCompress2(
        ctypes.c_void_p(library.tjInitCompress()), pixels.ctypes.data_as(ctypes.c_void_p),
        width, 0, height, 0, ctypes.byref(out), ctypes.byref(size), subsampling, 75, 0,
    )
    assert status == 0
    return ctypes.string_at(out.value, size.value)


def images():
    pixels = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)
    yield "420.jpg", jpeg(pixels, 2)
    yield "gray.jpg", jpeg(pixels, 3)
    yield "rgb.png", png(4, 3, 8, 2, bytes(range(12)))
    yield "gray16.png", png(4, 3, 16, 0, bytes(range(8)))
    palette = chunk(b"PLTE", bytes(range(12)))
    yield "palette.png", png(4, 3, 2, 3, b"\x1b", palette)
    yield "alpha.png", png(2, 2, 8, 6, bytes(range(8)))
    yield "a.ppm", b"P6\n# comment\n3 2\n255\n" + bytes(range(18))
    yield "a.pgm", b"P5 3 2 1000 " + bytes(range(12))


def arrays():
    def save(array):
        file = io.BytesIO()
        np.save(file, array)
        return file.getvalue()

    yield "f32.npy", save(np.arange(6, dtype=np.float32).reshape(2, 3))
    yield "fortran.npy", save(np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)))
    yield "scalar.npy", save(np.uint8(3))
    yield "bool.npy", save(np.array([True, False]))


def safetensors(arrays):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        kind = {"<f4": "F32", "<f8": "F64", "|b1": "BOOL"}[array.dtype.str]
        end = len(data) + array.nbytes
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), end]}
        data += array.tobytes()
    header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def parameters():
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    yield "weights.safetensors", safetensors({"a.weight": weights, "a.alpha": np.float64(6)})
    yield "bool.safetensors", safetensors({"mask": np.array([True, False])})


def flatbuffer(root):
    """Tables are dicts from field number to value, vectors lists of tables, text
    bytes; (format, *numbers) is a vector of numbers, an int a field of 4 bytes."""
    data = bytearray(b"\0\0\0\0TFL3")

    def place(slot, value):
        data[slot : slot + 4] = struct.pack("<I", put(value) - slot)

    def put(value):
        data.extend(bytes(-len(data) % 8))
        if isinstance(value, dict):
            count = max(value) + 1
            offsets = [4 + 4 * i if i in value else 0 for i in range(count)]
            data.extend(struct.pack(f"<HH{count}H", 4 + 2 * count, 4 + 4 * count, *offsets))
            table = len(data) + -len(data) % 8
            vtable = len(data) - 4 - 2 * count
            data.extend(bytes(table - len(data)) + struct.pack("<i", table - vtable))
            data.extend(bytes(4 * count))
            for index, field in value.items():
                slot = table + 4 + 4 * index
                if isinstance(field, int):
                    data[slot : slot + 4] = struct.pack("<i", field)
                else:
                    place(slot, field)
            return table
        start = len(data)
        data.extend(struct.pack("<I", len(value) - isinstance(value, tuple)))
        if isinstance(value, bytes):
            data.extend(value + b"\0")
        elif isinstance(value, tuple):
            data.extend(struct.pack("<" + value[0] * (len(value) - 1), *value[1:]))
        else:
            data.extend(bytes(4 * len(value)))
            for index, item in enumerate(value):
                place(start + 4 + 4 * index, item)
        return start

    place(0, root)
    return bytes(data)


def grids():
    def tensor(name, scales, points):
        return {1: 9, 3: name, 4: {2: ("f", *scales), 3: ("q", *points), 6: 0}}

    tensors = [tensor(b"input", [0.5], [-128]), tensor(b"weight", [0.25, 0.125], [0, 0])]
    yield "two.tflite", flatbuffer({0: 3, 2: [{0: tensors}]})


def configurations():
    yield "names.json", b'[{"layer": "conv1", "w_bits": 4, "a_bits": 8}]'
    full = {"layer": 0, "quant_type": "PerLayerAsymPACT", "fold_type": "folding_weights"}
    yield "index.json", json.dumps([full, {"layer": 1, "a_bits": 2}]).encode()
    yield "numbers.txt", b"1/255,-2.5e-3,104"


def networks(folder):
    for name, model in models():
        onnx.save(model, folder / "m.onnx")
        steps = [["qat", "import", "m.onnx", "-o", "f.mlir"]]
        bits = ["--weight-bits", "4", "--activ-bits", "4"] if name == "dense" else []
        scheme = ["--type-quant", "PerLayerAsymPACT"] if name == "residual" else []
        steps.append(["qat", "quantize", "f.mlir", "--quiet", *bits, *scheme, "-o", "q.mlir"])
        steps.append(
            ["qat-mlir-opt", "q.mlir", "-qat-integer-pipeline", "--mlir-print-debuginfo", "-o", "i.mlir"]
        )
        for step in steps:
            if subprocess.run(step, cwd=folder, stderr=subprocess.DEVNULL).returncode:
                break  # a softmax within the network, say
            path = folder / step[-1]
            yield f"{name}-{path.stem}.mlir", path.read_bytes()


def write(name, files):
    folder = HERE / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files:
        (folder / file).write_bytes(content)


def main():
    write("onnx", ((f"{name}.onnx", model.SerializeToString()) for name, model in models()))
    with tempfile.TemporaryDirectory() as folder:
        write("mlir", networks(pathlib.Path(folder)))
    write("npy", arrays())
    write("image", images())
    write("safetensors", parameters())
    write("config", configurations())
    write("tflite", grids())


if __name__ == "__main__":
    main()
