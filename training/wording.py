"""The sentences of the model card that hold no measured number."""

DATA = """American companies listed on NYSE and NASDAQ, fiscal years 1999-2014 of the panel of \
Lombardo, G., Pellegrino, M., Adosoglou, G., Cagnoni, S., Pardalos, P. M. and Poggi, A. (2022), \
"Machine Learning for Bankruptcy Prediction in the American Stock Market: Dataset and Benchmarks", \
Future Internet 14(8), 244, doi:10.3390/fi14080244. Licence: Creative Commons Attribution 4.0 \
(CC BY 4.0). Changes: a small part of the firm-years is absent, the label below was derived, and \
ratios were computed from the statement items. The data itself is not part of the product. The \
years after 2014 were not used for anything."""

LABEL = """**Label.** 1 on the last fiscal year of a company that then failed (a Chapter 11 or \
Chapter 7 filing in the source), 0 on every other row. The source's `status_label` says whether a \
company *ever* fails; to learn from it would leak the future. Rows whose label is uncertain were \
dropped."""

QUARTERLY = """**Fitted on annual statements.** No public data joins quarterly statements with \
failures, so the four ratios of the quarterly kind were learned from annual figures. Give it \
trailing-twelve-month figures for EBITDA, EBIT, sales and expenses: a single quarter's EBITDA makes \
debt look four times as heavy and the return a quarter as high."""

FORMULAS = {
    "long_term_debt_to_total_capital": (
        "100 * long-term debt / (long-term debt + total assets - total liabilities)",
        "capital <= 0",
    ),
    "total_debt_to_ebitda": ("long-term debt / EBITDA", "EBITDA <= 0"),
    "net_income_margin": ("100 * net income / net sales", "never in the data"),
    "ebit_to_interest_expense": (
        "EBIT / (6.5 % of long-term debt), a proxy: interest expense is absent",
        "no long-term debt",
    ),
    "return_on_assets": ("100 * net income / total assets", "never in the data"),
    "sga_margin": (
        "100 * (operating expenses - cost of goods sold) / net sales",
        "never in the data",
    ),
    "return_on_capital": (
        "100 * 0.625 * EBIT / (long-term debt + total assets - total liabilities)",
        "capital <= 0",
    ),
}

NOT_MEANINGFUL_COVER = """**Interest cover that is not meaningful.** In the training data it means \
that a company has no long-term debt, which is rather safe. Vendors' files use the same mark also \
for a negative EBIT or an unknown interest expense, which is not. The model must not reward the mark, \
so it counts as no safer than an average company in the scorecard and can only add risk in the \
trees; that a company owes nothing shows in its two debt ratios. Where EBIT is negative and the \
interest is known, give the negative number: it is the stronger signal."""

MISSING = """Missing (not given) and not meaningful (a denominator that is zero or negative) are \
different things, and neither counts as safe. The training data has practically no missing ratios, \
so what they count as was set, not learned. In the scorecard it is the value that, put in place of \
the ratio in every training row, raises the mean probability by a tenth, or the value of the worst \
bin where that is not enough. In the trees both kinds arrive as NaN; a fixed stand-in number takes \
the ratio's place before fitting, and every node of the saved trees sends NaN where the stand-in \
would go. The stand-ins were chosen on the out-of-time \
years so that a missing ratio raises the mean probability or leaves it about level, at little cost \
in ranking. What \
tells not meaningful from missing is the indicator."""

LIMITS = """- American listed companies of 1999-2014. Small private companies, banks and insurers, other \
countries and other accounting rules are untested.
- Companies that leave the panel by merger, delisting or going private count as survivors. So do \
failures that the source did not record: those before 2003 are visibly under-recorded.
- The event is a bankruptcy filing, not a missed payment or a distressed exchange; rates of default \
in a wider sense are higher.
- The definitions above differ from those of data vendors (total debt, interest expense, average \
assets). Ratios by other definitions keep the ranking roughly, not the level.
- The level is that of an average year. It does not know the economy, the sector or the size of a \
company, nor market prices, which carry much of what can be known.
- The riskiest companies are not told apart well: within CRITICAL the probability says little more.
- Decisions on single companies need a person who reads the statements. Recalibrate on your own \
outcomes as soon as there are enough of them."""
