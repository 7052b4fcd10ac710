"""Train the model bundles that ship.

usage: python training/train.py --data us_bankruptcy_1999_2014.csv.gz --out models
       [--kind annual|quarterly|all]

The same data and the pinned packages give the same bytes.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

import bundle as bundles
import card
import golden
import panel as panels
import pipeline
import population
import scorecard
import sensitivity
import trees
import verify
from bundle import dump
from spec import FIRST_YEAR, KINDS, LAST_TRAIN_YEAR, THRESHOLDS, VALIDATION, VERSION, Kind


def main() -> None:
    """Read the arguments and train the chosen kinds."""
    parser = argparse.ArgumentParser(description="Train the model bundles.")
    parser.add_argument("--data", required=True, help="labelled CSV of 1999-2014, plain or gzipped")
    parser.add_argument("--out", required=True, help="folder of the bundles")
    parser.add_argument("--kind", choices=[*KINDS, "all"], default="all")
    arguments = parser.parse_args()
    panel = panels.load(arguments.data)
    digest = hashlib.sha256(Path(arguments.data).read_bytes()).hexdigest()
    for name in KINDS if arguments.kind == "all" else [arguments.kind]:
        train(KINDS[name], panel, Path(arguments.out) / name, digest)


def train(kind: Kind, panel: panels.Panel, folder: Path, digest: str) -> None:
    """Fit, write, read back, check; the card and the golden rows come from what was read."""
    members = pipeline.fit(kind, panel, LAST_TRAIN_YEAR)
    seen = {
        "train": pipeline.outcome(members, panel, FIRST_YEAR, LAST_TRAIN_YEAR),
        "walk-forward": pipeline.walk_forward(kind, panel),
        "validation": pipeline.outcome(members, panel, *VALIDATION),
    }
    out_of_time = pipeline.join([seen["walk-forward"], seen["validation"]])
    blend = pipeline.fit_blend(out_of_time)
    verify.card_is_monotone(members.card)
    write(kind, members, blend, population.describe(kind, panel), folder)
    bundle = bundles.read(folder)
    verify.same_as_fitted(bundle, panel, members, blend)
    verify.levels_in_use(bundle, {**seen, "out of time": out_of_time}, blend)
    rows = panel.between(FIRST_YEAR, LAST_TRAIN_YEAR)
    golden.write(folder / "golden.csv", bundle, panel, rows)
    blanks = sensitivity.measure(bundle, panel, panel.between(*VALIDATION))
    text = card.render(kind, members, blend, bundle, seen, blanks, digest)
    (folder / "card.md").write_text(text, encoding="utf-8", newline="\n")
    print(f"{folder}: written and checked")


def write(
    kind: Kind, members: pipeline.Members, blend: pipeline.Blend, companies: dict, folder: Path
) -> None:
    """Write the files of a bundle of format 1, without the card."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "format": 1,
        "name": f"accunode-{kind.name}",
        "version": VERSION,
        "kind": kind.name,
        "features": list(kind.ratios),
        "members": [
            {"type": "scorecard", "file": "scorecard.json", "weight": blend.card_weight},
            {
                "type": "lightgbm",
                "file": "lightgbm.txt",
                "weight": blend.weight,
                "missing": "native",
                "features": trees.feature_names(kind),
            },
        ],
        "calibration": blend.calibration,
        "thresholds": THRESHOLDS,
        "population": companies,
        "card": "card.md",
    }
    dump(folder / "manifest.json", manifest)
    dump(folder / "scorecard.json", scorecard.to_json(members.card))
    text = trees.model_text(kind, members.booster)
    (folder / "lightgbm.txt").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    np.seterr(over="ignore")
    main()
