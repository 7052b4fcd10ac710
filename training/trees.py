"""The LightGBM member and the way its trees treat a ratio that has no number.

A blank ratio and one that is not meaningful both reach the trees as NaN, and the
training data has hardly any blanks. Left alone, the trees would send a blank where
the not-meaningful rows went, or read it as zero. So NaN is replaced by the ratio's
stand-in value before fitting (the indicator `<ratio>:nm` keeps the difference), and
afterwards every node's default direction is set to where the stand-in value goes. The
saved file then treats NaN exactly as the stand-in.
"""

import lightgbm
import numpy as np

from panel import Panel
from spec import DIRECTION, INDICATOR_DIRECTION, Kind

MISSING_IS_NAN, DEFAULT_LEFT = 8, 2  # bits of LightGBM's decision_type


def feature_names(kind: Kind) -> list:
    """The member's features: the ratios, then the indicators."""
    return list(kind.ratios) + [f"{name}:nm" for name in kind.indicators]


def matrix(kind: Kind, panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Ratios (NaN where there is no number) and indicators."""
    values = [panel.value[name][rows] for name in kind.ratios]
    flags = [panel.not_meaningful[name][rows].astype(float) for name in kind.indicators]
    return np.column_stack(values + flags)


def fill(kind: Kind, data: np.ndarray) -> np.ndarray:
    """The same matrix with every NaN replaced by its ratio's stand-in."""
    filled = data.copy()
    for column, name in enumerate(kind.ratios):
        filled[np.isnan(filled[:, column]), column] = kind.stand_ins[name]
    return filled


def fit(kind: Kind, panel: Panel, rows: np.ndarray) -> lightgbm.Booster:
    """Boosted trees with monotone constraints on the ratios and the indicators."""
    constraints = [DIRECTION[name] for name in kind.ratios]
    constraints += [INDICATOR_DIRECTION[name] for name in kind.indicators]
    dataset = lightgbm.Dataset(
        fill(kind, matrix(kind, panel, rows)),
        panel.label[rows],
        feature_name=[name.replace(":", "_") for name in feature_names(kind)],
    )
    params = {**kind.trees, "monotone_constraints": constraints}
    return lightgbm.train(params, dataset, num_boost_round=kind.rounds)


def model_text(kind: Kind, booster: lightgbm.Booster) -> str:
    """The booster in LightGBM's text format, NaN going where the stand-in goes."""
    header, *blocks = booster.model_to_string().split("\nTree=")
    last, end, tail = blocks[-1].partition("end of trees")
    blocks[-1] = last
    fills = [kind.stand_ins[name] for name in kind.ratios] + [0.0] * len(kind.indicators)
    blocks = [redirect("Tree=" + block.strip("\n") + "\n\n\n", fills) for block in blocks]
    sizes = " ".join(str(len(block.encode())) for block in blocks)
    lines = [
        f"tree_sizes={sizes}" if line.startswith("tree_sizes=") else line
        for line in header.split("\n")
    ]
    return "\n".join(lines) + "\n" + "".join(blocks) + end + tail


def redirect(block: str, fills: list) -> str:
    """One tree with the default direction of each node set from the stand-ins."""
    lines = block.split("\n")
    field = {line.split("=", 1)[0]: i for i, line in enumerate(lines) if "=" in line}

    def numbers(name: str, kind: type) -> list:
        return [kind(item) for item in lines[field[name]].split("=", 1)[1].split()]

    if numbers("num_leaves", int) == [1]:
        return block
    kinds = []
    for feature, threshold in zip(numbers("split_feature", int), numbers("threshold", float)):
        left = fills[feature] <= threshold
        kinds.append(MISSING_IS_NAN + (DEFAULT_LEFT if left else 0))
    lines[field["decision_type"]] = "decision_type=" + " ".join(map(str, kinds))
    return "\n".join(lines)
