//! Model bundles, scorecard, LightGBM engine, exact contributions.

pub mod lightgbm;
