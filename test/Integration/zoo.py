"""`qat zoo`: fresh networks against what was published of them.

Parameters and multiply-accumulates of the papers' tables, the layers of all
MobileNetV1 of the reference (golden/memory_driven_shared.json), the same IR as
an import of the trained ResNet-8 and DS-CNN, weights and outputs recomputed in
numpy from the descriptions alone, and every network on its way to C: the small
ones run on a simulated Cortex-M4 and equal the host.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared")
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, holds, detail=""):
    counts["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what}: {detail}", flush=True)
    return holds


def skip(what, path):
    counts["skipped"] += 1
    print(f"skipped {what}: no '{path}' (set QAT_SHARED)")


def qat(*arguments):
    """A command that has to succeed."""
    done = subprocess.run(
        ["qat", *map(str, arguments)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"qat {arguments[0]}: {done.stdout.strip()}")
    return done.stdout


# ------------------------------------------------------------------ published

# arXiv 1704.04861, tables 6 and 7: width, input, M multiply-adds, M parameters.
V1 = [(1.0, 224, 569, 4.2), (0.75, 224, 325, 2.6), (0.5, 224, 149, 1.3),
      (0.25, 224, 41, 0.5), (1.0, 192, 418, 4.2), (1.0, 160, 290, 4.2),
      (1.0, 128, 186, 4.2)]
# The checkpoints of arXiv 1801.04381 (tensorflow/models, slim/nets/mobilenet).
V2 = [(1.0, 224, 300, 3.47), (1.4, 224, 582, 6.06), (0.75, 224, 209, 2.61),
      (0.5, 224, 97, 1.95), (0.35, 224, 59, 1.66), (1.0, 192, 221, 3.47),
      (1.0, 128, 99, 3.47)]
# What Keras counts for MobileNet, MobileNetV2 and the models of MLPerf Tiny.
EXACT = [("mobilenet_v1", 4253864), ("mobilenet_v2", 3538984),
         ("resnet8", 78666), ("ds_cnn", 24908)]


def summarize(folder, *words):
    network, report = folder / "n.mlirbc", folder / "n.json"
    qat("zoo", *words, "-o", network)
    qat("info", network, "--json", report)
    return json.loads(report.read_text())


def check_published(folder):
    # V1 counts what is trained, half of a batch norm; V2 no batch norms at all.
    for name, table, norms, unit in (("mobilenet_v1", V1, 0.5, 0.1),
                                     ("mobilenet_v2", V2, 0.0, 0.01)):
        for width, side, macs, parameters in table:
            summary = summarize(folder, name, "--mobilenet_width", width,
                                "--mobilenet_input", side)
            norm = sum(layer["parameters"] for layer in summary["layers"]
                       if layer["kind"] == "batch_norm")
            found = (summary["parameters"] - (1 - norms) * norm) / 1e6
            # Some of the multiply-adds are rounded, some cut.
            check(f"{name} {width}/{side}: multiply-adds",
                  abs(summary["macs"] / 1e6 - macs) < 1, summary["macs"])
            check(f"{name} {width}/{side}: parameters",
                  abs(found - parameters) <= 0.51 * unit, found)
    for name, parameters in EXACT:
        found = summarize(folder, name)["parameters"]
        check(f"{name}: parameters", found == parameters, found)
    for name, macs in (("resnet8", 12.5), ("ds_cnn", 2.7)):
        found = summarize(folder, name)["macs"] / 1e6
        check(f"{name}: multiply-adds", round(found, 1) == macs, found)


# --------------------------------------------------------------------- layers

CONV = re.compile(
    r"tosa\.(conv2d|depthwise_conv2d) .*stride = array<i64: (\d+), (\d+)>.* : "
    r"\(tensor<([\dx]+)xf32>, tensor<([\dx]+)xf32>.* -> tensor<([\dx]+)xf32>")


def product(shape):
    return int(np.prod([int(size) for size in shape.split("x")]))


def layers_of(text):
    """[input elements, output elements, weights, output channels]"""
    return [[product(found[4]), product(found[6]), product(found[5]),
             int(found[6].split("x")[-1])] for found in CONV.finditer(text)]


def check_layers(folder):
    path = SHARED / "golden" / "memory_driven_shared.json"
    if not path.exists():
        return skip("layers of the reference", path)
    found = 0
    for entry in json.loads(path.read_text())["architectures"]:
        if "width" not in entry:
            continue
        found += 1
        network = folder / "n.mlir"
        qat("zoo", "mobilenet_v1", f"--mobilenet-width={entry['width']}",
            f"--mobilenet_input={entry['input']}", "-o", network)
        check(entry["name"], layers_of(network.read_text()) == entry["layers"])
    check("all networks of the reference", found == 16, found)


# ------------------------------------------------------------------ structure

def skeleton(path):
    """The IR without weights, and without what a fresh network does not have."""
    unlike = re.compile(r"0x0400|^{-#|^#-}|^ *dialect_res|^ *builtin|^ *}$|"
                        r"qat\.source|qat\.softmax|return|softmax\"\)")
    return [line for line in path.read_text().splitlines() if not unlike.search(line)]


def check_imports(folder):
    for name, model in (("resnet8", "resnet8_cifar10"), ("ds_cnn", "kws_ds_cnn")):
        path = SHARED / "assets" / "models" / (model + ".onnx")
        if not path.exists():
            skip(f"{name} as imported", path)
            continue
        fresh, imported = folder / "fresh.mlir", folder / "imported.mlir"
        qat("zoo", name, "-o", fresh)
        qat("import", path, "-o", imported)
        lines = skeleton(fresh)
        check(f"{name} is the IR of an import",
              len(lines) > 50 and lines == skeleton(imported))


# -------------------------------------------------------------------- numbers

MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9))
    z = ((z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB))
    return z ^ (z >> np.uint64(31))


def draw(seed, name, count, bound):
    """The generator as include/qat/Zoo/Zoo.h and RandomParameters.h tell it."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 & MASK
    with np.errstate(over="ignore"):
        state = mix(np.array([seed], np.uint64)) ^ np.uint64(key)
        state = state + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15)
        level = (mix(state) >> np.uint64(40)).astype(np.int64)
    step = np.float32(bound) * np.float32(2.0**-24)
    return step * (2 * level + 1 - 2**24).astype(np.float32)


BLOB = re.compile(r'^ *("?)([^"\s]+)\1: "0x04000000([0-9A-F]*)"', re.M)


def parameters_of(text):
    """name -> array in the IR's layout."""
    shapes = dict(re.findall(
        r'@"?([\w.]+)"?\(dense_resource<[^>]*> : tensor<([\dx]+)xf32>', text))
    return {found[2]: np.frombuffer(bytes.fromhex(found[3]), "<f4").reshape(
                [int(size) for size in shapes[found[2]].split("x")])
            for found in BLOB.finditer(text)}


def replace_parameters(text, values):
    return BLOB.sub(
        lambda found: f'{found[1]}{found[2]}{found[1]}: "0x04000000'
        f'{values[found[2]].astype("<f4").tobytes().hex().upper()}"', text)


def conv(x, w, bias, stride, depthwise=False):
    """NHWC in float64; w is OHWI, of a depthwise convolution HWC1; SAME."""
    kernel = w.shape[:2] if depthwise else w.shape[1:3]
    pads = []
    for size, k, s in zip(x.shape[1:3], kernel, stride):
        missing = max((-(-size // s) - 1) * s + k - size, 0)
        pads.append((missing // 2, missing - missing // 2))
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, (1, 2))
    windows = windows[:, :: stride[0], :: stride[1]]
    if depthwise:
        return np.einsum("nyxcij,ijc->nyxc", windows, w[..., 0]) + bias
    return np.tensordot(windows, w, ((3, 4, 5), (3, 1, 2))) + bias


class Forward:
    """The networks once more, from their publications."""

    def __init__(self, parameters):
        self.p = {name: value.astype(np.float64) for name, value in parameters.items()}
        self.used = set()

    def take(self, name, otherwise=None):
        if otherwise is not None and name not in self.p:
            return otherwise
        self.used.add(name)
        return self.p[name]

    def conv(self, x, layer, stride=1, norm=True, top=None, depthwise=False):
        y = conv(x, self.take(layer + ".weight"), self.take(layer + ".bias", 0.0),
                 (stride, stride), depthwise)
        if norm:
            gamma, beta, mean, var = (
                self.take(f"{layer}.bn.{part}") for part in ("gamma", "beta", "mean", "var"))
            y = (y - mean) * (gamma / np.sqrt(var + np.float64(np.float32(1e-3)))) + beta
        return y if top is None else np.clip(y, 0, top)

    def dense(self, x, layer):
        x = x.mean((1, 2))
        return x @ self.take(layer + ".weight")[:, 0, 0].T + self.take(layer + ".bias")

    def mobilenet_v1(self, x):
        x = self.conv(x, "conv0_3x3", 2, top=6)
        for index in range(13):
            stride = 2 if index in (1, 3, 5, 11) else 1
            x = self.conv(x, f"conv{2 * index + 1}_dw", stride, top=6, depthwise=True)
            x = self.conv(x, f"conv{2 * index + 2}_pw", top=6)
        return self.dense(x, "fc")

    def mobilenet_v2(self, x):
        x = self.conv(x, "conv_first", 2, top=6)
        for index in range(17):
            stride = 2 if index in (1, 3, 6, 13) else 1
            block, y = f"block{index}", x
            if index:
                y = self.conv(y, block + "_expand", top=6)
            y = self.conv(y, block + "_dw", stride, top=6, depthwise=True)
            y = self.conv(y, block + "_project")
            # The first block of each group changes the channels, except by rounding.
            x = x + y if stride == 1 and x.shape[-1] == y.shape[-1] else y
        return self.dense(self.conv(x, "conv_last", top=6), "fc")

    def resnet8(self, x):
        x = self.conv(x, "conv2d", top=np.inf)
        number = 1
        for index in range(3):
            stride = 2 if index else 1
            y = self.conv(x, f"conv2d_{number}", stride, top=np.inf)
            y = self.conv(y, f"conv2d_{number + 1}")
            if index:
                x = self.conv(x, f"conv2d_{number + 2}", stride, norm=False)
            number += 3 if index else 2
            x = np.maximum(x + y, 0)
        return self.dense(x, "dense")

    def ds_cnn(self, x):
        x = self.conv(x, "conv_0", 2, top=np.inf)
        for index in range(1, 9):
            x = self.conv(x, f"conv_{index}", top=np.inf, depthwise=index % 2 == 1)
        return self.dense(x, "dense")


def check_weights(name, seed, parameters):
    for parameter, value in parameters.items():
        layer, part = parameter.split(".", 1)
        if part == "weight":
            depthwise = value.ndim == 4 and value.shape[3] == 1 and value.shape[0] == 3
            inputs = value[..., 0, 0].size if depthwise else value[0].size
        gain = 1 if layer in ("fc", "dense") else 6
        if part == "weight" or part == "bias" and gain == 1:
            expected = draw(seed, parameter, value.size, np.float32(np.sqrt(gain / inputs)))
        else:
            expected = np.full(value.size, part in ("bn.gamma", "bn.var"), np.float32)
        if not np.array_equal(value.ravel().view(np.int32), expected.view(np.int32)):
            return check(f"{name}: weights of seed {seed}", False, parameter)
    return check(f"{name}: weights of seed {seed}", True)


# Network, options, height and width.
FORWARD = [
    ("resnet8", [], (32, 32)),
    ("ds_cnn", [], (49, 10)),
    ("mobilenet_v1", ["--mobilenet_width", 0.25, "--mobilenet_input", 128], (128, 128)),
    ("mobilenet_v1", ["--mobilenet_width", "0.3", "--input", "37x50", "--classes", 7], (37, 50)),
    ("mobilenet_v1", ["--mobilenet_width", 0.5, "--mobilenet_input", 1], (1, 1)),
    ("mobilenet_v2", ["--mobilenet_width", 0.35, "--mobilenet_input", 96], (96, 96)),
    ("mobilenet_v2", ["--mobilenet_width", "1.4", "--input", "33x47", "--classes", 2], (33, 47)),
    ("resnet8", ["--input", "35x21", "--classes", 100], (35, 21)),
    ("ds_cnn", ["--input", "20x7", "--classes", 3], (20, 7)),
]


def check_forward(folder):
    random = np.random.default_rng(5)
    for seed, (name, words, size) in enumerate(FORWARD):
        what = " ".join(map(str, [name, *words]))
        network = folder / "n.mlir"
        qat("zoo", name, *words, "--seed", seed, "-o", network)
        text = network.read_text()
        parameters = parameters_of(text)
        check_weights(what, seed, parameters)
        # Batch norms that start as the identity would hide where they are.
        for parameter, value in parameters.items():
            if ".bn." in parameter or parameter.endswith(".bias"):
                low = 0.5 if parameter.endswith(("gamma", "var")) else -0.3
                parameters[parameter] = random.uniform(
                    low, low + 0.9, value.shape).astype(np.float32)
        network.write_text(replace_parameters(text, parameters))
        channels = 1 if name == "ds_cnn" else 3
        x = random.uniform(-1, 1, (1, *size, channels)).astype(np.float32)
        np.save(folder / "x.npy", x)
        qat("run", network, "--input", folder / "x.npy", "--output", folder / "y.npy")
        forward = Forward(parameters)
        expected = getattr(forward, name)(x.astype(np.float64))
        found = np.load(folder / "y.npy")
        error = np.abs(found - expected).max() / np.abs(expected).max()
        check(f"{what}: output", found.shape == expected.shape and error < 1e-4
              and np.ptp(expected) > 1e-3, error)
        check(f"{what}: every parameter is used", forward.used == set(parameters),
              set(parameters) ^ forward.used)


def check_seeds(folder):
    same, again, other = (folder / f"{name}.mlir" for name in ("same", "again", "other"))
    line = qat("zoo", "resnet8", "--seed", 18446744073709551615, "-o", same)
    qat("zoo", "resnet8", "--seed=18446744073709551615", "-o", again)
    qat("zoo", "resnet8", "--seed", 1, "-o", other)
    check("the seed is printed", line.endswith("seed 18446744073709551615\n"), line)
    check("one seed, the same bytes", same.read_bytes() == again.read_bytes())
    first, second = (parameters_of(path.read_text()) for path in (same, other))
    check("another seed, other weights",
          not np.isin(first["conv2d.weight"], second["conv2d.weight"]).any())


# ----------------------------------------------------------------------- to C

# Network, options, input, whether it runs on the board.
DEPLOYED = [
    ("resnet8", [], (32, 32, 3), True),
    ("ds_cnn", [], (49, 10, 1), True),
    ("mobilenet_v1", ["--mobilenet_width", 0.25, "--mobilenet_input", 96], (96, 96, 3), False),
    ("mobilenet_v2", ["--mobilenet_width", 0.35, "--mobilenet_input", 64], (64, 64, 3), False),
]


def check_to_c(folder):
    random = np.random.default_rng(6)
    for number, (name, words, shape, is_simulated) in enumerate(DEPLOYED):
        part = folder / name
        data = part / "data"
        data.mkdir(parents=True)
        np.save(data / "x.npy", random.uniform(-1, 1, (4, *shape)).astype(np.float32))
        np.save(data / "y.npy", np.zeros(4, np.int64))
        np.save(part / "one.npy", random.uniform(-1, 1, (1, *shape)).astype(np.float32))
        qat("zoo", name, *words, "--seed", number, "-o", part / "f.mlirbc")
        bits = [8, 4][number % 2]
        qat("quantize", part / "f.mlirbc", "--calibrate", data, "--dataset", "npy",
            "--type_quant", "PerChannelsAsymMinMax", "--batch_fold_type", "ICN",
            "--weight_bits", bits, "--activ_bits", 8, "-o", part / "q.mlirbc")
        project = part / "c"
        qat("deploy", part / "q.mlirbc", "--target", "cortex-m4", "--name", "net",
            "-o", project)
        check(f"{name}: becomes C", (project / "net.c").stat().st_size > 10000)
        if not is_simulated:
            continue
        qat("simulate", project, "--input", part / "one.npy", "--output", part / "y.npy",
            "--json", part / "report.json")
        report = json.loads((part / "report.json").read_text())
        check(f"{name}: every layer on the Cortex-M4 equals the host's",
              report.get("output_equal_to_host") is True, report)
        qat("run", project / "net.mlirbc", "--input", part / "one.npy",
            "--output", part / "host.npy")
        logits = np.load(part / "y.npy")
        check(f"{name}: the output of `qat run`, not constant",
              np.array_equal(logits, np.load(part / "host.npy")) and np.ptp(logits) > 0)


def main():
    parts = [check_published, check_layers, check_imports, check_forward, check_seeds,
             check_to_c]
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            try:
                part(pathlib.Path(folder))
            except RuntimeError as error:
                check(part.__name__, False, error)
    print(f"{counts['passed']} passed, {counts['failed']} failed, "
          f"{counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
