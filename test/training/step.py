# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The step under test: qat-differentiate's text, with taps, run by qat-run-step."""

import re
import subprocess
import sys

import module
import numpy as np
import reference

GENERIC = [
    "--mlir-print-op-generic",
    "--mlir-print-elementsattrs-with-hex-if-larger=1",
]


class Failure(Exception):
    """Why a tool did not do its work; one line."""


class Refused(Failure):
    """A network that cannot be quantized or trained, for a known reason."""


REFUSALS = (
    "on one value a channel",
    "the last layer's batch norm has to be folded into its weights",
)


def run(*command, stdin=None):
    done = subprocess.run(
        [str(word) for word in command],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        errors = [line for line in lines if "error" in line] or lines
        kind = Refused if any(text in errors[0] for text in REFUSALS) else Failure
        raise kind(f"{command[0]} ended with {done.returncode}: {errors[0][:300]}")
    return done.stdout


def read(text, *passes):
    """The module after some passes."""
    return module.Module(run("qat-mlir-opt", *passes, *GENERIC, "-", stdin=text))


def differentiate(quantized, **options):
    """The text of form T for a module in form Q (or F), given as text."""
    words = " ".join(f"{name.replace('_', '-')}={value}" for name, value in options.items())
    return run("qat-mlir-opt", f"--qat-differentiate={words}", *GENERIC, "-",
               stdin=quantized)  # fmt: skip


def _add_arguments(parsed, role, types):
    """Appends arguments `%ROLE0`, ... of some memref types to `@step`."""
    step, lines = parsed.functions["step"], parsed.lines
    entry = step["line"]
    head = lines[entry]
    found = re.search(r"function_type = \((.*?)\) -> \(\)", head)
    joined = ", ".join(filter(None, [found[1], *types]))
    head = head.replace(found[0], f"function_type = ({joined}) -> ()")
    attributes = ", ".join(
        f'{{qat.name = "{i}", qat.role = "{role}"}}' for i in range(len(types))
    )
    if types:
        head = re.sub(r"(arg_attrs = \[.*?\})\]", rf"\1, {attributes}]", head)
    lines[entry] = head
    block = next(
        i for i in range(entry, len(lines)) if lines[i].lstrip().startswith("^bb0(")
    )
    arguments = "".join(f", %{role}{i}: {kind}" for i, kind in enumerate(types))
    close = module.enclosed(lines[block], lines[block].index("("))
    lines[block] = lines[block][: close - 1] + arguments + lines[block][close - 1 :]
    return block


def _join(parsed, text):
    _, _, resources = text.partition("{-#")
    return "\n".join(parsed.lines) + ("\n{-#" + resources if resources else "\n")


def add_taps(text):
    """The step with what goes into each activation quantizer as further arguments.

    They have the role `tap` and are called by their number. Returns the text and
    the shapes.
    """
    parsed = module.Module(text)
    ops = parsed.functions["step"]["ops"]
    wanted = [op for op in ops if op.name in reference.ACTIVATIONS]
    end = next(op.line for op in ops if op.name == "func.return")
    types = [op.operand_types[0].replace("tensor", "memref", 1) for op in wanted]
    _add_arguments(parsed, "tap", types)
    parsed.lines[end:end] = [
        f'    "bufferization.materialize_in_destination"({op.operands[0]}, %tap{i})'
        f" <{{restrict, writable}}> : ({op.operand_types[0]}, {types[i]}) -> ()"
        for i, op in enumerate(wanted)
    ]
    return _join(parsed, text), [module.shape_of(kind)[0] for kind in types]


def give_gradient(text):
    """The step whose logits have the gradient of the argument `given:0` instead
    of that of the loss."""
    parsed = module.Module(text)
    ops = parsed.functions["step"]["ops"]
    loss = next(op for op in ops if op.name == "qat.softmax_cross_entropy")
    kind = loss.result_types[1]
    buffer = kind.replace("tensor", "memref", 1)
    block = _add_arguments(parsed, "given", [buffer])
    for op in ops:
        if op is not loss and loss.results[1] in op.operands:
            name = re.escape(loss.results[1]) + r"\b"
            parsed.lines[op.line] = re.sub(name, "%own", parsed.lines[op.line])
    parsed.lines.insert(
        block + 1,
        f'    %own = "bufferization.to_tensor"(%given0) <{{restrict}}> : ({buffer}) -> {kind}',
    )
    return _join(parsed, text)


def arguments_of(text, function="step"):
    """(key, shape) of each argument, in order."""
    parsed = module.Module(text)
    entry = parsed.functions[function]
    attributes = module.split(entry["attributes"].get("arg_attrs", "[]")[1:-1])
    result = []
    for (_, kind), words in zip(entry["arguments"], attributes):
        words = module.dictionary(words)
        role = words["qat.role"].strip('"')
        name = (words.get("qat.name") or '""').strip('"')
        key = role if name in ("", role) else f"{role}:{name}"
        result.append((key, module.shape_of(kind)[0]))
    return result


class CompiledStep:
    """The functions of form T on arrays by their keys (`parameter:conv1.weight`)."""

    def __init__(self, text, folder, name="step", options=()):
        self.path = folder / f"{name}.mlir"
        self.folder, self.name = folder, name
        # Compiled once for all runs.
        self.options = [*options, "--cache", folder / "compiled"]
        self.path.write_text(text)
        self.keys = {}
        parsed = module.Module(text)
        for function in parsed.functions:
            self.keys[function] = [key for key, _ in arguments_of(text, function)]

    def run(self, arrays, function="step", steps=1, threads=1):
        """What the arguments hold afterwards; those not in `arrays` begin as 0."""
        given = self.folder / f"{self.name}.in.safetensors"
        result = self.folder / f"{self.name}.out.safetensors"
        wanted = {key: arrays[key] for key in self.keys[function] if key in arrays}
        tools().write_safetensors(given, wanted)
        run("qat-run-step", self.path, "--function", function, "--arguments", given,
            "--result", result, "--steps", steps, "--step-threads", threads, *self.options)  # fmt: skip
        return tools().read_safetensors(result)


def tools():
    """The reader and writer of safetensors that the golden tests have."""
    import pathlib

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
    import tools as golden

    return golden
