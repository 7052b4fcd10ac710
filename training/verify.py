"""What must hold of a bundle before it may ship."""

import lightgbm
import numpy as np

import trees
from bundle import LEVELS, Bundle
from metrics import level_table
from panel import Panel
from pipeline import Blend, Members
from scorecard import Scorecard
from spec import DIRECTION

TOLERANCE = 1e-9
MAX_LEAVES = 32
MAX_BYTES = 1_000_000


class CheckFailed(RuntimeError):
    """A bundle that must not ship."""


def card_is_monotone(card: Scorecard) -> None:
    """Bin values follow the ratio's direction, and every coefficient keeps it so."""
    for item, coefficient in zip(card.binned, card.coefficients):
        steps = np.diff(item.values) * DIRECTION[item.name]
        if steps.min() < 0:
            raise CheckFailed(f"{item.name}: the weight of evidence is not monotone")
        if coefficient <= 0:
            raise CheckFailed(f"{item.name}: coefficient {coefficient} turns the order round")


def same_as_fitted(bundle: Bundle, panel: Panel, members: Members, blend: Blend) -> None:
    """The written bundle answers as the fitted models did, and as LightGBM reads it."""
    path = bundle.folder / "lightgbm.txt"
    sizes = [tree.leaf.size for tree in bundle.members["lightgbm"]]
    if max(sizes) > MAX_LEAVES or path.stat().st_size > MAX_BYTES:
        raise CheckFailed(f"{path}: too large")
    every = np.ones(panel.label.size, dtype=bool)
    predicted = members.predict(panel, every)
    scored = bundle.score(*panel.matrix(bundle.ratios))
    data = trees.matrix(members.kind, panel, every)
    by_lightgbm = lightgbm.Booster(model_file=str(path)).predict(data, num_threads=1)
    pairs = {
        "scorecard": (scored["scorecard_probability"], predicted["scorecard"]),
        "lightgbm": (scored["lightgbm_probability"], predicted["lightgbm"]),
        "lightgbm as read by its library": (scored["lightgbm_probability"], by_lightgbm),
        "ensemble": (scored["probability"], blend.probability(predicted)),
    }
    for name, (read, fitted) in pairs.items():
        worst = float(np.max(np.abs(read - fitted)))
        if not worst <= TOLERANCE:
            raise CheckFailed(f"{bundle.folder}: {name} differs by {worst} after reading back")


def levels_in_use(bundle: Bundle, seen: dict, blend: Blend) -> None:
    """Every level holds rows everywhere, and out of time its default rate rises."""
    for name, part in seen.items():
        probability = blend.probability(part.predicted)
        table = level_table(part.label, bundle.level(probability), probability)
        if min(row["rows"] for row in table) == 0:
            raise CheckFailed(f"{bundle.folder}: a level of {LEVELS} is empty on {name}")
        rates = [row["rate"] for row in table]
        if any(high <= low for low, high in zip(rates, rates[1:])):
            raise CheckFailed(f"{bundle.folder}: default rates do not rise on {name}: {rates}")
