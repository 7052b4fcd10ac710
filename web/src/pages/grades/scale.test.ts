import type { ScaleView } from "$lib/api";
import { describe, expect, it } from "vitest";
import { check, gradesOf, lastOf, percentOf, row, rowsOf, span } from "./scale";

const view = (over: Partial<ScaleView>): ScaleView => ({
  origin: "platform",
  version: 1,
  grades: [],
  ...over,
});

describe("a scale being edited", () => {
  it("comes back as it was", () => {
    const grades = [
      { grade: "A", lower: 0, upper: 0.0007 },
      { grade: "B", lower: 0.0007, upper: 0.29 },
      { grade: "C", lower: 0.29, upper: null },
    ];
    const rows = rowsOf(view({ grades }));
    expect(rows.map((r) => r.limit)).toEqual(["0.07", "29", ""]);
    expect(gradesOf(rows)).toEqual(grades.map(({ grade, upper }) => ({ grade, upper })));
  });
  it("shows percent without noise and takes a comma", () => {
    expect(percentOf(0.0007)).toBe("0.07");
    expect(percentOf(0.1 + 0.2)).toBe("30");
    expect(gradesOf([row("A", "0,5"), row("B")])[0]?.upper).toBe(0.005);
  });
  it("pays no heed to a limit of the last grade", () => {
    expect(gradesOf([row("A", "1"), row("B", "50")])[1]?.upper).toBeNull();
  });
});

describe("what is wrong with a scale", () => {
  it("is nothing where names differ and limits rise", () => {
    expect(check([row("A", "0.1"), row("B", "5"), row("C")])).toEqual({});
  });
  it("is a name that is missing, too long or there twice in any case", () => {
    const errors = check([row("", "1"), row("abcdefghijk", "2"), row("b", "3"), row("B")]);
    expect(Object.keys(errors)).toEqual(["grades[0].grade", "grades[1].grade", "grades[3].grade"]);
  });
  it("is a limit that is none, does not rise, or leaves nothing above", () => {
    for (const limit of ["", "x", "1", "0.5", "100", "-1"]) {
      const errors = check([row("A", "1"), row("B", limit), row("C")]);
      expect(Object.keys(errors), limit).toEqual(["grades[1].upper"]);
    }
  });
  it("is too few grades or too many", () => {
    expect(check([row("A")])).toHaveProperty("grades");
    const many = Array.from({ length: 31 }, (_, i) => row(`G${i}`, String(i + 1)));
    expect(check(many)).toHaveProperty("grades");
  });
});

it("places bands by powers of ten", () => {
  expect(span(0, 0.001).from).toBe(0);
  expect(span(0.001, 0.01)).toEqual({ from: 0.25, width: 0.25 });
  const last = span(0.1, null);
  expect(last.from + last.width).toBeCloseTo(1);
});

it("counts a tenant's versions apart from the platform's", () => {
  const versions = [
    view({ version: 3 }),
    view({ origin: "tenant", tenant_id: "t", version: 2 }),
    view({ origin: "built_in", version: 0 }),
  ];
  expect(lastOf(versions, "t")).toBe(2);
  expect(lastOf(versions, undefined)).toBe(3);
  expect(lastOf(versions, "other")).toBe(0);
});
