"""Every option of the recipe of `qat train` does what it says: single updates of
networks so small that numpy says what has to come out.

An update of plain gradient descent with learning rate 1 takes the gradient off
the parameters; what an option changes follows from the gradients without it."""

import json
import pathlib
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import check, finish, qat, read_checkpoint, run
from tools import read_safetensors

IMAGES, CLASSES, CHANNELS = 16, 3, 6
SGD = ["--optimizer", "sgd", "--momentum", 0, "--lr", 1, "--lr-schedule", "constant",
       "--bound-weight-decay", 0]
PLAIN = ["-b", IMAGES, "--epochs", 1, *SGD]
EPSILON = 1e-3


def write_network(path, seed, batch_norm=False, autoencoder=False):
    """conv 3x3, perhaps a batch norm, ReLU, mean over the picture, dense."""
    rng = np.random.default_rng(seed)
    values, nodes = {}, []

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(name, array):
        values[name] = np.asarray(array, np.float32)
        return name

    if autoencoder:
        shape, result = [1, CHANNELS], [1, CHANNELS]
        add("Gemm", ["input", constant("w", rng.normal(0, 0.3, (CHANNELS, CHANNELS))),
                     constant("b", rng.normal(0, 0.3, CHANNELS))], "dense", transB=1)
    else:
        shape, result = [1, 2, 6, 6], [1, CLASSES]
        last = add("Conv", ["input", constant("cw", rng.normal(0, 0.5, (CHANNELS, 2, 3, 3))),
                            constant("cb", rng.normal(0, 0.2, CHANNELS))], "conv",
                   pads=[1, 1, 1, 1])
        if batch_norm:
            last = add("BatchNormalization",
                       [last, constant("gamma", rng.uniform(0.5, 1.5, CHANNELS)),
                        constant("beta", rng.normal(0, 0.3, CHANNELS)),
                        constant("mean", rng.normal(0, 0.3, CHANNELS)),
                        constant("var", rng.uniform(0.5, 1.5, CHANNELS))], "bn",
                       epsilon=EPSILON)
        last = add("Relu", [last], "relu")
        last = add("GlobalAveragePool", [last], "pool")
        last = add("Flatten", [last], "flat")
        add("Gemm", [last, constant("w", rng.normal(0, 1, (CLASSES, CHANNELS))),
                     constant("b", rng.normal(0, 0.3, CLASSES))], "dense", transB=1)
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("dense", TensorProto.FLOAT, result)],
        [numpy_helper.from_array(array, name) for name, array in values.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
    model.ir_version = 8
    onnx.save(model, path.with_suffix(".onnx"))
    qat("import", path.with_suffix(".onnx"), "-o", path)
    return path


class Bench:
    """Trains a network in a folder; names trainings by number."""

    def __init__(self, folder, network, data):
        self.folder, self.network, self.data = folder, network, data
        self.count = 0

    def arrays(self, network=None):
        path = self.folder / "arrays.safetensors"
        qat("export", network or self.network, "--to", "safetensors", "-o", path)
        return {name: array.astype(np.float64) for name, array in read_safetensors(path).items()}

    def train(self, *options, network=None):
        """(parameters after, rows of the results, folder). Of an option that is
        given twice the second counts."""
        self.count += 1
        given = {}
        options = list(options)
        while options:
            option = options.pop(0)
            takes_value = options and not str(options[0]).startswith("--")
            given[option] = [options.pop(0)] if takes_value else []
        options = [word for option, value in given.items() for word in (option, *value)]
        save = self.folder / f"{pathlib.Path(self.network).stem}-{self.count}"
        run("train", network or self.network, *self.data, *options, "--save", save)
        arrays = {name: array.astype(np.float64)
                  for name, array in read_checkpoint(save).items()}
        rows = [json.loads(row) for row in (save / "results.jsonl").read_text().splitlines()]
        return arrays, rows, save

    def logits(self, network=None):
        path = self.folder / "y.npy"
        qat("run", network or self.network, "--input", self.data[-1] / "x.npy", "--output", path)
        return np.load(path).astype(np.float64)


def near(what, found, expected, tolerance=2e-5):
    found, expected = np.asarray(found), np.asarray(expected)
    scale = max(1e-12, np.abs(expected).max(initial=0))
    worst = np.abs(found - expected).max(initial=0)
    check(what, found.shape == expected.shape and worst <= tolerance * max(scale, 1e-2),
          (worst, found.ravel()[:4], expected.ravel()[:4]))


def is_bound(name):
    return name.rsplit(".", 1)[-1] in ("alpha", "lo", "hi")


def is_moment(name):
    return name.startswith(("moment1/", "moment2/"))


def gradients(before, after, rate=1.0):
    return {name: (before[name] - after[name]) / rate for name in before}


def same(what, found, expected, tolerance=2e-5, only=lambda name: True):
    for name in expected:
        if only(name):
            near(f"{what}: {name}", found[name], expected[name], tolerance)


def softmax(logits):
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def losses(bench, y):
    """Loss and its gradient with respect to the logits, which is that of the last
    bias, with smoothing and a teacher."""
    before, logits = bench.arrays(), bench.logits()
    truth = np.eye(CLASSES)[y]
    q = softmax(logits)
    after, rows, _ = bench.train(*PLAIN)
    base = gradients(before, after)
    near("loss", rows[0]["loss"], -(truth * np.log(q)).sum(-1).mean())
    near("gradient", base["dense.bias"], (q - truth).mean(0))
    right = 100 * (logits.argmax(-1) == y).mean()
    near("accuracy of the batch", rows[0]["train"]["top1"], right)

    smooth = 0.8 * truth + 0.2 / CLASSES
    after, rows, _ = bench.train(*PLAIN, "--label-smoothing", 0.2)
    near("label smoothing: loss", rows[0]["loss"], -(smooth * np.log(q)).sum(-1).mean())
    near("label smoothing: gradient", gradients(before, after)["dense.bias"],
         (q - smooth).mean(0))

    teacher = write_network(bench.folder / "teacher.mlir", 9)
    warm, p = softmax(logits / 2), softmax(bench.logits(teacher) / 2)
    divergence = 4 * (p * np.log(p / warm)).sum(-1)
    hard = -(truth * np.log(q)).sum(-1)
    for share, options in ((0.3, ["--distillation", 0.3]), (0.5, [])):
        after, rows, _ = bench.train(*PLAIN, "--teacher", teacher, "--temperature", 2, *options)
        near(f"distillation {share}: loss", rows[0]["loss"],
             ((1 - share) * hard + share * divergence).mean())
        near(f"distillation {share}: gradient", gradients(before, after)["dense.bias"],
             ((1 - share) * (q - truth) + share * 2 * (warm - p)).mean(0))
    return before, base


def optimizers(bench, before, base):
    names = list(base)
    after, _, _ = bench.train(*PLAIN, "--lr", 0.25)
    same("--lr", gradients(before, after, 0.25), base)

    after, _, _ = bench.train(*PLAIN, "--weight-decay", 0.1)
    same("--weight-decay", gradients(before, after),
         {name: base[name] + 0.1 * before[name] for name in names})

    norm = np.sqrt(sum((g ** 2).sum() for g in base.values()))
    after, _, _ = bench.train(*PLAIN, "--clip", norm / 3)
    same("--clip", gradients(before, after), {name: g / 3 for name, g in base.items()})
    after, _, _ = bench.train(*PLAIN, "--clip", norm * 3)
    same("--clip above the norm", gradients(before, after), base)

    # Two halves of the batch, added up, are the batch.
    after, rows, _ = bench.train(*PLAIN, "-b", IMAGES // 2, "--accumulate", 2)
    same("--accumulate", gradients(before, after), base)
    check("--accumulate: one update of all images",
          (rows[0]["steps"], rows[0]["images"]) == (1, IMAGES), rows)

    one, _, first = bench.train(*PLAIN)
    second, _, _ = bench.train(*PLAIN, network=first / "last.mlir")
    more = {name: one[name] - second[name] for name in names}
    after, rows, _ = bench.train(*PLAIN, "--momentum", 0.5, "--epochs", 2)
    same("--momentum", {name: one[name] - after[name] for name in names},
         {name: 0.5 * base[name] + more[name] for name in names})
    check("--epochs", [row["epoch"] for row in rows] == [0, 1], rows)

    schedule = '[{"epoch": 0, "lr": 1}, {"epoch": 1, "lr": 0}]'
    after, rows, _ = bench.train(*PLAIN, "--epochs", 2, "--lr_schedule", schedule)
    same("--lr_schedule", after, one, only=lambda name: name in names)
    check("--lr_schedule: told", [row["lr"] for row in rows] == [1, 0], rows)
    _, rows, _ = bench.train(*PLAIN, "--epochs", 4, "--lr-schedule", "cosine")
    near("cosine", [row["lr"] for row in rows],
         [0.5 * (1 + np.cos(np.pi * epoch / 4)) for epoch in range(4)])

    _, rows, _ = bench.train("-b", IMAGES, "--epochs", 9)
    near("the reference's schedule", [row["lr"] for row in rows],
         [1e-4] * 5 + [5e-5] * 3 + [1e-5])

    after, _, _ = bench.train("-b", IMAGES, "--epochs", 1, "--lr", 1e-2, "--lr-schedule",
                              "constant", "--beta1", 0.8, "--beta2", 0.9, "--adam-epsilon", 0.1)
    same("adam", gradients(before, after, 1e-2),
         {name: g / (np.abs(g) + 0.1) for name, g in base.items()}, tolerance=1e-3)
    same("--beta1", {n: after["moment1/" + n] for n in names},
         {name: 0.2 * g for name, g in base.items()})
    same("--beta2", {n: after["moment2/" + n] for n in names},
         {name: 0.1 * g * g for name, g in base.items()})
    after, _, _ = bench.train("-b", IMAGES, "--epochs", 1)
    same("the reference's Adam", gradients(before, after),
         {name: 1e-4 * g / (np.abs(g) + 1e-8) for name, g in base.items()}, tolerance=5e-3)
    same("the reference's moments", {n: after["moment2/" + n] for n in names},
         {name: 1e-3 * g * g for name, g in base.items()})


def dropout(folder, network, x, y):
    """A batch of one: the gradients of dropped inputs are 0, of the others larger."""
    single = folder / "single"
    single.mkdir()
    np.save(single / "x.npy", x[:1])
    np.save(single / "y.npy", y[:1])
    bench = Bench(single, network, ["--dataset", "npy", "--data", single])
    before = bench.arrays()

    def inputs(*options):
        after, _, _ = bench.train("-b", 1, "--epochs", 1, *SGD, *options)
        g = gradients(before, after)
        return g["dense.weight"].reshape(CLASSES, -1)[0] / g["dense.bias"][0]

    whole, masks = inputs(), []
    for seed in range(6):
        found = inputs("--dropout", 0.25, "--seed", seed)
        masks.append(tuple(np.abs(found) > 1e-6))
        near(f"--dropout: seed {seed}", found, np.where(masks[-1], whole / 0.75, 0), 1e-3)
    kept = np.mean(masks)
    check("--dropout: a share is dropped", 0.5 < kept < 0.95, masks)
    check("--dropout: the seed chooses", len(set(masks)) > 1, masks)


def reconstruction(folder, x):
    data = folder / "vectors"
    data.mkdir()
    vectors = np.ascontiguousarray(x.reshape(IMAGES, -1)[:, :CHANNELS])
    np.save(data / "x.npy", vectors)
    network = write_network(folder / "auto.mlir", 3, autoencoder=True)
    bench = Bench(folder, network, ["--dataset", "npy", "--data", data])
    before = bench.arrays()
    after, rows, _ = bench.train(*PLAIN, "--loss", "mse")
    error = bench.logits() - vectors
    near("--loss mse", rows[0]["loss"], (error ** 2).mean())
    near("--loss mse: gradient", gradients(before, after)["dense.bias"],
         2 * error.mean(0) / CHANNELS)
    w, b = after["dense.weight"].reshape(CHANNELS, CHANNELS), after["dense.bias"]
    near("--loss mse: evaluation", rows[0]["evaluation_loss"],
         ((vectors @ w.T + b - vectors) ** 2).mean())
    check("--loss mse: no accuracy", not {"train", "float", "agreement"} & rows[0].keys(), rows)


def batch_norms(bench):
    before = bench.arrays()
    stats = [name for name in before if name.endswith((".mean", ".var"))]
    check("there are statistics", len(stats) == 2, list(before))
    whole, _, _ = bench.train(*PLAIN, "--bn-momentum", 1)
    for momentum, options in ((0.25, ["--bn-momentum", 0.25]), (0.003, [])):
        after, _, _ = bench.train(*PLAIN, *options)
        same(f"--bn-momentum {momentum}", after,
             {name: (1 - momentum) * before[name] + momentum * whole[name] for name in stats})
    x = np.load(bench.data[-1] / "x.npy").astype(np.float64)
    w = before["conv.weight"]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = sum(np.tensordot(padded[:, i:i + 6, j:j + 6], w[:, i, j], (3, 1))
            for i in range(3) for j in range(3)) + before.get("conv.bias", 0)
    mean = next(name for name in stats if name.endswith(".mean"))
    var = next(name for name in stats if name.endswith(".var"))
    near("the batch's mean", whole[mean], y.mean((0, 1, 2)))
    near("the batch's variance", whole[var], y.reshape(-1, CHANNELS).var(0, ddof=1))


QUANTIZE = ["--quantizer", "--weight_bits", 4, "--activ_bits", 4, "--type_quant",
            "PerLayerAsymPACT"]


def bounds(bench):
    quantized = bench.folder / "bn.q.mlir"
    qat("quantize", bench.network, *QUANTIZE[1:], "--calibrate", bench.data[-1],
        "--batch_fold_delay", 0, "-o", quantized)
    # Frozen from the start; what is trained is the network after freezing.
    still, _, at = bench.train(*PLAIN, "--lr", 0, network=quantized)
    before = {name: array for name, array in still.items() if not is_moment(name)}
    after, rows, _ = bench.train(*PLAIN, network=quantized)
    base = gradients(before, after)
    check("batch_fold_delay in the network", rows[0]["frozen"], rows)
    moved = [name for name in base if is_bound(name) and np.abs(base[name]).max() > 0]
    check("bounds are learned", len(moved) >= 3, {n: base[n] for n in base if is_bound(n)})
    fixed = [name for name in base if ".gamma" in name or ".beta" in name
             or name.endswith((".mean", ".var"))]
    check("frozen batch norms stay", len(fixed) == 4 and not any(base[n].any() for n in fixed),
          fixed)
    check("weights move", base["conv.weight"].any())

    # What nothing learns has no decay either: the range of the input.
    after, _, _ = bench.train(*PLAIN, "--bound-weight-decay", 0.01, network=quantized)
    decayed = gradients(before, after)
    trained = [name for name in base if "moment1/" + name in still]
    same("--bound-weight-decay", {n: decayed[n] for n in trained},
         {name: base[name] + (0.01 * before[name] if is_bound(name) else 0)
          for name in trained})
    same("without moments", {n: after[n] for n in before if n not in trained},
         {n: before[n] for n in before if n not in trained}, 0)
    after, _, _ = bench.train(*PLAIN[:-2], network=quantized)
    same("the reference's decay", {n: gradients(before, after)[n] for n in trained},
         {name: base[name] + (5e-4 * before[name] if is_bound(name) else 0)
          for name in trained})

    after, rows, _ = bench.train(*PLAIN, "--bound-lr-factor", 0.25, network=quantized)
    same("--bound-lr-factor", gradients(before, after),
         {name: g * (0.25 if is_bound(name) else 1) for name, g in base.items()})
    check("--bound-lr-factor: told", rows[0]["bound_lr"] == 0.25 * rows[0]["lr"], rows)

    after, _, _ = bench.train(*PLAIN, "--bound-scale", "lsq", network=quantized)
    # Elements of a sample, or of the weights; 4 bits have 15 steps.
    elements = {"conv.weight": before["conv.weight"].size,
                "dense.weight": before["dense.weight"].size}
    scaled = gradients(before, after)
    for name in moved:
        layer = name.rsplit(".", 1)[0]
        if layer in elements:
            size, steps = elements[layer], 15
        elif name == "relu.alpha":
            size, steps = 6 * 6 * CHANNELS, 15
        else:
            continue
        near(f"--bound-scale lsq: {name}", scaled[name], base[name] / np.sqrt(size * steps))
    same("--bound-scale lsq: weights", scaled, base, only=lambda name: not is_bound(name))


def freezing(bench):
    schedule = '[{"epoch": 0, "lr": 0.5}, {"epoch": 1, "lr": 0}]'
    words = ["-b", IMAGES, "--epochs", 2, "--optimizer", "sgd", "--momentum", 0, "--lr-schedule",
             schedule, "--bn-momentum", 0.5, *QUANTIZE, "--calibrate", bench.data[-1]]
    for delay, frozen in ((0, [True, True]), (1, [False, True]), (5, [False, False])):
        after, rows, _ = bench.train(*words, "--batch_fold_delay", delay)
        check(f"--batch_fold_delay {delay}", [row["frozen"] for row in rows] == frozen, rows)
        if delay != 1:
            continue
        before = bench.arrays()
        bn = {kind: next(name for name in after if name.endswith("." + kind)
                         and not is_moment(name)) for kind in ("gamma", "beta", "mean", "var")}
        check("live batch norms learn", all((after[name] != before[name]).any()
                                            for name in bn.values()))
        # The bounds that the folded weights have at freezing: nothing moves after it.
        scale = after[bn["gamma"]] / np.sqrt(after[bn["var"]] + EPSILON)
        folded = after["conv.weight"] * scale.reshape(-1, 1, 1, 1)
        near("bounds set anew: hi", after["conv.weight.hi"], max(folded.max(), 0))
        near("bounds set anew: lo", after["conv.weight.lo"], min(folded.min(), 0))


def measured_statistics(bench):
    """--bn-batches: the mean over batches of their statistics, and nothing else."""
    words = [*PLAIN, "-b", IMAGES // 2, "--lr", 0, *QUANTIZE, "--calibrate", bench.data[-1],
             "--batch_fold_type", "ICN"]
    before, _, _ = bench.train(*words, "--batch_fold_delay", 0)
    stats = [name for name in before if name.endswith((".mean", ".var"))]
    # Two batches a live epoch: (1-m)^2 of the statistics before, (1-m)m and m of theirs.
    second, _, _ = bench.train(*words, "--batch_fold_delay", 9, "--bn-momentum", 1)
    both, _, _ = bench.train(*words, "--batch_fold_delay", 9, "--bn-momentum", 0.5)
    expected = {}
    for name in stats:
        first = 4 * both[name] - before[name] - 2 * second[name]
        expected[name] = (first + second[name]) / 2
    for batches in (2, 5):
        after, _, _ = bench.train(*words, "--batch_fold_delay", 0, "--bn-batches", batches)
        same(f"--bn-batches {batches}", {name: after[name] for name in stats}, expected)
    still = {name: array for name, array in before.items()
             if name not in stats and not is_moment(name)}
    same("--bn-batches: nothing else moves", {name: after[name] for name in still}, still, 0)
    check("--bn-batches: statistics move",
          all((before[name] != after[name]).any() for name in stats))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rng = np.random.default_rng(0)
        data = folder / "data"
        data.mkdir()
        x = rng.normal(0, 1, (IMAGES, 6, 6, 2)).astype(np.float32)
        y = (np.arange(IMAGES) % CLASSES).astype(np.int64)
        np.save(data / "x.npy", x)
        np.save(data / "y.npy", y)
        words = ["--dataset", "npy", "--data", data]
        plain = Bench(folder, write_network(folder / "plain.mlir", 1), words)
        optimizers(plain, *losses(plain, y))
        dropout(folder, plain.network, x, y)
        reconstruction(folder, x)
        live = Bench(folder, write_network(folder / "bn.mlir", 2, batch_norm=True), words)
        batch_norms(live)
        bounds(live)
        measured_statistics(live)
        freezing(live)
    finish()


if __name__ == "__main__":
    main()
