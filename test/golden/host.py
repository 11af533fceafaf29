#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module that computes many small things, run once by `qat run`.

Float arrays travel as one flat input of the network, so that nothing is folded at
compile time; each result is a result of @main.
"""

import ir
import numpy as np
import tools


class HostModule(ir.Function):
    def __init__(self):
        super().__init__()
        self.size, self.inputs, self.results = 0, [], {}

    def _slice(self, values):
        """A 1xN slice of the input with these values."""
        values = np.asarray(values, np.float32).reshape(-1)
        self.inputs.append(values)
        begin, self.size = self.size, self.size + len(values)
        return self.emit(
            f"tensor.extract_slice %x[0, {begin}] [1, {len(values)}] [1, 1] : "
            f"tensor<1x@SIZE@xf32> to tensor<1x{len(values)}xf32>"
        )

    def value(self, array):
        """The array as a tensor of its shape (of at least one dimension)."""
        array = np.asarray(array, np.float32)
        flat = self._slice(array)
        if array.ndim == 2 and array.shape[0] == 1:
            return flat
        return self.reshape(flat, [1, array.size], array.shape)

    def reshape(self, value, old, new):
        sizes = ", ".join(map(str, new))
        shape = self.emit(
            f"tosa.const_shape {{values = dense<[{sizes}]> : tensor<{len(new)}xindex>}} : "
            f"() -> !tosa.shape<{len(new)}>"
        )
        return self.emit(
            f"tosa.reshape {value}, {shape} : ({ir.tensor(old, 'f32')}, "
            f"!tosa.shape<{len(new)}>) -> {ir.tensor(new, 'f32')}"
        )

    def scalar(self, number):
        """A tensor<f32>, as the bounds of quantizers are."""
        flat = self._slice([number])
        return self.emit(
            f"tensor.collapse_shape {flat} [] : tensor<1x1xf32> into tensor<f32>"
        )

    def integers(self, array, element, bits):
        """A constant of quant type."""
        array = np.asarray(array)
        c = self.emit(
            f"arith.constant {ir.integers(array, bits)} : "
            f"{ir.tensor(array.shape, f'i{bits}')}"
        )
        typed = ir.tensor(array.shape, element)
        cast = self.emit(
            f"quant.scast {c} : {ir.tensor(array.shape, f'i{bits}')} to {typed}"
        )
        return cast, typed

    def output(self, name, value, shape):
        """A float result; scalars (shape ()) become one element."""
        if len(shape) == 0:
            value = self.emit(
                f"tensor.expand_shape {value} [] output_shape [1, 1] : tensor<f32> into "
                "tensor<1x1xf32>"
            )
            shape = (1, 1)
        elif len(shape) != 2 or shape[0] != 1:
            value = self.reshape(value, shape, [1, int(np.prod(shape))])
            shape = (1, int(np.prod(shape)))
        self.results[name] = (value, ir.tensor(shape, "f32"))

    def output_typed(self, name, value, typed):
        self.results[name] = (value, typed)

    def run(self, scratch, stem="host"):
        """The results by name."""
        if not self.inputs:
            self._slice([0.0])
        size, count = self.size, len(self.results)
        values = ["%x"] + [value for value, _ in self.results.values()]
        types = [f"tensor<1x{size}xf32>"] + [typed for _, typed in self.results.values()]
        named = [
            f'{typed} {{qat.name = "r{i}"}}' for i, typed in enumerate(types)
        ]
        text = "\n".join(
            [f"func.func @main(%x: {types[0]}) -> ({', '.join(named)}) {{"]
            + self.lines
            + [f"    return {', '.join(values)} : {', '.join(types)}", "}", ""]
        )
        module, x = scratch / f"{stem}.mlir", scratch / f"{stem}.npy"
        module.write_text(text.replace("@SIZE@", str(size)))
        np.save(x, np.concatenate(self.inputs)[None])
        layers = scratch / f"{stem}-results"
        tools.run(
            "qat", "run", module, "--input", x, "--layout", "nhwc", "-j", 1, "--output",
            scratch / f"{stem}-y.npy", "--layers", layers,
        )  # fmt: skip
        loaded = [np.load(layers / f"r{i + 1}.npy") for i in range(count)]
        return {name: array.reshape(-1) for name, array in zip(self.results, loaded)}


def ask(requests):
    """What qat-golden-units answers: lists of numbers, or None where refused."""
    lines = [" ".join(map(word, request)) for request in requests]
    answers = tools.run("qat-golden-units", stdin="\n".join(lines) + "\n").split("\n")
    result = []
    for line in answers[: len(requests)]:
        if line.startswith("refused"):
            result.append(None)
            continue
        result.append(
            [float.fromhex(w) if "x" in w or "n" in w else int(w) for w in line.split()]
        )
    return result


def word(value):
    if isinstance(value, str):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    return str(int(value))
