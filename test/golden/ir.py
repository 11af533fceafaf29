#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text of modules: tensors, constants, arrays, and a writer of one function."""

import numpy as np


def tensor(shape, element):
    return "tensor<" + "".join(f"{size}x" for size in shape) + element + ">"


def integers(values, bits):
    """Signless integers as an attribute; one byte each below 8 bits."""
    values = np.asarray(values)
    if bits > 8:
        data = values.astype("<i4").tobytes()
    else:
        data = (values.astype(np.int64) & ((1 << bits) - 1)).astype("u1").tobytes()
    return f'dense<"0x{data.hex()}">'


def floats(values):
    values = np.asarray(values, "<f4")
    return f'dense<"0x{values.tobytes().hex()}">'


def array(values, bits):
    items = ", ".join(str(int(value)) for value in np.atleast_1d(values))
    return f"array<i{bits}: {items}>"


def real(value):
    """A float attribute, exactly: the bits of a float32."""
    return f"0x{np.float32(value).view(np.uint32):08X} : f32"


def double(value):
    return f"{float(value):.17e} : f64"


class Function:
    """Lines of a function; values are their SSA names."""

    def __init__(self):
        self.lines, self.globals, self.count = [], [], 0

    def fresh(self):
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text, name=None):
        """One operation; the name of its result."""
        result = self.fresh()
        location = f' loc("{name}")' if name else ""
        self.lines.append(f"    {result} = {text}{location}")
        return result

    def emit_many(self, count, text):
        """One operation with several results; their names."""
        result = self.fresh()
        self.lines.append(f"    {result}:{count} = {text}")
        return [f"{result}#{i}" for i in range(count)]

    def add_global(self, name, values):
        """A float parameter, loaded here."""
        values = np.asarray(values, np.float32)
        kind = tensor(values.shape, "f32")
        self.globals.append(
            f'  ml_program.global private mutable @"{name}"({floats(values)} : {kind})'
            f" : {kind}"
        )
        return self.emit(f'ml_program.global_load @"{name}" : {kind}')

    def text(self, argument, result, value, attributes=""):
        """The module: `argument` is the type of %x."""
        return "\n".join(
            [f"module {attributes}{{"]
            + self.globals
            + [f"  func.func @main(%x: {argument}) -> {result} {{"]
            + self.lines
            + [f"    return {value} : {result}", "  }", "}", ""]
        )
