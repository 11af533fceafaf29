"""Convolutions of levels as products of bytes: exact integers.

usage: byte_contractions.py [--verbose]

Forward contractions of random sizes on levels of the largest and of random
values are compiled as a training step compiles them (qat-use-byte-contractions
where the processor has VNNI) and compared with numpy's integers.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = SOURCE / "build/dev/bin"
sys.path.insert(0, str(SOURCE / "test/golden"))

import tools  # noqa: E402

STEP = """
func.func @step(%input: memref<{x}> {{qat.name = "input", qat.role = "input"}},
                %weight: memref<{w}> {{qat.name = "weight", qat.role = "parameter"}},
                %sums: memref<{y}> {{qat.name = "sums", qat.role = "output"}},
                %levels: memref<{x}> {{qat.name = "levels", qat.role = "output"}},
                %weights: memref<{w}> {{qat.name = "weights", qat.role = "output"}}) {{
  %x = bufferization.to_tensor %input restrict : memref<{x}> to tensor<{x}>
  %w = bufferization.to_tensor %weight restrict : memref<{w}> to tensor<{w}>
  %alpha = arith.constant dense<{n}.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %p = qat.pact %x, %alpha {{bits = 8 : i32, rounding = #qat.rounding<floor>}} : tensor<{x}>
  %q = qat.weight_min_max %w {{bits = {bits} : i32}} : tensor<{w}>
  %l = qat.levels %p, %one : tensor<{x}>, tensor<f32>
  %m = qat.levels %q, %one : tensor<{w}>, tensor<f32>
  %e = tensor.empty() : tensor<{y}>
  %y = qat.contraction forward ins(%l, %m : tensor<{x}>, tensor<{w}>) outs(%e : tensor<{y}>)
       {{pad = array<i64: {pad}, {pad}, {pad}, {pad}>, stride = array<i64: {stride}, {stride}>}} -> tensor<{y}>
  bufferization.materialize_in_destination %y in restrict writable %sums : (tensor<{y}>, memref<{y}>) -> ()
  bufferization.materialize_in_destination %l in restrict writable %levels : (tensor<{x}>, memref<{x}>) -> ()
  bufferization.materialize_in_destination %m in restrict writable %weights : (tensor<{w}>, memref<{w}>) -> ()
  return
}}
"""


def convolve(x, w, pad, stride):
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    kh, kw = w.shape[1:3]
    oh, ow = (x.shape[1] - kh) // stride + 1, (x.shape[2] - kw) // stride + 1
    y = np.zeros((x.shape[0], oh, ow, w.shape[0]), np.int64)
    for ky in range(kh):
        for kx in range(kw):
            window = x[:, ky : ky + oh * stride : stride, kx : kx + ow * stride : stride]
            y += np.einsum("nhwc,oc->nhwo", window[:, :oh, :ow], w[:, ky, kx])
    return y


def run(folder, name, rng, batch, size, channels, out, kernel, stride, bits, extreme):
    pad = kernel // 2
    out_size = (size + 2 * pad - kernel) // stride + 1
    n = 2**bits - 1
    x = rng.integers(0, 256, (batch, size, size, channels)).astype(np.float32)
    w = rng.integers(0, n + 1, (out, kernel, kernel, channels)) - rng.integers(0, n + 1)
    if extreme:
        x[:] = 255
        w[:] = n
    # The whole grid is there, so that a step of it is 1.
    w.flat[:2] = [w.max(), w.max() - n]
    w = w.astype(np.float32)
    sizes = {"x": x.shape, "w": w.shape, "y": (batch, out_size, out_size, out)}
    sizes = {key: "x".join(map(str, shape)) + "xf32" for key, shape in sizes.items()}
    text = STEP.format(n=255, bits=bits, pad=pad, stride=stride, **sizes)
    (folder / "step.mlir").write_text(text)
    tools.write_safetensors(folder / "in.safetensors", {"input": x, "parameter:weight": w})
    command = [BIN / "qat-run-step", folder / "step.mlir", "--arguments", folder / "in.safetensors",
               "--result", folder / "out.safetensors"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()[:300]
    got = tools.read_safetensors(folder / "out.safetensors")
    levels, weights = got["output:levels"], got["output:weights"]
    if levels.max() - levels.min() < 200 and not extreme:
        return "the levels are not those that were meant"
    if weights.max() - weights.min() != n:
        return f"the weights span {weights.max() - weights.min()} levels, not {n}"
    wanted = convolve(levels.astype(np.int64), weights.astype(np.int64), pad, stride)
    wrong = np.count_nonzero(got["output:sums"] != wanted.astype(np.float32))
    return f"{wrong} of {wanted.size} sums are wrong" if wrong else ""


def main():
    rng = np.random.default_rng(0)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case in range(12):
            batch, size = int(rng.integers(1, 5)), int(rng.integers(3, 12))
            channels, out = int(rng.integers(16, 70)), int(rng.integers(16, 70))
            kernel, stride = [(1, 1), (3, 1), (3, 2)][case % 3]
            bits, extreme = [8, 8, 4, 8, 2, 7][case % 6], case in (3, 4)
            text = (f"{batch}x{size}x{size}x{channels} to {out}, {kernel}x{kernel} /{stride}, "
                    f"{bits} bits")  # fmt: skip
            error = run(folder, text, rng, batch, size, channels, out, kernel, stride, bits,
                        extreme)  # fmt: skip
            passed, failed = passed + (not error), failed + bool(error)
            if error:
                print(f"FAILED {text}: {error}")
            elif "--verbose" in sys.argv:
                print(f"passed {text}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
