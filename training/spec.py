"""What is fixed before any fitting: ratios, directions, years, hyperparameters.

The hyperparameters were compared by walk-forward inside 1999-2011 (see
``WALK_FORWARD``). The years 2012-2014 were consulted too, for the free indicator and
the stand-ins; nothing after 2014 was.
"""

from dataclasses import dataclass, field

VERSION = "1.1.0"  # of the bundles

# +1: a higher ratio means more risk, -1: a higher ratio means less risk.
DIRECTION = {
    "long_term_debt_to_total_capital": +1,
    "total_debt_to_ebitda": +1,
    "net_income_margin": -1,
    "ebit_to_interest_expense": -1,
    "return_on_assets": -1,
    "sga_margin": -1,
    "return_on_capital": -1,
}

# What the indicator `<ratio>:nm` may do. A company without equity, or one whose interest
# cover cannot be computed, is never safer for it. A company without EBITDA may be safer
# than one whose debt is many times a small EBITDA: many such companies owe nothing.
INDICATOR_DIRECTION = {
    "long_term_debt_to_total_capital": +1,
    "total_debt_to_ebitda": 0,
    "ebit_to_interest_expense": +1,
    "return_on_capital": +1,
}

FIRST_YEAR = 2003  # failures before it are under-recorded in the panel
LAST_TRAIN_YEAR = 2011
VALIDATION = (2012, 2014)

# (last year trained on, first year tested, last year tested)
WALK_FORWARD = ((2004, 2005, 2006), (2006, 2007, 2008), (2008, 2009, 2010), (2010, 2011, 2011))

# Out-of-time years weigh half as much in the calibration every three years back.
CALIBRATION_HALF_LIFE = 3.0

# The weight of the trees is the one of these with the least log loss out of time. Nine
# tenths at most, so that the scorecard keeps a say where the trees extrapolate.
TREE_WEIGHTS = (0.5, 0.6, 0.7, 0.8, 0.9)

# The published 2 / 5 / 15 % cannot be kept: out of time no calibrated probability comes
# near 15 % and companies above 5 % do not fail more often than 6-10 %. These are about
# half, one and three and a half times the long-run rate, which is near 1 %.
PUBLISHED_THRESHOLDS = {"medium": 0.02, "high": 0.05, "critical": 0.15}
THRESHOLDS = {"medium": 0.005, "high": 0.01, "critical": 0.035}
SEED = 20240


@dataclass(frozen=True)
class Kind:
    """One bundle: its ratios in manifest order and how its members are fitted."""

    name: str
    ratios: tuple
    indicators: tuple
    # Ratios whose weight of evidence is taken given the other ratios, because
    # alone they mix two kinds of company (see scorecard.py).
    conditional: tuple = ()
    # The number that the trees take where a ratio has none (see trees.py).
    stand_ins: dict = field(default_factory=dict)
    trees: dict = field(default_factory=dict)
    rounds: int = 600


TREES = {
    "objective": "binary",
    "learning_rate": 0.01,
    "num_leaves": 8,
    "min_data_in_leaf": 300,
    "lambda_l2": 10.0,
    "feature_fraction": 1.0,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "monotone_constraints_method": "advanced",
    "max_bin": 255,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
    "seed": SEED,
}

KINDS = {
    "annual": Kind(
        name="annual",
        ratios=(
            "long_term_debt_to_total_capital",
            "total_debt_to_ebitda",
            "net_income_margin",
            "ebit_to_interest_expense",
            "return_on_assets",
        ),
        indicators=(
            "long_term_debt_to_total_capital",
            "total_debt_to_ebitda",
            "ebit_to_interest_expense",
        ),
        stand_ins={
            "long_term_debt_to_total_capital": 50.0,
            "total_debt_to_ebitda": 7.0,
            "net_income_margin": 0.0,
            "ebit_to_interest_expense": -2.0,
            "return_on_assets": -14.0,
        },
        trees=TREES,
        rounds=600,
    ),
    "quarterly": Kind(
        name="quarterly",
        ratios=(
            "total_debt_to_ebitda",
            "sga_margin",
            "long_term_debt_to_total_capital",
            "return_on_capital",
        ),
        indicators=(
            "total_debt_to_ebitda",
            "long_term_debt_to_total_capital",
            "return_on_capital",
        ),
        conditional=("sga_margin",),
        stand_ins={
            "total_debt_to_ebitda": 0.2,
            "sga_margin": 50.0,
            "long_term_debt_to_total_capital": 50.0,
            "return_on_capital": -1.8,
        },
        trees=TREES,
        rounds=600,
    ),
}
