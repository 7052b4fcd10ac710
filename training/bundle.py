"""Reading and scoring a model bundle of format 1: numpy only, no model library.

Shared by train.py, which checks with it what it wrote, and evaluate.py.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
ZERO = 1e-35  # LightGBM's bound below which a value counts as zero
LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


class BundleError(ValueError):
    """A bundle that does not keep to the format."""


@dataclass(frozen=True)
class Tree:
    """One decision tree, as parallel arrays over its inner nodes and its leaves."""

    feature: np.ndarray
    threshold: np.ndarray
    decision: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray

    def predict(self, data: np.ndarray) -> np.ndarray:
        """Leaf value of every row."""
        if self.leaf.size == 1:
            return np.full(len(data), self.leaf[0])
        node = np.zeros(len(data), dtype=int)
        active = np.arange(len(data))
        while active.size:
            node[active] = self.step(data[active], node[active])
            active = active[node[active] >= 0]
        return self.leaf[~node]

    def step(self, data: np.ndarray, node: np.ndarray) -> np.ndarray:
        """The child that each row goes to; a leaf is its index, inverted bitwise."""
        value = data[np.arange(len(data)), self.feature[node]]
        decision = self.decision[node]
        missing = (decision >> 2) & 3
        value = np.where(np.isnan(value) & (missing != MISSING_NAN), 0.0, value)
        absent = np.isnan(value) | ((missing == MISSING_ZERO) & (np.abs(value) <= ZERO))
        by_default = absent & (missing != MISSING_NONE)
        left = np.where(by_default, (decision & 2) != 0, value <= self.threshold[node])
        return np.where(left, self.left[node], self.right[node])


def read_trees(path: Path) -> list:
    """Trees of a LightGBM text file with numerical splits."""
    text = path.read_text(encoding="utf-8").partition("end of trees")[0]
    if "objective=binary" not in text:
        raise BundleError(f"{path}: the objective is not binary")
    return [read_tree(block, path) for block in text.split("\nTree=")[1:]]


def read_tree(block: str, path: Path) -> Tree:
    """One tree from its lines of `key=value`."""
    field = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    if field["num_cat"] != "0" or field.get("is_linear", "0") != "0":
        raise BundleError(f"{path}: categorical or linear trees are not supported")

    def numbers(name: str, kind: type) -> np.ndarray:
        return np.array([kind(item) for item in field.get(name, "").split()], dtype=kind)

    return Tree(
        numbers("split_feature", int),
        numbers("threshold", float),
        numbers("decision_type", int),
        numbers("left_child", int),
        numbers("right_child", int),
        numbers("leaf_value", float),
    )


@dataclass(frozen=True)
class Bundle:
    """A bundle in memory, ready to score."""

    folder: Path
    manifest: dict
    members: dict  # member type -> parsed file

    @property
    def ratios(self) -> list:
        """The ratios in the order in which rows are given."""
        return self.manifest["features"]

    def score(self, values: np.ndarray, flags: np.ndarray) -> dict:
        """Member probabilities, raw weighted mean and final probability of each row."""
        result = {}
        mean = np.zeros(len(values))
        for member in self.manifest["members"]:
            kind = member["type"]
            if kind == "scorecard":
                probability = sigmoid(self.scorecard_score(values, flags))
            else:
                result["lightgbm_raw"] = self.tree_score(member, values, flags)
                probability = sigmoid(result["lightgbm_raw"])
            result[f"{kind}_probability"] = probability
            mean = mean + member["weight"] * probability
        result["mean"] = mean
        result["probability"] = calibrate(mean, self.manifest.get("calibration"))
        return result

    def scorecard_score(self, values: np.ndarray, flags: np.ndarray) -> np.ndarray:
        """Intercept plus the sum of coefficient times bin value."""
        card = self.members["scorecard"]
        score = np.full(len(values), card["intercept"])
        for item in card["features"]:
            column = self.ratios.index(item["name"])
            score = score + item["coefficient"] * bin_values(
                item, values[:, column], flags[:, column]
            )
        return score

    def tree_score(self, member: dict, values: np.ndarray, flags: np.ndarray) -> np.ndarray:
        """Sum over the trees, on the log-odds scale."""
        columns = []
        for name in member.get("features", self.ratios):
            ratio, _, suffix = name.partition(":")
            source = flags.astype(float) if suffix == "nm" else values
            columns.append(source[:, self.ratios.index(ratio)])
        data = np.column_stack(columns)
        if member.get("missing", "native") == "zero":
            data = np.nan_to_num(data, nan=0.0, posinf=np.inf, neginf=-np.inf)
        score = np.zeros(len(data))
        for tree in self.members["lightgbm"]:
            score = score + tree.predict(data)
        return score

    def level(self, probability: np.ndarray) -> np.ndarray:
        """Risk level of each probability, as an index into LEVELS."""
        edges = self.manifest["thresholds"]
        at_least = (probability >= edges["medium"]).astype(int) + (probability >= edges["high"])
        return at_least + (probability > edges["critical"])


def read(folder) -> Bundle:
    """Read a bundle folder and refuse what the format does not allow."""
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest["format"] != 1:
        raise BundleError(f"{folder}: format {manifest['format']} is not 1")
    total = sum(member["weight"] for member in manifest["members"])
    if abs(total - 1.0) > 1e-9:
        raise BundleError(f"{folder}: the weights sum to {total}, not 1")
    members = {}
    for member in manifest["members"]:
        path = folder / member["file"]
        if member["type"] == "scorecard":
            members["scorecard"] = json.loads(path.read_text(encoding="utf-8"))
        elif member["type"] == "lightgbm":
            members["lightgbm"] = read_trees(path)
        else:
            raise BundleError(f"{folder}: unknown member {member['type']!r}")
    return Bundle(folder, manifest, members)


def dump(path: Path, value: dict) -> None:
    """Write JSON with a fixed layout."""
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8", newline="\n")


def bin_values(item: dict, value: np.ndarray, flag: np.ndarray) -> np.ndarray:
    """Bin value of each row: low < x <= high, the first bin that holds x wins."""
    result = np.full(len(value), float(item["otherwise"]))
    for bin_ in reversed(item["bins"]):
        low = -np.inf if bin_["low"] is None else bin_["low"]
        high = np.inf if bin_["high"] is None else bin_["high"]
        inside = ((value > low) | (bin_["low"] is None)) & (value <= high)
        result = np.where(inside, bin_["value"], result)
    result = np.where(np.isnan(value), item["missing"], result)
    return np.where(flag, item.get("not_meaningful", item["missing"]), result)


def calibrate(probability: np.ndarray, calibration) -> np.ndarray:
    """Logit calibration: intercept + slope times the log-odds."""
    if calibration is None:
        return probability
    odds = np.log(probability / (1.0 - probability))
    return sigmoid(calibration["intercept"] + calibration["slope"] * odds)


def sigmoid(score: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-score)."""
    return 1.0 / (1.0 + np.exp(-score))
