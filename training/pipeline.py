"""Fitting both members, the walk-forward, and the calibration of their mean."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

import neutral
import scorecard
import trees
from bundle import calibrate
from panel import Panel
from spec import (
    CALIBRATION_HALF_LIFE,
    FIRST_YEAR,
    TREE_WEIGHTS,
    VALIDATION,
    WALK_FORWARD,
    Kind,
)

NO_PENALTY = 1e6


@dataclass(frozen=True)
class Members:
    """The two fitted members of a bundle."""

    kind: Kind
    card: scorecard.Scorecard
    booster: object

    def predict(self, panel: Panel, rows: np.ndarray) -> dict:
        """Probability of each member."""
        data = trees.fill(self.kind, trees.matrix(self.kind, panel, rows))
        return {
            "scorecard": self.card.probability(panel, rows),
            "lightgbm": self.booster.predict(data),
        }


@dataclass(frozen=True)
class Outcome:
    """Predictions of years that the model behind them had not seen, or had."""

    label: np.ndarray
    year: np.ndarray
    predicted: dict


def fit(kind: Kind, panel: Panel, last_year: int) -> Members:
    """Fit both members on FIRST_YEAR..last_year."""
    rows = panel.between(FIRST_YEAR, last_year)
    card = neutral.with_missing(scorecard.fit(kind, panel, rows), panel, rows)
    return Members(kind, card, trees.fit(kind, panel, rows))


def outcome(members: Members, panel: Panel, first: int, last: int) -> Outcome:
    """Predictions and labels of the years first..last."""
    rows = panel.between(first, last)
    return Outcome(panel.label[rows], panel.year[rows], members.predict(panel, rows))


def join(parts: list) -> Outcome:
    """Several outcomes as one."""
    names = parts[0].predicted
    return Outcome(
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.year for part in parts]),
        {name: np.concatenate([part.predicted[name] for part in parts]) for name in names},
    )


def walk_forward(kind: Kind, panel: Panel) -> Outcome:
    """Train to a year, predict the next ones, move on; all inside the training years."""
    return join(
        [
            outcome(fit(kind, panel, trained_to), panel, first, last)
            for trained_to, first, last in WALK_FORWARD
        ]
    )


@dataclass(frozen=True)
class Blend:
    """How the members become one probability."""

    weight: float  # of the trees; the scorecard has the rest
    calibration: dict

    def mean(self, predicted: dict) -> np.ndarray:
        """Weighted mean of the members' probabilities."""
        return self.card_weight * predicted["scorecard"] + self.weight * predicted["lightgbm"]

    @property
    def card_weight(self) -> float:
        """Weight of the scorecard."""
        return round(1 - self.weight, 6)

    def probability(self, predicted: dict) -> np.ndarray:
        """Calibrated probability."""
        return calibrate(self.mean(predicted), self.calibration)


def fit_blend(seen: Outcome) -> Blend:
    """Weight and calibration with the least log loss on out-of-time years."""
    blends = [fit_calibration(seen, weight) for weight in TREE_WEIGHTS]
    return min(blends, key=lambda blend: log_loss(seen, blend.probability(seen.predicted)))


def log_loss(seen: Outcome, probability: np.ndarray) -> float:
    """Weighted mean of the negative log-likelihood."""
    likelihood = np.where(seen.label == 1, probability, 1 - probability)
    return float(-np.average(np.log(likelihood), weights=recency(seen)))


def recency(seen: Outcome) -> np.ndarray:
    """Weight of each row by its year.

    Three years of validation hold too few events to fix the level alone (its standard
    error is above 10 %), and the older years held a credit crisis. So all out-of-time
    years are used, the recent ones with more weight.
    """
    return 0.5 ** ((VALIDATION[1] - seen.year) / CALIBRATION_HALF_LIFE)


def fit_calibration(seen: Outcome, weight: float) -> Blend:
    """Logistic regression of the label on the log-odds of the weighted mean."""
    mean = Blend(weight, {}).mean(seen.predicted)
    model = LogisticRegression(C=NO_PENALTY, max_iter=1000, tol=1e-10)
    model.fit(np.log(mean / (1 - mean))[:, None], seen.label, sample_weight=recency(seen))
    intercept, slope = float(model.intercept_[0]), float(model.coef_[0, 0])
    calibration = {"type": "logit", "intercept": round(intercept, 6), "slope": round(slope, 6)}
    return Blend(weight, calibration)
