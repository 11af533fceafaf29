"""Random mutations of models and of the networks made from them.

Each mutant goes through qat: a model through import, quantize and deploy, a
network through what its form takes, as long as the steps succeed. Every run
must end with exit status 0 or 1, with one line on standard error if it is 1 and
none, but for remarks, if it is 0, within 10 s of processor time and 1 GB, and without an internal failure. A mutant
is made from its file's name and its number alone, so that it can be made again.

usage: mutate.py [--count N] [--only TEXT] [--index I] [--jobs J]
  --count N    mutants of each file (default 30, what CI runs; 1000 in the long
               form: nice mutate.py --count 1000 --jobs 2)
  --only TEXT  only files whose name holds TEXT
  --index I    only mutant I of each; it is kept in build/mutants
Files: shared/assets/models (QAT_SHARED) and networks made from some of them and
from the fuzzers' corpus. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import onnx

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("QAT_BUILD_DIR", ROOT / "build/dev"))
SHARED = pathlib.Path(os.environ.get("QAT_SHARED", ROOT.parent / "shared"))
SERVER = BUILD / "bin/qat-fork-server"
KEPT = ROOT / "build/mutants"
SECONDS, KILOBYTES = 10, 1 << 20
NUMBERS = [0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 65535, 65536, 1 << 24, (1 << 31) - 1]
NUMBERS += [1 << 31, 1 << 32, (1 << 63) - 1, -(1 << 63), -7, -(1 << 31)]
REALS = ["0.0", "-1.0", "1.0e+38", "1.0e-45", "0x7FC00000", "0x7F800000", "3.5e+09"]


# Mutations of bytes, of text, of ONNX


def flip(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def truncate(rng, data):
    return data[: rng.randrange(len(data))]


def splice(rng, data):
    begin = rng.randrange(len(data))
    piece = data[begin : begin + rng.choice([1, 4, 16, 256])]
    place = rng.randrange(len(data))
    over = rng.choice([0, len(piece), 64])
    return data[:place] + piece + data[place + over :]


def drop(rng, data):
    begin = rng.randrange(len(data))
    return data[:begin] + data[begin + rng.choice([1, 4, 64, 4096]) :]


def extreme(rng, data):
    """An aligned integer of 4 bytes becomes an extreme one (FlatBuffers)."""
    data = bytearray(data)
    # Offsets and sizes stand at the ends; weights lie between.
    reach = len(data) if rng.random() < 0.3 else min(len(data), 20000)
    for _ in range(rng.choice([1, 2])):
        place = rng.randrange(max(reach // 4, 1)) * 4
        place = place if rng.random() < 0.5 else max(len(data) - 4 - place, 0)
        data[place : place + 4] = (rng.choice(NUMBERS) & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(data)


BYTES = [flip, flip, truncate, splice, drop]


def numbers(rng, text):
    """Some number becomes another one."""
    found = list(re.finditer(r"(?<![\w.])-?\d+(\.\d+e[+-]\d+)?(?![\w.])|\d+(?=x)", text))
    for match in rng.sample(found, min(len(found), rng.choice([1, 1, 3]))):
        if match.group(1):
            new = rng.choice(REALS)
        else:
            new = str(rng.choice(NUMBERS))
        text = text[: match.start()] + new + text[match.end() :]
        found = []
        break
    return text


def lines(rng, text):
    parts = text.splitlines(keepends=True)
    a, b = rng.randrange(len(parts)), rng.randrange(len(parts))
    kind = rng.randrange(3)
    if kind == 0:
        del parts[a]
    elif kind == 1:
        parts.insert(b, parts[a])
    else:
        parts[a], parts[b] = parts[b], parts[a]
    return "".join(parts)


def words(rng, text):
    """A word, a name or a type becomes another one of the same text."""
    found = list(re.finditer(r"[%@#!]?[\w.<>:]+|\"[^\"]*\"", text[:60000]))
    a, b = rng.choice(found), rng.choice(found)
    return text[: a.start()] + b.group() + text[a.end() :]


def tiny(rng, text):
    """Of long hexadecimal strings (weights) only a part stays."""
    return re.sub(r"(\"0x[0-9A-F]{60,}?)[0-9A-F]{2,}\"", r'\1"', text, count=1)


TEXT = [numbers, numbers, numbers, lines, words, words, tiny]


def change_attribute(rng, model):
    nodes = [node for node in model.graph.node if node.attribute]
    if not nodes:
        return
    attribute = rng.choice(rng.choice(nodes).attribute)
    if attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(NUMBERS[:-6] + [1 << 40])
    elif attribute.type == onnx.AttributeProto.INT:
        attribute.i = rng.choice([-1, 0, 1, 2, 3, 64, 1 << 40])
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = rng.choice([0.0, -1.0, 1e38, float("nan"), float("inf")])
    else:
        attribute.type = rng.randrange(12)


def change_tensor(rng, model):
    tensor = rng.choice(model.graph.initializer)
    kind = rng.randrange(5)
    if kind == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(NUMBERS)
    elif kind == 1:
        tensor.data_type = rng.randrange(20)
    elif kind == 2 and len(tensor.raw_data) > 4:
        place = rng.randrange(len(tensor.raw_data) // 4) * 4
        bad = rng.choice([b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\xff", b"\1\0\0\0"])
        tensor.raw_data = tensor.raw_data[:place] + bad + tensor.raw_data[place + 4 :]
    elif kind == 3:
        tensor.data_location = 1
        tensor.external_data.add(key="location", value=rng.choice(["../x", "/etc/passwd", "x", ""]))
    else:
        dims = list(tensor.dims)
        rng.shuffle(dims)
        tensor.dims[:] = dims


def change_wiring(rng, model):
    nodes = model.graph.node
    a, b = rng.choice(nodes), rng.choice(nodes)
    if a.input and b.output:
        others = [b.output[0], *b.input]
        a.input[rng.randrange(len(a.input))] = rng.choice(others)


def change_graph(rng, model):
    graph = model.graph
    kind = rng.randrange(7)
    index = rng.randrange(len(graph.node))
    if kind == 0:
        del graph.node[index]
    elif kind == 1:
        graph.node[index].op_type = rng.choice(graph.node).op_type
    elif kind == 2:
        graph.node.add().CopyFrom(graph.node[index])
    elif kind == 3:
        del graph.initializer[rng.randrange(len(graph.initializer))]
    elif kind == 4:
        model.opset_import[0].version = rng.choice([1, 7, 9, 11, 13, 18, 21, 99])
    elif kind == 5:
        dims = graph.input[0].type.tensor_type.shape.dim
        dims[rng.randrange(len(dims))].dim_value = rng.choice(NUMBERS)
    else:
        graph.node[index].name = rng.choice(["", "a\nb", "x" * 5000, "\0", '"'])


def change_model(rng, data):
    model = onnx.ModelProto.FromString(data)
    changes = [change_attribute, change_wiring, change_graph]
    for _ in range(rng.choice([1, 1, 2])):
        # A first change may have taken the last node away.
        if model.graph.node and model.graph.initializer and model.graph.input:
            rng.choice(changes + [change_tensor])(rng, model)
    return model.SerializeToString()


def mutate(path, index):
    rng = random.Random(f"{path.name} {index}")
    data = path.read_bytes()
    if path.suffix == ".onnx" and rng.random() < 0.7:
        return change_model(rng, data)
    if path.suffix == ".tflite" and rng.random() < 0.7:
        return extreme(rng, data)
    if path.suffix == ".mlir" and rng.random() < 0.8:
        text = data.decode()
        for _ in range(rng.choice([1, 1, 2])):
            text = rng.choice(TEXT)(rng, text) if text else text
        return text.encode()
    return rng.choice(BYTES)(rng, data)


# Running them


class Server:
    def __init__(self):
        self.child = subprocess.Popen(
            [SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )

    def run(self, *words):
        """(status, KB, ms, standard error) of `qat words...`."""
        self.child.stdin.write("\t".join(map(str, words)) + "\n")
        self.child.stdin.flush()
        status, kilobytes, time, text = self.child.stdout.readline().rstrip("\n").split(" ", 3)
        return int(status), int(kilobytes), int(time), text


def complaint(outcome):
    """What is wrong with a run, or nothing."""
    status, kilobytes, time, text = outcome
    if status not in (0, 1):
        return f"exit status {status}: {text[-300:]}"
    # Remarks say what holds of the network, its wide accumulators for example.
    said = [line for line in text.split("\\n") if line and ": remark: " not in line]
    if len(said) != status:
        return f"exit status {status} with {len(said)} lines: {text[:300]}"
    if re.search("internal failure|not enough memory|without saying why", text):
        return text
    if kilobytes > KILOBYTES:
        return f"{kilobytes >> 10} MB"
    if time > SECONDS * 1000:
        return f"{time / 1000:.1f} s"
    return None


def steps(path, folder):
    """The commands for a mutant; the path of the first input comes last."""
    float_ir, quantized = folder / "f.mlirbc", folder / "q.mlirbc"
    quantize = lambda source: ["quantize", source, "--quiet", "-o", quantized]
    deploy = lambda source: [
        "deploy", source, "--quiet", "--target", "host", "--name", "n", "-o", folder / "d",
    ]
    form = path.stem.rsplit("-", 1)[-1] if path.suffix in (".mlir", ".mlirbc") else "model"
    source = folder / ("m" + path.suffix)
    if form == "model" and "int8" in path.stem:
        return source, [["import", source, "-o", float_ir], deploy(float_ir)]
    if form == "model":
        return source, [["import", source, "-o", float_ir], quantize(float_ir), deploy(quantized)]
    if form == "f":
        return source, [["info", source], quantize(source), deploy(quantized)]
    return source, [["info", source], deploy(source)]


def work(path, indices, keep):
    """[(index, complaint)] of the mutants of one file that misbehave."""
    bad, server = [], Server()
    slowest, largest, served = 0, 0, 0
    # Memory, where the system has a file system of it: models are large.
    base = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        folder = pathlib.Path(folder)
        source, commands = steps(path, folder)
        for index in indices:
            source.write_bytes(mutate(path, index))
            if keep:
                KEPT.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, KEPT / f"{path.stem}.{index}{path.suffix}")
            for command in commands:
                outcome = server.run(*command)
                slowest, largest = max(slowest, outcome[2]), max(largest, outcome[1])
                problem = complaint(outcome)
                if problem:
                    bad.append((index, f"qat {command[0]}: {problem}"))
                if problem or outcome[0]:
                    break
            else:
                served += 1
    print(
        f"{path.name:40} {len(indices)} mutants, {served} still a network, {len(bad)} bad, "
        f"at most {slowest / 1000:.1f} s and {largest >> 10} MB",
        flush=True,
    )
    return bad


def make_networks(folder):
    """Forms F, Q and I of some models, as text and as bytecode."""
    for name in ("resnet8_cifar10", "kws_ds_cnn"):
        model = SHARED / "assets/models" / f"{name}.onnx"
        if not model.is_file():
            continue
        f, q, i = (folder / f"{name}-{form}.mlir" for form in "fqi")
        for command in (
            ["qat", "import", model, "-o", f],
            ["qat", "quantize", f, "--quiet", "-o", q],
            ["qat-mlir-opt", q, "-qat-integer-pipeline", "--mlir-print-debuginfo", "-o", i],
            ["qat-mlir-opt", i, "--emit-bytecode", "-o", folder / f"{name}-i.mlirbc"],
        ):
            subprocess.run(command, check=True)
        for path in (f, q, i, folder / f"{name}-i.mlirbc"):
            yield path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--index", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    indices = range(options.count) if options.index is None else [options.index]
    failed = skipped = total = 0
    os.environ["VIRTUAL_ENV"] = sys.prefix  # where the reader of .tflite is
    os.environ["PATH"] = os.pathsep.join([str(BUILD / "bin"), os.environ["PATH"]])
    with tempfile.TemporaryDirectory() as folder:
        files = sorted((HERE / "corpus").glob("mlir/*.mlir"))
        files += sorted((HERE / "corpus").glob("onnx/*.onnx"))
        models = sorted((SHARED / "assets/models").glob("*.*"))
        if not models:
            print("skipped: no shared/assets/models; QAT_SHARED names the folder")
            skipped = 1
        files += [path for path in models if path.suffix in (".onnx", ".tflite")]
        files += make_networks(pathlib.Path(folder))
        files = [path for path in files if options.only in path.name]
        # The largest first, or they run alone at the end.
        files.sort(key=lambda path: -path.stat().st_size)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            keep = options.index is not None
            for path, bad in zip(files, pool.map(lambda p: work(p, indices, keep), files)):
                total += len(indices)
                failed += len(bad)
                for index, problem in bad[:20]:
                    print(f"FAILED {path.name} --index {index}: {problem}")
    print(f"{total - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
