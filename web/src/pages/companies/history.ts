// A company's probabilities in the order of their periods.
import type { CompanyItem } from "$lib/api";
import { period } from "$lib/format";

export type Kind = "annual" | "quarterly";

export interface Point {
  id: string;
  kind: Kind;
  period: string;
  probability: number;
  grade: string | null;
  risk_level: string;
}

function points(company: CompanyItem, kind: Kind): Point[] {
  const rows =
    kind === "annual"
      ? company.annual_predictions.map((p) => ({ ...p, probability: p.probability }))
      : company.quarterly_predictions.map((p) => ({ ...p, probability: p.ensemble_probability }));
  return rows
    .map((p) => ({
      id: p.id,
      kind,
      period: period(p.reporting_year, p.reporting_quarter),
      probability: p.probability,
      grade: p.grade ?? null,
      risk_level: p.risk_level,
    }))
    .sort((a, b) => a.period.localeCompare(b.period));
}

/** The points of one kind; by default of the kind of the newest score. */
export function historyOf(company: CompanyItem, kind?: Kind): Point[] {
  return points(company, kind ?? (company.latest?.kind === "quarterly" ? "quarterly" : "annual"));
}
