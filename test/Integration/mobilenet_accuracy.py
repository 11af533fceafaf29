"""MobileNetV1 1.0/224 from its ONNX file: accuracy of the integer network.

8-bit weights and activations against the bounds that the project has set, and
4-bit weights with and without the repairs. `--images N` judges fewer than the 200
labelled pictures. Skips without the trained models of QAT_SHARED.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ASSETS = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared") / "assets"
PICTURES = ASSETS / "imagenet_samples"
MODEL = ASSETS / "models/mobilenet_v1_1.0_224_relu6.onnx"
CALIBRATION = ["--calibrate", PICTURES, "--calibrate-images", "100"]
REPAIRS = ["--repair", "equalize,clip,bias,gain", "--repair-images", "64"]

passed, failed = 0, 0


def check(what, good, detail):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'passed' if good else 'FAILED'}: {what} ({detail})", flush=True)


def qat(*arguments):
    done = subprocess.run(
        ["qat", *map(str, arguments)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if done.returncode:
        raise RuntimeError(f"qat {arguments[0]}: {done.stdout.strip()[:500]}")
    return done.stdout


def judge(folder, module, images, *options):
    """The figures of `qat eval`, next to the network as it was trained."""
    quantized, report = folder / "quantized.mlirbc", folder / "report.json"
    for line in qat("quantize", module, *CALIBRATION, *options, "-o", quantized).splitlines():
        print("  " + line)
    qat("eval", quantized, "--reference", module, "--data", PICTURES,
        "--images", images, "--json", report)
    return json.loads(report.read_text())


def describe(figures):
    return (
        f"float {figures['float']['top1']:.1f} / {figures['float']['top5']:.1f} %, "
        f"integer {figures['integer']['top1']:.1f} / {figures['integer']['top5']:.1f} %, "
        f"agreement {figures['float_integer_agreement']:.1f} %, {figures['images']} pictures"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=200)
    images = parser.parse_args().images
    if not ASSETS.is_dir():
        print(f"skipped: no trained models at '{ASSETS}' (set QAT_SHARED)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        module = folder / "float.mlirbc"
        qat("import", MODEL, "--scale", "1/128", "--mean", "1", "--resize", "256",
            "--crop", "224", "-o", module)

        figures = judge(folder, module, images)
        integer = figures["integer"]
        check("8/8 per channel: at least 81.0 / 96.5 %, agreement at least 95 %",
              integer["top1"] >= 81.0 and integer["top5"] >= 96.5
              and figures["float_integer_agreement"] >= 95.0, describe(figures))
        check("8/8 per channel: fake and integer agree on 98 % of the pictures",
              figures["fake_integer_agreement"] >= 98.0,
              f"{figures['fake_integer_agreement']:.1f} %, fake {figures['fake']['top1']:.1f} / "
              f"{figures['fake']['top5']:.1f} %")

        plain = judge(folder, module, images, "--weight_bits", 4)
        print("4/8 per channel, no repair: " + describe(plain))
        repaired = judge(folder, module, images, "--weight_bits", 4, *REPAIRS)
        gain = repaired["integer"]["top1"] - plain["integer"]["top1"]
        check("4/8 per channel: repairs give at least 10 points", gain >= 10,
              f"{gain:+.1f} points; " + describe(repaired))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
