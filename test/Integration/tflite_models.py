"""Imports the .tflite models of shared/assets and compares what they compute.

Float models: with the goldens of their runtimes. 8-bit models: with the
goldens of LiteRT's reference kernels; with upstream's own lowering of the TOSA
that the converter wrote, which knows nothing of form I; and, on a simulated
Cortex-M4, every layer of the C with the host. Skips without the models, and
where tosa-converter-for-tflite is not installed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

SHARED = os.environ.get("QAT_SHARED", "")
ASSETS = os.path.join(SHARED, "assets")
LLVM = os.environ.get("QAT_LLVM", "/usr/lib/llvm-22")
failures = []
passed = 0


def check(good, text):
    global passed
    print(("ok   " if good else "FAIL ") + text)
    if good:
        passed += 1
    else:
        failures.append(text)


def golden(name):
    return np.load(os.path.join(ASSETS, "golden", name + ".npz"))


def model(name):
    return os.path.join(ASSETS, "models", name + ".tflite")


def quantize(x, data):
    scale, zero_point = data["int8_quant_params"][:2]
    return np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)


def float_cases():
    """Model, inputs, expected outputs, largest difference allowed."""
    resnet, vww, kws, ad = (golden(n) for n in ("resnet8_cifar10", "vww_96", "kws_ds_cnn", "ad01"))
    pixels = resnet["input_u8_nchw"].transpose(0, 2, 3, 1).astype(np.float32)
    yield "resnet8_cifar10_float", pixels, resnet["keras_output"], 1e-5
    yield "vww_96_float", vww["input_u8_nhwc"] / np.float32(255), vww["keras_output"], 1e-5
    # LiteRT quantizes the activations of a hybrid model while it runs; the
    # network itself is float.
    yield "kws_ref_model_hybrid_f32", kws["wav_mfcc_nhwc"], kws["hybrid_f32_output"], 5e-3
    yield "ad01_fp32", ad["input"], ad["tflite_fp32_output"], 1e-2


def integer_cases():
    """Model, inputs, LiteRT's outputs, least share of equal bytes."""
    resnet, vww, kws, ad = (golden(n) for n in ("resnet8_cifar10", "vww_96", "kws_ds_cnn", "ad01"))
    pixels = resnet["input_u8_nchw"].transpose(0, 2, 3, 1).astype(np.int32) - 128
    yield "resnet8_cifar10_int8", pixels.astype(np.int8), resnet["int8_output_ref"], 0.97
    share = vww["input_u8_nhwc"] / np.float32(255)
    yield "vww_96_int8", quantize(share, vww), vww["int8_output_ref"], 1
    yield "kws_ref_model_int8", quantize(kws["wav_mfcc_nhwc"], kws), kws["int8_output_ref"], 1
    # Ten dense layers, each of which LiteRT rounds once where the converter
    # says twice (docs/Rationale.md).
    yield "ad01_int8", quantize(ad["input"], ad), ad["int8_output_ref"], 0.6


def run(folder, network, inputs):
    x, y = (os.path.join(folder, name) for name in ("x.npy", "y.npy"))
    np.save(x, np.ascontiguousarray(inputs))
    subprocess.run(
        ["qat", "run", network, "--layout", "nhwc", "--input", x, "--output", y], check=True
    )
    return np.load(y)


def import_model(folder, name):
    network = os.path.join(folder, name + ".mlir")
    subprocess.run(["qat", "import", model(name), "-o", network], check=True)
    return network


def float_models(folder):
    for name, inputs, expected, tolerance in float_cases():
        inputs = np.asarray(inputs, np.float32)
        result = run(folder, import_model(folder, name), inputs).reshape(expected.shape)
        error = np.abs(result - expected).max()
        same = (result.argmax(1) == expected.argmax(1)).all()
        check(error <= tolerance and same, f"{name}: differs by {error:.3g} from its runtime")


TO_LINALG = (
    "func.func(tosa-infer-shapes,canonicalize,tosa-layerwise-constant-fold,"
    "tosa-make-broadcastable,canonicalize,tosa-to-linalg-named,tosa-to-linalg,"
    "tosa-to-arith{include-apply-rescale=1},tosa-to-tensor),canonicalize,cse"
)
TO_LLVM = (
    "func.func(linalg-generalize-named-ops,linalg-fuse-elementwise-ops),"
    "eliminate-empty-tensors,one-shot-bufferize{bufferize-function-boundaries "
    "function-boundary-type-conversion=identity-layout-map},"
    "func.func(convert-linalg-to-loops,convert-scf-to-cf,expand-strided-metadata,"
    "lower-affine,convert-math-to-llvm,arith-expand),finalize-memref-to-llvm,"
    "convert-cf-to-llvm,convert-arith-to-llvm,convert-index-to-llvm,"
    "convert-func-to-llvm,convert-ub-to-llvm,reconcile-unrealized-casts"
)


def run_upstream(folder, name, image):
    """The converter's TOSA on one image by upstream's lowering and JIT."""
    tosa, wrapped = (os.path.join(folder, file) for file in ("tosa.mlir", "wrapped.mlir"))
    subprocess.run(
        ["tosa-converter-for-tflite", model(name), "--text", "-o", tosa],
        check=True,
        capture_output=True,
    )
    text = open(tosa).read().replace("tensor<?x", "tensor<1x").replace("@main", "@network")
    source, result = re.search(r"@network\(%arg0: (\S+?)\) -> (\S+)", text).groups()
    wide = result.replace("xi8>", "xi32>")
    main = f"""
  func.func private @printMemrefI32(tensor<*xi32>)
  func.func @main() {{
    %x = arith.constant dense<"0x{image.tobytes().hex()}"> : {source}
    %y = call @network(%x) : ({source}) -> {result}
    %z = tosa.cast %y : ({result}) -> {wide}
    %u = tensor.cast %z : {wide} to tensor<*xi32>
    call @printMemrefI32(%u) : (tensor<*xi32>) -> ()
    return
  }}
"""
    at = text.index("  func.func @network")
    with open(wrapped, "w") as file:
        file.write(text[:at] + main + text[at:])
    lowered = os.path.join(folder, "lowered.mlir")
    pipeline = f"--pass-pipeline=builtin.module({TO_LINALG},{TO_LLVM})"
    subprocess.run([f"{LLVM}/bin/mlir-opt", wrapped, pipeline, "-o", lowered], check=True)
    libraries = ",".join(
        f"{LLVM}/lib/lib{name}.so" for name in ("mlir_runner_utils", "mlir_c_runner_utils")
    )
    printed = subprocess.run(
        [f"{LLVM}/bin/mlir-runner", lowered, "-e", "main", "-entry-point-result=void", "-O1"]
        + [f"-shared-libs={libraries}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return np.array([int(n) for n in re.findall(r"-?\d+", printed.split("data =")[1])])


def round_dense_once(network):
    """The network with the dense layers rounded as LiteRT rounds them."""
    lines = open(network).read().split("\n")
    changed = network[: -len(".mlir")] + "_once.mlir"
    with open(changed, "w") as file:
        for line in lines:
            if "qat.fully_connected" in line:
                line = line.replace("<double_round>", "<single_round>")
            file.write(line + "\n")
    return changed


def integer_models(folder):
    for name, inputs, expected, share in integer_cases():
        network = import_model(folder, name)
        result = run(folder, network, inputs).reshape(expected.shape)
        equal = (result == expected).mean()
        check(
            equal >= share, f"{name}: {equal:.2%} of {result.size} bytes equal LiteRT's reference"
        )
        if share >= 0.97:
            same = (result.argmax(1) == expected.argmax(1)).all()
            check(same, f"{name}: the same classes")
        if share < 1:
            once = run(folder, round_dense_once(network), inputs).reshape(expected.shape)
            check(
                (once == expected).all(),
                f"{name}: all bytes equal LiteRT's with dense layers rounded once",
            )
        upstream = run_upstream(folder, name, inputs[:1])
        check((upstream == result[0].ravel()).all(), f"{name}: equals upstream's lowering")

        project = os.path.join(folder, name + "_c")
        images = os.path.join(folder, "images.npy")
        np.save(images, inputs[:4])
        subprocess.run(
            ["qat", "deploy", network, "--target", "cortex-m4", "-o", project], check=True
        )
        simulated = subprocess.run(
            ["qat", "simulate", project, "--input", images], capture_output=True, text=True
        )
        check(
            "every layer equals the host's on 4 input(s)" in simulated.stdout,
            f"{name}: C equals the host in every layer {simulated.stderr.strip()}",
        )


def without_converter(folder):
    environment = {"PATH": folder, "HOME": folder}
    result = subprocess.run(
        [shutil.which("qat"), "import", model("vww_96_int8"), "-o", os.path.join(folder, "o.mlir")],
        env=environment,
        capture_output=True,
        text=True,
    )
    told = "`pip install tosa-converter-for-tflite` installs it" in result.stderr
    check(result.returncode == 1 and told, "without a converter: how to install it")


def main():
    if not os.path.isdir(ASSETS):
        print(f"no trained models at '{ASSETS}'")
        sys.exit(77)
    # That of the Python that runs this, before any other.
    beside = os.path.dirname(os.path.abspath(sys.executable))
    os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], beside])
    if not shutil.which("tosa-converter-for-tflite"):
        print("tosa-converter-for-tflite is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        without_converter(folder)
        float_models(folder)
        integer_models(folder)
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
