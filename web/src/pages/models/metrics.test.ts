import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { discrimination } from "./metrics";

const shipped = (kind: string) =>
  readFileSync(new URL(`../../../../models/${kind}/card.md`, import.meta.url), "utf8");

describe("the figures of a card", () => {
  it.each(["annual", "quarterly"])("are found in the one of the %s model", (kind) => {
    const found = discrimination(shipped(kind));
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found.map((d) => d.period)).size).toBe(found.length);
    for (const one of found) {
      expect(Number.parseFloat(one.auc)).toBeGreaterThan(0.5);
      expect(Number.parseFloat(one.ks)).toBeGreaterThan(0);
      expect(Number.parseFloat(one.brier)).toBeGreaterThan(0);
    }
  });
  it("are none where a card has no such table", () => {
    expect(discrimination("")).toEqual([]);
    expect(discrimination("# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")).toEqual([]);
    expect(discrimination("| AUC |\n|---|\n| 0.8 |\n")).toEqual([]);
  });
  it("are those of the only model where there is one", () => {
    const card = "| Period | AUC |\n|---|---|\n| 2020 | 0.8 |\n";
    expect(discrimination(card)).toEqual([{ period: "2020", auc: "0.8", ks: "", brier: "" }]);
  });
});
