"""`qat CMD --print-pipeline`, replayed through qat-mlir-opt, gives the same IR."""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples/digits/digits.onnx"
DATA = ROOT / "build/examples/digits/train-images-idx3-ubyte"

passed, failed = 0, 0


def check(what, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED: {what} {detail}".rstrip())


def output_of(*command, **more):
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]}: {done.stderr[:500]}")
    return done.stdout


def normalized(path):
    """The module as qat-mlir-opt prints it, names and locations included."""
    return output_of("qat-mlir-opt", "--mlir-print-debuginfo", path)


def replay(module, command):
    """The IR of each pipeline that `command` prints."""
    pipelines = output_of("qat", *command, "--print-pipeline").splitlines()
    return [
        output_of(
            "qat-mlir-opt", "--mlir-print-debuginfo",
            f"--pass-pipeline={pipeline}", module,
        )
        for pipeline in pipelines
    ]


def main():
    if not DATA.is_file():
        output_of(sys.executable, ROOT / "examples/digits/prepare.py")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        module, quantized = folder / "f.mlir", folder / "q.mlir"
        output_of("qat", "import", DIGITS, "--scale", "1/255", "-o", module)
        given = folder / "given.safetensors"
        output_of("qat", "quantize", module, "--type_quant", "PerLayerSymPACT", "-o", quantized)
        output_of("qat", "export", quantized, "--to", "safetensors", "-o", given)

        for options in (
            [],
            ["--type_quant", "PerLayerAsymPACT", "--activ_bits", "4"],
            ["--calibrate", DATA, "--calibrate-images", "32"],
            ["--calibrate", DATA, "--calibrate-images", "32", "--calibrate-method",
             "percentile", "--calibrate-percentile", "99.5", "--repair", "equalize,clip,bias,gain",
             "--repair-images", "16", "--weight_bits", "4"],
            ["--calibrate", DATA, "--calibrate-images", "32", "--calibrate-method", "mse",
             "--repair", "clip,bias", "--type_quant", "PerLayerAsymPACT"],
            ["--type_quant", "PerLayerSymPACT", "--parameters", given, "--calibrate", DATA,
             "--calibrate-images", "32", "--repair", "clip,bias", "--repair-images", "16",
             "--activ_type", "clipped", "--bias_bits", "16", "--batch_fold_delay", "1"],
            ["--mem_constraint", "[8k,1k]", "--mixed_prec_quant", "MixPL", "--policy",
             "reference", "--quant_add_config", '[{"layer": 1, "w_bits": 4}]'],
            ["--quant_add_config", '[{"layer": 0, "w_bits": 4, "a_bits": 4}, {"layer": 1}]'],
        ):
            command = ["quantize", module, *options, "-o", quantized]
            output_of("qat", *command)
            check(f"quantize {options}", replay(module, command) == [normalized(quantized)])

        # deploy: the C that the replayed IR prints is the project's.
        project = folder / "net"
        command = ["deploy", quantized, "--target", "cortex-m4", "-o", project,
                   "--name", "net"]
        output_of("qat", *command)
        (ir,) = replay(quantized, command)
        printed = subprocess.run(
            ["qat-mlir-translate", "--qat-to-c"], input=ir, text=True,
            stdout=subprocess.PIPE, check=True,
        ).stdout
        source = (project / "net.c").read_text()
        body = source[source.index("#ifndef"):]
        check("deploy: the C of the replayed IR", body in printed)

        # eval runs three networks: what each of its pipelines gives, executed.
        irs = replay(quantized, ["eval", quantized, "--data", DATA])
        check("eval: three pipelines", len(irs) == 3, f"but got {len(irs)}")
        check("eval: float, fake, then integer",
              "qat.pact" not in irs[0] and "qat.pact" in irs[1]
              and "qat.rounded_avg_pool2d" in irs[1] and "qat.conv2d" in irs[2])
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
