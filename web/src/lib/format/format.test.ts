import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  count,
  decimal,
  millions,
  ordinal,
  parseTime,
  period,
  points,
  probability,
  ratio,
  seconds,
  share,
  signed,
} from ".";

describe("probabilities", () => {
  it.each([
    [0.0882741, "8.83 %"],
    [0.142, "14.2 %"],
    [0.9999, "100.0 %"],
    [0.00043, "0.043 %"],
    [0.000012, "0.0012 %"],
    [0, "0.0 %"],
  ])("%f is %s", (p, text) => expect(probability(p)).toBe(text));

  it("shows a dash for nothing", () => {
    expect([probability(null), probability(undefined), probability(Number.NaN)]).toEqual(["–", "–", "–"]);
  });

  it("shows differences in points with their sign, and none where they round to nothing", () => {
    expect(points(0.0416)).toBe("+4.16 pp");
    expect(points(-0.123)).toBe("−12.3 pp");
    expect(points(0.00002)).toBe("±0.00 pp");
  });

  it("does not show something as nothing", () => {
    expect(share(1, 1000)).toBe("< 1 %");
    expect(share(0, 1000)).toBe("0 %");
    expect(share(1, 0)).toBe("–");
  });
});

describe("numbers", () => {
  it.each([
    [7.4213, "7.42"],
    [123.4, "123"],
    [-27.114, "−27.1"],
    [0.03519, "0.0352"],
    [0, "0"],
    [1e18, "1.00e+18"],
  ])("%f is %s", (value, text) => expect(decimal(value)).toBe(text));

  it("keeps the unit of a ratio", () => {
    expect(ratio("total_debt_to_ebitda", 11.143)).toBe("11.1 ×");
    expect(ratio("return_on_assets", -3)).toBe("−3 %");
    expect(ratio("return_on_assets", null)).toBe("–");
  });

  it("gives signs that screen readers and eyes tell apart", () => {
    expect([signed(0.55), signed(-0.01), signed(0.001)]).toEqual(["+0.55", "−0.01", "0.00"]);
  });

  it("scales amounts, sizes and durations", () => {
    expect([millions(850), millions(12_300), millions(1_200_000)]).toEqual(["$850 m", "$12.3 bn", "$1.2 tn"]);
    expect([bytes(999), bytes(12_345), bytes(10e6)]).toEqual(["999 B", "12.3 kB", "10 MB"]);
    expect([seconds(3.14), seconds(42), seconds(600), seconds(7200)]).toEqual([
      "3.1 s",
      "42 s",
      "10 min",
      "2 h",
    ]);
    expect(count(100_000)).toBe("100,000");
  });

  it("knows ordinals", () => {
    expect([1, 2, 3, 11, 12, 43, 99.6].map(ordinal)).toEqual([
      "1st",
      "2nd",
      "3rd",
      "11th",
      "12th",
      "43rd",
      "100th",
    ]);
  });
});

describe("times", () => {
  it("takes a time without a zone for UTC", () => {
    expect(parseTime("2026-11-27T07:08:52.628744")?.toISOString()).toBe("2026-11-27T07:08:52.628Z");
    expect(parseTime("2026-11-27T09:08:52+02:00")?.toISOString()).toBe("2026-11-27T07:08:52.000Z");
    expect(parseTime("yesterday")).toBeNull();
  });

  it("says how long ago something was", () => {
    const now = Date.parse("2026-11-27T12:00:00Z");
    expect(ago("2026-11-27T11:59:50Z", now)).toBe("just now");
    expect(ago("2026-11-27T09:00:00Z", now)).toBe("3 hours ago");
    expect(ago("2026-11-26T09:00:00Z", now)).toBe("yesterday");
    expect(ago(null, now)).toBe("–");
  });

  it("names periods", () => {
    expect([period("2023", "Q4"), period(2023, null)]).toEqual(["2023 Q4", "2023"]);
  });
});
