#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times the compiled training step against PyTorch's on this machine.

usage: test/benchmarks/train_step.py [--bin BIN] [--threads N] [--rounds 3]
           [--seconds 4] [--configurations a,b,c] [--contenders NAME,...]
           [--brevitas-python PYTHON] [--json FILE]

MobileNetV1 with 1000 classes on random images: (a) 0.25/96 batch 32, (b)
0.25/128 batch 32, (c) 1.0/224 batch 16. A step is the quantizers, forward,
cross entropy, backward and Adam; `ours` has 8-bit learned bounds on weights
and activations (PerLayerAsymPACT, batch norm live). The contenders take turns:
each runs for --seconds in each of --rounds rounds, the fastest step of all
counts. All on --threads (default: all) cores.

Memory is the peak of the resident set in the steps less what it was with model
and input built, for all alike (so parameters do not count); for `ours` the planned
arena and scratch are printed as well. The roofline takes the machine's own
bandwidth and GFLOP/s, measured in the same run.

--brevitas-python: an interpreter whose packages include brevitas, which pins
versions of others (default: build/venv-brevitas/bin/python).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import train_step_ours
import train_step_roofline

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CONFIGURATIONS = {"a": (0.25, 96, 32), "b": (0.25, 128, 32), "c": (1.0, 224, 16)}
PEERS = ["float", "float-compile", "pact", "pact-compile", "brevitas"]


class Contender:
    """A child that measures when told to; between rounds it waits for input."""

    def __init__(self, name, command):
        self.name, self.times, self.medians = name, [], []
        self.child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.child.stdout.readline()
        if not line.startswith("ready"):
            errors = (line + self.child.communicate()[1]).strip().splitlines()
            raise RuntimeError(f"{name}: {errors[-1] if errors else 'no answer'}")
        self.facts = json.loads(line[len("ready") :])

    def measure(self, seconds):
        self.child.stdin.write(f"measure {seconds}\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: ended while measuring")
        answer = json.loads(line)
        self.times.append(answer["best_s"])
        self.medians.append(answer["median_s"])

    def close(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()


def start(name, configuration, options):
    width, side, batch = CONFIGURATIONS[configuration]
    if name.startswith("ours"):
        return train_step_ours.start(Contender, name, width, side, batch, options)
    python = options.brevitas_python if name == "brevitas" else sys.executable
    script = pathlib.Path(__file__).with_name("train_peers.py")
    return Contender(
        name, [python, script, name, width, side, batch, options.threads]
    )


def run_configuration(configuration, options):
    width, side, batch = CONFIGURATIONS[configuration]
    print(f"\n({configuration}) MobileNetV1 {width:g}/{side}, batch {batch}", flush=True)
    contenders = []
    for name in options.contenders:
        try:
            contenders.append(start(name, configuration, options))
        except (RuntimeError, OSError) as error:
            print(f"skipped: {error}", flush=True)
    for _ in range(options.rounds):
        for contender in contenders:
            contender.measure(options.seconds)
    rows = {}
    for contender in contenders:
        contender.close()
        best = min(contender.times)
        rows[contender.name] = {
            "images_per_s": batch / best,
            "median_images_per_s": batch / min(contender.medians),
            "step_ms": 1e3 * best,
            **contender.facts,
        }
    return rows


def print_table(rows):
    reference = rows.get("float-compile") or rows.get("float")
    print(f"{'':16} images/s  (median)   ms/step   MB a step   to float-compile")
    for name, row in rows.items():
        ratio = row["images_per_s"] / reference["images_per_s"] if reference else 0
        print(
            f"{name:16} {row['images_per_s']:8.1f}  {row['median_images_per_s']:8.1f}"
            f"  {row['step_ms']:8.2f}  {row['memory_mb']:10.0f}  {ratio:8.2f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=SOURCE / "build/release/bin")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--configurations", default="a,b,c")
    parser.add_argument("--contenders", default=",".join(["ours", *PEERS]))
    parser.add_argument(
        "--brevitas-python",
        type=pathlib.Path,
        default=SOURCE / "build/venv-brevitas/bin/python",
    )
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.contenders = options.contenders.split(",")
    results = {"machine": train_step_roofline.measure(options.threads)}
    machine = results["machine"]
    print(
        f"{machine['cpu']}, {options.threads} threads: copy {machine['copy_gb_s']:.0f}"
        f" GB/s, f32 {machine['gflop_s']:.0f} GFLOP/s, load {os.getloadavg()[0]:.1f}"
    )
    for configuration in options.configurations.split(","):
        rows = run_configuration(configuration, options)
        print_table(rows)
        bound = train_step_roofline.bound(*CONFIGURATIONS[configuration], machine)
        train_step_roofline.report(bound, rows.get("ours"))
        train_step_ours.report(rows.get("ours"))
        results[configuration] = {"contenders": rows, "roofline": bound}
    results["load_at_end"] = os.getloadavg()[0]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
