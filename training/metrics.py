"""Measures of discrimination and calibration, and the table per risk level."""

import numpy as np
from scipy.stats import rankdata

from bundle import LEVELS

BOOTSTRAPS = 500
SEED = 7


def auc(label: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve (the Mann-Whitney statistic, ties count half)."""
    events = int(label.sum())
    others = label.size - events
    ranks = rankdata(score)
    return float((ranks[label == 1].sum() - events * (events + 1) / 2) / (events * others))


def auc_interval(label: np.ndarray, score: np.ndarray) -> tuple:
    """95 % bootstrap interval, events and non-events drawn separately."""
    generator = np.random.default_rng(SEED)
    event, other = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    draws = []
    for _ in range(BOOTSTRAPS):
        rows = np.concatenate(
            [generator.choice(event, event.size), generator.choice(other, other.size)]
        )
        draws.append(auc(label[rows], score[rows]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def ks(label: np.ndarray, score: np.ndarray) -> float:
    """Kolmogorov-Smirnov: the widest gap between the two cumulative distributions."""
    grid = np.unique(score)
    event = np.searchsorted(np.sort(score[label == 1]), grid, side="right") / label.sum()
    other = np.searchsorted(np.sort(score[label == 0]), grid, side="right")
    return float(np.max(np.abs(event - other / (label == 0).sum())))


def summary(label: np.ndarray, probability: np.ndarray) -> dict:
    """All measures of one set of rows."""
    low, high = auc_interval(label, probability)
    return {
        "rows": int(label.size),
        "events": int(label.sum()),
        "auc": auc(label, probability),
        "auc_low": low,
        "auc_high": high,
        "ks": ks(label, probability),
        "mean": float(probability.mean()),
        "observed": float(label.mean()),
        "ratio": float(probability.mean() / label.mean()),
        "brier": float(np.mean((probability - label) ** 2)),
    }


def wilson(events: int, rows: int) -> tuple:
    """95 % Wilson score interval of a rate (Wilson, 1927)."""
    if rows == 0:
        return 0.0, 1.0
    z, rate = 1.959963984540054, events / rows
    centre = rate + z * z / (2 * rows)
    spread = z * np.sqrt(rate * (1 - rate) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return float((centre - spread) / scale), float((centre + spread) / scale)


def level_table(label: np.ndarray, level: np.ndarray, probability: np.ndarray) -> list:
    """Rows, events, mean probability and observed rate of every risk level."""
    table = []
    for index, name in enumerate(LEVELS):
        inside = level == index
        rows, events = int(inside.sum()), int(label[inside].sum())
        low, high = wilson(events, rows)
        mean = float(probability[inside].mean()) if rows else float("nan")
        rate = events / rows if rows else float("nan")
        table.append(
            {
                "level": name,
                "rows": rows,
                "events": events,
                "mean": mean,
                "rate": rate,
                "low": low,
                "high": high,
            }
        )
    return table
