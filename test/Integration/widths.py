"""Every width in C: trained networks at 2 to 8 bits, on the boards.

usage: widths.py [--long] [--keep DIR]

Each network is quantized at each pair of widths (weights/activations) and once
with widths and schemes mixed by layer, written as C for the Cortex-M4, and run
on four inputs under QEMU: every layer has to equal the host's integers (`qat
simulate` compares them), the output also that of `qat run`. On the host the
self-test runs under sanitizers, over an arena full of garbage, so that what it
hashes is values. Flash and RAM have to shrink with the bits. A sample runs on
the other parts.

Each network is also quantized with the fold type folding_thresh, with another
scheme each: its layers have to equal those that ICN gives, on the host and on
the Cortex-M4, and its C has to hold no multiplier.

Schemes take turns along the pairs and from one network to the next, so that
each network meets all four. The short form, for CI, runs every second pair of
a network, beginning with the first for one network and with the second for the
next, so that each pair occurs twice, and 8/8, 4/4 and 2/2 of the residual
network, whose sizes are compared. --long runs all of them with two schemes, and
MobileNetV1 1.0/224 at 8/8 and 4/4 (one input, the output alone).
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared")
ASSETS = SHARED / "assets"
STRICT = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror".split()
PAIRS = ["8/8", "4/8", "8/4", "4/4", "2/2", "8/7", "3/5", "mixed"]
SCHEMES = [
    ("PerChannelsAsymMinMax", "ICN"),
    ("PerLayerAsymMinMax", "folding_weights"),
    ("PerLayerSymPACT", "folding_weights"),
    ("PerLayerAsymPACT", "ICN"),
]
# What a layer may have where schemes are mixed.
ANY = SCHEMES + [
    ("PerChannelsAsymMinMax", "folding_thresh"),
    ("PerLayerAsymPACT", "folding_thresh"),
]
# The pair that is compared with thresholds, for each network another.
COMPARED = {"resnet8": "4/4", "vww": "2/2", "kws": "8/8", "ad01": "3/5"}
OTHERS = ["cortex-m0plus", "cortex-m3", "cortex-m33", "cortex-m7", "cortex-m55"]
# The pair that runs on the others: for each part another network.
SAMPLES = {"resnet8": "4/4", "vww": "3/5", "kws": "2/2", "ad01": "mixed"}

counts = {"passed": 0, "failed": 0}


def check(what, holds, detail=""):
    counts["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what}: {detail}", flush=True)
    return holds


def run(*command, **more):
    return subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **more,
    )


def qat(*arguments):
    """A command that has to succeed."""
    done = run("qat", *arguments)
    if done.returncode:
        raise RuntimeError(f"qat {arguments[0]}: {done.stdout.strip()}")
    return done.stdout


def golden(name, array):
    return np.load(ASSETS / "golden" / (name + ".npz"))[array]


def resnet8():
    return golden("resnet8_cifar10", "input_u8_nchw").transpose(0, 2, 3, 1)


def vww():
    return golden("vww_96", "input_u8_nhwc") / np.float32(255)


def kws():
    return golden("kws_ds_cnn", "wav_mfcc_nhwc").repeat(2, axis=0)


def ad01():
    return golden("ad01", "input")


def mobilenet():
    crops = np.load(ASSETS / "imagenet_samples" / "crops224_u8_32.npz")
    return (crops["images_nhwc"][:8].astype(np.float32) - 128) / 128


# File, real inputs, layers with weights.
NETWORKS = {
    "resnet8": ("resnet8_cifar10", resnet8, 10),
    "vww": ("vww_96", vww, 28),
    "kws": ("kws_ds_cnn", kws, 10),
    "ad01": ("ad01", ad01, 10),
}
MOBILENET = ("mobilenet_v1_1.0_224_relu6", mobilenet, 28)


def mixed(layers, seed):
    """Widths by layer, and at some layers another scheme."""
    choose = random.Random(seed)
    config = []
    for layer in range(layers):
        entry = {"layer": layer, "w_bits": choose.randint(2, 8)}
        if layer + 1 < layers:
            entry["a_bits"] = choose.randint(2, 8)
        if choose.random() < 0.3:
            entry["quant_type"], entry["fold_type"] = choose.choice(ANY)
        config.append(entry)
    return json.dumps(config)


class Network:
    def __init__(self, name, entry, folder):
        self.name, self.layers, self.folder = name, entry[2], folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        inputs = np.ascontiguousarray(entry[1]().astype(np.float32))
        np.save(self.folder / "x.npy", inputs)
        np.save(self.folder / "y.npy", np.zeros(len(inputs), np.int64))
        np.save(self.folder / "four.npy", inputs[-4:])
        np.save(self.folder / "one.npy", inputs[-1:])
        self.float = self.folder / "float.mlirbc"
        qat("import", ASSETS / "models" / (entry[0] + ".onnx"), "-o", self.float)

    def quantize(self, pair, scheme, number, fold=None):
        quantizer, usual = SCHEMES[scheme]
        fold = fold or usual
        words = ["--type_quant", quantizer, "--batch_fold_type", fold]
        if pair == "mixed":
            words += ["--quant_add_config", mixed(self.layers, number)]
        else:
            weights, activations = pair.split("/")
            words += ["--weight_bits", weights, "--activ_bits", activations]
        part = self.folder / f"{number}_{pair.replace('/', '_')}"
        part.mkdir()
        qat("quantize", self.float, "--calibrate", self.folder, "--dataset", "npy",
            "--calibrate-images", 8, *words, "-o", part / "q.mlirbc")
        return part

    def deploy(self, part, target):
        project = part / target
        qat("deploy", part / "q.mlirbc", "--target", target, "--name", "net",
            "--with-test", "-o", project)
        return project

    def simulate(self, what, project, inputs):
        """The figures, or None where the board and the host differ."""
        report, y = project / "report.json", project.parent / f"{project.name}.npy"
        done = run("qat", "simulate", project, "--input", inputs, "--output", y,
                   "--json", report, "--timeout", 3000)
        figures = json.loads(report.read_text()) if report.exists() else {}
        if not check(f"{what} on {project.name}: every layer equals the host's",
                     done.returncode == 0 and figures.get("output_equal_to_host"),
                     done.stdout.strip()[-300:]):
            return None
        report.unlink()
        expected = project.parent / "expected.npy"
        qat("run", project / "net.mlirbc", "--input", inputs, "--output", expected)
        check(f"{what} on {project.name}: the output of `qat run`",
              np.array_equal(np.load(y), np.load(expected)))
        return figures


def sanitize(what, project, strict):
    """The self-test on the host, over an arena whose unused bits are set."""
    main = project.parent / "main.c"
    main.write_text(
        '#include "net_selftest.c"\n#include <stdio.h>\n#include <string.h>\n'
        "int main(void) {\n  memset(arena.bytes, 0xa5, sizeof(arena));\n"
        "  int result = net_selftest();\n"
        '  printf("[%s]\\n", net_selftest_layer(result));\n  return result != 0;\n}\n'
    )
    program = project.parent / "selftest"
    done = run("gcc", "-std=c99", "-O1", "-fsanitize=address,undefined",
               "-fno-sanitize-recover=all", "-I", project, main,
               *sorted(project.glob("qat-rt/*.c")), "-o", program)
    if check(f"{what}: builds with sanitizers", done.returncode == 0, done.stdout[:300]):
        done = run(program)
        check(f"{what}: self-test over garbage under sanitizers",
              done.stdout == "[]\n", done.stdout[:300])
    for compiler in (["gcc"], ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus"]) if strict else []:
        sources = [project / "net.c", *sorted(project.glob("qat-rt/*.c"))]
        output = "".join(
            run(*compiler, *STRICT, "-O2", "-I", project, "-c", source,
                "-o", project.parent / "object.o").stdout
            for source in sources
        )
        check(f"{what}: no warning of {compiler[0]}", not output, output[:300])


def compare_sizes(name, figures):
    """Half the bits are about half the bytes: what does not shrink are biases,
    multipliers and scratch."""

    def ratio(pair, kind, member):
        return figures[pair][kind][member] / figures["8/8"][kind][member]

    if "8/8" not in figures:
        return
    # The schemes of the pairs differ, and with them biases and multipliers.
    for pair, weights, arena in (("4/8", 0.65, 1.01), ("8/4", 1.15, 0.55),
                                 ("4/4", 0.65, 0.55), ("2/2", 0.4, 0.3)):
        if pair in figures:
            found = ratio(pair, "flash", "weights"), ratio(pair, "ram", "arena")
            check(f"{name} {pair}: flash and RAM shrink",
                  found[0] <= weights and found[1] <= arena, found)


def run_network(position, name, folder, arguments):
    network = Network(name, NETWORKS[name], folder)
    figures = {}
    for index, pair in enumerate(PAIRS):
        wanted = index % 2 == position % 2 or pair == SAMPLES[name]
        wanted |= name == "resnet8" and pair in ("8/8", "4/4", "2/2")
        if not wanted and not arguments.long:
            continue
        for turn in range(2 if arguments.long else 1):
            scheme = (index // 2 + index + position + 2 * turn) % len(SCHEMES)
            what = f"{name} {pair} {' '.join(SCHEMES[scheme])}"
            begin = time.monotonic()
            part = network.quantize(pair, scheme, 10 * index + turn)
            found = network.simulate(
                what, network.deploy(part, "cortex-m4"), network.folder / "four.npy"
            )
            sample = pair == SAMPLES[name] and not turn
            sanitize(what, network.deploy(part, "host"), strict=sample)
            if found and not turn:
                figures[pair] = found
            if sample:
                # All parts for the smallest network, two for the others.
                parts = OTHERS if name == "kws" or arguments.long else [
                    OTHERS[position % 5], OTHERS[(position + 2) % 5]]
                for target in parts:
                    project = network.deploy(part, target)
                    network.simulate(what, project, network.folder / "one.npy")
            if found:
                print(f"{what}: {found['instructions']} instructions, flash "
                      f"{found['flash']['weights']}, arena {found['ram']['arena']} "
                      f"({time.monotonic() - begin:.0f} s)", flush=True)
    if name in ("resnet8", "vww"):
        compare_sizes(name, figures)


def run_compared(position, name, folder):
    """folding_thresh against ICN, and its C against the host."""
    network, pair = Network(name, NETWORKS[name], folder / "compared"), COMPARED[name]
    scheme = (position + 1) % len(SCHEMES)
    what = f"{name} {pair} {SCHEMES[scheme][0]} folding_thresh"
    begin = time.monotonic()
    layers, parts = [], []
    for number, fold in enumerate(("ICN", "folding_thresh")):
        parts.append(network.quantize(pair, scheme, number, fold))
        saved = parts[-1] / "layers"
        qat("run", network.deploy(parts[-1], "host") / "net.mlirbc", "--input",
            network.folder / "four.npy", "--layers", saved, "--output", parts[-1] / "y.npy")
        layers.append({file.name: np.load(file) for file in saved.glob("*.npy")})
    same = layers[0].keys() == layers[1].keys() and all(
        np.array_equal(layers[0][key], layers[1][key]) for key in layers[0])
    check(f"{what}: {len(layers[0])} layers equal ICN's", same and len(layers[0]) > 5)
    sanitize(what, parts[1] / "host", strict=True)
    project = network.deploy(parts[1], "cortex-m4")
    text = (project / "net.c").read_text()
    tables = text.count("_thresholds[")
    # Last layers with per-channel weights scale their logits.
    scaled = text.count("_multiplier[")
    expected = SCHEMES[scheme][0] == "PerChannelsAsymMinMax"
    check(f"{what}: thresholds and no multipliers",
          tables == network.layers - 1 and scaled == expected, (tables, scaled))
    found = network.simulate(what, project, network.folder / "four.npy")
    if found:
        largest = 4 * sum(map(int, re.findall(r"_thresholds\[(\d+)\]", text)))
        check(f"{what}: thresholds are counted as weights",
              found["flash"]["weights"] > largest, (found["flash"], largest))
        icn = network.deploy(parts[0], "cortex-m4")
        usual = network.simulate(f"{name} {pair} {SCHEMES[scheme][0]} ICN", icn,
                                 network.folder / "four.npy")
        print(f"{what}: {found['instructions']} instructions (ICN "
              f"{usual and usual['instructions']}), flash {found['flash']['weights']} "
              f"(ICN {usual and usual['flash']['weights']}) "
              f"({time.monotonic() - begin:.0f} s)", flush=True)


def run_mobilenet(folder):
    network = Network("mobilenet", MOBILENET, folder)
    for number, pair in enumerate(("8/8", "4/4")):
        what = f"mobilenet_v1_1.0_224 {pair}"
        begin = time.monotonic()
        part = network.quantize(pair, number, number)
        project = network.deploy(part, "cortex-m4")
        found = network.simulate(what, project, network.folder / "one.npy")
        if found:
            print(f"{what}: {found['instructions']} instructions, flash "
                  f"{found['flash']['weights']}, arena {found['ram']['arena']} "
                  f"({time.monotonic() - begin:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="folder that stays")
    parser.add_argument("names", nargs="*", help="networks (default: all)")
    arguments = parser.parse_args()
    if not ASSETS.is_dir():
        print(f"skipped: no trained models at '{ASSETS}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        names = list(NETWORKS) + (["mobilenet"] if arguments.long else [])
        for position, name in enumerate(names):
            if arguments.names and name not in arguments.names:
                continue
            try:
                if name == "mobilenet":
                    run_mobilenet(folder)
                else:
                    run_network(position, name, folder, arguments)
                    run_compared(position, name, folder)
            except RuntimeError as error:
                check(name, False, error)
    print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
