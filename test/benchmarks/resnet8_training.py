#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Retrains networks for CIFAR-10 with `qat train` and tables the accuracies.

usage: test/benchmarks/resnet8_training.py [--bin BIN] [--epochs 20]
           [--seeds 0,1,2] [--only W4A4,W2A4,...] [--network resnet8|mobilenet]
           [--out FOLDER] [--threads N] [-- MORE OPTIONS OF qat train]

ResNet-8 as trained (QAT_SHARED), on cifar10_train_10k, judged on
cifar10_test_2k by the integer network at the end of the last epoch, against the
float network fine-tuned with the same recipe and number of epochs: the pictures are
lossy copies, so fine-tuning alone raises accuracy. Weights per channel; with
2-bit activations the operands of the adds keep 4 bits, and what the average pool
reads, whose mean is rounded to its levels, has 8. MixPC and MixPL: bits by
`--mem_constraint` with half of the flash of the 8-bit network. `--network
mobilenet` trains MobileNetV1 0.25 from scratch in float, then with 4 bits.

A run that is complete in FOLDER is read instead of repeated; one that was
stopped is resumed. FOLDER/results.json and a table hold integer top-1, its
distance from float, and the least agreement of fake-quantized and integer classes
over the frozen epochs.
"""

import argparse
import json
import lzma
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or SOURCE.parent / "shared")
ASSETS = SHARED / "assets"
# Points that integer top-1 may lie below the float network's (the goals).
BOUNDS = {"W8A8": 0.7, "W4A4": 1.5, "W4A2": 6, "W2A4": 6, "W2A2": 12}
RESIDUALS = ("conv2d_2", "conv2d_4", "conv2d_5", "conv2d_7", "conv2d_8")
# The average pool rounds to the levels of its input.
POOLED = "add_2"
NETWORKS = {
    "resnet8": ["float", *BOUNDS, "MixPC", "MixPL"],
    "mobilenet": ["float", "W4A4"],
}
AGREEMENT = 99.5


class Experiments:
    def __init__(self, options):
        self.options = options
        self.out = options.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.train = self.out / "train.bin"
        if not self.train.exists():
            packed = ASSETS / "cifar10/cifar10_train_10k.bin.xz"
            self.train.write_bytes(lzma.open(packed).read())
        self.test = ASSETS / "cifar10/cifar10_test_2k.bin"
        self.float_form = self.out / f"{options.network}.mlir"

    def qat(self, *words):
        words = [str(self.options.bin / "qat"), *map(str, words)]
        print("$", " ".join(words), flush=True)
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{words[1]} ended with {done.returncode}: {done.stdout.strip()[-600:]}")
        return done.stdout

    def recipe(self):
        epochs = self.options.epochs
        return ["--dataset", "cifar10", "--data", self.train, "--validation", self.test,
                "--epochs", epochs, "-b", 64, "--optimizer", "adam",
                "--lr-schedule", json.dumps(self.rates()), "--bound-lr-factor", 10,
                "--bn-momentum", 0.01, "--bn-batches", 156,
                "--batch_fold_delay", epochs - 1, "--augment", "default",
                "-j", self.options.threads, *self.options.more]  # fmt: skip

    def rates(self):
        """A cosine, and nothing in the epoch whose batch norms are frozen: many weights of
        few bits lie so close to a rounding threshold that even 2.5e-7 flips them, and no
        batch norm corrects the means any more (78.4 % becomes 75.1 % at 2-bit weights)."""
        live = self.options.epochs - 1
        return [{"epoch": epoch, "lr": 5e-4 * (1 + math.cos(math.pi * epoch / live))}
                for epoch in range(live)] + [{"epoch": live, "lr": 0}]

    def start(self, name, seed):
        """The module that training begins with, and its further options."""
        calibrated = ["--calibrate", self.train, "--calibrate-images", 512,
                      "--calibrate-method", "mse"]  # fmt: skip
        if name == "float":
            return self.float_form, []
        source, more = self.float_form, []
        tuned = self.out / f"float-{seed}" / "last.mlir"
        if tuned.exists():
            more = ["--teacher", tuned, "--distillation", 0.7, "--temperature", 4]
            if self.options.network == "mobilenet":
                source = tuned
        elif self.options.network == "mobilenet":
            sys.exit("the float network comes first: add 'float' to --only")
        quantized = self.out / f"{self.options.network}-{name}-{seed}.q.mlir"
        words = ["quantize", source, "--type_quant", "PerChannelsAsymMinMax"]
        found = re.fullmatch(r"W(\d)A(\d)", name)
        if found:
            words += ["--weight_bits", found[1], "--activ_bits", found[2]]
            if self.options.network == "resnet8" and int(found[2]) < 8:
                config = [{"layer": POOLED, "a_bits": 8}]
                if int(found[2]) < 4:
                    config += [{"layer": layer, "a_bits": 4} for layer in RESIDUALS]
                words += ["--quant_add_config", json.dumps(config)]
        else:
            words += ["--mixed_prec_quant", name, "--mem_constraint", self.half_budget(source)]
        self.qat(*words, *calibrated, "-o", quantized)
        return quantized, more

    def half_budget(self, source):
        """Half of what the network takes with 8 bits; all of its RAM."""
        plan = self.out / "plan.json"
        self.qat("plan", source, "--mem_constraint", "[64M,64M]", "--json", plan)
        figures = json.loads(plan.read_text())
        return f"[{figures['rom_bytes'] // 2},{figures['ram_bytes']}]"

    def run(self, name, seed):
        folder = self.out / f"{name}-{seed}"
        log = folder / "results.jsonl"
        epochs = self.records(log)
        if len(epochs) < self.options.epochs:
            if epochs:
                self.qat("train", "--resume", folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
                module, more = self.start(name, seed)
                self.qat("train", module, *self.recipe(), *more, "--seed", seed,
                         "--save", folder)  # fmt: skip
            epochs = self.records(log)
        last = epochs[-1]
        form = "float" if name == "float" else "integer"
        agreements = [e["agreement"] for e in epochs if e.get("frozen") and "agreement" in e]
        return {
            "top1": last[form]["top1"],
            "best": max(e[form]["top1"] for e in epochs),
            "fake": last.get("fake", {}).get("top1"),
            "agreement": min(agreements, default=None),
            "seconds": sum(e["seconds"] for e in epochs),
            "curve": [e[form]["top1"] for e in epochs],
        }

    def records(self, log):
        if not log.exists():
            return []
        return [json.loads(line) for line in log.read_text().splitlines() if line.strip()]


def print_table(results, seeds):
    print("\n| | " + " | ".join(f"seed {seed}" for seed in seeds)
          + " | mean | below float | bound | least agreement |")  # fmt: skip
    print("| --- |" + " --- |" * (len(seeds) + 4))
    base = results.get("float")
    for name, runs in results.items():
        values = [runs[seed]["top1"] for seed in seeds if seed in runs]
        if not values:
            continue
        mean = sum(values) / len(values)
        below = ""
        if base and name != "float":
            pairs = [base[s]["top1"] - runs[s]["top1"] for s in seeds if s in runs and s in base]
            below = f"{sum(pairs) / len(pairs):.2f}" if pairs else ""
        agreements = [r["agreement"] for r in runs.values() if r["agreement"] is not None]
        agreement = f"{min(agreements):.2f} %" if agreements else ""
        cells = [f"{runs[s]['top1']:.2f} %" if s in runs else "" for s in seeds]
        bound = BOUNDS.get(name, "")
        print(f"| {name} | " + " | ".join(cells)
              + f" | {mean:.2f} % | {below} | {bound} | {agreement} |")  # fmt: skip


def main():
    words = sys.argv[1:]
    more = words[words.index("--") + 1 :] if "--" in words else []
    words = words[: words.index("--")] if "--" in words else words
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=SOURCE / "build/release/bin")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", default="")
    parser.add_argument("--network", choices=NETWORKS, default="resnet8")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=None)
    options = parser.parse_args(words)
    options.more = more
    options.out = options.out or SOURCE / f"build/experiments/{options.network}"
    if not ASSETS.is_dir():
        sys.exit(f"no trained models at '{ASSETS}' (set QAT_SHARED)")
    seeds = [int(seed) for seed in options.seeds.split(",")]
    names = options.only.split(",") if options.only else NETWORKS[options.network]
    experiments = Experiments(options)
    if options.network == "resnet8":
        experiments.qat("import", ASSETS / "models/resnet8_cifar10.onnx",
                        "-o", experiments.float_form)  # fmt: skip
    else:
        experiments.qat("zoo", "mobilenet_v1", "--mobilenet-width", 0.25, "--mobilenet-input", 32,
                        "--classes", 10, "-o", experiments.float_form)  # fmt: skip
    results = {}
    for seed in seeds:
        for name in names:
            results.setdefault(name, {})[seed] = experiments.run(name, seed)
            text = json.dumps({"options": vars(options), "results": results}, indent=1,
                              default=str)  # fmt: skip
            (options.out / "results.json").write_text(text + "\n")
            print_table(results, seeds)
    low = [n for n, runs in results.items() for r in runs.values()
           if r["agreement"] is not None and r["agreement"] < AGREEMENT]  # fmt: skip
    if low:
        print(f"agreement below {AGREEMENT} %: {', '.join(sorted(set(low)))}")


if __name__ == "__main__":
    main()
