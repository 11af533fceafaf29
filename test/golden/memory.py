#!/usr/bin/env python3
# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""memory_driven*.json: the memory-driven assignment, by qat-golden-memory."""

import json
import re

import tools


def find(folder):
    return sorted(folder.rglob("memory_driven*.json"))


def jobs(path):
    """One job of all cases: they take a second together."""
    cases = json.loads(path.read_text())["cases"]
    names = [
        f"{path.stem}/{case['net']} [{case['rom']},{case['ram']}] {case['mode']} {policy}"
        for case in cases
        for policy in ("reference", "consistent")
    ]
    yield names, check


def check(path, names, scratch):
    output = tools.run("qat-golden-memory", path, statuses=(0, 1))
    outcome = {}
    for line in output.splitlines():
        found = re.match(r"(passed|FAILED) (.* (?:reference|consistent)):?(.*)$", line)
        if found:
            word, name, differences = found.groups()
            text = differences.strip(": ") or "differs"
            outcome[f"{path.stem}/{name}"] = [] if word == "passed" else [text]
    return {name: outcome.get(name, ["qat-golden-memory says nothing"]) for name in names}
