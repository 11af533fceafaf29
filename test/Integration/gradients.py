"""The derivative of every op, one small network at a time.

usage: gradients.py [--only NAME] [--all-bits] [--verbose]

Floating-point ops: the step in double precision (qat-run-step --double) against
central differences of its own loss, and against PyTorch's autograd in double.
Every operand is a parameter, or has one added to it, and everything goes into
the logits by a dense layer, so each element of each derivative counts.

Quantizers: rounding has no differences. Their gradients, through the step of a
network in form Q whose upstream gradients are given, equal the goldens.
"""

import argparse
import importlib.util
import itertools
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or SOURCE.parent / "shared")
sys.path.insert(0, str(SOURCE / "test/training"))

try:
    import torch
except ImportError:
    print("skipped: no torch in this Python")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

import compare  # noqa: E402
import module  # noqa: E402
import reference  # noqa: E402
import step as under_test  # noqa: E402
from networks import Network  # noqa: E402

# Both relative to the largest element of a tensor's gradient. Differences over
# 2e-5 have an error of 1e-10 by the third derivative, and 1e-11 by rounding.
DIFFERENCE = 1e-6
AUTOGRAD = 1e-9
# The factor 2 / (elements * samples) is folded in single precision.
MSE_AUTOGRAD = 1e-7
DISTANCE = 1e-5
# Sums of gradients, relative to the sum of their magnitudes, as in the goldens.
SUM = 1e-5
BATCH = 3
CLASSES = 4


# Networks: each returns the value that goes into the dense layer.

def convolution(net):
    return net.convolve(net.plus("%x"), 3, (3, 2), (1, 1, 0, 1), (2, 1))


def dilated(net):
    return net.convolve(net.plus("%x"), 3, (2, 3), (1, 1, 2, 2), dilation=(2, 2))


def pointwise(net):
    return net.convolve(net.plus("%x"), 5, (1, 1))


def pointwise_strided(net):
    return net.convolve(net.plus("%x"), 5, (1, 1), stride=(2, 3))


def depthwise(net):
    return net.convolve(net.plus("%x"), 4, (3, 3), (1, 1, 1, 0), (2, 2), depthwise=True)


def depthwise_multiplied(net):
    return net.convolve(net.plus("%x"), 8, (3, 2), (0, 1, 1, 0), depthwise=True)


def grouped(net):
    return net.convolve(net.plus("%x"), 6, (3, 3), (1, 1, 1, 0), (1, 2), groups=2)


def shared_weights(net):
    weight, bias = net.parameter((4, 3, 3, 4)), net.parameter((4,))
    x = net.plus("%x")
    for _ in range(2):
        x = net.convolve(x, 4, (3, 3), (1, 1, 1, 1), weight=weight, bias=bias)
    return x


def dense(net):
    return net.dense(net.plus("%x"), 5)


def live_norm(net):
    return net.norm(net.convolve(net.plus("%x"), 3, (3, 3), (1, 1, 1, 1)))


def live_norm_alone(net):
    return net.norm(net.plus("%x"))


def live_norm_dense(net):
    return net.norm(net.dense(net.plus("%x"), 5))


def live_norm_twice(net):
    """Two layers read what the norm reads."""
    y = net.convolve(net.plus("%x"), 4, (1, 1))
    return net.binary("add", net.norm(y), net.norm(y))


def frozen_norm(net):
    return net.norm(net.convolve(net.plus("%x"), 3, (3, 3), (1, 1, 1, 1)), frozen=True)


def folded(net):
    norm = net.vectors(3)
    weight = net.fold(net.parameter((3, 3, 3, 4)), (0,), norm)
    bias = net.fold_bias(net.parameter((3,)), norm)
    return net.convolve(net.plus("%x"), 3, weight=weight, bias=bias)


def folded_depthwise(net):
    norm = net.vectors(8)
    weight = net.fold(net.parameter((3, 3, 4, 2)), (2, 3), norm)
    bias = net.fold_bias(net.parameter((8,)), norm)
    return net.convolve(net.plus("%x"), 8, depthwise=True, weight=weight, bias=bias)


def residual(net):
    x = net.plus("%x")
    return net.binary("add", net.convolve(x, 4, (3, 3), (1, 1, 1, 1)), x)


def broadcast(net):
    x = net.plus("%x", (1, 1, 1, 4))
    return net.binary("add", net.plus(x, (1, 1, 4, 1)), net.parameter((1, 5, 4, 4)))


def difference(net):
    x = net.plus("%x")
    return net.binary("sub", net.binary("sub", net.parameter((1, 1, 1, 4)), x), net.parameter((1, 5, 1, 1)))


def product(net):
    x = net.binary("mul", net.plus("%x"), net.parameter((1, 1, 1, 4)))
    return net.binary("mul", x, net.plus("%x"))


def square(net):
    x = net.plus("%x")
    return net.binary("mul", x, x)


def concat(net):
    a = net.plus("%x")
    return net.concat(net.convolve(a, 3, (1, 1)), a, net.clamp(a, 0.0, 6.0), a)


def concat_rows(net):
    a = net.plus("%x")
    return net.concat(a, net.pool("max", a, (2, 1)), axis=1)


def average_padded(net):
    return net.pool("average", net.plus("%x"), (3, 3), (2, 2), (1, 1, 1, 0))


def average_overlapping(net):
    return net.pool("average", net.plus("%x"), (3, 2), (1, 1), (2, 0, 0, 1))


def average_global(net):
    return net.pool("average", net.plus("%x"), (5, 4))


def maximum_padded(net):
    return net.pool("max", net.plus("%x"), (3, 3), (2, 2), (1, 1, 1, 0))


def maximum_overlapping(net):
    return net.pool("max", net.plus("%x"), (3, 2), (1, 1), (0, 1, 1, 0))


def maximum_global(net):
    return net.pool("max", net.plus("%x"), (5, 4))


def relu(net):
    return net.clamp(net.plus("%x"), 0.0, "0x7F7FFFFF")


def relu6(net):
    return net.clamp(net.binary("mul", net.plus("%x"), net.parameter((1, 1, 1, 4), array=[9] * 4)), 0.0, 6.0)


def clamp(net):
    return net.clamp(net.plus("%x"), -0.3, 0.4)


def reshaped(net):
    return net.convolve(net.reshape(net.plus("%x"), (1, 4, 5, 4)), 2, (2, 2))


def padded(net):
    return net.convolve(net.pad(net.plus("%x"), (0, 0, 1, 0, 0, 2, 1, 1)), 2, (2, 2))


def sliced(net):
    return net.slice(net.plus("%x"), (0, 1, 0, 2), (1, 3, 4, 2))


def transposed(net):
    return net.convolve(net.transpose(net.plus("%x"), (0, 3, 1, 2)), 2, (2, 2))


def softmax(net):
    return net.softmax(net.dense(net.plus("%x"), 5))


def deep(net):
    """Live norms and clamps over branches that meet again."""
    a = net.clamp(net.norm(net.convolve(net.plus("%x"), 4, (3, 3), (1, 1, 1, 1))), 0.0, 6.0)
    b = net.norm(net.convolve(a, 4, (3, 3), (1, 1, 1, 1), depthwise=True))
    c = net.convolve(net.clamp(b, 0.0, 1.5), 4, (1, 1))
    d = net.clamp(net.binary("add", net.norm(c), a), 0.0, 6.0)
    return net.pool("average", net.concat(d, net.pool("max", a, (3, 3), (1, 1), (1, 1, 1, 1))), (5, 4))


FLOAT = [
    convolution, dilated, pointwise, pointwise_strided, depthwise, depthwise_multiplied,
    grouped, shared_weights, dense, live_norm, live_norm_alone, live_norm_dense,
    live_norm_twice, frozen_norm, folded, folded_depthwise, residual, broadcast, difference,
    product, square, concat, concat_rows, average_padded, average_overlapping, average_global,
    maximum_padded, maximum_overlapping, maximum_global, relu, relu6, clamp, reshaped, padded,
    sliced, transposed, softmax, deep,
]  # fmt: skip
# Options of the step, on one network.
LOSSES = {
    "smoothing": {"smoothing": 0.2},
    "no class": {"labels": [1, -1, 3]},
    "dropout": {"dropout": 0.4},
    "distillation": {"teacher": True, "weight": 0.7, "temperature": 3.0, "smoothing": 0.1},
    "mse": {"mse": True},
    "final softmax": {"softmax": True},
}


class Reference(reference.Step):
    """Float ops that networks in form Q do not have."""

    def do_qat_batch_norm(self, op, y, gamma, beta, mean, variance):
        if "frozen" not in op.attributes:
            return super().do_qat_batch_norm(op, y, gamma, beta, mean, variance)
        gamma, beta, mean, variance = (v.detach() for v in (gamma, beta, mean, variance))
        return (y - mean) / torch.sqrt(variance + op.number("epsilon")) * gamma + beta

    def factor(self, op, gamma, variance):
        return (gamma / torch.sqrt(variance + op.number("epsilon"))).detach()

    def do_qat_fold_weight(self, op, w, gamma, variance):
        axes = op.integers("channel_axes")
        shape = [n if i in axes else 1 for i, n in enumerate(w.shape)]
        return w * self.factor(op, gamma, variance).reshape(shape)

    def do_qat_fold_bias(self, op, b, gamma, beta, mean, variance):
        return (b - mean.detach()) * self.factor(op, gamma, variance) + beta.detach()

    def do_tosa_sub(self, op, x, y):
        return x - y

    def do_tosa_mul(self, op, x, y, *_):
        return x * y

    def do_tosa_transpose(self, op, x):
        return x.permute(op.integers("perms"))

    def do_qat_softmax(self, op, x):
        return x if self.is_output(op) else torch.softmax(x, -1)

    def is_output(self, op):
        return op.results[0] in self.function["ops"][-1].operands


def arguments(net):
    """The parameters of a network by the keys that the step may have for them."""
    return {
        f"{role}:{name}": array
        for role in ("parameter", "statistic")
        for name, array in net.arrays.items()
    }


class FloatCase:
    def __init__(self, name, build, **loss):
        self.name, self.build, self.loss = name, build, loss

    def run(self, folder):
        seed = sum(map(ord, self.name))
        rng = np.random.default_rng(seed)
        net = Network(rng, (5, 4, 4))
        value = self.build(net)
        if self.loss.get("mse"):
            value = net.reshape(net.dense(value, 5 * 4 * 4), net.input_shape)
        else:
            value = net.dense(value, CLASSES)
        if self.loss.get("softmax"):
            value = net.softmax(value)
        text = net.text(value)
        options = {"batch": BATCH, "optimizer": "sgd"}
        if self.loss.get("mse"):
            options["loss"] = "mse"
        if "dropout" in self.loss:
            options["dropout"] = self.loss["dropout"]
        arrays = arguments(net)
        teacher = None
        if self.loss.get("teacher"):
            teacher = Network(rng, (5, 4, 4))
            teacher_text = teacher.text(teacher.dense("%x", CLASSES))
            path = folder / "teacher.mlir"
            path.write_text(teacher_text)
            options["teacher"] = path
            arrays |= {f"parameter:teacher.{n}": a for n, a in teacher.arrays.items()}
        x = rng.uniform(-1, 1, (BATCH, 5, 4, 4)).astype(np.float32)
        labels = np.array(self.loss.get("labels", [2, 0, 3]), np.int32)
        hyper = np.zeros(16)
        hyper[compare.SMOOTHING] = np.float32(self.loss.get("smoothing", 0))
        hyper[13] = np.float32(self.loss.get("weight", 0))
        hyper[14] = np.float32(self.loss.get("temperature", 1))
        hyper[compare.FACTOR] = 1
        arrays |= {"input": x, "label": labels, "hyper": hyper}
        arrays["seed"] = np.array([5, 9], np.int32)
        arrays = {
            key: a.astype(np.float64) if a.dtype == np.float32 else a
            for key, a in arrays.items()
        }
        step_text = under_test.differentiate(text, **options)
        step = under_test.CompiledStep(
            step_text, folder,
            options=["--double", "--differences", DISTANCE],
        )  # fmt: skip
        after = step.run(arrays)
        expected = self.expect(text, net, x, labels, hyper, teacher, folder)
        return self.compare(net, after, *expected)

    def expect(self, text, net, x, labels, hyper, teacher, folder):
        step = Reference(under_test.read(text), net.arrays)
        dropout = None
        if "dropout" in self.loss:
            sizes = [op for op in step.function["ops"] if "conv2d" in op.name]
            shape, _ = module.shape_of(sizes[-1].operand_types[0])
            dropout = compare.dropout_factors(
                self.loss["dropout"], 5, 9, BATCH, int(np.prod(shape))
            )
        out = step.forward(x, None, dropout)
        given = torch.tensor(x.astype(np.float64))
        if self.loss.get("mse"):
            loss = torch.nn.functional.mse_loss(out, given)
        else:
            loss = torch.nn.functional.cross_entropy(
                out, torch.tensor(labels, dtype=torch.long), ignore_index=-1,
                label_smoothing=float(hyper[compare.SMOOTHING]),
            )  # fmt: skip
        if teacher is not None:
            weight, temperature = float(hyper[13]), float(hyper[14])
            own = Reference(under_test.read((folder / "teacher.mlir").read_text()),
                            teacher.arrays).forward(x, None).detach()  # fmt: skip
            soft = torch.nn.functional.kl_div(
                torch.log_softmax(out / temperature, -1),
                torch.log_softmax(own / temperature, -1),
                reduction="batchmean", log_target=True,
            ) * temperature**2  # fmt: skip
            loss = (1 - weight) * loss + weight * soft
        loss.backward()
        return loss.item(), step

    def compare(self, net, after, loss, step):
        comparison = compare.Comparison()
        autograd = MSE_AUTOGRAD if self.loss.get("mse") else AUTOGRAD
        comparison.near("loss", "loss", after["metrics"][0], loss, 1e-12 * max(1, loss))
        trained = 0
        for name in net.arrays:
            key = f"moment1:{name}"
            grad = step.tensors[name].grad
            expected = np.zeros(net.arrays[name].shape) if grad is None else grad.numpy()
            if key not in after:
                if np.abs(expected).max() > 1e-12:
                    comparison.failures.append(f"'{name}' has a gradient, but is not trained")
                continue
            trained += 1
            ours = after[key]
            slopes = after[f"difference:{name}"]
            size = max(np.abs(expected).max(), 1e-3)
            comparison.near("autograd", f"gradient of {name}", ours, expected, autograd * size)
            comparison.near("differences", f"difference of {name}", ours, slopes,
                            DIFFERENCE * size)  # fmt: skip
        if not trained:
            comparison.failures.append("nothing is trained")
        return comparison


# Quantizers: networks whose logits are the quantized tensors' sum, and whose
# upstream gradient is given.


GRID = "bits = {} : i32, rounding = #qat.rounding<nearest>"


class GoldenCases:
    """Cases of the goldens that share a tensor and its upstream gradient."""

    def __init__(self, name, g):
        self.name, self.g = name, np.asarray(g, np.float32).reshape(1, -1)
        self.net = Network(np.random.default_rng(0), (self.g.size,))
        self.sum = self.net.plus("%x")
        self.expected = []  # what, parameter, exact array, or sum and its slack

    def add(self, value):
        flat = self.net.reshape(value, self.g.shape)
        self.sum = self.net.binary("add", self.sum, flat)

    def expect(self, what, parameter, array):
        self.expected.append((what, parameter, np.asarray(array, np.float32)))

    def run(self, folder):
        text = under_test.differentiate(self.net.text(self.sum), batch=1, optimizer="sgd")
        step = under_test.CompiledStep(under_test.give_gradient(text), folder)
        hyper = np.zeros(16, np.float32)
        hyper[compare.FACTOR] = 1
        after = step.run(arguments(self.net) | {"given:0": self.g, "hyper": hyper})
        comparison = compare.Comparison()
        slack = SUM * np.abs(self.g.astype(np.float64)).sum()
        for what, parameter, expected in self.expected:
            ours = after.get(f"moment1:{parameter}")
            if ours is None:
                comparison.failures.append(f"{what}: '{parameter}' is not trained")
                continue
            expected = expected.reshape(ours.shape)
            comparison.near("sums" if ours.ndim == 0 else "exact", what, ours, expected,
                            slack if ours.ndim == 0 else 0)  # fmt: skip
        return comparison


def golden_reader():
    """test/golden/quantizers.py, whose name another module has here."""
    sys.path.insert(0, str(SOURCE / "test/golden"))
    path = SOURCE / "test/golden/quantizers.py"
    spec = importlib.util.spec_from_file_location("golden_quantizers", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def weight_cases(bits):
    golden = golden_reader()
    path = SHARED / "golden/quantizers.npz"
    data = dict(np.load(path))
    described = json.loads(path.with_suffix(".json").read_text())
    groups = {}
    for name in described["cases"]:
        case = golden.WeightCase(data, described["bn_eps"], name)
        if case.bits in bits:
            groups.setdefault((case.tensor, case.folds), []).append(case)
    for (tensor, folds), members in sorted(groups.items()):
        first = members[0]
        cases = GoldenCases(f"{tensor} {'folded' if folds else 'plain'}",
                            first.to_layer(first.of_tensor("g")))  # fmt: skip
        net, norm = cases.net, None
        if folds:
            norm = [
                net.parameter(first.of_tensor(k).shape, f"c.bn.{k}", first.of_tensor(k))
                for k in ("gamma", "beta", "mean", "var")
            ]
        for number, case in enumerate(members):
            weight = case.to_layer(case.w)
            name = f"c{number}.weight"
            value = net.parameter(weight.shape, name, weight)
            if folds:
                value = net.fold(value, case.axes, norm, described["bn_eps"])
            bounds = [net.parameter((), f"{name}.{k}", v) for k, v in case.bounds()]
            cases.add(net.quantize(golden.OPS[case.scheme], value, bounds, case.attributes()))
            what = "dw" if folds else "dt"
            cases.expect(f"{case.name} {what}", name, case.to_layer(data[f"{case.key}/{what}"]))
            for k, _ in case.bounds():
                cases.expect(f"{case.name} d{k}", f"{name}.{k}",
                             case.scalars[4 if k == "lo" else 5])  # fmt: skip
        yield cases


def activation_cases(bits):
    data = np.load(SHARED / "golden/quantizers.npz")
    units = np.load(SHARED / "golden/units.npz")
    for number in sorted({k.split("/")[1] for k in data.files if k.startswith("pact/")}, key=int):
        key = f"pact/{number}"
        cases = GoldenCases(key, data[f"{key}/g"])
        for kind in ("learned", "clipped", "relu6"):
            for b in bits if kind == "learned" else [8]:
                name = f"{kind}{b}"
                x = cases.net.parameter(cases.g.shape, name, data[f"{key}/x"])
                alpha = cases.net.parameter((), f"{name}.alpha", data[f"{key}/alpha"])
                word = "" if kind == "learned" else (
                    f", activation_type = #qat.activation_type<{kind}>"
                )  # fmt: skip
                cases.add(cases.net.quantize("pact", x, [alpha], f"{GRID.format(b)}{word}"))
                cases.expect(f"{key} {name} dx", name, data[f"{key}/dx"])
                if kind == "learned":
                    cases.expect(f"{key} {name} dalpha", f"{name}.alpha", data[f"{key}/dalpha"])
        yield cases
    for number in sorted({k.split("/")[1] for k in units.files if k.startswith("bounds/")}, key=int):
        key = f"bounds/{number}"
        cases = GoldenCases(key, units[f"{key}/g"])
        for b in bits:
            name = f"bounded{b}"
            x = cases.net.parameter(cases.g.shape, name, units[f"{key}/x"])
            bounds = [
                cases.net.parameter((), f"{name}.{k}", units[f"{key}/{k}"]) for k in ("lo", "hi")
            ]
            cases.add(cases.net.quantize("bounded", x, bounds, GRID.format(b)))
            cases.expect(f"{key} {name} dx", name, units[f"{key}/dx"])
            for k in ("lo", "hi"):
                cases.expect(f"{key} {name} d{k}", f"{name}.{k}", units[f"{key}/d{k}"])
        yield cases


def golden_cases(bits):
    if (SHARED / "golden/quantizers.npz").exists():
        yield from weight_cases(bits)
        yield from activation_cases(bits)


def float_cases():
    for build in FLOAT:
        yield FloatCase(build.__name__, build)
    for name, loss in LOSSES.items():
        yield FloatCase(name, residual, **loss)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--all-bits", action="store_true", help="all cases of the goldens")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    bits = range(2, 9) if options.all_bits else (4,)
    passed = failed = skipped = 0
    worst = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for case in itertools.chain(float_cases(), golden_cases(bits)):
            if options.only not in case.name:
                continue
            try:
                done = case.run(folder)
                failures = done.failures
                for kind, ratio in done.worst.items():
                    worst[kind] = max(worst.get(kind, 0), ratio)
                if options.verbose:
                    print(case.name, done.worst)
            except (under_test.Failure, NotImplementedError) as error:
                failures = [str(error)]
            passed, failed = passed + (not failures), failed + bool(failures)
            if failures:
                print(f"FAILED: {case.name}: {len(failures)}: {failures[0]}")
    if not (SHARED / "golden/quantizers.npz").exists():
        print("skipped: the goldens of quantizers are not there")
        skipped += 1
    print("largest part of a tolerance:", {k: f"{v:.2g}" for k, v in worst.items()})
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
