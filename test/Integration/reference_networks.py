"""Two trained networks from their ONNX files to a simulated Cortex-M4.

ResNet-8 (CIFAR-10) and the visual-wake-words MobileNet, 8-bit weights and
activations, per channel and per layer: the float outputs against the goldens,
the accuracy of the integer network, the C against the host on every layer, on
the host under sanitizers and under QEMU, the self-test, and determinism.
"""

import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared")
ASSETS = SHARED / "assets"
WARNINGS = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror".split()
COMPILERS = [
    ["gcc"],
    ["/usr/lib/llvm-22/bin/clang"],
    ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"],
]
SCHEMES = {"per channel": "PerChannelsAsymMinMax", "per layer": "PerLayerAsymMinMax"}
INPUTS = 8

passed, failed = 0, 0


def check(what, good, detail=""):
    global passed, failed
    if good:
        passed += 1
        print(f"passed: {what} {detail}".rstrip())
    else:
        failed += 1
        print(f"FAILED: {what} {detail}".rstrip())
    return good


def run(*command, **more):
    return subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **more,
    )


def qat(*arguments):
    """Output of a command that has to succeed."""
    done = run("qat", *arguments)
    if done.returncode:
        raise RuntimeError(f"qat {arguments[0]}: {done.stdout.strip()}")
    return done.stdout


class ResNet8:
    name, imported = "resnet8", []

    def prepare(self, folder):
        """The calibration data (512 of the training images) and the test set."""
        record = 3073
        data = lzma.open(ASSETS / "cifar10/cifar10_train_10k.bin.xz").read(512 * record)
        calibration = folder / "calibration.bin"
        calibration.write_bytes(data)
        return calibration, ASSETS / "cifar10/cifar10_test_2k.bin"

    def goldens(self):
        golden = np.load(ASSETS / "golden/resnet8_cifar10.npz")
        return golden["input_u8_nchw"].astype(np.float32), golden["keras_output"]

    def judge(self, report):
        integer, float_ = report["integer"]["top1"], report["float"]["top1"]
        return abs(float_ - 76.4) < 1e-6 and integer >= 75.4, (
            f"float {float_:.2f} %, integer {integer:.2f} % (bound 75.4)"
        )

    model = "resnet8_cifar10.onnx"


class VisualWakeWords:
    name, imported = "vww", ["--scale", "1/255"]
    model = "vww_96.onnx"

    def prepare(self, folder):
        """Every second picture calibrates, the others are judged."""
        images = sorted((ASSETS / "imagenet_samples/images").glob("*.jpg"))
        halves = []
        for half in range(2):
            path = folder / f"half{half}"
            path.mkdir()
            lines = []
            for image in images[half::2]:
                shutil.copy(image, path / image.name)
                lines.append(f"{image.name}\t0\n")
            (path / "labels.tsv").write_text("".join(lines))
            halves.append(path)
        return halves

    def goldens(self):
        golden = np.load(ASSETS / "golden/vww_96.npz")
        return (
            golden["input_u8_nhwc"].astype(np.float32) / np.float32(255),
            golden["keras_output"],
        )

    def judge(self, report):
        agreement = report["float_integer_agreement"]
        return report["images"] == 100 and agreement >= 98, (
            f"agreement {agreement:.0f} of {report['images']} (bound 98)"
        )


def compare_floats(network, module, folder):
    inputs, expected = network.goldens()
    np.save(folder / "x.npy", inputs)
    qat("run", module, "--input", folder / "x.npy", "--output", folder / "y.npy")
    difference = np.abs(np.load(folder / "y.npy") - expected).max()
    check(
        f"{network.name}: float outputs equal the goldens",
        difference < 1e-4,
        f"(max difference {difference:.1e})",
    )


def compile_quietly(project, folder):
    """The project under each compiler, warnings as errors."""
    sources = [*sorted(project.glob("*.c")), *sorted(project.glob("qat-rt/*.c"))]
    for compiler in COMPILERS:
        output = ""
        for source in sources:
            done = run(
                *compiler, *WARNINGS, "-O2", "-I", project, "-c", source,
                "-o", folder / "object.o",
            )
            output += done.stdout
        check(
            f"{project.name}: compiles without a warning with {compiler[0]}",
            not output,
            output[:300],
        )


def sanitize(project, folder):
    """The self-test on the host under address and undefined sanitizers."""
    name = project.name
    main = folder / "main.c"
    main.write_text(
        f"#include <stdio.h>\nint {name}_selftest(void);\n"
        f"const char *{name}_selftest_layer(int);\n"
        f"int main(void) {{ int r = {name}_selftest();\n"
        f'  printf("[%s]\\n", {name}_selftest_layer(r)); return r != 0; }}\n'
    )
    program = folder / "selftest"
    done = run(
        "gcc", "-std=c99", "-O1", "-g", "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all", "-I", project, main,
        project / f"{name}_selftest.c", *sorted(project.glob("qat-rt/*.c")),
        "-o", program,
    )
    if check(f"{name}: builds with sanitizers", done.returncode == 0, done.stdout[:300]):
        done = run(program)
        check(f"{name}: clean under sanitizers", done.stdout == "[]\n", done.stdout[:300])


def flip_weight_bit(project, folder):
    """A copy of the project with one bit of a middle layer's weights flipped."""
    name = project.name
    broken = folder / "broken" / name
    shutil.copytree(project, broken, ignore=shutil.ignore_patterns("build"))
    manifest = json.loads((project / f"{name}.json").read_text())
    weighted = [layer for layer in manifest["layers"] if layer["macs"]]
    layer = weighted[len(weighted) // 2]
    text = (broken / f"{name}.c").read_text()
    begin = text.index(f"{layer['c_name']}_weights[")
    word = re.compile(r"0x([0-9a-f]{8})u").search(text, begin)
    flipped = int(word[1], 16) ^ 0x40
    text = text[: word.start()] + f"0x{flipped:08x}u" + text[word.end() :]
    (broken / f"{name}.c").write_text(text)
    return broken, layer["name"]


def self_test(project, folder):
    done = run("qat", "simulate", project, "--selftest")
    check(
        f"{project.name}: the self-test passes under QEMU",
        done.returncode == 0,
        "" if done.returncode == 0 else done.stdout[:300],
    )
    broken, layer = flip_weight_bit(project, folder)
    done = run("qat", "simulate", broken, "--selftest")
    check(
        f"{project.name}: with one weight bit flipped it names '{layer}'",
        done.returncode == 1 and f"layer '{layer}'" in done.stdout,
        done.stdout.strip()[:300],
    )


def same_files(one, other):
    def contents(folder):
        return {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return contents(one) == contents(other)


def deploy_and_compare(network, quantized, scheme, data, folder):
    project = folder / network.name
    deploy = ["deploy", quantized, "--target", "cortex-m4", "--with-test"]
    qat(*deploy, "--name", network.name, "-o", project)
    again = folder / "again"
    qat(*deploy, "--name", network.name, "-o", again)
    check(f"{network.name} {scheme}: two deployments are byte-identical",
          same_files(project, again))
    report = folder / "simulate.json"
    qat("simulate", project, "--data", data, "--images", INPUTS, "--json", report)
    figures = json.loads(report.read_text())
    check(
        f"{network.name} {scheme}: every layer on the M4 equals the host's",
        figures["output_equal_to_host"],
        f"({INPUTS} inputs; {figures['instructions']} instructions, "
        f"flash {sum(figures['flash'].values())}, ram {sum(figures['ram'].values())})",
    )
    compile_quietly(project, folder)
    sanitize(project, folder)
    self_test(project, folder)


def run_network(network, folder):
    calibration, test = network.prepare(folder)
    module = folder / "float.mlir"
    qat("import", ASSETS / "models" / network.model, *network.imported, "-o", module)
    compare_floats(network, module, folder)
    for scheme, type_quant in SCHEMES.items():
        part = folder / scheme.replace(" ", "-")
        part.mkdir()
        quantized = part / "quantized.mlir"
        qat("quantize", module, "--type_quant", type_quant,
            "--calibrate", calibration, "-o", quantized)
        report = part / "eval.json"
        qat("eval", quantized, "--data", test, "--json", report)
        good, figures = network.judge(json.loads(report.read_text()))
        check(f"{network.name} {scheme}: accuracy", good, figures)
        deploy_and_compare(network, quantized, scheme, test, part)


def main():
    if not ASSETS.is_dir():
        print(f"skipped: no trained models at '{ASSETS}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    for network in (ResNet8(), VisualWakeWords()):
        with tempfile.TemporaryDirectory() as folder:
            try:
                run_network(network, pathlib.Path(folder))
            except RuntimeError as error:
                check(network.name, False, str(error))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
