# Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiled training step as a contender of train_step.py."""


def start(contender, name, width, side, batch, options):
    raise RuntimeError(f"{name}: no compiled training step in this build")


def report(row):
    pass
