"""The scorecard member: monotone weight of evidence and a logistic regression.

Weight of evidence of a bin = ln(share of all events in it / share of all non-events
in it), so a positive value means riskier than the average training row.
"""

from dataclasses import dataclass

import numpy as np
from optbinning import OptimalBinning
from sklearn.linear_model import LogisticRegression

from panel import Panel
from spec import DIRECTION, Kind

HALF = 0.5  # added to both counts of a bin, so that no bin has an infinite value
MIN_BIN = 0.05
MAX_BINS = 8
INVERSE_PENALTY = 0.03
AVERAGE = 0.0  # the weight of evidence of all rows together
DIGITS = 6  # decimals kept: the file reads well and last-bit noise cannot change it


@dataclass(frozen=True)
class Binned:
    """One ratio: inner edges, a value per bin, and the values for no number."""

    name: str
    edges: np.ndarray
    values: np.ndarray
    missing: float
    not_meaningful: float  # NaN until `missing` is known, where training never saw it

    def transform(self, value: np.ndarray, flag: np.ndarray) -> np.ndarray:
        """Weight of evidence of every row."""
        known = self.values[np.searchsorted(self.edges, value, side="left")]
        return np.where(np.isnan(value), np.where(flag, self.not_meaningful, self.missing), known)


@dataclass(frozen=True)
class Scorecard:
    """Fitted bins and coefficients, in the order of the bundle's ratios."""

    binned: tuple
    coefficients: np.ndarray
    intercept: float
    means: np.ndarray

    def transform(self, panel: Panel, rows: np.ndarray) -> np.ndarray:
        """Matrix of weights of evidence for the chosen rows."""
        return transform(self.binned, panel, rows)

    def probability(self, panel: Panel, rows: np.ndarray) -> np.ndarray:
        """Probability of default for the chosen rows."""
        score = self.intercept + self.transform(panel, rows) @ self.coefficients
        return 1.0 / (1.0 + np.exp(-score))


def transform(binned: tuple, panel: Panel, rows: np.ndarray) -> np.ndarray:
    """Weights of evidence, one column a ratio."""
    columns = [
        item.transform(panel.value[item.name][rows], panel.not_meaningful[item.name][rows])
        for item in binned
    ]
    return np.column_stack(columns)


def fit(kind: Kind, panel: Panel, rows: np.ndarray) -> Scorecard:
    """Fit bins, then coefficients, on the chosen rows."""
    label = panel.label[rows]
    alone = {
        name: bin_ratio(name, panel, rows, np.ones(label.size))
        for name in kind.ratios
        if name not in kind.conditional
    }
    if kind.conditional:
        others = transform(tuple(alone.values()), panel, rows)
        expected = regression(others, label).predict_proba(others)[:, 1]
        # A non-event that the other ratios find risky weighs more: the weight of
        # evidence then compares the events with those expected, not with all rows.
        weight = np.where(label == 1, 1.0, expected / expected.mean())
        for name in kind.conditional:
            alone[name] = bin_ratio(name, panel, rows, weight)
    binned = tuple(alone[name] for name in kind.ratios)
    evidence = transform(binned, panel, rows)
    model = regression(evidence, label)
    return Scorecard(
        binned,
        np.round(model.coef_[0], DIGITS),
        round(float(model.intercept_[0]), DIGITS),
        np.round(evidence.mean(axis=0), DIGITS),
    )


def regression(evidence: np.ndarray, label: np.ndarray) -> LogisticRegression:
    """Logistic regression with a ridge penalty that was chosen by walk-forward."""
    return LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, tol=1e-10).fit(evidence, label)


def bin_ratio(name: str, panel: Panel, rows: np.ndarray, weight: np.ndarray) -> Binned:
    """Monotone bins of one ratio and the values for missing and not meaningful."""
    value, flag = panel.value[name][rows], panel.not_meaningful[name][rows]
    label, known = panel.label[rows], ~np.isnan(value)
    edges = monotone_edges(name, value[known], label[known], weight[known])
    values = evidence_by_bin(edges, value, label, weight)
    while (np.diff(values) * DIRECTION[name] < 0).any():
        # The half counts can turn round two neighbours with few events: join those.
        edges = np.delete(edges, np.argmin(np.diff(values) * DIRECTION[name]))
        values = evidence_by_bin(edges, value, label, weight)
    # No number because of a denominator never counts as safer than the average row.
    not_meaningful = max(evidence_of(label, weight, flag), AVERAGE) if flag.any() else np.nan
    return Binned(name, edges, values, AVERAGE, not_meaningful)


def monotone_edges(name: str, value, label, weight) -> np.ndarray:
    """Inner edges, rounded so that the file reads well, for a monotone event rate."""
    binning = OptimalBinning(
        name=name,
        solver="cp",
        monotonic_trend="ascending" if DIRECTION[name] > 0 else "descending",
        max_n_bins=MAX_BINS,
        min_bin_size=MIN_BIN,
    )
    binning.fit(value, label, sample_weight=weight)
    return np.unique(np.round(np.asarray(binning.splits, dtype=float), 3))


def evidence_by_bin(edges: np.ndarray, value, label, weight) -> np.ndarray:
    """Weight of evidence of every bin; a bin holds low < x <= high."""
    index = np.where(np.isnan(value), -1, np.searchsorted(edges, value, side="left"))
    bins = range(edges.size + 1)
    return np.array([evidence_of(label, weight, index == i) for i in bins])


def evidence_of(label: np.ndarray, weight: np.ndarray, member: np.ndarray) -> float:
    """Weight of evidence of the member rows against all rows."""
    event, other = label == 1, label == 0
    events = weight[member & event].sum() + HALF
    others = weight[member & other].sum() + HALF
    value = np.log(events / weight[event].sum()) - np.log(others / weight[other].sum())
    return round(float(value), DIGITS)


def to_json(card: Scorecard) -> dict:
    """The scorecard in bundle format 1, with each ratio's mean value on the training rows."""
    features = []
    for item, coefficient, mean in zip(card.binned, card.coefficients, card.means):
        edges = [None, *item.edges.tolist(), None]
        bins = [
            {"low": low, "high": high, "value": float(value)}
            for low, high, value in zip(edges, edges[1:], item.values)
        ]
        features.append(
            {
                "name": item.name,
                "coefficient": float(coefficient),
                "mean": float(mean),
                "bins": bins,
                "missing": item.missing,
                "not_meaningful": item.not_meaningful,
                "otherwise": item.missing,
            }
        )
    return {"intercept": card.intercept, "features": features}
