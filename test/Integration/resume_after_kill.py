"""A training that is killed at random moments and goes on ends in the same bits.

usage: resume_after_kill.py [--long]   3 kills, or 20
"""

import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import (NETWORK, QUANTIZE, RECIPE, check, finish, prepare_long,
                        read_position, run, same_training, start)


def main():
    kills = 20 if "--long" in sys.argv else 3
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = prepare_long(folder / "data")
        often = ["--checkpoint-every", 5, "--quiet"]
        words = [*NETWORK, *data, *RECIPE, *QUANTIZE, "--epochs", 3, *often]
        # The first fills the cache of compiled steps: the second is as long as
        # those to be killed.
        run("train", *words, "--save", folder / "whole")
        began = time.monotonic()
        run("train", *words, "--save", folder / "again")
        length = time.monotonic() - began
        same_training("a second time", folder / "whole", folder / "again")
        draw = random.Random(1)
        save, killed, attempts, places = folder / "killed", 0, 0, []
        while attempts < 10 * kills:
            attempts += 1
            resumes = (save / "checkpoint.safetensors").exists()
            # Nothing is to be cleared away: before the first checkpoint the
            # training begins anew in the folder that is there.
            process = (start("train", "--resume", save, *often) if resumes
                       else start("train", *words, "--save", save))
            try:
                # Once there were kills enough, to the end.
                limit = draw.uniform(0, length) if killed < kills else None
                _, err = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
                if (save / "checkpoint.safetensors").exists():
                    position = read_position(save)
                    places.append((position["epoch"], position["step"]))
                continue
            check(f"run {attempts}", process.returncode == 0, err.strip())
            if killed >= kills or process.returncode:
                break
            # It was done before it could be killed: again from the start.
            same_training(f"after {killed} kills", folder / "whole", save)
            shutil.rmtree(save)
        check("kills", killed >= kills, killed)
        same_training(f"after {killed} kills", folder / "whole", save)
        check("no unfinished files", not list(save.glob("*.tmp")), list(save.iterdir()))
        print(f"killed {killed} times in {attempts} runs of at most {length:.1f} s; "
              f"(epoch, update) of the checkpoints left: {places}")
    finish()


if __name__ == "__main__":
    main()
