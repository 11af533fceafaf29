"""`qat train` interrupted by signals and by a disk that is full: it goes on to the same bits."""

import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import (COUNTS, NETWORK, QAT, QUANTIZE, RECIPE, check, finish, prepare_long,
                        read_position, refused, run, same_training)

BAR = re.compile(r"epoch (\d+)/(\d+) \[([#.]{24})\] (\d+)/(\d+) loss (\d+\.\d+), top-1 "
                 r"(\d+\.\d) %, (\d+) images/s, (?:(\d+):)?(\d+):(\d\d) left")


class OnTerminal:
    """A training whose standard error is a terminal."""

    def __init__(self, *arguments):
        self.terminal, child = pty.openpty()
        self.process = subprocess.Popen(
            [str(word) for word in [QAT, "train", *arguments]], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=child)
        os.close(child)
        self.shown = ""

    def read(self):
        """False once there is nothing more to come."""
        try:
            if not select.select([self.terminal], [], [], 120)[0]:
                return False
            more = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.shown += more.decode()
        return bool(more)

    def wait_for(self, what):
        while not what(self.shown):
            if not self.read():
                check("the terminal shows what is waited for", False, self.shown[-300:])
                return

    def finish(self):
        while self.read():
            pass
        os.close(self.terminal)
        return self.process.wait()


def last_bar(shown):
    bars = BAR.findall(shown)
    return bars[-1] if bars else None


def progress(folder, words):
    """What the bar says, of a training that nobody interrupts."""
    training = OnTerminal(*words, "--save", folder / "whole")
    status = training.finish()
    check("progress: exit status", status == 0, training.shown)
    bars = BAR.findall(training.shown)
    check("progress: a bar", len(bars) >= 3, training.shown)
    for epoch, epochs, bar, step, steps, _, top1, rate, hours, minutes, seconds in bars:
        step, steps, rate = int(step), int(steps), int(rate)
        left = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
        images = 64 * ((int(epochs) - int(epoch)) * steps - step)
        check("progress: the bar is as far as the numbers", bar.count("#") == 24 * step // steps)
        check("progress: images a second", rate > 0)
        # The rate is rounded to one, the time to a second.
        check("progress: time left", images / (rate + 1) - 1 <= left <= images / max(rate - 1, 1) + 1,
              (images, rate, left))
    check("progress: it gets better", float(bars[-1][6]) > float(bars[0][6]), bars)
    check("progress: freezing is told", "epoch 1: batch norms are frozen" in training.shown)
    return folder / "whole"


def interrupt(folder, words, whole, name, number, epoch):
    """A signal in the middle of an epoch."""
    save = folder / name
    training = OnTerminal(*words, "--save", save)
    training.wait_for(lambda shown: (bar := last_bar(shown)) and int(bar[0]) == epoch
                      and int(bar[3]) > 3)
    training.process.send_signal(number)
    status = training.finish()
    check(f"{name}: exit status", status == 128 + number, status)
    check(f"{name}: says how to go on", f"`qat train --resume {save}` goes on" in training.shown,
          training.shown[-300:])
    place = read_position(save)
    check(f"{name}: in the middle of an epoch", place["epoch"] == epoch and place["step"] > 3,
          place)
    check(f"{name}: the epoch so far is in the checkpoint", place["batches"] == place["step"],
          place)
    _, err = run("train", "--resume", save)
    check(f"{name}: says where it goes on",
          f"goes on at epoch {epoch}, update {place['step']}" in err, err)
    same_training(name, whole, save)


def interrupt_twice(folder, data):
    """The second signal ends the process; the checkpoint before it is whole."""
    save = folder / "twice"
    # A step takes long enough for two signals.
    words = [*NETWORK, *data, *RECIPE[2:], "-b", 1024, "--epochs", 30, "--save", save]
    training = OnTerminal(*words)
    training.wait_for(lambda shown: last_bar(shown))
    training.process.send_signal(signal.SIGINT)
    training.wait_for(lambda shown: "a second signal stops at once" in shown)
    training.process.send_signal(signal.SIGINT)
    status = training.finish()
    check("SIGINT twice: ended by it", status == -signal.SIGINT, status)
    place = read_position(save)
    run("train", "--resume", save, "--epochs", place["epoch"] + 1)
    check("SIGINT twice: goes on", read_position(save)["epoch"] == place["epoch"] + 1)


def limit_files(bytes_each):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_each, bytes_each))

    return limit


def fill_disk(folder, whole, words):
    """A limit on the size of files stands for a disk that is full: at networks,
    and at the checkpoint alone."""
    size = (whole / "checkpoint.safetensors").stat().st_size
    least = max((whole / name).stat().st_size for name in ("last.mlir", "report.html"))
    check("a full disk: the checkpoint is the largest file", size > least, (size, least))
    half = folder / "half"
    run("train", *words[:-1], 1, "--save", half)
    for what, limit, named in (("networks", 100_000, "best.mlir"),
                               ("the checkpoint", (size + least) // 2,
                                "checkpoint.safetensors")):
        copy = folder / f"full at {what}"
        shutil.copytree(half, copy)
        before = (copy / "checkpoint.safetensors").read_bytes()
        refused(f"a disk full at {what}", ["--resume", copy, "--epochs", 2], 1,
                f"cannot write '{copy}/{named}': File too large", preexec_fn=limit_files(limit))
        check(f"a disk full at {what}: the checkpoint is whole",
              (copy / "checkpoint.safetensors").read_bytes() == before)
        check(f"a disk full at {what}: nothing is left over", not list(copy.glob("*.tmp")))
        run("train", "--resume", copy, "--epochs", 2)
        same_training(f"a disk full at {what}", whole, copy)


def fill_small_disk(folder, whole, words):
    """A file system with room for one checkpoint, not for two."""
    disk = folder / "disk"
    disk.mkdir()
    size = sum(file.stat().st_size for file in whole.iterdir()) + 200_000
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                             stderr=subprocess.DEVNULL)
    if mounted.returncode:
        COUNTS["skipped"] += 1
        print("skipped a small disk: this user may not mount one")
        return
    try:
        save = disk / "s"
        refused("a small disk", [*words, "--checkpoint-every", 5, "--save", save], 1,
                "No space left on device")
        place = read_position(save)
        check("a small disk: the checkpoint is whole", place["updates"] >= 0)
        moved = folder / "moved"
        shutil.copytree(save, moved)
        run("train", "--resume", moved)
        same_training("a small disk", whole, moved)
    finally:
        subprocess.run(["umount", disk], check=True)


def evaluate_last(folder, words, whole):
    """Stopped after the last update of an epoch, the evaluation alone is left."""
    save = folder / "evaluation"
    steps = read_position(whole)["updates"] // 2
    process = subprocess.Popen(
        [str(word) for word in [QAT, "train", *words, "--checkpoint-every", steps, "--quiet",
                                "--save", save]],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (save / "checkpoint.safetensors").exists() and read_position(save)["updates"] > 0:
            break
        time.sleep(0.005)
    process.kill()
    process.wait()
    place = read_position(save)
    check("evaluation: it was met", place["updates"] == steps, place)
    run("train", "--resume", save)
    same_training("evaluation", whole, save)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = prepare_long(folder / "data")
        words = [*NETWORK, *data, *RECIPE, *QUANTIZE, "--epochs", 2]
        whole = progress(folder, words)
        interrupt(folder, words, whole, "SIGINT", signal.SIGINT, 0)
        interrupt(folder, words, whole, "SIGTERM", signal.SIGTERM, 1)
        interrupt_twice(folder, data)
        evaluate_last(folder, words, whole)
        fill_disk(folder, whole, words)
        fill_small_disk(folder, whole, words)
    finish()


if __name__ == "__main__":
    main()
