"""Flips one bit of the first word of an array: flip_weight.py FILE.c ARRAY."""

import re
import sys

path, array = sys.argv[1:]
with open(path) as file:
    text = file.read()
pattern = re.compile(rf"({array}\[\d+\] \w+ = {{\s*)0x([0-9a-f]{{8}})u")
assert pattern.search(text)
text = pattern.sub(lambda m: f"{m[1]}0x{int(m[2], 16) ^ 0x40:08x}u", text, count=1)
with open(path, "w") as file:
    file.write(text)
