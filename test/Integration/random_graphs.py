"""Random networks: scalar reference, host and emitted C agree to the byte.

usage: random_graphs.py [--count N] [--seed S] [--cc 'gcc -O1 ...'] [--jobs N]

qat-random-networks (test/Random) makes the networks, quantizes them and
compares every layer. The C runs under the compiler's sanitizers in memory of
exactly the planned size. The long form, without sanitizers:

    random_graphs.py --count 20000 --cc tcc

Every fake-quantized layer, fed with what the integer layers before it computed,
gives the integer layer's levels but on the edges of steps; that alone:

    random_graphs.py --count 20000 --only-fake
"""

import argparse
import re
import subprocess
import sys
import tempfile

SANITIZED = (
    "gcc -std=c99 -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
)
# More refusals than this would mean that hardly anything is tested.
MOST_REFUSED = 0.10


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cc", default=SANITIZED)
    parser.add_argument("--only-fake", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    share = -(-options.count // options.jobs)
    totals = {"agree": 0, "refused": 0, "failed": 0}
    broken = 0
    with tempfile.TemporaryDirectory() as scratch:
        first = range(options.seed, options.seed + options.count, share)
        children = [
            subprocess.Popen(
                ["qat-random-networks", "--dir", scratch, "--seed", str(seed), "--count",
                 str(min(share, options.seed + options.count - seed)), "--cc", options.cc]
                + ["--only-fake"] * options.only_fake,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            for seed in first
        ]
        for child in children:
            output = child.communicate()[0]
            found = re.search(r"(\d+) agree, (\d+) refused, (\d+) failed", output)
            if not found:
                print(f"FAILED: exit status {child.returncode}: {output[-2000:]}")
                broken += 1
                continue
            for key, value in zip(totals, found.groups()):
                totals[key] += int(value)
            print(output[: found.start()], end="")
    if totals["refused"] > MOST_REFUSED * options.count:
        print(f"FAILED: {totals['refused']} of {options.count} networks are refused")
        broken += 1
    failed = totals["failed"] + broken
    print(f"{totals['refused']} networks have no integer form, as they should")
    print(f"{totals['agree']} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
