# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the machine can do, and the least time that a training step takes on it.

The bound counts for a step of MobileNetV1 with live batch norm:
* bytes: each convolution's output y is kept as float32: written once, read once
  forward (the next layer's prologue), read twice backward (its own gradient and
  the next layer's weight gradient), its gradient written and read once: 24
  bytes an element. Adam reads w, g, m, v and writes w, m, v: 28 bytes a
  parameter.
* multiply-accumulates: forward, input gradient and weight gradient of every
  convolution (the first has no input gradient), two operations each.
Bytes at the bandwidth of a copy, operations at the speed of a large float32
product. Nothing overlaps less than perfectly: the bound is the larger of both.
"""

import time


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def fastest(work, repeats):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure(threads):
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    size = 64 << 20  # floats: far more than any cache holds
    source, target = torch.zeros(size), torch.zeros(size)
    copy = 2 * 4 * size / fastest(lambda: target.copy_(source), 5)
    # As a convolution: that goes to oneDNN, which suits every x86 processor.
    x = torch.randn(16, 512, 28, 28).to(memory_format=torch.channels_last)
    w = torch.randn(512, 512, 1, 1).to(memory_format=torch.channels_last)
    with torch.no_grad():
        products = 2 * 16 * 28 * 28 * 512 * 512 / fastest(lambda: F.conv2d(x, w), 12)
        a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
        products = max(products, 2 * 2048**3 / fastest(lambda: a @ b, 6))
    return {
        "cpu": cpu_name(),
        "threads": threads,
        "copy_gb_s": copy / 1e9,
        "gflop_s": products / 1e9,
    }


def layers(width, side):
    """(kind, input elements, output elements, parameters, MACs) an image."""

    def scaled(channels):
        return int(channels * width)

    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    plan += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    side, channels = (side + 1) // 2, scaled(32)
    yield "first", channels * side**2, 27 * channels, 27 * channels * side**2
    for outputs, stride in plan:
        side = (side + stride - 1) // stride
        pixels = side**2
        yield "depthwise", channels * pixels, 9 * channels, 9 * channels * pixels
        outputs = scaled(outputs)
        macs = channels * outputs
        yield "gemm", outputs * pixels, macs, macs * pixels
        channels = outputs
    yield "gemm", 1000, 1000 * channels, 1000 * channels


def bound(width, side, batch, machine):
    elements = parameters = 0
    operations = {"gemm": 0, "depthwise": 0}
    for kind, outputs, weights, macs in layers(width, side):
        elements += outputs * batch
        parameters += weights
        passes = 2 if kind == "first" else 3
        key = "depthwise" if kind == "depthwise" else "gemm"
        operations[key] += 2 * passes * macs * batch
    moved = 24 * elements + 28 * parameters
    memory = moved / machine["copy_gb_s"] / 1e6
    compute = sum(operations.values()) / machine["gflop_s"] / 1e6
    return {
        "moved_mb": moved / 1e6,
        "gemm_gflop": operations["gemm"] / 1e9,
        "depthwise_gflop": operations["depthwise"] / 1e9,
        "memory_ms": memory,
        "compute_ms": compute,
        "bound_ms": max(memory, compute),
    }


def report(bound, ours):
    reached = ""
    if ours:
        part = 100 * bound["bound_ms"] / ours["step_ms"]
        rate = (bound["gemm_gflop"] + bound["depthwise_gflop"]) / ours["step_ms"] * 1e3
        reached = f"; ours reaches {part:.0f} % of it, {rate:.0f} GFLOP/s"
    print(
        f"roofline: {bound['moved_mb']:.0f} MB in {bound['memory_ms']:.1f} ms,"
        f" {bound['gemm_gflop']:.1f} + {bound['depthwise_gflop']:.1f} GFLOP (GEMM +"
        f" depthwise) in {bound['compute_ms']:.1f} ms{reached}",
        flush=True,
    )
