"""Whole training steps against PyTorch in double, with the levels forced.

usage: training_steps.py [--count N] [--seed S] [--only NAME] [--verbose]

Random networks (qat-random-networks), small networks of the zoo and ResNet-8,
live and frozen, through qat-differentiate and qat-run-step; gradients, moments,
parameters and running statistics of two steps in a row are compared with a step
that test/training computes from docs/Spec.md. What each quantizer reads is taken
from the step under test after it was compared (see test/training/reference.py).
The long form: training_steps.py --count 2000.
"""

import argparse
import collections
import concurrent.futures
import itertools
import os
import pathlib
import re
import sys
import tempfile
import zlib

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or SOURCE.parent / "shared")
sys.path.insert(0, str(SOURCE / "test/training"))
# A network that cannot be trained (one value a channel) is an answer; more of
# them than this would mean that hardly anything is tested.
MOST_REFUSED = 0.5

try:
    import torch
except ImportError:
    print("skipped: no torch in this Python")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

import compare  # noqa: E402
import frozen  # noqa: E402
import reference  # noqa: E402
import step as under_test  # noqa: E402
from compare import Settings  # noqa: E402

VARIANTS = [
    Settings(),
    Settings(optimizer="sgd", decay=1e-3),
    Settings(smoothing=0.1, clip=0.05),
    Settings(accumulate=2, smoothing=0.1, clip=0.05),
    Settings(dropout=0.4, decay=1e-3),
    Settings(optimizer="sgd", clip=0.1, accumulate=2),
    Settings(bound_scale="lsq"),
]


class Case:
    """A network in form Q (text), and how it is trained."""

    kernels = ()  # options of qat-run-step

    def __init__(self, name, quantized, settings, is_frozen, scale=(0.0, 1.0)):
        self.name, self.quantized, self.settings = name, quantized, settings
        self.is_frozen, self.scale = is_frozen, scale

    def run(self, folder, rng):
        settings = self.settings
        self.comparison = compare.Comparison()
        source = self.quantized
        if self.is_frozen:
            # Its globals hold the bounds set anew.
            source = under_test.run("qat-mlir-opt", "--qat-freeze-for-training",
                                    *under_test.GENERIC, "-", stdin=source)  # fmt: skip
        parameters = under_test.read(source).parameters
        self.module = under_test.read(self.quantized)
        text = under_test.differentiate(source, **settings.options())
        tapped, shapes = under_test.add_taps(text)
        compiled = under_test.CompiledStep(tapped, folder, options=self.kernels)
        self.shapes = dict(under_test.arguments_of(tapped))
        arrays = {f"tap:{i}": np.zeros(s, np.float32) for i, s in enumerate(shapes)}
        for name, array in parameters.items():
            statistic = f"statistic:{name}" in self.shapes
            arrays[f"{'statistic' if statistic else 'parameter'}:{name}"] = array
        for index in range(2):
            arrays = self.one_update(compiled, arrays, index, rng)
        return self.comparison

    def batch(self, rng):
        shape = self.shapes["input"]
        low, high = self.scale
        x = rng.uniform(low, high, shape).astype(np.float32)
        logits = self.classes
        return x, rng.integers(0, logits, len(x)).astype(np.int32)

    def one_update(self, compiled, before, index, rng):
        """One step of the optimizer, of as many batches as are accumulated."""
        settings, total = self.settings, None
        hyper = settings.hyper(index + 1)
        arrays = before
        for part in range(settings.accumulate):
            number = index * settings.accumulate + part
            x, labels = self.batch(rng)
            given = arrays | {"input": x, "label": labels, "hyper": hyper}
            given["seed"] = np.array([77, number], np.int32)
            after = compiled.run(given)
            if number == 0:
                self.compare_threads(compiled, given, after)
            gradients = self.compare_pass(given, after, x, labels, number)
            total = gradients if total is None else {
                name: total[name] + gradients[name] for name in total
            }  # fmt: skip
            arrays = given | after
        if settings.accumulate > 1:
            arrays |= compiled.run(arrays, "update")
        self.compare_update(before, arrays, hyper, total)
        for key in arrays:
            if key.startswith("gradient:") and np.any(arrays[key]):
                self.comparison.failures.append(f"{key} is not 0 after the update")
        return arrays

    def compare_pass(self, given, after, x, labels, number):
        settings, comparison = self.settings, self.comparison
        values = {
            key.split(":", 1)[1]: array
            for key, array in given.items()
            if key.startswith(("parameter:", "statistic:"))
        }
        taps = [after[f"tap:{i}"] for i in range(self.tap_count(after))]
        kind = frozen.FrozenStep if self.is_frozen else reference.Step
        expected = kind(self.module, values)
        dropout = None
        if settings.dropout:
            elements = self.last_inputs
            dropout = compare.dropout_factors(settings.dropout, 77, number, len(x), elements)
        loss, logits, gradients = compare.loss_and_gradients(
            expected, settings, x, labels, taps, dropout
        )
        for name, factor in self.factors.items():
            gradients[name] = gradients[name] * factor
        for what, difference, allowed in expected.differences:
            comparison.near("tap", what, difference, 0, allowed)
        metrics = after["metrics"]
        comparison.near("loss", "loss", metrics[0], loss, compare.LOSS * max(1, loss))
        blur = 1e-4 * max(1.0, float(np.abs(logits).max()))
        for place, number_right in ((1, metrics[1]), (5, metrics[2])):
            least, most = compare.count_range(logits, labels, place, blur)
            if not least <= number_right <= most:
                comparison.failures.append(
                    f"top {place}: {number_right} instead of {least} to {most}"
                )
        for name, batch in expected.statistics.items():
            old = given[f"statistic:{name}"].astype(np.float64)
            momentum = float(given["hyper"][compare.NORM_MOMENTUM])
            fresh = (1 - momentum) * old + momentum * batch
            slack = compare.STATISTIC * np.maximum(np.abs(batch), np.abs(batch).max())
            comparison.near("statistic", name, after[f"statistic:{name}"], fresh,
                            momentum * slack + 2e-7 * np.abs(fresh) + 1e-9)  # fmt: skip
        return gradients

    def compare_threads(self, compiled, given, after):
        """The same bits on any number of threads, and after a loss that is no
        number nothing but the metrics changed."""
        for key, array in compiled.run(given, threads=3).items():
            if array.tobytes() != after[key].tobytes():
                self.comparison.failures.append(f"'{key}' differs on three threads")
        broken = given | {"hyper": given["hyper"].copy()}
        broken["hyper"][compare.SMOOTHING] = np.nan
        for key, array in compiled.run(broken).items():
            before = broken.get(key, np.zeros_like(array))
            if key.startswith(("parameter", "moment", "gradient", "statistic")) and (
                array.tobytes() != before.tobytes()
            ):
                self.comparison.failures.append(f"'{key}' changed after a loss of NaN")

    def tap_count(self, arrays):
        return sum(key.startswith("tap:") for key in arrays)

    def compare_update(self, before, after, hyper, total):
        settings, comparison = self.settings, self.comparison
        trained = [key[8:] for key in after if key.startswith("moment1:")]
        factor = 1 / settings.accumulate
        norm = factor * np.sqrt(sum((total[name] ** 2).sum() for name in trained))
        if settings.accumulate == 1:
            allowed = 1e-3 * norm + 1e-7
            comparison.near("norm", "gradient norm", after["metrics"][3], norm, allowed)
        scale = factor
        if settings.clip:
            scale *= min(settings.clip / (norm + 1e-6), 1.0)
        floor = compare.NOISE * norm * scale / factor
        zeros = {name: np.zeros_like(before[f"parameter:{name}"]) for name in trained}
        for name in trained:
            gradient = total[name] * scale
            allowed = compare.GRADIENT * np.abs(gradient).max(initial=0) + floor + 1e-12
            old = [before[f"parameter:{name}"], before.get(f"moment1:{name}", zeros[name]),
                   before.get(f"moment2:{name}", zeros[name])]  # fmt: skip
            new = [after[f"parameter:{name}"], after[f"moment1:{name}"],
                   after.get(f"moment2:{name}", zeros[name])]  # fmt: skip
            compare.optimizer_step(comparison, name, settings, hyper, old, new,
                                   gradient, allowed)  # fmt: skip
        for key in after:
            name = key.split(":", 1)[-1]
            if key.startswith("parameter:") and name not in trained:
                if not np.array_equal(before[key], after[key]):
                    comparison.failures.append(f"'{name}' moved, but has no moment")
                if name in total and np.abs(total[name]).max(initial=0) > 1e-9 * max(norm, 1e-3):
                    comparison.failures.append(f"'{name}' has a gradient, but is not trained")

    def prepare(self):
        """What the batches and masks need to know of the network; whether it has
        weights, and ends in one score a class."""
        parsed = under_test.read(self.quantized)
        self.factors = compare.bound_factors(parsed, self.settings)
        ops = parsed.functions["main"]["ops"]
        returned = ops[-1].operand_types[0]
        shape, _ = under_test.module.shape_of(returned)
        self.classes = shape[-1]
        convolutions = [op for op in ops if "conv2d" in op.name]
        if not convolutions:
            return False
        shape, _ = under_test.module.shape_of(convolutions[-1].operand_types[0])
        self.last_inputs = int(np.prod(shape))
        return int(np.prod(shape_of_output(returned))) == self.classes


def shape_of_output(text):
    return under_test.module.shape_of(text)[0]


def random_cases(first, count):
    """Networks that end in one score a class, by rising seed."""
    for seed in itertools.count(first):
        text = under_test.run("qat-random-networks", "--print", "--seed", seed, "--count", 1)
        words = re.findall(r"\S+=\[.*\]|\S+=\S+", text.splitlines()[0][3:])
        try:
            quantized = under_test.run(
                "qat-mlir-opt", "--qat-insert-quantizers=" + " ".join(words),
                *under_test.GENERIC, "-", stdin=text,
            )  # fmt: skip
        except under_test.Refused:
            continue
        settings = VARIANTS[seed % len(VARIANTS)]
        for is_frozen in (False, True):
            name = f"random {seed} {'frozen' if is_frozen else 'live'}"
            case = Case(name, quantized, settings, is_frozen, (-0.8, 1.6))
            # Both ways of computing the contractions.
            case.kernels = Case.kernels or (["--loops"] if seed % 2 else [])
            if not case.prepare():
                continue
            yield case
            count -= 1
            if not count:
                return


def zoo_cases(folder):
    networks = [
        ("mobilenet_v1", ["--mobilenet-width", "0.25", "--mobilenet-input", "32", "--classes", "10"]),
        ("mobilenet_v2", ["--mobilenet-width", "0.25", "--mobilenet-input", "32", "--classes", "10"]),
        ("ds_cnn", []),
    ]
    schemes = ["PerLayerAsymPACT", "PerChannelsAsymMinMax", "PerLayerSymPACT"]
    for (name, words), scheme, bits in zip(networks, schemes, (8, 4, 2)):
        path, result = folder / f"{name}.mlir", folder / f"{name}.q.mlir"
        under_test.run("qat", "zoo", name, *words, "-o", path)
        under_test.run("qat", "quantize", path, "--type_quant", scheme, "--weight_bits", bits,
                       "--activ_bits", bits, "-o", result)  # fmt: skip
        for is_frozen in (False, True):
            label = f"{name} {scheme} {bits} bits {'frozen' if is_frozen else 'live'}"
            yield Case(label, result.read_text(), Settings(), is_frozen)


def resnet_cases(folder):
    model = SHARED / "assets/models/resnet8_cifar10.onnx"
    if not model.exists():
        return
    path, result = folder / "resnet8.mlir", folder / "resnet8.q.mlir"
    under_test.run("qat", "import", model, "-o", path)
    data = SHARED / "assets/cifar10/cifar10_test_2k.bin"
    for bits, scheme in ((4, "PerChannelsAsymMinMax"), (8, "PerLayerAsymPACT")):
        under_test.run("qat", "quantize", path, "--type_quant", scheme, "--weight_bits", bits,
                       "--activ_bits", bits, "--calibrate", data, "--calibrate-images", 64,
                       "-o", result)  # fmt: skip
        for is_frozen in (False, True):
            label = f"resnet8 {scheme} {bits} bits {'frozen' if is_frozen else 'live'}"
            yield Case(label, result.read_text(), Settings(), is_frozen, (0, 255))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--loops", action="store_true", help="without the library")
    options = parser.parse_args()
    Case.kernels = ["--loops"] if options.loops else []
    torch.set_num_threads(1)
    counts, refused, worst = collections.Counter(), 0, {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def cases():
            if not options.only.startswith("random"):
                yield from zoo_cases(folder)
                yield from resnet_cases(folder)
            yield from random_cases(options.seed, options.count)

        def work(case):
            """(failures, or None where the network is refused; worst ratios)"""
            try:
                case.prepare()
                with tempfile.TemporaryDirectory(dir=folder) as own:
                    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
                    done = case.run(pathlib.Path(own), rng)
                return done.failures, done.worst
            except under_test.Refused:
                return None, {}
            except (under_test.Failure, NotImplementedError) as error:
                return [str(error)], {}

        chosen = (case for case in cases() if options.only in case.name)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            # A few at a time: networks are made when they are wanted.
            while batch := list(itertools.islice(chosen, 16)):
                for case, (failures, ratios) in zip(batch, pool.map(work, batch)):
                    if failures is None:
                        refused += 1
                        continue
                    counts["failed" if failures else "passed"] += 1
                    for kind, ratio in ratios.items():
                        worst[kind] = max(worst.get(kind, 0), ratio)
                    if failures:
                        print(f"FAILED: {case.name}: {len(failures)}: {failures[0]}")
                    if options.verbose:
                        print(case.name, {k: round(v, 4) for k, v in ratios.items()})
                        print("".join(f"    {f}\n" for f in failures[1:20]), end="")
    print("largest part of a tolerance:", {k: round(v, 3) for k, v in worst.items()})
    if refused > MOST_REFUSED * (options.count or 1) and not options.only:
        counts["failed"] += 1
        print(f"FAILED: {refused} networks are refused")
    print(f"{refused} networks cannot be trained live, as they should")
    print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
