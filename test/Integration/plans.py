"""`qat plan` on random graphs with branches and on the reference's MobileNets.

usage: plans.py [--count N] [--seed S] [--cases N]

For every random graph the charged peak has to equal the largest of the live
sets that this script computes from the ONNX graph and the bits in the JSON; the
bits have to be those of section 9 of docs/Spec.md, written down once more; the
smallest budgets that are printed have to do, and one byte less not; every change
that is suggested is made, by the option or configuration that it names, and has
to lower the smallest budget by the bytes that were printed; and `qat quantize`
with the same budgets has to give the bits of the plan. The memory-driven goldens
(--cases of them a network; 0: all) run on the trained MobileNet and, where there
is a `qat zoo`, on each of its family.
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHARED = pathlib.Path(os.environ.get("QAT_SHARED") or "../shared")
PLENTY = 1 << 40

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, holds, detail=""):
    counts["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what}: {detail}", flush=True)
    return holds


def qat(*command):
    return subprocess.run(
        ["qat", *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def bits_of(live, bits):
    """What tensors take; 3 bits lie in fields of 4, 5 to 7 in bytes."""
    width = lambda value: 2 if value <= 2 else 4 if value <= 4 else 8
    return sum(item["elements"] * width({**bits, "input": 8}[item["grid"]]) for item in live)


class Graph:
    """A random network as ONNX nodes, and as what the assignment charges."""

    def __init__(self, rng):
        self.rng, self.nodes, self.weights = rng, [], []
        # One a tensor in order of execution: what makes it, whether that is a
        # layer (a pool is not), what it reads, elements, whose bits it has.
        self.items = []
        side = rng.choice([6, 8, 9, 12])
        self.add("input", [], (3, side, side), "x", is_layer=False)
        self.unread = {0}
        for _ in range(rng.randint(3, 10)):
            rng.choice([self.conv, self.conv, self.conv, self.join, self.pool])()
        self.finish()
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 5])]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, side, side])]
        graph = helper.make_graph(self.nodes, "g", inputs, outputs, self.weights)
        self.model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7
        )

    def add(self, name, reads, shape, value, is_layer=True, grid=None):
        self.items.append(
            {
                "name": name, "reads": reads, "shape": shape, "value": value,
                "is_layer": is_layer, "elements": int(np.prod(shape)), "grid": grid or name,
            }
        )
        return len(self.items) - 1

    def node(self, op, inputs, **attributes):
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name + ".y"], name=name, **attributes))
        return name, name + ".y"

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        values = np.random.default_rng(len(self.weights)).normal(size=shape)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def pick(self, among=None):
        among = range(len(self.items)) if among is None else among
        newest = max(among)
        index = newest if self.rng.random() < 0.6 else self.rng.choice(list(among))
        self.unread.discard(index)
        return index

    def made(self, index):
        self.unread.add(index)

    def conv(self):
        source = self.pick()
        item, kernel = self.items[source], self.rng.choice([1, 3])
        channels, side, stride = item["shape"][0], item["shape"][1], self.rng.choice([1, 1, 2])
        is_depthwise = self.rng.random() < 0.3
        out = channels if is_depthwise else self.rng.choice([2, 4, 8])
        name, value = self.node(
            "Conv",
            [item["value"], self.weight(out, 1 if is_depthwise else channels, kernel, kernel)],
            group=channels if is_depthwise else 1, pads=[kernel // 2] * 4, strides=[stride] * 2,
        )
        after = (side + 2 * (kernel // 2) - kernel) // stride + 1
        shape = (out, after, after)
        ending = self.rng.random()
        if ending < 0.6:
            _, value = self.node("Relu", [value])
        layer = self.add(name, [source], shape, value)
        if ending > 0.9:
            # The result is read with and without its ReLU: two layers.
            name, value = self.node("Relu", [value])
            self.made(self.add(name, [layer], shape, value))
        self.made(layer)

    def join(self):
        first = self.pick()
        shape = self.items[first]["shape"]
        if self.rng.random() < 0.6:
            reads = [first, self.pick([i for i, x in enumerate(self.items) if x["shape"] == shape])]
            name, value = self.node("Add", [self.items[i]["value"] for i in reads])
        else:
            fit = [i for i, x in enumerate(self.items) if x["shape"][1:] == shape[1:]]
            reads = [first] + [self.pick(fit) for _ in range(self.rng.randint(1, 2))]
            shape = (sum(self.items[i]["shape"][0] for i in reads), *shape[1:])
            name, value = self.node("Concat", [self.items[i]["value"] for i in reads], axis=1)
        if self.rng.random() < 0.5:
            _, value = self.node("Relu", [value])
        self.made(self.add(name, reads, shape, value))

    def pool(self):
        large = [i for i, item in enumerate(self.items) if item["shape"][1] >= 3]
        source = self.pick(large)
        item = self.items[source]
        channels, side, _ = item["shape"]
        op = self.rng.choice(["MaxPool", "AveragePool"])
        kernel, stride = self.rng.choice([(2, 2), (3, 1), (3, 2)])
        name, value = self.node(op, [item["value"]], kernel_shape=[kernel] * 2, strides=[stride] * 2)
        after = (side - kernel) // stride + 1
        shape = (channels, after, after)
        self.made(self.add(name, [source], shape, value, is_layer=False, grid=item["grid"]))

    def finish(self):
        """What nothing has read yet becomes points, these one list, and classes."""
        points = []
        for source in sorted(self.unread):
            item = self.items[source]
            name, value = self.node("GlobalAveragePool", [item["value"]])
            shape = (item["shape"][0], 1, 1)
            points.append(
                self.add(name, [source], shape, value, is_layer=False, grid=item["grid"])
            )
        if len(points) > 1:
            name, value = self.node("Concat", [self.items[i]["value"] for i in points], axis=1)
            shape = (sum(self.items[i]["shape"][0] for i in points), 1, 1)
            points = [self.add(name, points, shape, value)]
        item = self.items[points[0]]
        _, flat = self.node("Flatten", [item["value"]])
        channels = item["shape"][0]
        name = "classes"
        self.nodes.append(
            helper.make_node("Gemm", [flat, self.weight(5, channels)], ["logits"], name=name, transB=1)
        )
        self.add(name, points, (5, 1, 1), "logits")

    def layers(self):
        return [item for item in self.items if item["is_layer"]]

    def live_sets(self):
        """(layer, the items that are live while it runs) in order."""
        sets = []
        for place, layer in enumerate(self.items):
            live = [
                item for made, item in enumerate(self.items[: place + 1])
                if made == place or any(made in reader["reads"] for reader in self.items[place:])
            ]
            if layer["is_layer"]:
                sets.append((layer["name"], live))
        return sets

    def peak(self, bits):
        """Bits of the largest live set, with `bits` of each layer's output."""
        return max(bits_of(live, bits) for _, live in self.live_sets())

    def assign(self, ram, fixed):
        """The bits by section 9 of docs/Spec.md, for a budget that can be met."""
        bits = {layer["name"]: fixed.get(layer["name"], 8) for layer in self.layers()}
        order, forward, clean = self.live_sets(), True, False
        while True:
            for name, live in order if forward else order[::-1]:
                while bits_of(live, bits) > 8 * ram:
                    grids = {item["grid"] for item in live} - {"input"} - set(fixed)
                    size = lambda grid: sum(
                        item["elements"] * bits[grid] for item in live if item["grid"] == grid
                    )
                    cut = max(
                        (grid for grid in grids if bits[grid] > 2),
                        key=lambda grid: (bits[grid], size(grid), grid == name, list(bits).index(grid)),
                    )
                    if (cut == name) != forward:
                        clean = False
                        break
                    bits[cut] //= 2
            if clean:
                return bits
            forward, clean = not forward, True


class Planner:
    def __init__(self, model, folder):
        self.model, self.path = model, folder / "plan.json"

    def plan(self, rom, ram, config=(), mode="MixPC", policy="consistent"):
        """(exit status, JSON, text)."""
        self.path.unlink(missing_ok=True)
        done = qat(
            "plan", self.model, "--mem_constraint", f"[{rom},{ram}]", "--mixed_prec_quant", mode,
            "--policy", policy, "--quant_add_config", json.dumps(list(config)), "--json", self.path,
        )
        if not self.path.is_file():
            return done.returncode, {"status": done.stderr}, done.stdout
        result = json.loads(self.path.read_text())
        # The error is one line, and the message of the JSON.
        expected = f"qat plan: error: {result['message']}\n" if result["message"] else ""
        check("standard error is the message", done.stderr == expected, done.stderr)
        return done.returncode, result, done.stdout

    def smallest(self, memory, ram, **options):
        """The smallest budget that is printed, and the changes with their gains."""
        budget = (PLENTY, 0) if memory == "RAM" else (0, ram)
        status, result, text = self.plan(*budget, **options)
        found = re.search(
            rf"the smallest {memory} budget is (\d+) bytes", result.get("message", "")
        )
        if status != 1 or not found:
            return None, []
        changes = re.findall(r"^(.*) lowers the need by (\d+) to (\d+)$", text, re.MULTILINE)
        return int(found[1]), [(what, int(gain), int(need)) for what, gain, need in changes]


def apply_change(what, options):
    """`options` with the change made as it says; None where it cannot be read."""
    options = json.loads(json.dumps(options))
    config = {entry["layer"]: entry for entry in options["config"]}
    if match := re.fullmatch(r"leaving out '(\w+)' of layer '(.*)'", what):
        del config[match[2]][match[1]]
    elif match := re.fullmatch(r"'(\w+)' of layer '(.*)' of (\d)", what):
        config.setdefault(match[2], {"layer": match[2]})[match[1]] = int(match[3])
    elif match := re.fullmatch(r"--mixed-prec-quant (\w+)", what):
        options["mode"] = match[1]
    elif match := re.fullmatch(r"--policy (\w+)", what):
        options["policy"] = match[1]
    else:
        return None
    options["config"] = list(config.values())
    return options


def random_options(rng, graph):
    config = []
    for layer in graph.layers():
        if rng.random() < 0.75:
            continue
        entry = {"layer": layer["name"]}
        if layer["name"] != "classes":
            entry["a_bits"] = rng.randint(2, 8)
        if layer["name"].startswith(("conv", "classes")) and not layer["name"].startswith("concat"):
            entry["w_bits"] = rng.randint(2, 8)
        config.append(entry)
    return {
        "config": config if rng.random() < 0.5 else [],
        "mode": rng.choice(["MixPL", "MixPC"]),
        "policy": rng.choice(["consistent", "reference"]),
    }


def test_graph(seed, folder, changed):
    rng = random.Random(seed)
    graph = Graph(rng)
    source, module = folder / "g.onnx", folder / "g.mlir"
    onnx.save(graph.model, source)
    done = qat("import", source, "-o", module)
    if not check(f"graph {seed} imports", done.returncode == 0, done.stderr):
        return
    planner, options = Planner(module, folder), random_options(rng, graph)
    fixed = {entry["layer"]: entry["a_bits"] for entry in options["config"] if "a_bits" in entry}
    fixed["classes"] = 8
    fewest = {layer["name"]: fixed.get(layer["name"], 2) for layer in graph.layers()}
    most = {layer["name"]: fixed.get(layer["name"], 8) for layer in graph.layers()}
    ram, ram_changes = planner.smallest("RAM", 0, **options)
    expected = -(-graph.peak(fewest) // 8)
    if not check(f"graph {seed}: smallest RAM", ram == expected, f"{ram}, not {expected}"):
        return
    largest = -(-graph.peak(most) // 8)
    check(f"graph {seed}: one byte of RAM less fails",
          planner.plan(PLENTY, ram - 1, **options)[1]["status"] == "fail_activation")
    for budget in (ram, rng.randint(ram, largest), (ram + largest) // 2, largest):
        status, plan, _ = planner.plan(PLENTY, budget, **options)
        bits = {layer["name"]: layer["a_bits_out"] for layer in plan.get("layers", [])}
        if not check(f"graph {seed}: layers", list(bits) == list(most) and status == 0,
                     f"{list(bits)} {status}, not {list(most)}"):
            return
        check(f"graph {seed}: charged peak at {budget}", 8 * plan["ram_bytes"] == graph.peak(bits),
              f"{plan['ram_bytes']}, not {graph.peak(bits) / 8}")
        expected = graph.assign(budget, fixed)
        check(f"graph {seed}: bits at {budget}", bits == expected, f"{bits}, not {expected}")
    check(f"graph {seed}: nothing is cut without need", bits == most, bits)

    ram_budget = (ram + largest) // 2
    rom, rom_changes = planner.smallest("ROM", ram_budget, **options)
    check(f"graph {seed}: one byte of ROM less fails",
          planner.plan(rom - 1, ram_budget, **options)[1]["status"] == "fail_weights")
    _, plan, _ = planner.plan(rom, ram_budget, **options)
    check(f"graph {seed}: smallest ROM", plan["status"] == "ok", plan["status"])
    total = sum(layer["weight_bytes"] + layer["extra_bytes"] for layer in plan["layers"])
    check(f"graph {seed}: total", total == plan["rom_bytes"] <= rom, f"{total} {plan['rom_bytes']}")
    for memory, need, changes in (("RAM", ram, ram_changes), ("ROM", rom, rom_changes)):
        for what, gain, after in changes:
            asked = apply_change(what, options)
            now = asked and planner.smallest(memory, ram_budget, **asked)[0]
            changed.add(re.sub("'.*?'", "", what))
            check(f"graph {seed}: {what}", now == after == need - gain, f"{now}, not {after}")

    quantized = folder / "q.mlir"
    done = qat(
        "quantize", module, "--mem_constraint", f"{rom},{ram_budget}", "--mixed_prec_quant",
        options["mode"], "--policy", options["policy"], "--quant_add_config",
        json.dumps(options["config"]), "-o", quantized,
    )
    if not check(f"graph {seed} quantizes", done.returncode == 0, done.stderr):
        return
    text = quantized.read_text()
    activations = [int(b) for b in re.findall(r"= qat\.(?:pact|bounded) .*?bits = (\d)", text)]
    weights = [int(b) for b in re.findall(r"= qat\.weight_\w+ .*?bits = (\d)", text)]
    check(f"graph {seed}: quantizers of activations",
          activations == [layer["a_bits_out"] for layer in plan["layers"][:-1]], activations)
    check(f"graph {seed}: quantizers of weights",
          weights == [layer["w_bits"] for layer in plan["layers"] if layer["w_bits"]], weights)
    check(f"graph {seed}: nothing is left behind", "qat.precision" not in text)


def describe(plan):
    """A plan as the goldens write it."""
    layers = plan["layers"]
    result = {
        "status": plan["status"],
        "a": "".join(str(bits) for bits in [layers[0]["a_bits_in"]] + [l["a_bits_out"] for l in layers]),
        "ram": plan["ram_bytes"],
    }
    if plan["status"] != "fail_activation":
        result["w"] = "".join(str(layer["w_bits"]) for layer in layers)
        result["q"] = "".join("C" if "Channels" in l["quant_type"] else "P" for l in layers)
        result["fold"] = "".join("I" if l["fold_type"] == "ICN" else "W" for l in layers)
        result["rom"] = plan["rom_bytes"]
        result["rom_weights"] = sum(layer["weight_bytes"] for layer in layers)
        result["rom_extra"] = sum(layer["extra_bytes"] for layer in layers)
    return result


def test_golden(name, module, goldens, number, folder):
    planner = Planner(module, folder)
    cases = [case for case in goldens["cases"] if case["net"] == name]
    for case in cases[:: max(1, len(cases) // number) if number else 1]:
        for policy in ("reference", "consistent"):
            expected = case[policy] if case[policy] != "same" else case["reference"]
            _, plan, _ = planner.plan(case["rom"], case["ram"], mode=case["mode"], policy=policy)
            got = describe(plan)
            wrong = [key for key in got if got[key] != expected[key]]
            check(f"{name} {case['rom']} {case['ram']} {case['mode']} {policy}", not wrong,
                  f"{wrong}: {got}")


def test_goldens(number, folder):
    path = SHARED / "golden/memory_driven_shared.json"
    model = SHARED / "assets/models/mobilenet_v1_1.0_224_relu6.onnx"
    if not path.is_file() or not model.is_file():
        print(f"no goldens at '{path}'")
        counts["skipped"] += 1
        return
    goldens = json.loads(path.read_text())
    module = folder / "m.mlirbc"
    check("import", qat("import", model, "-o", module).returncode == 0)
    test_golden("mobilenet_1.0_224", module, goldens, number, folder)
    if qat("zoo", "--help").returncode != 0:
        print("no `qat zoo`: the other MobileNets are not planned")
        counts["skipped"] += 1
        return
    for net in goldens["architectures"]:
        if "width" not in net:
            continue
        done = qat(
            "zoo", "mobilenet_v1", "--mobilenet_width", net["width"], "--mobilenet_input",
            net["input"], "--classes", 1000, "-o", module,
        )
        if check(f"zoo makes {net['name']}", done.returncode == 0, done.stderr):
            test_golden(net["name"], module, goldens, max(1, number // 4), folder)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=16)
    options = parser.parse_args()
    changed = set()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for seed in range(options.seed, options.seed + options.count):
            test_graph(seed, folder, changed)
        test_goldens(options.cases, folder)
    # Suggestions of several kinds have been made, or nothing was tested.
    check("kinds of changes", len(changed) >= min(4, options.count), changed)
    print(", ".join(f"{counts[key]} {key}" for key in ("passed", "failed", "skipped")))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
