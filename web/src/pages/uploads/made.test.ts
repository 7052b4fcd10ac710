import type { ResultPrediction } from "$lib/api";
import { describe, expect, it } from "vitest";
import { EDGES, matching, sorted, spread } from "./made";

const row = (symbol: string, p: number, risk: string, sector = "Energy"): ResultPrediction => ({
  id: symbol,
  company: { symbol, name: `${symbol} Works`, sector },
  financial_metrics: {},
  prediction: { probability: p, risk_level: risk, confidence: 1, predicted_at: "2026-01-01T00:00:00Z" },
  reporting_year: "2024",
});
const rows = [row("B", 0.0004, "LOW"), row("A", 0.06, "CRITICAL", "Toys"), row("C", 0.0004, "LOW")];
const symbols = (found: ResultPrediction[]) => found.map((r) => r.company.symbol).join("");

describe("the predictions of an upload", () => {
  it("are found by level and by text of any case", () => {
    expect(symbols(matching(rows, "", ""))).toBe("BAC");
    expect(symbols(matching(rows, "LOW", ""))).toBe("BC");
    expect(symbols(matching(rows, "", " TOY "))).toBe("A");
    expect(symbols(matching(rows, "LOW", "c works"))).toBe("C");
    expect(symbols(matching(rows, "HIGH", ""))).toBe("");
  });
  it("are sorted, equal ones in the file's order", () => {
    expect(symbols(sorted(rows, { by: "probability", order: "desc" }))).toBe("ABC");
    expect(symbols(sorted(rows, { by: "probability", order: "asc" }))).toBe("BCA");
    expect(symbols(sorted(rows, { by: "company", order: "desc" }))).toBe("CBA");
    expect(symbols(sorted(rows, { by: "row", order: "asc" }))).toBe("BAC");
  });
  it("take the probability that counts", () => {
    const quarterly = row("Q", 0.9, "LOW");
    quarterly.prediction.ensemble_probability = 0.001;
    expect(spread([quarterly]).indexOf(1)).toBe(EDGES.indexOf(0.001));
  });
  it("are each in one class of the chart", () => {
    const all = [0, 0.0005, 0.5, 1, 0.049].map((p, i) => row(String(i), p, "LOW"));
    const counts = spread(all);
    expect(counts.reduce((a, b) => a + b)).toBe(5);
    expect(counts.at(-1)).toBe(2);
    expect(counts[EDGES.indexOf(0.02)]).toBe(1);
  });
});
