"""Judge finished bundles on labelled firm-years.

usage: python training/evaluate.py --data FILE.csv --models DIR --from YEAR --to YEAR
"""

import argparse
from pathlib import Path

import numpy as np

import bundle as bundles
import metrics
import panel as panels

MEMBERS = {
    "ensemble": "probability",
    "scorecard": "scorecard_probability",
    "lightgbm": "lightgbm_probability",
}


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description="Judge model bundles on labelled firm-years.")
    parser.add_argument("--data", required=True, help="labelled CSV, plain or gzipped")
    parser.add_argument("--models", required=True, help="one bundle, or a folder of bundles")
    parser.add_argument("--from", dest="first", type=int, required=True, help="first year")
    parser.add_argument("--to", dest="last", type=int, required=True, help="last year")
    arguments = parser.parse_args()
    panel = panels.load(arguments.data)
    rows = panel.between(arguments.first, arguments.last)
    if panel.label[rows].sum() in (0, rows.sum()):
        parser.error("these years hold no rows, or only one outcome: nothing to judge")
    for folder in find(Path(arguments.models)):
        report(bundles.read(folder), panel, rows, f"{arguments.first}-{arguments.last}")


def find(folder: Path) -> list:
    """The bundle folders at or directly below a folder."""
    if (folder / "manifest.json").exists():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/manifest.json"))


def report(bundle: bundles.Bundle, panel: panels.Panel, rows: np.ndarray, years: str) -> None:
    """Print the measures of a bundle and its table per risk level."""
    label = panel.label[rows]
    values, flags = panel.matrix(bundle.ratios)
    scored = bundle.score(values[rows], flags[rows])
    manifest = bundle.manifest
    print(f"\n{manifest['name']} {manifest['version']} on {years}")
    print(f"rows {label.size}, events {label.sum()}, observed rate {label.mean():.4%}\n")
    print("member      AUC     95 % interval    KS     mean p    mean p / observed  Brier")
    for name, key in MEMBERS.items():
        if key in scored:
            print(line(name, metrics.summary(label, scored[key])))
    probability = scored["probability"]
    print("\nlevel        rows  events     rate     95 % interval      mean p")
    table = metrics.level_table(label, bundle.level(probability), probability)
    for row in table:
        print(
            f"{row['level']:<10} {row['rows']:>6} {row['events']:>7} {row['rate']:>8.3%}"
            f"  {row['low']:>7.3%} - {row['high']:<7.3%} {row['mean']:>8.3%}"
        )
    rates = [row["rate"] for row in table]
    rising = all(low < high for low, high in zip(rates, rates[1:]))
    print(f"\nall levels in use, rate strictly rising: {'yes' if rising else 'NO'}")


def line(name: str, measures: dict) -> str:
    """One line of the table of members."""
    return (
        f"{name:<10} {measures['auc']:.4f}  {measures['auc_low']:.4f} - {measures['auc_high']:.4f}"
        f"  {measures['ks']:.3f}  {measures['mean']:.4%}  {measures['ratio']:>8.3f}"
        f"           {measures['brier']:.5f}"
    )


if __name__ == "__main__":
    main()
