// The two kinds of statements, and what of the API goes with each.
import { api, ask, type AnnualPrediction, type QuarterlyPrediction } from "$lib/api";

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

/** One prediction with its explanation. */
export async function explained(kind: Kind, id: string, signal?: AbortSignal): Promise<Prediction> {
  const init = { params: { path: { id }, query: { explain: true } }, signal };
  const answer =
    kind === "annual"
      ? await ask(api.GET("/api/v1/predictions/annual/{id}", init))
      : await ask(api.GET("/api/v1/predictions/quarterly/{id}", init));
  return answer.prediction;
}

/** The thresholds between risk levels of the model in use. */
export async function thresholds(kind: Kind, signal?: AbortSignal) {
  const query = { kind, limit: 100 };
  const { models } = await ask(api.GET("/api/v1/models", { params: { query }, signal }));
  const used = models.find((model) => model.in_use);
  if (!used) return null;
  const { content } = await ask(api.GET("/api/v1/models/{id}", { params: { path: { id: used.id } }, signal }));
  return content.thresholds;
}
