import { describe, expect, it } from "vitest";
import { isLevel, line, linear, logit, sigmoid } from "./scales";

describe("scales", () => {
  it("maps a range into another and stays inside of it", () => {
    const x = linear([-2, 2], [0, 100]);
    expect([x(-2), x(0), x(2), x(-9), x(9)]).toEqual([0, 50, 100, 0, 100]);
  });

  it("puts everything in the middle where the range is empty", () => {
    expect(linear([3, 3], [0, 10])(3)).toBe(5);
  });

  it("undoes log-odds", () => {
    for (const p of [0.0001, 0.02, 0.5, 0.97]) expect(sigmoid(logit(p))).toBeCloseTo(p, 10);
    expect(Number.isFinite(logit(0)) && Number.isFinite(logit(1))).toBe(true);
  });

  it("draws lines within their box, higher values higher up", () => {
    const points = line([1, 3, 2], 72, 22, 3)
      .split(" ")
      .map((p) => p.split(",").map(Number));
    expect(points).toEqual([
      [3, 19],
      [36, 3],
      [69, 11],
    ]);
    expect(line([1], 72, 22)).toBe("");
  });

  it("knows the risk levels", () => {
    expect([isLevel("HIGH"), isLevel("high"), isLevel(null)]).toEqual([true, false, false]);
  });
});
