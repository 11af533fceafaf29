"""How test/run_parts.py counts: what fails or crashes must never pass."""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))
import run_parts  # noqa: E402

# What a script does, and (passed, failed, skipped) of it.
SCRIPTS = [
    ("exit 0", (1, 0, 0)),
    ("exit 1", (0, 1, 0)),
    ("kill -9 $$", (0, 1, 0)),
    ("echo no board; exit 77", (0, 0, 1)),
    ("echo 3 passed, 0 failed, 2 skipped", (3, 0, 2)),
    ("echo 3 passed, 2 failed, 0 skipped; exit 1", (3, 2, 0)),
    # The line and the exit status disagree.
    ("echo 3 passed, 0 failed, 0 skipped; exit 1", (3, 1, 0)),
    ("echo 3 passed, 2 failed, 0 skipped; exit 0", (3, 2, 0)),
    # It tests nothing.
    ("echo 0 passed, 0 failed, 0 skipped", (0, 1, 0)),
    # Only the last line counts.
    ("echo 3 passed, 0 failed, 0 skipped; echo more; exit 1", (0, 1, 0)),
]

REPORT = """{"testsuites": [{"name": "S", "testsuite": [
  {"name": "a", "status": "RUN", "result": "COMPLETED"},
  {"name": "b", "status": "RUN", "result": "SKIPPED"},
  {"name": "c", "status": "NOTRUN", "result": "SUPPRESSED"}%s]}]}"""
FAILURE = """, {"name": "d", "status": "RUN", "result": "COMPLETED",
  "failures": [{"failure": "1 is not 2"}]}"""
# What a GoogleTest binary reports and its exit status, and the counts.
BINARIES = [
    (REPORT % "", 0, (1, 0, 1)),
    (REPORT % FAILURE, 1, (1, 1, 1)),
    # It fails after its tests (a sanitizer, a global destructor).
    (REPORT % "", 1, (1, 1, 1)),
    # It dies before it reports.
    (None, 139, (0, 1, 0)),
    (None, 0, (0, 1, 0)),
    (None, 77, (0, 1, 0)),
]


def main():
    passed, failed = 0, 0

    def check(what, outcome, expected):
        nonlocal passed, failed
        if tuple(outcome[:3]) == expected:
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {what}: expected {expected}, but got {tuple(outcome[:3])}")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run_parts.RESULTS = folder
        path = folder / "script.sh"
        for text, expected in SCRIPTS:
            path.write_text(text + "\n")
            check(text, run_parts.script(path), expected)
        for report, status, expected in BINARIES:
            path.write_text(
                'report=${1#*json:}\n'
                + (f"cat > $report <<'E'\n{report}\nE\n" if report else "")
                + f"exit {status}\n"
            )
            outcome = run_parts.gtest("binary", ["bash", path], folder)
            check(f"binary that exits with {status}", outcome, expected)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
