//! The words: of each ratio what its states are called and how they are said. Codes never change once released.

/// On which side of the usual a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Towards high values.
    High,
    /// Towards low values.
    Low,
}

impl Side {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::High => Self::Low,
            Self::Low => Self::High,
        }
    }
}

/// What is said of one ratio.
#[derive(Debug)]
pub(super) struct Words {
    /// The ratio's name.
    pub(super) ratio: &'static str,
    /// Where more risk usually lies.
    pub(super) risky: Side,
    /// Code of a high value.
    pub(super) high: &'static str,
    /// Code of a low value.
    pub(super) low: &'static str,
    /// Code where it is missing.
    pub(super) missing: &'static str,
    /// Code where it is not meaningful.
    pub(super) not_meaningful: &'static str,
    /// What stands before and after the number.
    pub(super) value: (&'static str, &'static str),
    /// What stands after the number in a comparison.
    pub(super) unit: &'static str,
    /// The ratio's name in a sentence that begins with it.
    pub(super) title: &'static str,
    /// When it usually has no meaning.
    pub(super) meaningless: &'static str,
}

/// One entry for each ratio of any kind.
pub(super) const TABLE: [Words; 7] = [
    Words {
        ratio: "long_term_debt_to_total_capital",
        risky: Side::High,
        high: "DEBT_CAPITAL_HIGH",
        low: "DEBT_CAPITAL_LOW",
        missing: "DEBT_CAPITAL_MISSING",
        not_meaningful: "DEBT_CAPITAL_NOT_MEANINGFUL",
        value: ("Long-term debt is ", " % of total capital"),
        unit: " %",
        title: "Long-term debt to total capital",
        meaningless: "total capital is zero or negative",
    },
    Words {
        ratio: "total_debt_to_ebitda",
        risky: Side::High,
        high: "DEBT_EBITDA_HIGH",
        low: "DEBT_EBITDA_LOW",
        missing: "DEBT_EBITDA_MISSING",
        not_meaningful: "DEBT_EBITDA_NOT_MEANINGFUL",
        value: ("Debt is ", " × EBITDA"),
        unit: "",
        title: "Debt to EBITDA",
        meaningless: "EBITDA is zero or negative",
    },
    Words {
        ratio: "net_income_margin",
        risky: Side::Low,
        high: "NET_MARGIN_HIGH",
        low: "NET_MARGIN_LOW",
        missing: "NET_MARGIN_MISSING",
        not_meaningful: "NET_MARGIN_NOT_MEANINGFUL",
        value: ("Net income is ", " % of sales"),
        unit: " %",
        title: "The net income margin",
        meaningless: "there are no sales",
    },
    Words {
        ratio: "ebit_to_interest_expense",
        risky: Side::Low,
        high: "INTEREST_COVER_HIGH",
        low: "INTEREST_COVER_LOW",
        missing: "INTEREST_COVER_MISSING",
        not_meaningful: "INTEREST_COVER_NOT_MEANINGFUL",
        value: ("EBIT is ", " × the interest expense"),
        unit: "",
        title: "Interest cover",
        meaningless: "EBIT is negative or there is no interest expense",
    },
    Words {
        ratio: "return_on_assets",
        risky: Side::Low,
        high: "RETURN_ON_ASSETS_HIGH",
        low: "RETURN_ON_ASSETS_LOW",
        missing: "RETURN_ON_ASSETS_MISSING",
        not_meaningful: "RETURN_ON_ASSETS_NOT_MEANINGFUL",
        value: ("The return on assets is ", " %"),
        unit: " %",
        title: "The return on assets",
        meaningless: "there are no assets",
    },
    Words {
        ratio: "sga_margin",
        risky: Side::Low,
        high: "SGA_MARGIN_HIGH",
        low: "SGA_MARGIN_LOW",
        missing: "SGA_MARGIN_MISSING",
        not_meaningful: "SGA_MARGIN_NOT_MEANINGFUL",
        value: ("Selling, general and administrative expenses are ", " % of sales"),
        unit: " %",
        title: "The share of selling, general and administrative expenses in sales",
        meaningless: "there are no sales",
    },
    Words {
        ratio: "return_on_capital",
        risky: Side::Low,
        high: "RETURN_ON_CAPITAL_HIGH",
        low: "RETURN_ON_CAPITAL_LOW",
        missing: "RETURN_ON_CAPITAL_MISSING",
        not_meaningful: "RETURN_ON_CAPITAL_NOT_MEANINGFUL",
        value: ("The return on capital is ", " %"),
        unit: " %",
        title: "The return on capital",
        meaningless: "capital is zero or negative",
    },
];

/// The words of a ratio.
pub(super) fn words(ratio: &str) -> Option<&'static Words> {
    TABLE.iter().find(|words| words.ratio == ratio)
}
