import { describe, expect, it } from "vitest";
import { Scenario, spanOf, stepOf } from "./scenario.svelte";

describe("sliders", () => {
  it("move in round steps, some two hundred of them", () => {
    expect([stepOf(0, 15), stepOf(-30, 30), stepOf(0, 120), stepOf(0, 4000)]).toEqual([0.1, 0.5, 1, 20]);
  });

  it("hold the base, however odd it is", () => {
    expect(spanOf("total_debt_to_ebitda", 3)).toEqual({ low: 0, high: 15, step: 0.1 });
    const span = spanOf("return_on_assets", -512.3);
    expect(span.low).toBeLessThanOrEqual(-512.3);
    expect(span.high).toBeGreaterThanOrEqual(30);
  });
});

describe("a scenario", () => {
  it("keeps what is changed alone, and forgets a change back to the base", () => {
    const scenario = new Scenario();
    scenario.base = { total_debt_to_ebitda: 3, return_on_assets: null };
    scenario.set("total_debt_to_ebitda", 5);
    scenario.set("return_on_assets", 1);
    expect(scenario.request.changes).toEqual({ total_debt_to_ebitda: 5, return_on_assets: 1 });
    scenario.set("total_debt_to_ebitda", 3);
    scenario.reset("return_on_assets");
    expect(scenario.changed).toBe(false);
    expect(scenario.now("return_on_assets")).toBeNull();
  });
});
