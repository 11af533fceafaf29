"""A training that is killed at random moments and goes on ends in the same bits.

usage: resume_after_kill.py [--long]   3 kills, or 20
"""

import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import (COUNTS, NETWORK, QUANTIZE, RECIPE, check, finish, prepare, run,
                      same_training, start)


def main():
    kills = 20 if "--long" in sys.argv else 3
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = prepare(folder / "data")
        words = [*NETWORK, *data, *RECIPE, *QUANTIZE, "--epochs", 3,
                 "--checkpoint-every", 2, "--quiet"]
        began = time.monotonic()
        run("train", *words, "--save", folder / "whole")
        length = time.monotonic() - began
        draw = random.Random(1)
        save, killed, attempts = folder / "killed", 0, 0
        while attempts < 10 * kills:
            attempts += 1
            resumes = (save / "checkpoint.safetensors").exists()
            if not resumes and save.exists():
                shutil.rmtree(save)
            process = (start("train", "--resume", save, "--checkpoint-every", 2, "--quiet")
                       if resumes else start("train", *words, "--save", save))
            try:
                # Once there were kills enough, to the end.
                limit = draw.uniform(0, length) if killed < kills else None
                _, err = process.communicate(timeout=limit)
            except Exception:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
                continue
            check(f"run {attempts}", process.returncode == 0, err.strip())
            if killed >= kills or process.returncode:
                break
            # It was done before it could be killed: again from the start.
            same_training(f"after {killed} kills", folder / "whole", save)
            shutil.rmtree(save)
        check("kills", killed >= kills, killed)
        same_training(f"after {killed} kills", folder / "whole", save)
        leftover = [f.name for f in save.iterdir() if f.name.endswith(".tmp")]
        print(f"killed {killed} times in {attempts} runs; {len(leftover)} unfinished files")
    finish()


if __name__ == "__main__":
    main()
