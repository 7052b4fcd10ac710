//! Model bundles, scorecard, LightGBM engine, exact contributions.
