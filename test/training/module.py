# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a module that MLIR printed in the generic form, one operation a line.

Nothing of the compiler is used beyond its printer: `qat-mlir-opt
--mlir-print-op-generic --mlir-print-elementsattrs-with-hex-if-larger=1`.
"""

import dataclasses
import re

import numpy as np

_TYPES = {"f32": "<f4", "f64": "<f8", "i32": "<i4", "i64": "<i8", "i8": "i1", "i1": "?"}
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclasses.dataclass
class Op:
    name: str
    results: list
    operands: list
    attributes: dict  # name -> text, or None for a unit attribute
    operand_types: list
    result_types: list
    line: int

    def number(self, name):
        """A number, such as `1.0 : f32` or `0x7F7FFFFF : f32`."""
        text = self.attributes[name].split(":")[0].strip()
        kind = self.attributes[name].split(":")[1].strip()
        if text.startswith("0x"):
            bits = int(text, 16)
            width = np.uint32 if kind == "f32" else np.uint64
            return float(width(bits).view(np.float32 if kind == "f32" else np.float64))
        return float(np.float32(text)) if kind == "f32" else float(text)

    def integers(self, name):
        """The elements of an array attribute; none where it is absent."""
        text = self.attributes.get(name)
        if text is None:
            return None
        return [int(word) for word in re.findall(r"-?\d+", text.split(":", 1)[1])]

    def word(self, name):
        """`nearest` of `#qat.rounding<nearest>`; None where it is absent."""
        text = self.attributes.get(name)
        return None if text is None else re.search(r"<(\w+)>", text)[1]


def shape_of(text):
    """(sizes, element type) of a tensor or memref type."""
    inside = re.match(r"(?:tensor|memref)<([^,>]*)", text)[1]
    *sizes, element = inside.split("x")
    return tuple(int(size) for size in sizes), element


def split(text, separator=","):
    """Splits at separators that no bracket or string encloses."""
    parts, depth, begin, quoted = [], 0, 0, False
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] != "-"):
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[begin:i].strip())
            begin = i + 1
    last = text[begin:].strip()
    return parts + [last] if last else parts


def enclosed(text, begin):
    """The index after the bracket that closes the one at `begin`."""
    stack, quoted = [], False
    for i in range(begin, len(text)):
        c = text[i]
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in _CLOSING:
            stack.append(_CLOSING[c])
        elif stack and c == stack[-1] and text[i - 1 : i + 1] != "->":
            stack.pop()
            if not stack:
                return i + 1
    raise ValueError(f"no end of '{text[begin : begin + 40]}'")


def dictionary(text):
    """Attributes between braces."""
    result = {}
    for entry in split(text.strip()[1:-1]):
        name, equals, value = entry.partition("=")
        result[name.strip().strip('"')] = value.strip() if equals else None
    return result


def elements(text, blobs):
    """The array of `dense<...> : type` or `dense_resource<key> : type`."""
    value, _, kind = text.rpartition(" : ")
    shape, element = shape_of(kind)
    dtype = _TYPES[element]
    if value.startswith("dense_resource<"):
        key = value[len("dense_resource<") : -1].strip('"')
        return np.frombuffer(blobs[key], dtype).reshape(shape).copy()
    inside = value[len("dense<") : -1]
    if inside.startswith('"0x'):
        return np.frombuffer(bytes.fromhex(inside[3:-1]), dtype).reshape(shape).copy()
    if inside.startswith("0x"):
        width = "<u4" if dtype == "<f4" else "<u8"
        one = np.array(int(inside, 16), width).view(dtype)
    else:
        words = re.findall(r"[-+0-9.eE]+|true|false", inside)
        one = np.array([word == "true" if element == "i1" else float(word)
                        for word in words]).astype(dtype)  # fmt: skip
        if one.size > 1:
            return one.reshape(shape)
        one = one.reshape(()) if one.size else np.zeros((), dtype)
    return np.full(shape, one, dtype)


def _read_blobs(text):
    """The builtin resources by their keys; four bytes state the alignment."""
    return {
        (quoted or plain): bytes.fromhex(data)[4:]
        for quoted, plain, data in re.findall(
            r'(?:"([^"]+)"|([\w.$-]+)): "0x([0-9A-Fa-f]*)"', text
        )
    }


_OP = re.compile(r'^\s*(?:(%[^=]*?) = )?"([\w.]+)"\(')


def _parse_op(line, number):
    found = _OP.match(line)
    results = split(found[1]) if found[1] else []
    end = enclosed(line, found.end() - 1)
    operands = split(line[found.end() : end - 1])
    rest, attributes = line[end:].lstrip(), {}
    while rest[:1] in ("<", "{", "["):
        end = enclosed(rest, 0)
        text, rest = rest[:end], rest[end:].lstrip()
        if text.startswith("<{"):
            attributes |= dictionary(text[1:-1])
        elif text.startswith("{"):
            attributes |= dictionary(text)
    inputs, _, outputs = rest.lstrip(": ").partition(" -> ")
    outputs = outputs.split(" loc(")[0].strip()
    if outputs.startswith("("):
        outputs = outputs[1:-1]
    names = []
    for result in results:
        name, _, count = result.partition(":")
        names += [f"{name}#{i}" for i in range(int(count))] if count else [name]
    return Op(found[2], names, operands, attributes, split(inputs[1:-1]),
              split(outputs), number)  # fmt: skip


class Module:
    """The functions, the parameters in their order, and the attributes."""

    def __init__(self, text):
        body, _, resources = text.partition("{-#")
        blobs = _read_blobs(resources)
        self.lines = body.splitlines()
        self.parameters, self.functions, self.attributes = {}, {}, {}
        ops = None
        for number, line in enumerate(self.lines):
            if line.startswith("})"):  # the end of the module
                found = line.find("{")
                if found >= 0:
                    self.attributes = dictionary(line[found : enclosed(line, found)])
            elif '"ml_program.global"(' in line:
                op = _parse_op(line, number)
                name = op.attributes["sym_name"].strip('"')
                self.parameters[name] = elements(op.attributes["value"], blobs)
            elif '"func.func"(' in line:
                begin = line.index("<{") + 1
                attributes = dictionary(line[begin : enclosed(line, begin)])
                ops = []
                function = {"attributes": attributes, "ops": ops, "line": number}
                self.functions[attributes["sym_name"].strip('"')] = function
            elif line.lstrip().startswith("^bb0(") and ops is not None and not ops:
                begin = line.index("(")
                arguments = split(line[begin + 1 : enclosed(line, begin) - 1])
                function["arguments"] = [
                    tuple(part.strip() for part in argument.split(":", 1))
                    for argument in arguments
                ]
            elif ops is not None and _OP.match(line):
                op = _parse_op(line, number)
                if op.name == "tosa.const":
                    op.attributes["values"] = elements(op.attributes["values"], blobs)
                ops.append(op)
