"""Golden rows: inputs at the edges of a bundle and what it must answer to them."""

import csv
from pathlib import Path

import numpy as np

from bundle import Bundle
from panel import Panel

ROWS = 60
HUGE = 1e12
SEED = 11
OUTPUTS = ("scorecard_probability", "lightgbm_raw", "lightgbm_probability", "probability")
MISSING, NOT_MEANINGFUL = "", "NM"


def write(path: Path, bundle: Bundle, panel: Panel, rows: np.ndarray) -> None:
    """Write the golden rows of a bundle; floats are printed so that they read back exactly."""
    inputs = edge_rows(bundle, panel, rows)
    inputs += sample(bundle, panel, rows, ROWS - len(inputs))
    values, flags = parse(inputs)
    scored = bundle.score(values, flags)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*bundle.ratios, *OUTPUTS])
        for i, row in enumerate(inputs):
            cells = [cell if isinstance(cell, str) else repr(float(cell)) for cell in row]
            writer.writerow(cells + [repr(float(scored[name][i])) for name in OUTPUTS])


def edge_rows(bundle: Bundle, panel: Panel, rows: np.ndarray) -> list:
    """Rows that each put one thing to the test, the other ratios at their median."""
    count = len(bundle.ratios)
    usual = [float(np.nanmedian(panel.value[name][rows])) for name in bundle.ratios]
    result = [usual, [MISSING] * count, [NOT_MEANINGFUL] * count, [0.0] * count]
    result.append([-0.0 if i % 2 else 1e-36 for i in range(count)])
    for column, name in enumerate(bundle.ratios):
        tests = [MISSING, NOT_MEANINGFUL, HUGE, -HUGE]
        edges = [bin_["high"] for bin_ in card_bins(bundle, name)[:-1]]
        tests += [edges[0], edges[-1], float(np.nextafter(edges[0], np.inf))]
        threshold = middle_threshold(bundle, column)
        tests += [threshold, float(np.nextafter(threshold, np.inf))]
        result += [usual[:column] + [test] + usual[column + 1 :] for test in tests]
    return result


def card_bins(bundle: Bundle, name: str) -> list:
    """The scorecard bins of a ratio."""
    features = bundle.members["scorecard"]["features"]
    return next(item["bins"] for item in features if item["name"] == name)


def middle_threshold(bundle: Bundle, column: int) -> float:
    """The middle one of all thresholds of the trees on a ratio."""
    thresholds = [tree.threshold[tree.feature == column] for tree in bundle.members["lightgbm"]]
    ordered = np.sort(np.concatenate(thresholds))
    return float(ordered[ordered.size // 2])


def sample(bundle: Bundle, panel: Panel, rows: np.ndarray, count: int) -> list:
    """Real rows, drawn evenly, as they would come in a file."""
    values, flags = panel.matrix(bundle.ratios)
    chosen = np.random.default_rng(SEED).choice(np.flatnonzero(rows), count, replace=False)
    return [
        [
            NOT_MEANINGFUL if flag else (MISSING if np.isnan(value) else float(value))
            for value, flag in zip(values[row], flags[row])
        ]
        for row in np.sort(chosen)
    ]


def parse(inputs: list) -> tuple:
    """(values, not-meaningful flags) of rows as they stand in a file."""
    values = [[np.nan if isinstance(cell, str) else cell for cell in row] for row in inputs]
    flags = [[cell == NOT_MEANINGFUL for cell in row] for row in inputs]
    return np.array(values, dtype=float), np.array(flags, dtype=bool)
