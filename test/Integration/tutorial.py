"""docs/Tutorial.md is what happens: runs its commands, compares their output.

Blocks marked `console` hold commands (`$ ...`) with the output that follows
them; a line `...` stands for any lines. They run in order in one folder, with
the tools on PATH and `examples` and `data` as the page says. With `--update`
the outputs in the page are replaced by the real ones.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/Tutorial.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def commands_of(block):
    """[(command, expected output)] of a block; `\\` continues a command."""
    pairs, lines = [], block.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            pairs[-1][1].append(line)
            continue
        command = line[2:]
        while command.endswith("\\"):
            command += "\n" + lines.pop(0)
        pairs.append((command, []))
    return pairs


def run(command, folder):
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, [line.rstrip() for line in done.stdout.splitlines()]


def matches(expected, lines):
    pattern = "\n".join(
        "(.*\n)*?.*" if line == "..." else re.escape(line) for line in expected
    )
    return re.fullmatch(pattern, "\n".join(lines)) is not None


def elide(expected, lines):
    """The real lines, with `...` where the page had one: after as many lines as
    stood before it, up to as many as stood behind it."""
    if "..." not in expected:
        return lines
    before = expected.index("...")
    behind = len(expected) - before - 1
    return lines[:before] + ["..."] + (lines[-behind:] if behind else [])


def main():
    update = "--update" in sys.argv
    passed, failed = 0, 0
    text = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "examples").symlink_to(ROOT / "examples")
        (folder / "build").symlink_to(ROOT / "build")
        data = ROOT / "build/examples/digits"
        if not (data / "train-images-idx3-ubyte").is_file():
            subprocess.run(
                [sys.executable, ROOT / "examples/digits/prepare.py"], check=True,
                stdout=subprocess.DEVNULL,
            )
        (folder / "data").symlink_to(data)

        def replay(match):
            nonlocal passed, failed
            out = []
            for command, expected in commands_of(match[1]):
                status, lines = run(command, folder)
                good = status == 0 and (update or matches(expected, lines))
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(f"FAILED: {command} (exit status {status})")
                    print("\n".join("    " + line for line in lines[:60]))
                out += ["$ " + command, *elide(expected, lines)]
            return "```console\n" + "\n".join(out) + "\n```"

        new = BLOCK.sub(replay, text)
    if update and not failed:
        PAGE.write_text(new)
    if passed + failed == 0:
        print("FAILED: the page has no commands")
        failed = 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
