"""The model card: words from here, numbers from what the training computed."""

import metrics
import population
import trees
from bundle import Bundle
from pipeline import Blend, Members
from spec import (
    CALIBRATION_HALF_LIFE,
    DIRECTION,
    FIRST_YEAR,
    LAST_TRAIN_YEAR,
    PUBLISHED_THRESHOLDS,
    THRESHOLDS,
    VALIDATION,
    WALK_FORWARD,
    Kind,
)
from wording import DATA, FORMULAS, LABEL, LIMITS, MISSING, NOT_MEANINGFUL_COVER, QUARTERLY

PERIODS = {
    "train": f"training {FIRST_YEAR}-{LAST_TRAIN_YEAR}, fitted on these rows",
    "walk-forward": f"walk-forward {WALK_FORWARD[0][1]}-{WALK_FORWARD[-1][2]}, out of time",
    "validation": f"validation {VALIDATION[0]}-{VALIDATION[1]}, out of time",
}


def render(
    kind: Kind,
    members: Members,
    blend: Blend,
    bundle: Bundle,
    seen: dict,
    blanks: list,
    digest: str,
) -> str:
    """The whole card as Markdown."""
    parts = [
        head(kind, bundle),
        f"## Data\n\n{DATA}\n\nSHA-256 of the file trained on: `{digest}`.\n\n{LABEL}",
        features(kind, members),
        population.section(bundle.manifest),
        method(kind, members, blend),
        performance(seen, blend),
        calibration(seen, blend),
        levels(seen, blend, bundle),
        sensitivity(kind, members, blanks),
        f"## Limits of use\n\n{LIMITS}",
    ]
    if kind.name == "quarterly":
        parts.insert(1, QUARTERLY)
    return "\n\n".join(parts) + "\n"


def head(kind: Kind, bundle: Bundle) -> str:
    """Title and what the model is."""
    manifest = bundle.manifest
    return (
        f"# {manifest['name']} {manifest['version']}\n\n"
        f"Probability that a listed company fails in the year after its fiscal year, from "
        f"{len(kind.ratios)} ratios. It is the calibrated mean of a scorecard (weight "
        f"{manifest['members'][0]['weight']:g}) and boosted trees (weight "
        f"{manifest['members'][1]['weight']:g}). `confidence`, which the product derives from "
        f"the probability, is kept for compatibility only and says nothing about reliability."
    )


def features(kind: Kind, members: Members) -> str:
    """Table of the ratios with formulas, directions and scorecard coefficients."""
    lines = [
        "## Ratios\n",
        "| ratio | formula on the data | not meaningful | higher means | scorecard coefficient |",
        "|---|---|---|---|---:|",
    ]
    for item, coefficient in zip(members.card.binned, members.card.coefficients):
        formula, rule = FORMULAS[item.name]
        meaning = "more risk" if DIRECTION[item.name] > 0 else "less risk"
        lines.append(f"| {item.name} | {formula} | {rule} | {meaning} | {coefficient:.4f} |")
    lines.append(
        "\nA division by zero gives a missing value. Long-term debt stands for total debt, "
        "because the data has no short-term borrowings; 37.5 % is a notional tax rate."
    )
    if "ebit_to_interest_expense" in kind.ratios:
        lines.append("\n" + NOT_MEANINGFUL_COVER)
    return "\n".join(lines)


def method(kind: Kind, members: Members, blend: Blend) -> str:
    """How the members were fitted and joined."""
    params, count = kind.trees, members.booster.num_trees()
    conditional = ""
    if kind.conditional:
        names = ", ".join(kind.conditional)
        conditional = (
            f" For {names} the weight of evidence is taken given the other ratios (non-events "
            f"weigh as much as the others make them risky): alone the ratio mixes efficient "
            f"companies with companies that burn cash."
        )
    return f"""## Method

**Scorecard.** Every ratio is cut into bins whose event rate is monotone (optbinning). The value of \
a bin is its weight of evidence, ln(share of all events / share of all non-events): positive is \
riskier than the average training row. A logistic regression with a ridge penalty adds the bins up; \
all coefficients are positive, so that the order of the bins holds. `mean` is the average value on \
the training rows.{conditional}

**Trees.** {count} LightGBM trees of at most {params['num_leaves']} leaves (learning rate \
{params['learning_rate']:g}, at least {params['min_data_in_leaf']} rows a leaf, L2 penalty \
{params['lambda_l2']:g}, a random {params['bagging_fraction']:.0%} of the rows for each tree), \
monotone in every ratio. Features: {', '.join(f'`{n}`' for n in trees.feature_names(kind))}; an \
indicator `:nm` is 1 where the ratio is not meaningful. The indicators can only add risk, except \
that of total_debt_to_ebitda, which is free: many companies without EBITDA owe nothing, and fail \
less often than companies whose debt is many times a small EBITDA.

**Years.** Both members are fitted on {FIRST_YEAR}-{LAST_TRAIN_YEAR}; failures before {FIRST_YEAR} \
are under-recorded, and leaving those years out gave better probabilities in the walk-forward. The \
walk-forward ({'; '.join(f'to {t}, tested on {a}' + f'-{b}' * (b > a) for t, a, b in WALK_FORWARD)}) decided the \
hyperparameters.

**Blend.** The weight of the trees ({blend.weight:g}, at most 0.9) and the calibration were chosen \
by log loss on the out-of-time years {WALK_FORWARD[0][1]}-{VALIDATION[1]}. A year weighs half as \
much for every {CALIBRATION_HALF_LIFE:g} years that it lies back: the last three years hold too few \
events to fix the level, and the older ones held a credit crisis. So the walk-forward and \
validation figures below are out of time for the members, but not for the weight, the two numbers \
of the calibration and the thresholds; and some choices of design were compared on the validation \
years as well, so that their figures lean to the good side."""


def performance(seen: dict, blend: Blend) -> str:
    """Discrimination of both members and the ensemble on every period."""
    lines = [
        "## Discrimination\n",
        "| period | model | rows | events | AUC (95 % interval) | KS | Brier |",
        "|---|---|---:|---:|---|---:|---:|",
    ]
    for period, part in seen.items():
        named = {**part.predicted, "ensemble": blend.probability(part.predicted)}
        for name, probability in named.items():
            m = metrics.summary(part.label, probability)
            lines.append(
                f"| {PERIODS[period]} | {name} | {m['rows']} | {m['events']} | {m['auc']:.4f} "
                f"({m['auc_low']:.4f}-{m['auc_high']:.4f}) | {m['ks']:.3f} | {m['brier']:.5f} |"
            )
    lines.append(
        f"\nIntervals: {metrics.BOOTSTRAPS} bootstrap samples, events and non-events drawn apart."
    )
    return "\n".join(lines)


def calibration(seen: dict, blend: Blend) -> str:
    """The calibration and how the mean probability stands to the observed rate."""
    intercept, slope = blend.calibration["intercept"], blend.calibration["slope"]
    lines = [
        "## Calibration\n",
        f"log-odds = {intercept:g} + {slope:g} x log-odds of the weighted mean.\n",
        "| period | mean probability | observed rate | mean / observed |",
        "|---|---:|---:|---:|",
    ]
    for period, part in seen.items():
        mean = blend.probability(part.predicted).mean()
        observed = part.label.mean()
        lines.append(f"| {PERIODS[period]} | {mean:.3%} | {observed:.3%} | {mean / observed:.3f} |")
    lines.append(
        "\nThe level follows the credit cycle, which ratios of single companies cannot foresee: "
        "too low in the crisis, too high after it. Expect the same of years to come."
    )
    return "\n".join(lines)


def levels(seen: dict, blend: Blend, bundle: Bundle) -> str:
    """Thresholds, why they are so, and the table per level of every period."""
    published = ", ".join(f"{value:.0%}" for value in PUBLISHED_THRESHOLDS.values())
    highest = max(blend.probability(part.predicted).max() for part in seen.values())
    lines = [
        "## Risk levels\n",
        f"MEDIUM from {THRESHOLDS['medium']:.1%}, HIGH from {THRESHOLDS['high']:.1%}, CRITICAL "
        f"above {THRESHOLDS['critical']:.1%}: about half, one and three and a half times the "
        f"long-run failure rate. The published edges of {published} were tried first and cannot "
        f"be kept: the highest probability of any row of {FIRST_YEAR}-{VALIDATION[1]} is "
        f"{highest:.1%}, so that CRITICAL would stay empty. Models fitted more freely do pass "
        f"15 %, but the companies that they put there did not fail that often in the next years. "
        f"The table after the periods shows what the published edges would give.",
    ]
    for period, part in seen.items():
        probability = blend.probability(part.predicted)
        lines += ["", f"### {PERIODS[period][0].upper()}{PERIODS[period][1:]}", ""]
        lines += level_lines(part.label, bundle.level(probability), probability)
    part = seen["validation"]
    probability = blend.probability(part.predicted)
    edges = {**bundle.manifest, "thresholds": PUBLISHED_THRESHOLDS}
    published_level = Bundle(bundle.folder, edges, bundle.members).level(probability)
    lines += ["", f"### With the published edges, {PERIODS['validation']}", ""]
    return "\n".join(lines + level_lines(part.label, published_level, probability))


def level_lines(label, level, probability) -> list:
    """Markdown rows of a table per level."""
    lines = [
        "| level | rows | events | mean probability | observed rate (95 % interval) |",
        "|---|---:|---:|---:|---|",
    ]
    for row in metrics.level_table(label, level, probability):
        if row["rows"] == 0:
            lines.append(f"| {row['level']} | 0 | 0 | - | - |")
            continue
        lines.append(
            f"| {row['level']} | {row['rows']} | {row['events']} | {row['mean']:.2%} | "
            f"{row['rate']:.2%} ({row['low']:.2%}-{row['high']:.2%}) |"
        )
    return lines


def sensitivity(kind: Kind, members: Members, blanks: list) -> str:
    """What missing ratios do."""
    card = {item.name: item for item in members.card.binned}
    lines = [
        f"## Missing and not meaningful\n\n{MISSING}\n",
        "| ratio | scorecard: missing | scorecard: not meaningful | trees: stand-in |",
        "|---|---:|---:|---:|",
    ]
    for name in kind.ratios:
        item = card[name]
        lines.append(
            f"| {name} | {item.missing:.3f} | {item.not_meaningful:.3f} | {kind.stand_ins[name]:g} |"
        )
    lines += [
        "\nMean probability on the validation rows with a ratio taken away from all of them, over "
        "the mean with all ratios:\n",
        "| taken away | missing: scorecard | trees | ensemble | lowest ensemble probability "
        "| not meaningful: ensemble |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for blank in blanks:
        without = blank.missing
        lines.append(
            f"| {blank.name} | {without['scorecard_probability']:.2f} | "
            f"{without['lightgbm_probability']:.2f} | {without['probability']:.2f} | "
            f"{blank.least:.3%} | {blank.not_meaningful['probability']:.2f} |"
        )
    return "\n".join(lines)
