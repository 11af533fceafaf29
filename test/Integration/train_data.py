"""The batches that training reads, against numpy: order, augmentation and
normalization by the formulas of the headers, written down once more here; the
same bits for any number of threads and from any step; and what is said of data
that cannot train."""

import gzip
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QAT_BUILD_DIR") or ROOT / "build/dev")
SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or ROOT.parent / "shared")
COUNTS = {"passed": 0, "failed": 0, "skipped": 0}
MASK, STEP = (1 << 64) - 1, 0x9E3779B97F4A7C15


def check(what, holds, found=""):
    COUNTS["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what}: {found}")


def batches(folder, *arguments):
    """(inputs, labels, samples), what was said, exit status."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [BUILD / "bin/qat-load-batches", *map(str, arguments), "-o", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    arrays = None
    if done.returncode == 0:
        names = ("input", "labels", "samples")
        arrays = [np.load(folder / f"{name}.npy") for name in names]
    return arrays, done.stderr.strip(), done.returncode


# The numbers of CounterRandom.h.


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


class Random:
    def __init__(self, *words):
        self.state = 0
        for word in words:
            self.state = mix((self.state ^ int(word)) + STEP & MASK)

    def next(self):
        self.state = self.state + STEP & MASK
        return mix(self.state)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def below(self, count):
        return self.next() * count >> 64


def order(count, seed, epoch):
    return sorted(range(count), key=lambda i: Random(seed, 0, epoch, i).next())


# The augmentations of Augmentation.h.


def draw_box(height, width, random, low=0.08, high=1.0):
    for _ in range(10):
        area = height * width * (low + random.uniform() * (high - low))
        logs = np.log(3 / 4), np.log(4 / 3)
        ratio = float(np.float32(np.exp(logs[0] + random.uniform() * (logs[1] - logs[0]))))
        w, h = round(float(np.sqrt(area * ratio))), round(float(np.sqrt(area / ratio)))
        if 0 < w <= width and 0 < h <= height:
            top = random.below(height - h + 1)
            return top, random.below(width - w + 1), h, w
    if width / height < 3 / 4:
        h, w = round(width / (3 / 4)), width
    elif width / height > 4 / 3:
        h, w = height, round(height * 4 / 3)
    else:
        h, w = height, width
    return (height - h) // 2, (width - w) // 2, h, w


def triangle(size, out):
    """Weights of bilinear resizing with antialiasing, out x size, times 2^22."""
    step = size / out
    support = max(step, 1.0)
    centres = (np.arange(out) + 0.5) * step
    distance = np.abs(np.arange(size)[None] + 0.5 - centres[:, None]) / support
    weights = np.maximum(0.0, 1.0 - distance)
    weights /= weights.sum(1, keepdims=True)
    return np.floor(weights * 2**22 + 0.5).astype(np.int64)


def resize(image, height, width):
    wide = np.einsum("ox,yxc->yoc", triangle(image.shape[1], width), image)
    wide = (wide + 2**21) >> 22
    tall = np.einsum("oy,yxc->oxc", triangle(image.shape[0], height), wide)
    return (tall + 2**21) >> 22


def shift_and_flip(image, shift, flip, random):
    if shift:
        height, width = image.shape[:2]
        down = random.below(2 * shift + 1)
        right = random.below(2 * shift + 1)
        padded = np.pad(image, ((shift, shift), (shift, shift), (0, 0)))
        image = padded[down : down + height, right : right + width]
    if flip and random.next() >> 63:
        image = image[:, ::-1]
    return image


# Data.


def write_cifar(path, images, labels):
    records = [
        bytes([label]) + image.transpose(2, 0, 1).tobytes()
        for image, label in zip(images, labels)
    ]
    path.write_bytes(b"".join(records))


def write_idx(path, array, open_file=open):
    sizes = np.array(array.shape, ">u4").tobytes()
    with open_file(path, "wb") as file:
        file.write(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


def write_ppm(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    size = f"{image.shape[1]} {image.shape[0]}"
    path.write_bytes(f"P6 {size} 255\n".encode() + image.tobytes())


def check_cifar(folder, numbers):
    images = numbers.integers(0, 256, (105, 32, 32, 3), np.uint8)
    labels = numbers.integers(0, 10, 105)
    write_cifar(folder / "train.bin", images, labels)
    arguments = ["cifar10", folder / "train.bin", "--input", "32x32x3"]
    arguments += ["--batch", 10, "--classes", 10, "--seed", 11, "--epoch", 3]
    arguments += ["--scale", "1/255", "--mean", "0.4,0.5,0.6", "--std", "0.2,0.3,0.25"]
    (inputs, found, samples), _, _ = batches(folder / "out", *arguments)
    expected = np.array(order(105, 11, 3)[:100]).reshape(10, 10)
    check("order of CIFAR-10", (samples == expected).all(), samples)
    check("labels of CIFAR-10", (found == labels[samples]).all())
    changed = np.stack(
        [shift_and_flip(images[i], 4, True, Random(11, 1, 3, i)) for i in samples.flat]
    ).reshape(inputs.shape)
    real = (changed / 255.0 - [0.4, 0.5, 0.6]) / [0.2, 0.3, 0.25]
    worst = np.abs(inputs - real.astype(np.float32)).max()
    check("pixels of CIFAR-10", worst <= 1e-6, worst)

    same = [inputs.tobytes(), found.tobytes(), samples.tobytes()]
    for workers, ahead in ((1, 1), (2, 3), (7, 20)):
        again, _, _ = batches(
            folder / "out", *arguments, "--workers", workers, "--ahead", ahead
        )
        check(f"{workers} workers", [a.tobytes() for a in again] == same)
    for step in (1, 9):
        rest, _, _ = batches(folder / "out", *arguments, "--first-step", step)
        check(f"from step {step}", rest[0].tobytes() == inputs[step:].tobytes())
    other, _, _ = batches(folder / "out", *arguments, "--augment", "none")
    real = (images[samples] / 255.0 - [0.4, 0.5, 0.6]) / [0.2, 0.3, 0.25]
    worst = np.abs(other[0] - real).max()
    check("no augmentation", worst <= 1e-6, worst)


def check_folder(folder, numbers):
    """Pictures of all sizes, a folder a class, one of them empty."""
    images, labels = {}, {}
    for label, name in enumerate(("ape", "bee", "cat", "dog")):
        (folder / "pictures" / name).mkdir(parents=True)
        for index in range(0 if name == "cat" else 12):
            height, width = numbers.integers(5, 90, 2)
            if index == 0:
                height, width = 7, 200
            image = numbers.integers(0, 256, (height, width, 3), np.uint8)
            path = folder / "pictures" / name / f"{index:02}.ppm"
            write_ppm(path, image)
            images[len(labels)], labels[len(labels)] = image, label
    arguments = ["folder", folder / "pictures", "--input", "24x32x3", "--batch", 6]
    arguments += ["--classes", 4, "--bgr", "--mean", "1,2,3", "--resize", 40]
    for augment, low, high in (("default", 0.08, 1.0), ("resized-crop:0.3:0.6", 0.3, 0.6)):
        arrays, said, _ = batches(folder / "out", *arguments, "--augment", augment)
        inputs, found, samples = arrays
        where = folder / "pictures"
        check(
            "an empty class",
            said == f"remark: 1 of 4 classes have no sample in '{where}': 2",
            said,
        )
        check("labels of folders", all(labels[i] == c for i, c in zip(samples.flat, found.flat)))
        levels = []
        for picture, index in zip(inputs.reshape(-1, 24, 32, 3), samples.flat):
            random = Random(0, 1, 0, int(index))
            image = images[int(index)]
            top, left, h, w = draw_box(*image.shape[:2], random, low, high)
            part = resize(image[top : top + h, left : left + w].astype(int), 24, 32)
            part = shift_and_flip(part, 0, augment == "default", random)
            levels.append(np.abs(picture + [1, 2, 3] - part[..., ::-1]))
        check(f"random resized crops, {augment}", not np.any(levels), np.max(levels))


def check_arrays(folder, numbers):
    images = numbers.integers(0, 256, (40, 8, 8), np.uint8)
    labels = numbers.integers(0, 10, 40).astype(np.uint8)
    write_idx(folder / "train-images-idx3-ubyte.gz", images, gzip.open)
    write_idx(folder / "train-labels-idx1-ubyte.gz", labels, gzip.open)
    for name in ("mnist", "digits"):
        arguments = [name, folder, "--input", "8x8x1", "--batch", 8, "--classes", 10]
        (inputs, found, samples), _, _ = batches(folder / "out", *arguments)
        expected = np.array(order(40, 0, 0)).reshape(5, 8)
        check(f"order of {name}", (samples == expected).all(), samples)
        check(f"pixels of {name}", (inputs[..., 0] == images[samples]).all())
        check(f"labels of {name}", (found == labels[samples]).all())

    # Real values with labels, and vectors without, as an autoencoder has them.
    x = numbers.standard_normal((20, 4, 6, 2)).astype(np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", np.arange(20) % 3)
    arguments = ["npy", folder, "--input", "4x6x2", "--batch", 5, "--classes", 3]
    (inputs, found, samples), _, _ = batches(folder / "out", *arguments)
    check("real values", (inputs == x[samples]).all())
    check("their labels", (found == samples % 3).all())
    arguments += ["--augment", "crop:2,flip"]
    (inputs, _, samples), _, _ = batches(folder / "out", *arguments)
    changed = [shift_and_flip(x[i], 2, True, Random(0, 1, 0, int(i))) for i in samples.flat]
    check("real values moved", (inputs.reshape(-1, 4, 6, 2) == changed).all())
    vectors = folder / "vectors"
    vectors.mkdir()
    np.save(vectors / "x.npy", x.reshape(20, 48))
    arguments = ["npy", vectors, "--input", "48", "--batch", 5]
    (inputs, found, samples), _, _ = batches(folder / "out", *arguments)
    check("vectors", (inputs == x.reshape(20, 48)[samples]).all())
    check("no labels", not found.any())


def check_refusals(folder, numbers):
    def says(what, text, *arguments):
        arrays, said, status = batches(folder / "out", *arguments)
        check(what, status == 1 and said == "error: " + text, (status, said))

    where = folder / "few"
    for label in range(3):
        for index in range(70):
            image = numbers.integers(0, 256, (8, 8, 3), np.uint8)
            write_ppm(where / str(label) / f"{index:02}.ppm", image)
    arguments = ["folder", where, "--input", "8x8x3", "--classes"]
    says(
        "fewer images than a batch",
        f"the data set '{where}' has 210 samples, fewer than a batch of 211; "
        "give a smaller batch (-b)",
        *arguments, 3, "--batch", 211,
    )  # fmt: skip
    says(
        "a label that is no class",
        f"'{where}/2/00.ppm' has label 2, but the network has classes 0 to 1; is it "
        "the data set of this network?",
        *arguments, 2,
    )  # fmt: skip
    says(
        "no folder",
        f"cannot open data set '{where}x': there is no such file or folder",
        "folder", str(where) + "x", "--input", "8x8x3",
    )  # fmt: skip
    (folder / "nothing").mkdir()
    says(
        "no images",
        f"cannot open data set '{folder}/nothing': expected labels.tsv, or a subfolder "
        "of JPEG, PNG or PPM images a class, in it",
        "folder", folder / "nothing", "--input", "8x8x3",
    )  # fmt: skip
    vectors = folder / "unlabelled"
    vectors.mkdir()
    np.save(vectors / "x.npy", np.zeros((50, 3), np.float32))
    says(
        "no labels",
        f"the data set '{vectors}' has no labels, which a classifier is trained with",
        "npy", vectors, "--input", "3", "--classes", 2,
    )  # fmt: skip

    # Two bad files of 210 are skipped, three are too many.
    bad = [where / "0/03.ppm", where / "1/44.ppm", where / "2/69.ppm"]
    for count in (2, 3):
        for path in bad[:count]:
            path.write_bytes(b"\xff\xd8\xff\xe0 no picture")
        arguments = ["folder", where, "--input", "8x8x3", "--classes", 3]
        arrays, said, status = batches(folder / "out", *arguments, "--batch", 10)
        lines = said.splitlines()
        named = [line for line in lines if line.startswith("warning: ") and "; skipped" in line]
        check(f"{count} bad files are named", len(named) == count, said)
        check("by their paths", all(any(str(p) in n for n in named) for p in bad[:count]), said)
        if count == 2:
            check("two of 210 are few", status == 0 and len(lines) == 2, said)
            samples = set(arrays[2].flat)
            check("none of them is used", not samples & {3, 70 + 44}, samples)
            check("batches stay full", arrays[0].shape == (21, 10, 8, 8, 3), arrays[0].shape)
        else:
            text = "error: 3 of the data set's 210 samples cannot be used, more than 1 %"
            check("three of 210 are many", status == 1 and lines[-1] == text, said)


def check_jpegs(folder):
    source = SHARED / "assets/imagenet_samples/images"
    if not source.is_dir():
        COUNTS["skipped"] += 1
        print("skipped: no imagenet_samples")
        return
    where = folder / "jpegs/only"
    where.mkdir(parents=True)
    files = sorted(source.iterdir())[:8]
    for index in range(104):
        os.symlink(files[index % 8], where / f"{index:03}.jpg")
    whole = files[5].read_bytes()
    (where / "100.jpg").unlink()
    (where / "100.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    arguments = ["folder", folder / "jpegs", "--input", "32x32x3", "--batch", 8]
    arrays, said, status = batches(folder / "out", *arguments, "--classes", 1)
    check("a truncated JPEG is skipped", status == 0 and said.count("\n") == 0, said)
    check("and named", f"{where}/100.jpg" in said and said.endswith("; skipped"), said)
    check("and replaced", arrays[2].shape == (13, 8) and 100 not in arrays[2])


def main():
    numbers = np.random.default_rng(6)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for part in (check_cifar, check_folder, check_arrays, check_refusals):
            inner = folder / part.__name__
            inner.mkdir()
            part(inner, numbers)
        check_jpegs(folder)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**COUNTS))
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
