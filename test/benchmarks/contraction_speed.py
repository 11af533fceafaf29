#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Table of the contractions of a training step: ours, oneDNN, PyTorch.

usage: contraction_speed.py STEP.mlir [--bin build/dev/bin] [--no-torch]

STEP.mlir is what qat-differentiate writes. Every contraction is timed on the
tiles that the step's groups have (PyTorch on up to 16 tiles at once, as it runs
whole layers), on one thread, and in one run: GFLOP/s of each, and the
milliseconds of all of a step on one thread.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

NAMES = ["forward", "dx", "dw"]


class Torch:
    """PyTorch's time for the products of one line."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def measure(self, products, g, tiles):
        torch = self.torch
        g = {**g, "batch": g["batch"] * tiles}
        if g["kernel_height"] == 1 and g["height"] == 1:
            # Pixels as a group joins them, again as an image.
            g.update(batch=1, height=g["batch"], out_height=g["batch"])
        shape = (g["batch"], g["channels"], g["height"], g["width"])
        out = (g["batch"], g["out_channels"], g["out_height"], g["out_width"])
        weight = (g["out_channels"], g["channels"] // g["groups"],
                  g["kernel_height"], g["kernel_width"])  # fmt: skip
        last = torch.channels_last
        x = torch.randn(shape).to(memory_format=last)
        dy = torch.randn(out).to(memory_format=last)
        w = torch.randn(weight).to(memory_format=last)
        # PyTorch pads both sides alike; uneven pads are rare and small.
        geometry = [[g["stride_height"], g["stride_width"]],
                    [g["pad_bottom"], g["pad_right"]],
                    [g["dilation_height"], g["dilation_width"]]]  # fmt: skip
        stride, pad, dilation = geometry
        if g["pad_top"] != g["pad_bottom"] or g["pad_left"] != g["pad_right"]:
            # One row more than a window reaches, as PyTorch's users have it.
            pad = [max(g["pad_top"], g["pad_bottom"]), max(g["pad_left"], g["pad_right"])]
        if 0 in products:
            def call():
                return torch.conv2d(x, w, None, stride, pad, dilation, g["groups"])
        else:
            mask = [1 in products, 2 in products, False]

            def call():
                return torch.ops.aten.convolution_backward(
                    dy, x, w, None, stride, pad, dilation, False, [0, 0], g["groups"], mask)
        best = 1e9
        with torch.no_grad():
            call()
            for _ in range(7):
                begin, calls = time.thread_time(), 0
                while (taken := time.thread_time() - begin) < 0.003:
                    call()
                    calls += 1
                best = min(best, taken / calls)
        return best * 1e6 / tiles


FIELDS = """batch height width channels out_height out_width out_channels
kernel_height kernel_width pad_top pad_bottom pad_left pad_right stride_height
stride_width dilation_height dilation_width groups depthwise""".split()


def describe(g):
    kind = "dw" if g["depthwise"] else "conv"
    if g["kernel_height"] == 1:
        return f"1x1 {g['batch'] * g['height'] * g['width']} x {g['channels']} x {g['out_channels']}"
    stride = f" /{g['stride_height']}" if g["stride_height"] > 1 else ""
    return (f"{kind} {g['batch']}x{g['height']}x{g['width']}x{g['channels']}"
            f" to {g['out_channels']}{stride}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", type=pathlib.Path)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/dev/bin"))
    parser.add_argument("--filter", default="", help="text in the words of a contraction")
    parser.add_argument("--no-torch", action="store_true")
    options = parser.parse_args()
    torch = None if options.no_torch else Torch()

    with tempfile.TemporaryDirectory() as folder:
        groups = f"{folder}/groups.mlir"
        subprocess.run(
            [options.bin / "qat-mlir-opt", options.step, "--qat-step-tensor-pipeline",
             "--qat-form-groups", "-o", groups], check=True)  # fmt: skip
        process = subprocess.Popen(
            [options.bin / "qat-contraction-speed", groups, options.filter],
            stdout=subprocess.PIPE, text=True)  # fmt: skip
        limit = json.loads(process.stdout.readline())["limit"]
        print(f"limit {limit:.0f} GFLOP/s\n")
        print("| contraction of a tile | calls | us | ours | oneDNN | PyTorch | kernel |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
        sums = {}
        for line in process.stdout:
            row = json.loads(line)
            g = dict(zip(FIELDS, row["words"][2:]))
            times = {"ours": row["ours_us"], "oneDNN": row["library_us"]}
            if torch:
                times["PyTorch"] = torch.measure(row["products"], g, min(row["calls"], 16))
            name = " + ".join(NAMES[product] for product in row["products"])
            times["limit"] = row["flop"] / limit * 1e-3
            for who, us in times.items():
                key = ("depthwise " if g["depthwise"] else "") + name, who
                sums[key] = sums.get(key, 0) + us * row["calls"] * 1e-3
            speed = [f"{row['flop'] / us * 1e-3:.0f}" for us in list(times.values())[:-1]]
            speed += ["-"] * (3 - len(speed))
            print(f"| {name} {describe(g)} | {row['calls']} | {times['ours']:.1f} | "
                  f"{' | '.join(speed)} | {row['library']} |", flush=True)  # fmt: skip
        process.wait()
    print()
    for name in dict.fromkeys(name for name, _ in sums):
        print(f"{name}: " + ", ".join(
            f"{who} {ms:.2f} ms" for (kind, who), ms in sums.items() if kind == name))  # fmt: skip
    for who in dict.fromkeys(who for _, who in sums):
        print(f"all, {who}: {sum(ms for (_, w), ms in sums.items() if w == who):.2f} ms")


if __name__ == "__main__":
    main()
