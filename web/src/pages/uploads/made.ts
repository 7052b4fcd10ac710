// The predictions of an upload on the screen: which of them, in which order, and how they are spread.
import type { ResultPrediction } from "$lib/api";
import { period } from "$lib/format";
import type { Sorting } from "$lib/ui/table";

export const probabilityOf = (row: ResultPrediction): number =>
  row.prediction.ensemble_probability ?? row.prediction.probability ?? Number.NaN;

export const periodOf = (row: ResultPrediction) => period(row.reporting_year, row.reporting_quarter);

export function matching(rows: ResultPrediction[], risk: string, text: string): ResultPrediction[] {
  const sought = text.trim().toLowerCase();
  const has = ({ company: c }: ResultPrediction) =>
    [c.symbol, c.name, c.sector].some((part) => part.toLowerCase().includes(sought));
  return rows.filter((row) => (!risk || row.prediction.risk_level === risk) && (!sought || has(row)));
}

const KEYS: Record<string, (row: ResultPrediction) => string | number> = {
  company: (row) => row.company.name.toLowerCase(),
  sector: (row) => row.company.sector.toLowerCase(),
  period: periodOf,
  probability: probabilityOf,
};

/** Sorted anew; rows that are equal keep the file's order. */
export function sorted(rows: ResultPrediction[], { by, order }: Sorting): ResultPrediction[] {
  const key = KEYS[by];
  if (!key) return rows;
  const sign = order === "asc" ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : x < y ? -sign : sign;
  });
}

/** Where the classes of the chart begin: probabilities are spread over several powers of ten. */
export const EDGES = [0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** How many probabilities lie in each class; the last one is open. */
export function spread(rows: ResultPrediction[]): number[] {
  const counts = EDGES.map(() => 0);
  for (const row of rows) {
    const at = EDGES.findLastIndex((edge) => probabilityOf(row) >= edge);
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
