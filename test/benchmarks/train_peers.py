#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One PyTorch training step of MobileNetV1, timed on demand.

usage: train_peers.py CONTENDER WIDTH RESOLUTION BATCH THREADS

CONTENDER: float, float-compile, pact, pact-compile, brevitas. Builds the
network with random inputs, measures the memory of a step, prints `ready` with
a JSON object, then for each line `measure SECONDS` on standard input runs steps
for that long and answers with the seconds of the fastest and the median step.
train_step.py starts it and takes turns between the contenders.

A step is zero_grad, forward, cross entropy over 1000 classes, backward, Adam.
Everything is channels_last but brevitas, which is faster without.
"""

import gc
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES = 1000
BITS = 8


class QuantizeWeight(torch.autograd.Function):
    """Per-layer minimum to maximum, straight through."""

    @staticmethod
    def forward(ctx, w, bits):
        n = 2**bits - 1
        low, high = w.amin().clamp(max=0), w.amax().clamp(min=0)
        step = ((high - low) / n).clamp(min=1e-12)
        zero = torch.round(-low / step)
        return (torch.clamp(torch.round(w / step) + zero, 0, n) - zero) * step

    @staticmethod
    def backward(ctx, g):
        return g, None


class QuantizeActivation(torch.autograd.Function):
    """PACT (arXiv 1805.06085) with rounding to nearest."""

    @staticmethod
    def forward(ctx, x, alpha, bits):
        ctx.save_for_backward(x, alpha)
        step = alpha / (2**bits - 1)
        return torch.floor(torch.minimum(x.clamp(min=0), alpha) / step + 0.5) * step

    @staticmethod
    def backward(ctx, g):
        x, alpha = ctx.saved_tensors
        inside = (x > 0) & (x < alpha)
        return g * inside, (g * (x >= alpha)).sum().reshape(alpha.shape), None


class PactConv(nn.Conv2d):
    def forward(self, x):
        w = QuantizeWeight.apply(self.weight, BITS)
        return F.conv2d(
            x, w, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class PactLinear(nn.Linear):
    def forward(self, x):
        return F.linear(x, QuantizeWeight.apply(self.weight, BITS), self.bias)


class Pact(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor([6.0]))

    def forward(self, x):
        return QuantizeActivation.apply(x, self.alpha, BITS)


def building_blocks(kind):
    """Convolution, activation and dense layer of a contender."""
    if kind == "brevitas":
        import brevitas.nn as qnn

        def conv(*args, **kwargs):
            return qnn.QuantConv2d(*args, weight_bit_width=BITS, **kwargs)

        def dense(*args):
            return qnn.QuantLinear(*args, bias=True, weight_bit_width=BITS)

        return conv, lambda: qnn.QuantReLU(bit_width=BITS, max_val=6.0), dense
    if kind == "pact":
        return PactConv, Pact, PactLinear
    return nn.Conv2d, nn.ReLU6, nn.Linear


def mobilenet_v1(width, kind):
    conv, activation, dense = building_blocks(kind)

    def scaled(channels):
        return int(channels * width)

    def block(inputs, outputs, kernel, stride, groups=1):
        pad = kernel // 2
        layer = conv(inputs, outputs, kernel, stride=stride, padding=pad,
                     groups=groups, bias=False)  # fmt: skip
        return [layer, nn.BatchNorm2d(outputs), activation()]

    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    plan += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    channels = scaled(32)
    layers = block(3, channels, 3, 2)
    for outputs, stride in plan:
        layers += block(channels, channels, 3, stride, channels)
        layers += block(channels, scaled(outputs), 1, 1)
        channels = scaled(outputs)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense(channels, CLASSES)]
    return nn.Sequential(*layers)


def resident(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


def reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def main():
    contender, width, side, batch, threads = sys.argv[1:]
    width, side, batch = float(width), int(side), int(batch)
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    kind = contender.split("-")[0]
    model = mobilenet_v1(width, kind).train()
    x = torch.randn(batch, 3, side, side)
    y = torch.randint(0, CLASSES, (batch,))
    if kind != "brevitas":
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    loss = nn.CrossEntropyLoss()
    with torch.no_grad():
        model(x[:2])  # libraries load, brevitas collects its statistics
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)
    gc.collect()
    before = resident("VmRSS")
    run = torch.compile(model) if contender.endswith("-compile") else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(run(x), y).backward()
        optimizer.step()

    begin = time.monotonic()
    step()  # compiles
    first = time.monotonic() - begin
    gc.collect()
    reset_peak()
    for _ in range(3):
        step()
    memory = resident("VmHWM") - before
    ready = {"torch": torch.__version__, "first_step_s": first, "memory_mb": memory}
    print("ready", json.dumps(ready), flush=True)
    for line in sys.stdin:
        end = time.monotonic() + float(line.split()[1])
        times = []
        while len(times) < 3 or time.monotonic() < end:
            begin = time.perf_counter()
            step()
            times.append(time.perf_counter() - begin)
        answer = {"best_s": min(times), "median_s": statistics.median(times)}
        print(json.dumps(answer | {"steps": len(times)}), flush=True)


if __name__ == "__main__":
    main()
