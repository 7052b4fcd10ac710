import { describe, expect, it } from "vitest";
import { parseNumber } from "$lib/format/parse";
import { ScoreForm } from "./form.svelte";

describe("numbers as people type them", () => {
  it.each([
    ["12.5", 12.5],
    [" 12,5 ", 12.5],
    ["−3", -3],
    ["1 200", 1200],
    ["1e3", 1000],
    [".5", 0.5],
  ])("%s is %f", (text, value) => expect(parseNumber(text)).toBe(value));

  it("refuses what is none", () => {
    for (const text of ["", "abc", "1,2,3", "1.2.3", "--1", "12%", "Infinity", "NaN", "1e999"]) {
      expect(parseNumber(text)).toBeNull();
    }
  });
});

describe("what is sent", () => {
  it("tells missing from not meaningful, and names every ratio of the kind", () => {
    const form = new ScoreForm();
    form.kind = "quarterly";
    form.ratios.sga_margin = { state: "value", text: "12" };
    form.ratios.return_on_capital = { state: "nm", text: "" };
    expect(form.values).toEqual({
      total_debt_to_ebitda: null,
      sga_margin: 12,
      long_term_debt_to_total_capital: null,
      return_on_capital: "NM",
    });
  });

  it("is nothing while a number is half typed", () => {
    const form = new ScoreForm();
    form.ratios.return_on_assets = { state: "value", text: "-" };
    expect(form.values).toBeNull();
    expect(Object.keys(form.ratioErrors())).toEqual(["return_on_assets"]);
  });
});
