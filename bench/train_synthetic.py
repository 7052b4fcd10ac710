"""Train the synthetic model of the benchmark: 500 trees, 31 leaves, 20 features, always the same."""

import sys

import lightgbm as lgb
import numpy as np


def main(path):
    rng = np.random.default_rng(20)
    x = rng.normal(size=(50_000, 20))
    x[rng.random(x.shape) < 0.05] = np.nan
    known = np.nan_to_num(x)
    score = known[:, :10].sum(axis=1) + known[:, 10] * known[:, 11] + np.sin(3 * known[:, 12])
    label = (score + 2.0 * rng.normal(size=len(x)) > 2.0).astype(float)
    parameters = dict(objective="binary", num_leaves=31, learning_rate=0.05, verbosity=-1, num_threads=1,
                      deterministic=True, force_row_wise=True, seed=20)
    lgb.train(parameters, lgb.Dataset(x, label), num_boost_round=500).save_model(path)


if __name__ == "__main__":
    main(sys.argv[1])
