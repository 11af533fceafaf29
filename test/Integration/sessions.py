"""The sessions in README.md and docs/Tutorial.md are what happens.

Blocks marked `console` hold commands (`$ ...`) with the output that follows
them; a line `...` stands for any lines. They run in order, those of a page in
one folder, with the tools on PATH and with `examples`, `build` and `data`
(build/examples/digits) beside them.

usage: sessions.py [--update]   --update writes the output of today into the pages
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs/Tutorial.md"]
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


def prepare_data():
    data = ROOT / "build/examples/digits"
    if not (data / "train-images-idx3-ubyte").is_file():
        subprocess.run(
            [sys.executable, ROOT / "examples/digits/prepare.py"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return data


def replay_page(page, update):
    """(passed, failed) commands; under `update` the page is rewritten."""
    passed, failed = 0, 0

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, target in (
            ("examples", ROOT / "examples"),
            ("build", ROOT / "build"),
            ("data", prepare_data()),
        ):
            (folder / name).symlink_to(target)

        def replay(match):
            nonlocal passed, failed
            out = []
            for command, expected in commands_of(match[1]):
                status, lines = run(command, folder)
                good = status == 0 and (update or matches(expected, lines))
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(f"FAILED: {page.name}: {command} (exit status {status})")
                    print("\n".join("    " + line for line in lines[:60]))
                out += ["$ " + command, *elide(expected, lines)]
            return "```console\n" + "\n".join(out) + "\n```"

        text = page.read_text()
        new = BLOCK.sub(replay, text)
    if update and not failed:
        page.write_text(new)
    if passed + failed == 0:
        print(f"FAILED: {page.name} has no commands")
        failed = 1
    return passed, failed


def main():
    if not shutil.which("arm-none-eabi-gcc") or not shutil.which("qemu-system-arm"):
        print("skipped: no Arm compiler or no QEMU")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    passed, failed = map(
        sum, zip(*(replay_page(page, "--update" in sys.argv) for page in PAGES))
    )
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
