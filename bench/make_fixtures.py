"""Train the small LightGBM models of the engine's tests and record LightGBM's own answers.

    bench/.venv/bin/python bench/make_fixtures.py

Writes, per case, crates/scoring/tests/fixtures/<case>.txt (the model) and <case>.rows: one row a
line, `inputs | raw probability | contributions`, numbers with all their digits. For a random forest
LightGBM gives raw scores and contributions as sums over its trees; the engine works with the mean
(the score that the probability is made from), so both are divided by the number of trees here.
"""

import pathlib
import warnings

import lightgbm as lgb
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "crates" / "scoring" / "tests" / "fixtures"
SPECIAL = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1.0000000180025095e-35, np.inf, -np.inf, 1e300, -1e300]
CATEGORIES = [np.nan, -1.0, -0.5, 0.0, 0.9, 3.0, 7.5, 31.0, 32.0, 40.0, 65.0, 1e6, 3e9, -3e9, 1e300, np.inf]


def training_data(seed, rows, categorical, missing):
    """Five features (the last categorical when asked for), zeros and blanks mixed in, a noisy label."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)) * [1.0, 10.0, 0.1, 100.0, 1.0]
    x[rng.random(x.shape) < 0.15] = 0.0
    if categorical:
        x[:, 4] = rng.integers(0, 70, rows)
    score = x[:, 0] + 0.1 * x[:, 1] * (x[:, 2] > 0) - 0.01 * x[:, 3]
    score += np.isin(x[:, 4], [3, 7, 31, 32, 65]) * 2.0 if categorical else 0.5 * x[:, 4]
    if missing:
        x[rng.random(x.shape) < 0.1] = np.nan
    label = (score + rng.normal(size=rows) > 1.0).astype(float)
    return x, label


def question_rows(seed, x, booster, categorical):
    """Training rows, rows made of special values, and rows that sit exactly on thresholds."""
    rng = np.random.default_rng(seed + 1000)
    rows = x[rng.integers(0, len(x), 60)].copy()
    for row in rows[20:]:
        for column in rng.integers(0, 5, 2):
            row[column] = rng.choice(CATEGORIES if categorical and column == 4 else SPECIAL)
    frame = [node for tree in booster.dump_model()["tree_info"] for node in splits(tree["tree_structure"])]
    for row in rows[40:]:
        if not frame:
            break
        feature, threshold = frame[rng.integers(0, len(frame))]
        row[feature] = rng.choice([threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)])
    return rows


def splits(node):
    """(feature, threshold) of every numerical node below this one."""
    if "split_feature" not in node:
        return []
    own = [(node["split_feature"], node["threshold"])] if node["decision_type"] == "<=" else []
    return own + splits(node["left_child"]) + splits(node["right_child"])


def record(name, booster, rows, text=None):
    """Write a model and LightGBM's answers for the rows."""
    text = text or booster.model_to_string()
    loaded = lgb.Booster(model_str=text)
    mean = "\naverage_output\n" in text
    trees = loaded.num_trees() if mean else 1
    raw = loaded.predict(rows, raw_score=True) / trees
    probability = loaded.predict(rows)
    contributions = loaded.predict(rows, pred_contrib=True) / trees
    (OUT / f"{name}.txt").write_text(text)
    with (OUT / f"{name}.rows").open("w") as out:
        for x, r, p, c in zip(rows, raw, probability, contributions):
            cells = [" ".join(repr(float(v)) for v in part) for part in (x, (r, p), c)]
            out.write(" | ".join(cells) + "\n")


def as_v3(text):
    """The same trees under the header that LightGBM 2.3 to 3.1 wrote, which knew no linear trees."""
    dropped = "is_linear=0\n"
    sizes = text.split("\ntree_sizes=")[1].split("\n")[0]
    shorter = " ".join(str(int(size) - len(dropped)) for size in sizes.split())
    return text.replace("version=v4", "version=v3").replace(dropped, "").replace(sizes, shorter)


CASES = {
    "gbdt_nan": dict(missing=True),
    "gbdt_none": dict(use_missing=False),
    "gbdt_zero": dict(missing=True, zero_as_missing=True),
    "categorical": dict(missing=True, categorical=True, max_cat_to_onehot=2, min_data_per_group=5, cat_smooth=1),
    "onehot": dict(categorical=True, max_cat_to_onehot=100, min_data_per_group=5, cat_smooth=1),
    "dart": dict(boosting="dart", drop_rate=0.5),
    "forest": dict(boosting="rf", bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.8, missing=True),
    "cross_entropy": dict(objective="cross_entropy"),
    "sigmoid": dict(sigmoid=0.7),
    "leaves_48": dict(num_leaves=48, rounds=4),
    "leaves_100": dict(num_leaves=100, rounds=3),
    "leaves_300": dict(num_leaves=300, rounds=2, rows=4000),
    "fine_bins": dict(num_leaves=63, rounds=12, rows=4000, max_bin=4000, missing=True, min_data_in_bin=1),
    "single_leaf": dict(min_data_in_leaf=10_000),
    "version_3": dict(missing=True, seed=77),
}


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    for number, (name, options) in enumerate(CASES.items()):
        options = dict(options)
        categorical, missing = options.pop("categorical", False), options.pop("missing", False)
        rounds, count = options.pop("rounds", 8), options.pop("rows", 900)
        seed = options.setdefault("seed", 10 + number)
        x, label = training_data(seed, count, categorical, missing)
        parameters = dict(objective="binary", num_leaves=15, min_data_in_leaf=3, learning_rate=0.2, verbosity=-1,
                          num_threads=1, deterministic=True, force_row_wise=True) | options
        data = lgb.Dataset(x, label, categorical_feature=[4] if categorical else [], params=parameters)
        booster = lgb.train(parameters, data, num_boost_round=rounds)
        text = as_v3(booster.model_to_string()) if name == "version_3" else None
        record(name, booster, question_rows(seed, x, booster, categorical), text)


if __name__ == "__main__":
    main()
