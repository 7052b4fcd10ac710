//! The orders of lists of companies, and the statement of each.

/// What a list is sorted by. Companies without the figure come last where it falls, and first where it rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Name,
    Symbol,
    MarketCap,
    CreatedAt,
    Probability,
    Change,
    Period,
}

impl Sort {
    /// Whether it looks at what came of predictions.
    pub(crate) const fn is_of_scores(self) -> bool {
        matches!(self, Self::Probability | Self::Change | Self::Period)
    }
}

/// Hands `$statements!` the name, key, way and way of the id of each order, and finds the `$statement` that the module of
/// that name holds as `STATEMENTS`.
macro_rules! every_order {
    ($statements:ident $statement:ident) => {
        $statements! {
            name_asc "c.name" "ASC" "ASC";
            name_desc "c.name" "DESC" "DESC";
            symbol_asc "c.symbol" "ASC" "ASC";
            symbol_desc "c.symbol" "DESC" "DESC";
            created_asc "c.created_at" "ASC" "ASC";
            created_desc "c.created_at" "DESC" "DESC";
            market_cap_asc "c.market_cap" "ASC NULLS FIRST" "ASC";
            market_cap_desc "c.market_cap" "DESC NULLS LAST" "DESC";
            probability_asc "c.latest_probability" "ASC NULLS FIRST" "ASC";
            probability_desc "c.latest_probability" "DESC NULLS LAST" "DESC";
            change_asc "(c.latest_probability - c.previous_probability)" "ASC NULLS FIRST" "ASC";
            change_desc "(c.latest_probability - c.previous_probability)" "DESC NULLS LAST" "DESC";
            period_asc "(c.latest_year * 10 + COALESCE(CAST(SUBSTR(c.latest_quarter, 2, 1) AS INTEGER), 4))"
                "ASC NULLS FIRST" "ASC";
            period_desc "(c.latest_year * 10 + COALESCE(CAST(SUBSTR(c.latest_quarter, 2, 1) AS INTEGER), 4))"
                "DESC NULLS LAST" "DESC";
        }

        const fn ordered(sort: Sort, descending: bool) -> $statement {
            match (sort, descending) {
                (Sort::Name, false) => name_asc::STATEMENTS,
                (Sort::Name, true) => name_desc::STATEMENTS,
                (Sort::Symbol, false) => symbol_asc::STATEMENTS,
                (Sort::Symbol, true) => symbol_desc::STATEMENTS,
                (Sort::CreatedAt, false) => created_asc::STATEMENTS,
                (Sort::CreatedAt, true) => created_desc::STATEMENTS,
                (Sort::MarketCap, false) => market_cap_asc::STATEMENTS,
                (Sort::MarketCap, true) => market_cap_desc::STATEMENTS,
                (Sort::Probability, false) => probability_asc::STATEMENTS,
                (Sort::Probability, true) => probability_desc::STATEMENTS,
                (Sort::Change, false) => change_asc::STATEMENTS,
                (Sort::Change, true) => change_desc::STATEMENTS,
                (Sort::Period, false) => period_asc::STATEMENTS,
                (Sort::Period, true) => period_desc::STATEMENTS,
            }
        }
    };
}

pub(super) use every_order;
