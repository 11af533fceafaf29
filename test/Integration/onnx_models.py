"""Imports the trained models and compares what they compute with the runtimes
that they come from (Keras, onnxruntime). Skips without shared/assets."""

import os
import subprocess
import sys
import tempfile

import numpy as np

SHARED = os.environ.get("QAT_SHARED", "")
ASSETS = os.path.join(SHARED, "assets")


def golden(name):
    return np.load(os.path.join(ASSETS, "golden", name + ".npz"))


def resnet8():
    data = golden("resnet8_cifar10")
    return data["input_u8_nchw"].transpose(0, 2, 3, 1), data["keras_output"]


def vww():
    data = golden("vww_96")
    return data["input_u8_nhwc"] / np.float32(255), data["keras_output"]


def kws():
    data = golden("kws_ds_cnn")
    return data["random_nhwc"], data["random_keras_output"]


def anomaly():
    data = golden("ad01")
    return data["input"], data["keras_output"]


def mobilenet():
    images = np.load(os.path.join(ASSETS, "imagenet_samples", "crops224_u8_32.npz"))
    reference = np.load(os.path.join(ASSETS, "imagenet_samples", "mobilenet_v1_reference.npz"))
    rows = {label: row for row, label in enumerate(reference["class_index"])}
    chosen = [rows[label] for label in images["class_index"][:4]]
    pixels = images["images_nhwc"][:4].astype(np.float32)
    return (pixels - 128) / 128, reference["float_logits"][chosen]


# The largest difference allowed: what float32 loses, measured against float64
# for ad01 (its outputs go up to 62).
MODELS = {
    "resnet8_cifar10": (resnet8, 1e-5),
    "vww_96": (vww, 1e-5),
    "kws_ds_cnn": (kws, 1e-5),
    "ad01": (anomaly, 1e-2),
    "mobilenet_v1_1.0_224_relu6": (mobilenet, 5e-4),
}


def difference(folder, name, inputs, expected):
    model, x, y = (os.path.join(folder, file) for file in ("m.mlir", "x.npy", "y.npy"))
    source = os.path.join(ASSETS, "models", name + ".onnx")
    subprocess.run(["qat", "import", source, "-o", model], check=True)
    np.save(x, np.ascontiguousarray(inputs, dtype=np.float32))
    subprocess.run(
        ["qat", "run", model, "--layout", "nhwc", "--input", x, "--output", y], check=True
    )
    return np.abs(np.load(y) - expected).max()


def main():
    if not os.path.isdir(ASSETS):
        print(f"no trained models at '{ASSETS}'")
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (load, tolerance) in MODELS.items():
            error = difference(folder, name, *load())
            if not error <= tolerance:
                print(f"FAIL {name}: differs by {error:.3g}, more than {tolerance}")
                failed += 1
    print(f"{len(MODELS) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
