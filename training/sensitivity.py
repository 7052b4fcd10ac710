"""What a bundle answers when ratios are taken away."""

from dataclasses import dataclass

import numpy as np

from bundle import Bundle
from panel import Panel


@dataclass(frozen=True)
class Blank:
    """Mean probabilities with one ratio taken away from every row."""

    name: str
    missing: dict  # member -> mean probability over the mean with all ratios
    not_meaningful: dict
    least: float  # smallest probability of any row with the ratio missing


MEMBERS = ("scorecard_probability", "lightgbm_probability", "probability")


def measure(bundle: Bundle, panel: Panel, rows: np.ndarray) -> list:
    """Blank each ratio in turn, then all of them at once."""
    values, flags = (part[rows] for part in panel.matrix(bundle.ratios))
    whole = bundle.score(values, flags)
    result = []
    for name, columns in [(name, [i]) for i, name in enumerate(bundle.ratios)] + [
        ("all ratios", list(range(len(bundle.ratios))))
    ]:
        blank, unknown, no_sense = values.copy(), flags.copy(), flags.copy()
        blank[:, columns] = np.nan
        unknown[:, columns] = False
        no_sense[:, columns] = True
        missing = bundle.score(blank, unknown)
        result.append(
            Blank(
                name,
                relative(missing, whole),
                relative(bundle.score(blank, no_sense), whole),
                float(missing["probability"].min()),
            )
        )
    return result


def relative(scored: dict, whole: dict) -> dict:
    """Mean probability of each member over its mean with all ratios."""
    return {name: float(scored[name].mean() / whole[name].mean()) for name in MEMBERS}
