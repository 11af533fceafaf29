"""report.html of a training: well-formed, complete in itself, everything
escaped, and its numbers and curves are those of results.jsonl; that of a real
training has the bits, sizes and noise of the layers that other commands tell."""

import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from short_runs import BUILD, NETWORK, RECIPE, check, finish, prepare, run

SVG = "{http://www.w3.org/2000/svg}"
HTML = "{http://www.w3.org/1999/xhtml}"
NASTY = "<script>alert(1)</script>&\"'\x01]]>--"


def write(folder, rows, summary):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "results.jsonl").write_text(text)
    (folder / "summary.json").write_text(json.dumps(summary))
    done = subprocess.run(
        [BUILD / "bin/qat-write-report", folder / "results.jsonl", folder / "summary.json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode()


class Page(html.parser.HTMLParser):
    """What a browser would see: elements that close, and their attributes."""

    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.tags, self.attributes = [], [], set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def accuracy(top1):
    return {"top1": top1, "top5": top1 / 2 + 50}


def rows_of(count):
    return [
        {
            "epoch": epoch, "steps": 10 * (epoch + 1), "images": 320 * (epoch + 1),
            "loss": None if epoch == 2 else 2.5 / (epoch + 1),
            "train": accuracy(40.25 + epoch), "float": accuracy(80.5),
            "fake": accuracy(70.125 + epoch), "integer": accuracy(70.0 + epoch),
            "agreement": 99.0 + epoch / 10, "lr": 1e-4, "bound_lr": 1e-3,
            "frozen": epoch > 0, "best": epoch != 3, "seconds": 4.0,
            "bounds": {
                "conv1.alpha": 2.0 + epoch, "fc.lo": -1.5, "fc.hi": 0.5 * epoch,
                "conv1.weight.lo": [-0.5 - epoch, -0.25, -0.125], "odd": 1.0,
            },
        }
        for epoch in range(count)
    ]  # fmt: skip


SUMMARY = {
    "network": f"net {NASTY}",
    "data": "/data/cifar & more",
    "seed": 17,
    "options": [["--lr", "0.0001"], ["--augment", NASTY]],
    "layers": [
        {"name": "conv1", "kind": "conv2d", "quant_type": "PerChannelsAsymMinMax",
         "w_bits": 4, "a_bits": 8, "weights": 432, "local": 23.46, "accumulated": 20.1},
        {"name": "fc", "kind": "fully_connected", "quant_type": "PerLayerSymPACT",
         "w_bits": 2, "a_bits": 0, "weights": 640, "local": "inf"},
    ],
}  # fmt: skip


def plots_of(tree):
    """Title -> (curves: (name, epoch) -> (value, cx, cy), the element)."""
    plots = {}
    for svg in tree.iter(SVG + "svg"):
        points = {}
        for circle in svg.iter(SVG + "circle"):
            match = re.fullmatch(
                r"(.*), epoch (\S+): (\S+)( %)?", circle.find(SVG + "title").text
            )
            place = float(circle.get("cx")), float(circle.get("cy"))
            points[match[1], int(match[2])] = (float(match[3]), *place)
        plots[svg.find(SVG + "title").text] = points, svg
    return plots


def is_linear(pairs):
    """Whether (value, place on the page) lie on one line, up to the page's
    hundredths of a pixel and the tooltip's six digits."""
    (x0, y0), (x1, y1) = min(pairs), max(pairs)
    if x0 == x1:
        return all(abs(y - y0) < 0.02 for _, y in pairs)
    slope = (y1 - y0) / (x1 - x0)
    return all(abs(y0 + slope * (x - x0) - y) < 0.03 for x, y in pairs)


def check_curves(tree, rows):
    plots = plots_of(tree)
    expected = {
        "loss": {"training": lambda row: row["loss"]},
        "top-1": {
            "training batches": lambda row: row["train"]["top1"],
            "float": lambda row: row["float"]["top1"],
            "fake-quantized": lambda row: row["fake"]["top1"],
            "integer": lambda row: row["integer"]["top1"],
        },
        "fake-quantized and integer agree": {"agreement": lambda row: row["agreement"]},
        "learning rate": {
            "weights": lambda row: row["lr"],
            "bounds": lambda row: row["bound_lr"],
        },
        "conv1": {"alpha": lambda row: row["bounds"]["conv1.alpha"]},
        "conv1 weights": {"weight.lo": lambda row: row["bounds"]["conv1.weight.lo"][1]},
        "fc": {
            "lo": lambda row: row["bounds"]["fc.lo"],
            "hi": lambda row: row["bounds"]["fc.hi"],
        },
        "odd": {"": lambda row: row["bounds"]["odd"]},
    }
    check("the plots", list(plots) == list(expected), list(plots))
    for title, curves in expected.items():
        points, svg = plots[title]
        wanted = {
            (name, row["epoch"]): float(f"{value(row):.6g}")
            for name, value in curves.items()
            for row in rows
            if value(row) is not None
        }
        found = {key: value for key, (value, _, _) in points.items()}
        check(f"numbers of '{title}'", found == wanted, found)
        across = [(epoch, cx) for (_, epoch), (_, cx, _) in points.items()]
        up = [(value, cy) for value, _, cy in points.values()]
        check(f"places of '{title}'", is_linear(across) and is_linear(up), points)
        width, height = float(svg.get("width")), float(svg.get("height"))
        inside = all(0 < x < width and 0 < y < height for _, x, y in points.values())
        check(f"'{title}' on the page", inside)
        rising = max(up)[0] == min(up)[0] or max(up)[1] < min(up)[1]
        check(f"'{title}' rises upwards", rising)
        # Labels of the axes lie where such a point would.
        labels = [text for text in svg.iter(SVG + "text") if text.get("text-anchor")]
        ends = [t for t in labels if t.get("text-anchor") == "end"]
        ticks = [(float(t.text), float(t.get("y"))) for t in ends]
        check(f"axis of '{title}'", len(ticks) >= 2 and is_linear(ticks + up), ticks)
        below = [(float(t.text), float(t.get("x"))) for t in labels if t not in ends]
        whole = all(value == int(value) for value, _ in below)
        check(f"epochs of '{title}'", below and whole and is_linear(below + across), below)
        marks = [line for line in svg.iter(SVG + "line") if line.get("class") == "mark"]
        at = {x for epoch, x in across if epoch == 1}
        check(f"freezing in '{title}'", {float(m.get("x1")) for m in marks} == at)
    # The curve breaks at the loss that is not a number.
    paths = [p.get("d") for p in plots["loss"][1].iter(SVG + "path")]
    check("the loss breaks", [p.count("M") for p in paths] == [2], paths)
    band = plots["conv1 weights"][1].find(SVG + "polygon").get("points").split()
    check("a band round bounds a channel", len(band) == 2 * len(rows), band)
    check("no band round a number", plots["conv1"][1].find(SVG + "polygon") is None)


def table(tree, name):
    for element in tree.iter(HTML + "table"):
        if element.get("id") == name:
            return [[cell.text or "" for cell in row] for row in element]
    return None


def check_tables(tree, rows):
    head, *body = table(tree, "epochs")
    found = [dict(zip(head, line)) for line in body]
    check("a row an epoch", len(found) == len(rows), len(found))
    for line, row in zip(found, rows):
        wanted = {
            "epoch": str(row["epoch"]),
            "loss": "-" if row["loss"] is None else f"{row['loss']:.6g}",
            "train top-1 %": f"{row['train']['top1']:.2f}",
            "float top-1 %": "80.50",
            "fake top-1 %": f"{row['fake']['top1']:.2f}",
            "fake top-5 %": f"{row['fake']['top5']:.2f}",
            "integer top-1 %": f"{row['integer']['top1']:.2f}",
            "integer top-5 %": f"{row['integer']['top5']:.2f}",
            "agreement %": f"{row['agreement']:.2f}",
            "learning rate": "0.0001",
            "images/s": "80.0",
            "frozen": "yes" if row["frozen"] else "no",
        }
        # 70.125 may be rounded either way.
        same = {key: line[key] == wanted[key] for key in wanted if key != "fake top-1 %"}
        check(f"row {row['epoch']}", all(same.values()), line)
    layers = table(tree, "layers")
    check("layer 1", layers[1] == ["conv1", "conv2d", "PerChannelsAsymMinMax", "4", "8", "432", "23.5", "20.1"], layers)  # fmt: skip
    check("layer 2", layers[2] == ["fc", "fully_connected", "PerLayerSymPACT", "2", "-", "640", "none", "-"], layers)  # fmt: skip
    clean = NASTY.replace("\x01", "\ufffd")
    options = table(tree, "options")
    wanted = [["network", "net " + clean], ["data", "/data/cifar & more"], ["seed", "17"]]
    wanted += [["--lr", "0.0001"], ["--augment", clean]]
    check("options", options == wanted, options)


def check_training(folder):
    """The layers of a short training against what was asked for, `qat info` and
    `qat eval --per-layer`."""
    data = prepare(folder / "data")
    config = [{"layer": "conv2d_1", "w_bits": 2, "quant_type": "PerLayerAsymPACT"},
              {"layer": "conv2d_3", "a_bits": 4}, {"layer": "add", "a_bits": 6}]  # fmt: skip
    save = folder / "run"
    run("zoo", *NETWORK[1:], "--classes", 10, "-o", folder / "f.mlir")
    run("train", folder / "f.mlir", *data, *RECIPE, "--epochs", 2, "--quantizer",
        "--type_quant", "PerChannelsAsymMinMax", "--quant_add_config", json.dumps(config),
        "--batch_fold_delay", 1, "--save", save, "--calibrate", data[-1])  # fmt: skip
    text = (save / "report.html").read_text()
    tree = ElementTree.fromstring(text.split("\n", 1)[1])
    head, *body = table(tree, "layers")
    found = {line[0]: dict(zip(head, line)) for line in body}
    run("info", folder / "f.mlir", "--json", folder / "info.json")
    # `qat info` counts biases too; their number is that of the channels.
    weights = {layer["name"]: layer["parameters"] - layer["output"][-1]
               for layer in json.loads((folder / "info.json").read_text())["layers"]
               if layer["parameters"] and layer["kind"] != "batch_norm"}  # fmt: skip
    check("weights of every layer", {name: int(line["weights"]) for name, line in found.items()
          if line["weights"] != "-"} == weights, (found, weights))  # fmt: skip
    for name, line in found.items():
        if line["weights"] == "-":
            continue
        special = name == "conv2d_1"
        wanted = ["PerLayerAsymPACT" if special else "PerChannelsAsymMinMax", "2" if special else "8"]
        check(f"scheme and bits of {name}", [line["quantizer"], line["weight bits"]] == wanted, line)
    bits = {name: line["activation bits"] for name, line in found.items()}
    check("bits of activations", (bits["conv2d_3"], bits["add"], bits["conv2d"], bits["input"])
          == ("4", "6", "8", "8"), bits)
    run("eval", save / "last.mlir", *data, "--images", 64, "--per-layer", "--json",
        folder / "eval.json")
    layers = json.loads((folder / "eval.json").read_text())["per_layer"]["layers"]
    # The table has no pools.
    layers = [layer for layer in layers if layer["name"] in found]
    check("layers compared", len(layers) == len(found), (layers, list(found)))
    for layer in layers:
        line = found[layer["name"]]
        for column, key in (("local dB", "snr_fake_float_local"),
                            ("accumulated dB", "snr_fake_float")):  # fmt: skip
            known = layer[key]
            wanted = "-" if known is None else "none" if known == "inf" else f"{known:.1f}"
            near = line[column] == wanted or (
                isinstance(known, float) and abs(float(line[column]) - known) < 0.051
            )
            check(f"{column} of {layer['name']}", near, (line, layer))
    alphas = [plot for plot in plots_of(tree) if plot in found]
    check("a plot a layer with bounds", len(alphas) >= 8, alphas)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rows = rows_of(5)
        text = write(folder, rows, SUMMARY)
        check("the same bytes again", text == write(folder, rows, SUMMARY))
        page = Page(text)
        check("elements close", not page.wrong and not page.open, (page.wrong, page.open))
        alien = page.tags & {"script", "link", "img", "iframe", "object", "image", "use"}
        check("nothing from elsewhere", not alien, alien)
        links = [a for a in page.attributes if a[1] in ("src", "href", "xlink:href") or a[1][:2] == "on"]  # fmt: skip
        check("no links, no handlers", not links, links)
        hosts = set(re.findall(r"\w+://[^\"<\s]+", text))
        names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
        check("no address but of namespaces", hosts == names, hosts)
        check("no url() in styles", "url(" not in text and "@import" not in text)
        tree = ElementTree.fromstring(text.split("\n", 1)[1])
        check_curves(tree, rows)
        check_tables(tree, rows)
        outcome = [p.text for p in tree.iter(HTML + "p") if p.get("id") == "outcome"]
        wanted = "Best epoch 4 of 5, float top-1 80.50 %, fake-quantized top-1 74.12 %, integer top-1 74.00 %."  # fmt: skip
        check("the outcome", outcome[0].replace("74.13", "74.12") == wanted, outcome)

        # One epoch, nothing known; no epoch; a hundred.
        bare = {key: rows[0][key] for key in ("epoch", "steps", "images", "lr", "bound_lr")}
        bare |= {"loss": None, "frozen": False, "best": True, "seconds": 0, "bounds": {}}
        for what, some in (("bare", [bare]), ("no", []), ("one", rows_of(1)), ("100", rows_of(100))):
            text = write(folder, some, {"network": "n"})
            tree = ElementTree.fromstring(text.split("\n", 1)[1])
            page = Page(text)
            check(f"{what} epochs", not page.wrong and not page.open)
            finite = not re.search(r"[\"\s,>-](nan|inf)\b", text)
            check(f"{what} epochs have numbers", finite)
            check(f"{what} epochs in the table", len(table(tree, "epochs") or [0]) == 1 + len(some))
        check_training(folder)
    finish()


if __name__ == "__main__":
    main()
