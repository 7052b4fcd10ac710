"""What the companies trained on look like: quantiles of their ratios.

They stand in the manifest, and explanations compare with them. They say nothing that the
members use, so a bundle that is there already gets them without another training:

usage: python training/population.py --data us_bankruptcy_1999_2014.csv.gz --models models

rewrites manifest and card of the bundles in the folder to what train.py would write.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import panel as panels
from bundle import dump
from spec import FIRST_YEAR, KINDS, LAST_TRAIN_YEAR, VERSION, Kind

LEVELS = (5, 10, 25, 50, 75, 90, 95)
DIGITS = 6  # significant ones
TITLE = "## Population"


def describe(kind: Kind, panel: panels.Panel) -> dict:
    """The manifest's key `population`: of each ratio the quantiles over the training rows with a value."""
    rows = panel.between(FIRST_YEAR, LAST_TRAIN_YEAR)
    return {
        "levels": list(LEVELS),
        "quantiles": {name: quantiles(panel.value[name][rows]) for name in kind.ratios},
    }


def quantiles(values: np.ndarray) -> list:
    """The quantiles at LEVELS of the numbers among the values."""
    there = values[np.isfinite(values)]
    return [float(f"{q:.{DIGITS}g}") for q in np.quantile(there, np.array(LEVELS) / 100)]


def section(manifest: dict) -> str:
    """The card's section on the population."""
    population = manifest["population"]
    lines = [
        f"{TITLE}\n",
        f"Reason codes compare a company with the firm-years {FIRST_YEAR}-{LAST_TRAIN_YEAR} that the "
        "members were fitted on. Of each ratio, over the rows in which it has a value, at least so many "
        "percent lie at the number or below it:\n",
        "| ratio | " + " | ".join(f"{level} %" for level in population["levels"]) + " |",
        "|---|" + "---:|" * len(population["levels"]),
    ]
    for name, numbers in population["quantiles"].items():
        lines.append(f"| {name} | " + " | ".join(f"{number:.4g}" for number in numbers) + " |")
    return "\n".join(lines)


def refresh(kind: Kind, panel: panels.Panel, folder: Path) -> None:
    """Write version and population into a bundle that is there, and leave its members as they are."""
    old = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest = {key: value for key, value in old.items() if key not in ("population", "card")}
    manifest |= {"version": VERSION, "population": describe(kind, panel), "card": old["card"]}
    dump(folder / "manifest.json", manifest)
    path = folder / old["card"]
    text = path.read_text(encoding="utf-8")
    _, rest = text.split("\n", 1)
    before, method = rest.split("## Method\n", 1)
    before = before.split(TITLE, 1)[0].rstrip("\n")
    text = f"# {manifest['name']} {VERSION}\n{before}\n\n{section(manifest)}\n\n## Method\n{method}"
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{folder}: population written, version {VERSION}")


def main() -> None:
    """Read the arguments and rewrite the bundles."""
    parser = argparse.ArgumentParser(description="Write the population into bundles that are there.")
    parser.add_argument("--data", required=True, help="labelled CSV of 1999-2014, plain or gzipped")
    parser.add_argument("--models", required=True, help="folder of the bundles")
    arguments = parser.parse_args()
    panel = panels.load(arguments.data)
    for name, kind in KINDS.items():
        refresh(kind, panel, Path(arguments.models) / name)


if __name__ == "__main__":
    main()
