"""Every row of docs/Errors.md is what happens.

A row holds what is broken, the command, its exit status and the one line on
standard error (`...` stands for any text). The files are those of
broken_files.py; then those that crash upstream (test/fuzz/upstream). Each must also be done within 10 s and 1 GB, and leave
nothing behind that was not there before.

usage: broken_inputs.py [--update]   --update writes today's lines into the page
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import broken_files

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/Errors.md"
UPSTREAM = PAGE.parents[1] / "test/fuzz/upstream"
ROW = re.compile(r"^\| (.*?) \| `(qat .*?)` \| (\d) \| (.*) \|$")
SECONDS, BYTES = 10, 1 << 30


def escape(text):
    return text.replace("|", "\\|")


def unescape(text):
    return text.replace("\\|", "|")


def files_below(folder):
    return {str(path) for path in folder.rglob("*")}


def run(command, folder, may_crash=False):
    """(exit status, standard error, what is wrong beside these)."""
    before = files_below(folder)
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # What ends as a child is measured by wait4.
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            ["bash", "-c", "exec " + command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            preexec_fn=limit,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    wrong = []
    # The build of a simulation stays, good or bad.
    left = {path for path in files_below(folder) - before if "/build" not in path}
    if left:
        wrong.append(f"left {sorted(left)}")
    if usage.ru_maxrss * 1024 > BYTES:
        wrong.append(f"took {usage.ru_maxrss >> 10} MB")
    # Bad samples are named one by one before the error.
    lines = [line for line in text.splitlines() if not line.startswith("warning: ")]
    if len(lines) != 1:
        wrong.append(f"{len(lines)} lines on standard error")
    if not may_crash and "internal failure" in text or "without saying why" in text:
        wrong.append("the line does not say what is wrong with the input")
    return child.returncode, lines[-1] if lines else "", wrong


def matches(expected, line):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, line) is not None


def main():
    update = "--update" in sys.argv
    os.environ["VIRTUAL_ENV"] = sys.prefix  # where the reader of .tflite is
    os.environ.pop("QAT_DATA", None)
    lines, passed, failed = PAGE.read_text().splitlines(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        broken_files.make(folder)
        for index, row in enumerate(lines):
            match = ROW.match(row)
            if not match:
                # A row that this does not recognize would not be tested.
                if "`qat " in row and row.startswith("|"):
                    sys.exit(f"{PAGE}:{index + 1}: not a row of four columns")
                continue
            what, command, status, expected = match.groups()
            command, expected = unescape(command), unescape(expected)
            got, line, wrong = run(command, folder)
            if got != int(status):
                wrong.append(f"exit status {got}, expected {status}")
            if not matches(expected, line) and not update:
                wrong.append("expected " + expected)
            if update and not matches(expected, line):
                lines[index] = f"| {what} | `{escape(command)}` | {status} | {escape(line)} |"
            if wrong:
                failed += 1
                print(f"FAILED {command}\n  got: {line}")
                print("\n".join("  " + reason for reason in wrong))
            else:
                passed += 1
        for path in sorted(UPSTREAM.glob("*.mlir*")):
            got, line, wrong = run(f"qat info {path}", folder, may_crash=True)
            if got == 1 and not wrong:
                passed += 1
                continue
            failed += 1
            print(f"FAILED qat info {path.name}: exit status {got}\n  got: {line}")
            print("\n".join("  " + reason for reason in wrong))
    if update:
        PAGE.write_text("\n".join(lines) + "\n")
    if passed + failed < 45:
        failed += 1
        print(f"FAILED {PAGE} has {passed + failed - 1} rows; at least 45 are promised")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
