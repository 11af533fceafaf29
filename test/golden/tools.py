#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the built tools, and reads and writes the files that they share."""

import json
import os
import pathlib
import struct
import subprocess

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QAT_BUILD_DIR") or SOURCE / "build/dev")
LIMIT = 600  # seconds for one command

_TYPES = {
    "F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}


class Failure(Exception):
    """What differs, or why a tool did not do its work; one line."""


def environment():
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(BUILD / "bin"), env.get("PATH", "")])
    return env


def run(*command, stdin=None, statuses=(0,)):
    """Standard output of one of the tools; Failure with its first line of errors."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{' '.join(words[:2])}: {error}") from None
    if done.returncode not in statuses:
        lines = [line for line in done.stderr.splitlines() if "error" in line]
        lines = lines or done.stderr.strip().splitlines() or ["no message"]
        raise Failure(
            f"{' '.join(words[:2])} ended with {done.returncode}: {lines[0][:400]}"
        )
    return done.stdout


def write_safetensors(path, arrays):
    header, blobs, offset = {}, [], 0
    for name, array in arrays.items():
        array = np.asarray(array)
        blob = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(body[begin:end], _TYPES[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays


def to_channels_last(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def to_channels_first(array):
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


class Differences(list):
    """What differs, and what there was no way to compare."""

    def __init__(self, differences, notes):
        super().__init__(differences)
        self.notes = notes


class Comparison:
    """Collects what differs between arrays of one case."""

    def __init__(self):
        self.differences = []
        self.notes = []
        self.compared = 0

    def note(self, text):
        """Something that passes without having been compared."""
        self.notes.append(text)

    def fail(self, text):
        self.differences.append(text)

    def equal(self, what, actual, expected):
        """Bit for bit, but for the signs of zeros; NaN equals NaN."""
        self.compared += 1
        actual, expected = np.asarray(actual), np.asarray(expected)
        if actual.size != expected.size:
            self.fail(f"{what}: shape {actual.shape}, expected {expected.shape}")
            return
        actual = actual.reshape(expected.shape)
        same = actual == expected
        if actual.dtype.kind == expected.dtype.kind == "f":
            same |= np.isnan(actual) & np.isnan(expected)
        if not same.all():
            at = tuple(int(i) for i in np.argwhere(~same)[0])
            self.fail(
                f"{what}: {int((~same).sum())} of {same.size} differ, first at "
                f"{list(at)}: {actual[at]}, expected {expected[at]}"
            )

    def near(self, what, actual, expected, tolerance):
        self.compared += 1
        actual = np.asarray(actual, np.float64)
        expected = np.asarray(expected, np.float64)
        if actual.size != expected.size:
            self.fail(f"{what}: shape {actual.shape}, expected {expected.shape}")
            return
        actual = actual.reshape(expected.shape)
        tolerance = np.broadcast_to(tolerance, expected.shape)
        near = np.abs(actual - expected) <= tolerance  # false for NaN
        if not near.all():
            at = tuple(int(i) for i in np.argwhere(~near)[0])
            self.fail(
                f"{what}: {int((~near).sum())} of {near.size} too far off, first at "
                f"{list(at)}: {actual[at]}, expected {expected[at]} "
                f"+- {tolerance[at]:.3g}"
            )

    def finish(self):
        if not self.compared and not self.differences:
            self.fail("nothing to compare")
        return Differences(self.differences, self.notes)
