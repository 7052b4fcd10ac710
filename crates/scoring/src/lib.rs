//! Model bundles and what they compute: scorecards, a LightGBM reader and engine, the ensemble with its
//! calibration, and contributions that add up.
//!
//! A [`Bundle`] is loaded and checked once, is immutable afterwards and can be shared between threads:
//!
//! ```no_run
//! use accunode_domain::Ratio;
//! use accunode_scoring::Bundle;
//!
//! let bundle = Bundle::load("models/quarterly".as_ref())?;
//! let row = [Ratio::Value(3.1), Ratio::Value(17.0), Ratio::Missing, Ratio::NotMeaningful];
//! let score = bundle.score(&row)?;
//! let why = bundle.explain(&row)?;
//! println!("{} {} {:?}", score.probability, score.risk_level, why.contributions);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Pure computation: nothing here is asynchronous, and only [`Bundle::load`] and
//! [`Bundle::load_with_files`] touch the file system.

pub mod archive;
mod batch;
mod bundle;
mod ensemble;
mod error;
mod explain;
mod files;
mod golden;
pub mod lightgbm;
mod manifest;
mod member;
mod numeric;
mod path;
mod population;
mod reasons;
mod scorecard;
mod shipped;
mod target;
mod what_if;

pub use batch::{BatchScores, MemberColumn};
pub use bundle::Bundle;
pub use ensemble::{MemberScore, Score};
pub use error::{At, BundleError, ScoreError};
pub use explain::{BatchExplanations, BinHit, Explanation, MemberExplanation};
pub use golden::{GOLDEN, Golden, GoldenRow};
pub use manifest::{Calibration, MissingRule};
pub use member::{Input, LightGbmMember, Member, MemberModel};
pub use numeric::{log_odds, sigmoid};
pub use population::{LEVELS, Population, Quantiles};
pub use reasons::{Direction, MAX_REASONS, NEGLIGIBLE, RatioEffect, Rationale, Reason};
pub use scorecard::{Bin, Hit, Scorecard, ScorecardFeature};
pub use shipped::{shipped, shipped_files};
pub use target::{Step, Target};
pub use what_if::{Driver, WhatIf};
