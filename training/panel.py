"""The labelled firm-years and their ratios.

Formulas follow the column meanings of Lombardo et al. (2022), doi:10.3390/fi14080244:
X2 cost of goods sold, X4 EBITDA, X6 net income, X9 net sales, X10 total assets,
X11 long-term debt, X12 EBIT, X17 total liabilities, X18 operating expenses.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

INTEREST_RATE = 0.065  # stands in for interest expense: 6.5 % of long-term debt
AFTER_TAX = 0.625  # EBIT after a notional 37.5 % tax


@dataclass(frozen=True)
class Panel:
    """Rows of one file: label, year, and per ratio its value and why it has none."""

    label: np.ndarray
    year: np.ndarray
    value: dict  # ratio -> floats, NaN where missing or not meaningful
    not_meaningful: dict  # ratio -> booleans

    def between(self, first: int, last: int) -> np.ndarray:
        """Mask of the rows of the years first..last, both included."""
        return (self.year >= first) & (self.year <= last)

    def matrix(self, ratios) -> tuple:
        """(values, not-meaningful flags), one column a ratio, in the given order."""
        values = np.column_stack([self.value[name] for name in ratios])
        flags = np.column_stack([self.not_meaningful[name] for name in ratios])
        return values, flags


def load(path) -> Panel:
    """Read a labelled CSV (plain or gzipped) and drop the rows of uncertain label."""
    frame = pd.read_csv(path)
    frame = frame[frame["label_uncertain"] == 0].reset_index(drop=True)
    column = {name: frame[name].to_numpy(dtype=float) for name in frame if name.startswith("X")}
    value, flags = ratios(column)
    label = frame["bankrupt_next_year"].to_numpy(dtype=int)
    return Panel(label, frame["year"].to_numpy(dtype=int), value, flags)


def ratios(x: dict) -> tuple:
    """Ratios and not-meaningful flags from the statement columns X2..X18."""
    capital = x["X11"] + x["X10"] - x["X17"]
    no_capital = capital <= 0
    never = np.zeros(len(capital), dtype=bool)
    flags = {
        "long_term_debt_to_total_capital": no_capital,
        "total_debt_to_ebitda": x["X4"] <= 0,
        "net_income_margin": never,
        "ebit_to_interest_expense": x["X11"] <= 0,
        "return_on_assets": never,
        "sga_margin": never,
        "return_on_capital": no_capital,
    }
    raw = {
        "long_term_debt_to_total_capital": divide(100 * x["X11"], capital),
        "total_debt_to_ebitda": divide(x["X11"], x["X4"]),
        "net_income_margin": divide(100 * x["X6"], x["X9"]),
        "ebit_to_interest_expense": divide(x["X12"], INTEREST_RATE * x["X11"]),
        "return_on_assets": divide(100 * x["X6"], x["X10"]),
        "sga_margin": divide(100 * (x["X18"] - x["X2"]), x["X9"]),
        "return_on_capital": divide(100 * AFTER_TAX * x["X12"], capital),
    }
    return {name: np.where(flags[name], np.nan, raw[name]) for name in raw}, flags


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient; a denominator of zero gives a missing value, not infinity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = numerator / denominator
    return np.where(np.isfinite(quotient), quotient, np.nan)
