"""The session in README.md is what its commands print; `--update` as in
tutorial.py, which does the work."""

import os
import pathlib
import sys

import tutorial

ROOT = pathlib.Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    build = pathlib.Path(os.environ.get("QAT_BUILD_DIR") or ROOT / "build/dev")
    os.environ["PATH"] = f"{build / 'bin'}{os.pathsep}{os.environ['PATH']}"
    tutorial.PAGE = ROOT / "README.md"
    sys.exit(tutorial.main())
