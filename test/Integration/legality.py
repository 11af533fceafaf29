"""Every scheme, fold type and place of a layer: it works, or is refused by name.

A network has a hidden convolution with a batch norm, one without, a depthwise
one, an add, a concat, and a last layer with or without a batch norm. What means
nothing is written down once below, apart from the compiler; all else has to be
frozen to integers that are of the scheme and the bits that were asked for; whole
networks also have to run. An entry of the per-layer configuration must leave all
other layers what they are.

usage: legality.py [--keep DIR]
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from tools import read_safetensors

SCHEMES = ("PerLayerAsymPACT", "PerLayerAsymMinMax", "PerChannelsAsymMinMax",
           "PerLayerSymPACT", "PerLayerDymPACT")
FOLDS = ("", "folding_weights", "ICN", "folding_thresh")
WEIGHTED = ("normed", "plain", "depthwise", "last")

passed, failed = 0, 0


def check(what, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED: {what}: {detail}".rstrip(), flush=True)


def make_model(last_has_norm):
    rng = np.random.default_rng(3)
    weights, nodes = [], []

    def array(name, *shape, low=None):
        values = rng.normal(size=shape) if low is None else rng.uniform(low, 2, shape)
        weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(name, source, shape, norm, bias=False, **attributes):
        inputs = [source, array(name + ".w", *shape)]
        if bias:
            inputs.append(array(name + ".b", shape[0]))
        nodes.append(helper.make_node("Conv", inputs, [name + "_y"], name=name, **attributes))
        if not norm:
            return name + "_y"
        inputs = [name + "_y", *(array(f"{name}.bn_{p}", shape[0], low=0.5) for p in "gbmv")]
        nodes.append(helper.make_node("BatchNormalization", inputs, [name + "_n"], name=name + "_bn"))
        return name + "_n"

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    same = {"pads": [1, 1, 1, 1]}
    a = node("Relu", [conv("normed", "x", (4, 3, 3, 3), True, **same)], "relu1")
    b = conv("plain", a, (4, 4, 1, 1), False, bias=True)
    c = conv("depthwise", a, (4, 1, 3, 3), True, group=4, **same)
    c = node("Clip", [c, "zero", "six"], "relu2")
    weights.append(numpy_helper.from_array(np.array(0, np.float32), "zero"))
    weights.append(numpy_helper.from_array(np.array(6, np.float32), "six"))
    d = node("Relu", [node("Add", [b, c], "sum")], "relu3")
    e = node("Concat", [d, a], "joined", axis=1)
    f = node("GlobalAveragePool", [e], "pool")
    g = conv("last", f, (5, 8, 1, 1), last_has_norm, bias=True)
    node("Flatten", [g], "y")
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])], weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


class Network:
    def __init__(self, folder, last_has_norm):
        self.folder, self.last_has_norm = folder, last_has_norm
        self.float = folder / f"net{last_has_norm:d}.mlir"
        self.x, self.model = folder / "x.npy", folder / "net.onnx"
        np.save(self.x, np.random.default_rng(5).uniform(-1, 1, (1, 6, 6, 3)).astype(np.float32))
        self.model.write_bytes(make_model(last_has_norm).SerializeToString())
        error = self.qat("import", self.model, "-o", self.float)
        assert not error, error

    def qat(self, *words):
        """Standard error of a command that fails, or nothing."""
        done = subprocess.run(
            ["qat", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        return done.stderr.strip() or "nothing was said" if done.returncode else ""

    def freeze(self, options, config=None):
        """(what was said, arrays by name) of the network frozen to integers."""
        words = [*options, *(["--quant_add_config", json.dumps(config)] if config else [])]
        quantized, integers = self.folder / "q.mlir", self.folder / "i.safetensors"
        output = self.folder / "y.npy"
        error = self.qat("quantize", self.float, "--quiet", *words, "-o", quantized)
        error = error or self.qat("export", quantized, "--to", "safetensors", "--as", "integer",
                                  "-o", integers)
        if not config:
            error = error or self.qat("run", quantized, "--input", self.x, "--output", output)
        return error, {} if error else read_safetensors(integers)


# What a layer is asked for: scheme, fold type ("" is the scheme's own), bits.


def default_fold(scheme):
    return "ICN" if scheme == "PerChannelsAsymMinMax" else "folding_weights"


def refusal(layer, scheme, fold, last_has_norm):
    """Words of the line that refuses a layer with weights; none where it works."""
    if scheme == "PerChannelsAsymMinMax":
        if fold == "folding_weights":
            return "folding_weights", "use ICN"
        if layer == "last" and last_has_norm:
            return "last", "folded", "per-layer"
    return None


def check_layer(what, arrays, layer, scheme, fold, bits, last_has_norm):
    """Whether the integers of `layer` are of its scheme, fold type and bits."""
    weight = arrays[layer + ".weight"]
    signed = scheme in ("PerLayerSymPACT", "PerLayerDymPACT")
    check(what, weight.dtype == (np.int8 if signed else np.uint8), f"{layer} is {weight.dtype}")
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    check(what, low <= weight.min() and weight.max() <= high, f"{layer} has more than {bits} bits")
    per_channel = scheme == "PerChannelsAsymMinMax"
    channels = 5 if layer == "last" else 4
    check(what, arrays[layer + ".weight.scale"].size == (channels if per_channel else 1),
          f"{layer} has {arrays[layer + '.weight.scale'].size} steps")
    thresholds = layer + ".thresholds" in arrays
    factors = arrays.get(layer + ".multiplier", np.zeros(0)).size
    if layer == "last":
        wanted = (False, channels if per_channel else 0)
    elif fold == "folding_thresh":
        wanted = (True, 0)
    else:
        normed = layer != "plain"
        own = per_channel or (normed and fold == "ICN")
        wanted = (False, channels if own else 1)
    check(what, (thresholds, factors) == wanted,
          f"{layer} has thresholds {thresholds} and {factors} multipliers, wanted {wanted}")


def check_all(network):
    """Schemes, fold types and bits of the whole network."""
    norm = network.last_has_norm
    for scheme, fold in itertools.product(SCHEMES, FOLDS):
        chosen = fold or default_fold(scheme)
        words = next(filter(None, (refusal(l, scheme, chosen, norm) for l in WEIGHTED)), None)
        for bits, activation_bits in ((8, 8), (2, 2), (3, 5)) if not words else ((4, 4),):
            what = f"{scheme} {fold or 'default'} w{bits} a{activation_bits} norm {norm:d}"
            error, arrays = network.freeze(
                ["--type_quant", scheme, *(["--batch_fold_type", fold] if fold else []),
                 "--weight_bits", bits, "--activ_bits", activation_bits])
            if words:
                check(what, error.count("\n") == 0 and all(word in error for word in words),
                      f"said '{error}'")
                continue
            check(what, not error, error)
            for layer in WEIGHTED if not error else ():
                check_layer(what, arrays, layer, scheme, chosen, bits, norm)


def check_entries(network):
    """An entry for one layer on top of each scheme that suits the network."""
    norm = network.last_has_norm
    base = ["--type_quant", "PerLayerAsymMinMax", "--batch_fold_type", "ICN"]
    error, before = network.freeze(base)
    check("base", not error, error)
    keys = [{"quant_type": s, "fold_type": f} if f else {"quant_type": s}
            for s in SCHEMES for f in FOLDS]
    keys += [{"w_bits": b} for b in (2, 4, 7)] + [{"fold_type": f} for f in FOLDS if f]
    for layer, entry in itertools.product(WEIGHTED, keys):
        what = f"entry {entry} of {layer}, norm {norm:d}"
        scheme = entry.get("quant_type", "PerLayerAsymMinMax")
        fold = entry.get("fold_type", "ICN")  # that of the command line
        words = refusal(layer, scheme, fold, norm)
        error, arrays = network.freeze(base, [{"layer": layer, **entry}])
        if words:
            named = f"(layer '{layer}')" in error or f"'{layer}'" in error
            check(what, named and error.count("\n") == 0 and all(word in error for word in words),
                  f"said '{error}'")
            continue
        check(what, not error, error)
        if error:
            continue
        check_layer(what, arrays, layer, scheme, fold, entry.get("w_bits", 8), norm)
        for name in before:
            if not name.startswith(layer + "."):
                same = name in arrays and np.array_equal(before[name], arrays[name])
                check(what, same, f"changes {name}")
    # Bits of activations.
    for layer in ("normed", "plain", "depthwise", "sum", "joined"):
        what = f"a_bits of {layer}"
        error, arrays = network.freeze(base, [{"layer": layer, "a_bits": 3}])
        check(what, not error, error)
        for name in arrays:
            if name.endswith(".weight"):
                check(what, np.array_equal(before[name], arrays[name]), f"changes {name}")
            if name.endswith(".output.scale"):
                grew = arrays[name] / before[name]
                mine = name == layer + ".output.scale"
                # What moves to the concat's grid, and what keeps its input's.
                follows = layer == "joined" and name.startswith(("joined", "pool", "last"))
                good = np.isclose(grew, 255 / 7) if mine else grew == 1 or follows
                check(what, good, f"{name} grew by {grew}")
    for layer, entry, words in (
        ("last", {"a_bits": 4}, ("last layer", "32 bits")),
        ("sum", {"w_bits": 4}, ("without weights", "'a_bits'")),
        ("sum", {"quant_type": "PerLayerSymPACT"}, ("without weights", "'a_bits'")),
        ("joined", {"fold_type": "ICN"}, ("without weights", "'a_bits'")),
        ("nothing", {"w_bits": 4}, ("for no layer",)),
    ):
        error, _ = network.freeze(base, [{"layer": "plain", "w_bits": 4}, {"layer": layer, **entry}])
        words += ("entry 2", f"'{layer}'")
        check(f"{entry} of {layer}", error and all(word in error for word in words), f"said '{error}'")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(options.keep or folder)
        for last_has_norm in (False, True):
            network = Network(folder, last_has_norm)
            check_all(network)
            check_entries(network)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
