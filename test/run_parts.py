"""Builds, runs the parts of the test suite and adds up their cases.

Four kinds of parts, each case counted:
* unit: what `add_test` declares; a GoogleTest binary counts by its test cases,
  another command is one case and skips by its SKIP_RETURN_CODE.
* lit: test/**/*.mlir and *.test.
* integration: each test/Integration/*.py and *.sh. A script may end with the
  line `N passed, N failed, N skipped`; without that line it is one case, which
  fails by its exit status and is skipped by exit status 77. It finds
  QAT_SOURCE_DIR, QAT_BUILD_DIR, QAT_SHARED and QAT_PYTHON in the environment
  and the tools on PATH.
* fuzz: test/fuzz/run.py, every fuzzer for a minute, one case each.

A part that passed is not run again while nothing that it could depend on has
changed: the files of the repository, the installed packages, the trained models.
`--again` runs it all the same, as CI does.
"""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = SOURCE / "build/dev"
RESULTS = BUILD / "test-results"
LLVM = pathlib.Path("/usr/lib/llvm-22/bin")
JOBS = os.cpu_count() or 1
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
# Seconds that a part may take on two cores before we say that it grew.
# Fuzzers are built with sanitizers, apart from everything else.
BUDGETS = {
    "build": 2400,
    "unit": 120,
    "lit": 120,
    "fuzz": 900,
    "integration/golden": 400,
    "integration/gradients": 60,
    "integration/random_graphs": 300,
    "integration/training_steps": 90,
    "integration/zoo": 90,
}
SCRIPT_BUDGET = 180
# Seconds after which a single command is stopped and counts as failed.
LIMIT = 1200
FUZZ_LIMIT = 3600

Outcome = collections.namedtuple("Outcome", "passed failed skipped notes")


def environment():
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(BUILD / "bin"), str(LLVM), env["PATH"]])
    env["QAT_SOURCE_DIR"] = str(SOURCE)
    env["QAT_BUILD_DIR"] = str(BUILD)
    env["QAT_SHARED"] = env.get("QAT_SHARED") or str(SOURCE.parent / "shared")
    env["QAT_PYTHON"] = sys.executable
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def run(command, limit=LIMIT, **more):
    """(exit status, output of both streams); a command that hangs is a failure."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            text=True,
            errors="replace",
            **{"env": environment(), "cwd": SOURCE, **more},
        )
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as stopped:
        output = stopped.stdout or b""
        if isinstance(output, bytes):
            output = output.decode(errors="replace")
        return -1, f"{output}\nstopped after {limit} s"
    except OSError as error:
        return -1, str(error)


def tail(text, lines=40):
    """The end of an output, indented: no line of it passes for our own."""
    return ["    " + line for line in text.strip().splitlines()[-lines:]]


def one_case(name, status, output, skip_status=77):
    if status == 0:
        return Outcome(1, 0, 0, [])
    if status == skip_status:
        reason = output.strip().splitlines()
        return Outcome(0, 0, 1, [f"  skipped {name}: {reason[-1] if reason else ''}"])
    return Outcome(0, 1, 0, [f"  FAILED {name} (exit status {status})"] + tail(output))


def build():
    """The log of a failed build, or nothing."""
    presets, cache = SOURCE / "CMakePresets.json", BUILD / "CMakeCache.txt"
    shared = "QAT_SHARED_DIR:PATH=" + os.environ.get("QAT_SHARED", "")
    # Ninja configures anew for changes of CMakeLists.txt, not of presets or of
    # the environment.
    if (
        not (BUILD / "build.ninja").is_file()
        or cache.stat().st_mtime < presets.stat().st_mtime
        or shared not in cache.read_text().splitlines()
    ):
        status, log = run(["cmake", "--preset", "dev", "-D" + shared])
        if status:
            return log
        cache.touch()  # CMake leaves it alone where nothing in it changed
    status, log = run(["ninja", "-C", BUILD], limit=None)
    return log if status else None


def gtest(name, command, directory):
    report = RESULTS / f"{name}.json"
    report.unlink(missing_ok=True)
    status, output = run(
        [*command, f"--gtest_output=json:{report}", "--gtest_brief=1"], cwd=directory
    )
    if not report.is_file():
        return one_case(name, status or -1, output, skip_status=None)
    passed, skipped, failures = 0, [], []
    for suite in json.loads(report.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("failures"):
                failures.append(f"{suite['name']}.{case['name']}")
            elif case.get("result") == "SKIPPED":
                skipped.append(f"  skipped {suite['name']}.{case['name']}")
            elif case.get("status") == "RUN":
                passed += 1
    notes = [f"  FAILED {name}: {case}" for case in failures]
    if status and not failures:
        failures.append(name)
        notes = [f"  FAILED {name} (exit status {status})"]
    if failures:
        notes += tail(output)
    return Outcome(passed, len(failures), len(skipped), notes + skipped)


def unit():
    status, listing = run(["ctest", "--test-dir", BUILD, "--show-only=json-v1"])
    if status:
        return one_case("ctest", status, listing)

    def one(test):
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        directory = properties.get("WORKING_DIRECTORY", BUILD)
        if pathlib.Path(test["command"][0]).parent == BUILD / "unittests":
            return gtest(test["name"], test["command"], directory)
        status, output = run(test["command"], cwd=directory)
        return one_case(
            test["name"], status, output, properties.get("SKIP_RETURN_CODE", 77)
        )

    tests = json.loads(listing[listing.index("{") :])["tests"]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return add(pool.map(one, tests))


def lit():
    report = RESULTS / "lit.json"
    report.unlink(missing_ok=True)
    status, output = run(
        [LLVM / "lit", "-q", "-j", JOBS, "--output", report, BUILD / "test"]
    )
    if not report.is_file():
        return one_case("lit", status or -1, output)
    passed, failed, skipped, notes = 0, 0, 0, []
    for test in json.loads(report.read_text())["tests"]:
        code = test["code"]
        if code in ("PASS", "XFAIL", "FLAKYPASS"):
            passed += 1
        elif code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            skipped += 1
            notes.append(f"  skipped {test['name']}")
        else:
            failed += 1
            notes += [f"  FAILED {test['name']} ({code})"] + tail(test["output"])
    if status and not failed:
        failed, notes = 1, notes + ["  FAILED lit"] + tail(output)
    return Outcome(passed, failed, skipped, notes)


def script(path, limit=LIMIT):
    interpreter = sys.executable if path.suffix == ".py" else "bash"
    status, output = run([interpreter, path], limit=limit)
    lines = output.strip().splitlines()
    counts = COUNTS.match(lines[-1]) if lines else None
    if not counts:
        return one_case(path.name, status, output)
    passed, failed, skipped = map(int, counts.groups())
    if passed + failed + skipped == 0:
        failed = 1  # a script that tests nothing
    if (status != 0) != (failed != 0):
        failed = max(failed, 1)  # the line and the exit status disagree
    notes = tail(output) if failed else []
    notes += ["  " + line.strip() for line in lines if "skipped:" in line]
    return Outcome(passed, failed, skipped, notes)


def add(outcomes):
    total = Outcome(0, 0, 0, [])
    for outcome in outcomes:
        total = Outcome(*(a + b for a, b in zip(total, outcome)))
    return total


def fingerprint():
    """Of all that a result depends on; None where that cannot be told."""
    digest = hashlib.sha256()
    status, files = run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    )
    packages, versions = run(["dpkg-query", "-W"])
    if status or packages:
        return None
    digest.update(versions.encode())
    for name in sorted(set(files.split("\0")) - {""}):
        path = SOURCE / name
        content = path.read_bytes() if path.is_file() else b"absent"
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    shared = pathlib.Path(environment()["QAT_SHARED"])
    for path in sorted(shared.rglob("*")):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()


class Memory:
    """The outcomes of the parts that passed with one fingerprint."""

    def __init__(self, again):
        self.path = BUILD / "test-passed.json"
        self.fingerprint = fingerprint()
        self.outcomes = {}
        if again or self.fingerprint is None or not self.path.is_file():
            return
        known = json.loads(self.path.read_text())
        if known["fingerprint"] == self.fingerprint:
            self.outcomes = {k: Outcome(*v) for k, v in known["outcomes"].items()}

    def remember(self, name, outcome):
        if outcome.failed or self.fingerprint is None:
            return
        self.outcomes[name] = outcome
        known = {"fingerprint": self.fingerprint, "outcomes": self.outcomes}
        self.path.write_text(json.dumps(known))


def timed(name, work, memory):
    begin = time.monotonic()
    outcome = memory.outcomes.get(name)
    word = "as before" if outcome else ""
    if not outcome:
        outcome = work()
        memory.remember(name, outcome)
    seconds = time.monotonic() - begin
    passed, failed, skipped, notes = outcome
    budget = BUDGETS.get(name, SCRIPT_BUDGET)
    over = f"  warning: over its budget of {budget} s" if seconds > budget else ""
    print(
        f"{name:32} {passed:5} passed {failed:3} failed {skipped:3} skipped"
        f" {seconds:7.1f} s  {word}{over}".rstrip()
    )
    for note in notes:
        print(note)
    return outcome


def scripts(chosen):
    folder = SOURCE / "test/Integration"
    found = sorted([*folder.glob("*.py"), *folder.glob("*.sh")])
    if "integration" in chosen or not chosen:
        return found
    return [p for p in found if f"integration/{p.stem}" in chosen]


def main():
    chosen = set(sys.argv[1:]) - {"--again"}
    again = "--again" in sys.argv or "CI" in os.environ
    known = {"unit", "lit", "integration", "fuzz"}
    known |= {f"integration/{path.stem}" for path in scripts([])}
    for name in sorted(chosen - known):
        sys.exit(f"test/run.sh: error: no part '{name}'; parts: {', '.join(sorted(known))}")

    begin = time.monotonic()
    log = build()
    seconds = time.monotonic() - begin
    over = "  warning: over its budget" if seconds > BUDGETS["build"] else ""
    print(f"{'build (preset dev)':66} {seconds:7.1f} s{over}")
    if log is not None:
        print("\n".join(tail(log, 60)))
        print("0 passed, 1 failed, 0 skipped")
        return 1

    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    memory = Memory(again)
    outcomes = []
    for name, work in (("unit", unit), ("lit", lit)):
        if not chosen or name in chosen:
            outcomes.append(timed(name, work, memory))
    for path in scripts(chosen):
        outcomes.append(timed(f"integration/{path.stem}", lambda: script(path), memory))
    if not chosen or "fuzz" in chosen:
        fuzz = SOURCE / "test/fuzz/run.py"
        outcomes.append(timed("fuzz", lambda: script(fuzz, FUZZ_LIMIT), memory))
    passed, failed, skipped, _ = add(outcomes)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
