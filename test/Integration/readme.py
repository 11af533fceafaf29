"""The session in README.md: its commands give the output that stands there.

usage: readme.py [--update]   --update writes the output of today into the page
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QAT_BUILD_DIR") or ROOT / "build/dev")
PAGE = ROOT / "README.md"
SESSION = re.compile(r"(<!-- session -->\n```console\n)(.*?)(```\n<!-- /session -->)", re.S)


def replay(text):
    """The session with the output of today; its commands begin with `$ `."""
    env = dict(os.environ, PATH=f"{BUILD / 'bin'}{os.pathsep}{os.environ['PATH']}")
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("examples", "build"):
            os.symlink(ROOT / name, pathlib.Path(folder) / name)
        for command in re.findall(r"^\$ (.*)$", text, re.M):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            lines.append(f"$ {command}\n{done.stdout}")
            if done.returncode:
                lines.append(f"(exit status {done.returncode})\n")
    return "".join(lines)


def main():
    if not shutil.which("arm-none-eabi-gcc") or not shutil.which("qemu-system-arm"):
        print("no Arm compiler or no QEMU")
        return 77
    subprocess.run([sys.executable, ROOT / "examples/digits/prepare.py"], check=True)
    page = PAGE.read_text()
    found = SESSION.search(page)
    today = replay(found[2])
    if "--update" in sys.argv[1:]:
        PAGE.write_text(page[: found.start(2)] + today + page[found.end(2) :])
        return 0
    if today == found[2]:
        return 0
    print("the session in README.md is not what the commands print; if that is")
    print("right, run test/Integration/readme.py --update. They print:")
    print(today)
    return 1


if __name__ == "__main__":
    sys.exit(main())
