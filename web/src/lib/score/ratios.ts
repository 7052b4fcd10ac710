// The two kinds of statements and their ratios.
import type { AnnualPrediction, QuarterlyPrediction } from "$lib/api";

export type Kind = "annual" | "quarterly";
export const KINDS: readonly Kind[] = ["annual", "quarterly"];

/** The ratios of a kind, in the order of its model. */
export const RATIOS = {
  annual: [
    "long_term_debt_to_total_capital",
    "total_debt_to_ebitda",
    "net_income_margin",
    "ebit_to_interest_expense",
    "return_on_assets",
  ],
  quarterly: ["total_debt_to_ebitda", "sga_margin", "long_term_debt_to_total_capital", "return_on_capital"],
} as const;
export type RatioName = (typeof RATIOS)[Kind][number];

export type Prediction = AnnualPrediction | QuarterlyPrediction;

/** The probability that counts: of quarterly ones, that of the members together. */
export function probabilityOf(prediction: Prediction): number {
  return "ensemble_probability" in prediction ? prediction.ensemble_probability : prediction.probability;
}

export function ratioOf(prediction: Prediction, name: string): number | null {
  const value = (prediction as Record<string, unknown>)[name];
  return typeof value === "number" ? value : null;
}
