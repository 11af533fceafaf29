# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiled training step as a contender of train_step.py.

qat-run-step compiles once, into a cache of its own; each turn is a run of it.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

CLASSES = 1000
SCHEME = ["--type_quant", "PerLayerAsymPACT", "--weight_bits", 8, "--activ_bits", 8]


def golden_tools():
    """The reader and writer of safetensors that the golden tests have."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
    import tools

    return tools


class Ours:
    """As Contender of train_step.py."""

    def __init__(self, name, folder, binaries, threads):
        self.name, self.times, self.medians = name, [], []
        self.folder = folder
        self.command = [binaries / "qat-run-step", f"{folder.name}/step.mlir",
                        "--arguments", f"{folder.name}/arguments.safetensors",
                        "--cache", f"{folder.name}/cache", "--time",
                        "--step-threads", threads]  # fmt: skip
        first = self.run(4)
        self.best = first["best"]
        self.facts = {
            "first_step_s": first["compile"] / 1e3,
            "arena_mb": first["arena"] / 1e6,
            "memory_mb": first.get("memory", float("nan")),
        }

    def run(self, steps, *more):
        done = subprocess.run(
            [str(word) for word in [*self.command, "--steps", steps, *more]],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr.strip()[:300]}")
        output = done.stdout
        numbers = {
            "compile": r"^compile ([\d.e+]+) ms",
            "arena": r"arena (\d+) bytes",
            "best": r"best ([\d.e+]+)",
            "median": r"median ([\d.e+]+)",
            "memory": r"memory ([\d.]+) MB",
        }
        found = {key: re.search(regex, output, re.M) for key, regex in numbers.items()}
        result = {key: float(match[1]) for key, match in found.items() if match}
        parts = re.findall(r"^part (\S+) ([\d.e+-]+) ms", output, re.M)
        if parts:
            result["parts"] = {name: float(ms) for name, ms in parts}
        return result

    def measure(self, seconds):
        steps = max(4, round(seconds * 1e3 / self.best))
        answer = self.run(steps)
        self.best = min(self.best, answer["best"])
        self.times.append(answer["best"] / 1e3)
        self.medians.append(answer["median"] / 1e3)

    def close(self):
        self.folder.cleanup()


def start(contender, name, width, side, batch, options):
    binaries = options.bin
    if not (binaries / "qat-run-step").exists():
        raise RuntimeError(f"{name}: no '{binaries}/qat-run-step'; build it")
    folder = tempfile.TemporaryDirectory()

    def run(tool, *words):
        done = subprocess.run([str(binaries / tool), *map(str, words)], capture_output=True,
                              text=True)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name}: {tool}: {done.stderr.strip()[:300]}")

    network = f"{folder.name}/f.mlir"
    run("qat", "zoo", "mobilenet_v1", "--mobilenet-width", width, "--mobilenet-input", side,
        "--classes", CLASSES, "-o", network)  # fmt: skip
    if name != "ours-float":
        run("qat", "quantize", network, *SCHEME, "-o", f"{folder.name}/q.mlir")
        network = f"{folder.name}/q.mlir"
    run("qat", "export", network, "--to", "safetensors", "-o", f"{folder.name}/p.safetensors")
    run("qat-mlir-opt", f"--qat-differentiate=batch={batch}", network,
        "-o", f"{folder.name}/step.mlir")  # fmt: skip
    write_arguments(folder.name, side, batch)
    return Ours(name, folder, binaries, options.threads)


def write_arguments(folder, side, batch):
    tools = golden_tools()
    rng = np.random.default_rng(0)
    arrays = {
        "input": rng.standard_normal((batch, side, side, 3), np.float32),
        "label": rng.integers(0, CLASSES, batch).astype(np.int32),
        # As PyTorch's Adam(1e-4) in its first step (docs/Spec.md, form T).
        "hyper": np.array([1e-4, 1e-4, 0, 0, 0.1, 1e-3, 0.9, 0.999, 1e-8, 0, 0, 0.1,
                           0, 0, 1, 1], np.float32),
    }  # fmt: skip
    for name, array in tools.read_safetensors(f"{folder}/p.safetensors").items():
        statistic = name.endswith((".bn.mean", ".bn.var"))
        arrays[f"{'statistic' if statistic else 'parameter'}:{name}"] = array
    tools.write_safetensors(f"{folder}/arguments.safetensors", arrays)


def report(row):
    """The parts of the fastest step, as qat-run-step --profile names them."""
    if row and row.get("parts"):
        print("ours, ms a step: " + ", ".join(
            f"{name} {ms:.2f}" for name, ms in row["parts"].items()))  # fmt: skip
    elif row:
        print(f"ours: arena {row['arena_mb']:.0f} MB, compiled in {row['first_step_s']:.1f} s")
