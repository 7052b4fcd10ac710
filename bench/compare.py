"""Times engines on the same models and rows, one thread each, in turns: compare.py PROGRAM MODEL...

Every round times every engine once, so that a slow minute of the machine meets all of them; a figure is
the median of the rounds. PROGRAM is the example engine_speed. LightGBM and lleaves are called through
their Python packages with one thread on a row-major array of doubles, as a user would.
"""

import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import lightgbm as lgb
import lleaves
import numpy as np

ROUNDS = 5
BATCH_ROWS = 65_536
ROUND_SECONDS = 0.25


def rows_for(booster, seed=7):
    """Rows that fall between any two neighbouring thresholds of a feature equally often, 5 % missing.

    LightGBM's thresholds part the training rows about evenly, so this spreads rows over the trees as the
    model's own data did.
    """
    rng = np.random.default_rng(seed)
    thresholds = [[] for _ in range(booster.num_feature())]
    for tree in booster.dump_model()["tree_info"]:
        collect(tree["tree_structure"], thresholds)
    columns = []
    for found in thresholds:
        points = np.unique(found or [0.0])
        ends = [points[0] - abs(points[0]) - 1.0, *points, points[-1] + abs(points[-1]) + 1.0]
        columns.append(np.interp(rng.uniform(0, len(ends) - 1, BATCH_ROWS), np.arange(len(ends)), ends))
    rows = np.column_stack(columns)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows


def collect(node, thresholds):
    """Adds the finite thresholds below a node, per feature."""
    if "split_feature" in node:
        threshold = node["threshold"]
        if node["decision_type"] == "<=" and abs(threshold) < 1e300:
            thresholds[node["split_feature"]].append(threshold)
        collect(node["left_child"], thresholds)
        collect(node["right_child"], thresholds)


def per_second(call, count):
    """Rows per second of repeated calls, the median call within the round's time."""
    seconds, end = [], time.perf_counter() + ROUND_SECONDS
    while not seconds or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return count / statistics.median(seconds)


def python_engines(path, booster, rows):
    """name → {figure → (call, rows per call)}."""
    compiled = lleaves.Model(model_file=path)
    compiled.compile(cache=path_in_work(path), raw_score=True)
    one, few = rows[:1], rows[: max(4, min(256, 40_000 // booster.num_trees()))]
    some = rows[:8192]
    return {
        "LightGBM": {
            "batch": (lambda: booster.predict(some, raw_score=True, num_threads=1), len(some)),
            "row": (lambda: booster.predict(one, raw_score=True, num_threads=1), 1),
            "shap": (lambda: booster.predict(few, pred_contrib=True, num_threads=1), len(few)),
        },
        "lleaves": {
            "batch": (lambda: compiled.predict(rows, n_jobs=1), len(rows)),
            "row": (lambda: compiled.predict(one, n_jobs=1), 1),
        },
    }


def path_in_work(path):
    """Where the compiled form of a model is kept between runs."""
    path = pathlib.Path(path).resolve()
    text = path.read_bytes()
    folder = pathlib.Path(__file__).resolve().parent / "made"
    return folder / f"{path.parent.name}_{path.stem}_{len(text)}_{hash_of(text)}.lleaves"


def hash_of(data):
    """A short name for a content."""
    return hashlib.sha256(data).hexdigest()[:12]


def measure(program, path):
    """Figures per engine, and the largest difference of raw scores from LightGBM's."""
    booster = lgb.Booster(model_file=path)
    rows = np.ascontiguousarray(rows_for(booster))
    engines = python_engines(path, booster, rows)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        data, out = f"{folder}/rows", f"{folder}/scores"
        rows.tofile(data)
        for _ in range(ROUNDS):
            for name, calls in engines.items():
                for figure, (call, count) in calls.items():
                    figures.setdefault(name, {}).setdefault(figure, []).append(per_second(call, count))
            command = [program, path, data, out, str(ROUND_SECONDS)]
            for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
                own = json.loads(line)
                into = figures.setdefault(f"AccuNode {own['engine']}", {})
                for figure, value in (("batch", own["batch"]), ("row", 1e6 / own["row_us"]), ("shap", own["shap"])):
                    into.setdefault(figure, []).append(value)
        scores = np.fromfile(out)
    expected = booster.predict(rows, raw_score=True, num_threads=1)
    if "\naverage_output\n" in booster.model_to_string():
        expected = expected / booster.num_trees()
    medians = {n: {f: statistics.median(v) for f, v in calls.items()} for n, calls in figures.items()}
    return medians, float(np.abs(scores - expected).max()), booster


def report(path, medians, difference, booster):
    """One model's table."""
    path = pathlib.Path(path)
    print(f"\n{path.parent.name}/{path.name}: {booster.num_trees()} trees, {booster.num_feature()} features; "
          f"largest difference from LightGBM over {BATCH_ROWS:,} rows: {difference:g}\n")
    print(f"| {'engine':<18} | {'batch rows/s':>12} | {'× lleaves':>9} | {'one row µs':>10} | {'SHAP rows/s':>11} "
          f"| {'× LightGBM':>10} |")
    print(f"|{'-' * 20}|{'-' * 13}:|{'-' * 10}:|{'-' * 11}:|{'-' * 12}:|{'-' * 11}:|")
    for name, figures in medians.items():
        shap, base = figures.get("shap"), medians["LightGBM"]["shap"]
        tail = f"{shap:>11,.0f} | {shap / base:>10.1f}" if shap else f"{'–':>11} | {'–':>10}"
        print(f"| {name:<18} | {figures['batch']:>12,.0f} | {figures['batch'] / medians['lleaves']['batch']:>9.2f} "
              f"| {1e6 / figures['row']:>10.2f} | {tail} |", flush=True)


def main(program, *paths):
    for path in paths:
        medians, difference, booster = measure(program, path)
        report(path, medians, difference, booster)


if __name__ == "__main__":
    main(*sys.argv[1:])
