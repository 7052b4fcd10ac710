import type { ScalingConfig } from "$lib/api";
import { describe, expect, it } from "vitest";
import { changesOf, difference, typedOf, whole, wrongIn } from "./config";

const config: ScalingConfig = {
  min_workers: 2,
  max_workers: 12,
  scale_up_threshold: 25,
  scale_down_threshold: 5,
  scale_up_cooldown: 120,
  scale_down_cooldown: 600,
  emergency_threshold: 100,
  version: 3,
};

describe("the settings of scaling", () => {
  it("take whole numbers within bounds", () => {
    expect(whole(" 12 ", 1, 20)).toBe(12);
    for (const text of ["", "1.5", "-1", "1e3", "21", "0", "x"]) expect(whole(text, 1, 20), text).toBe(null);
  });
  it("are fine as they are", () => {
    expect(wrongIn(typedOf(config))).toEqual({});
    expect(changesOf(typedOf(config), config)).toBe(null);
  });
  it("have to stand together", () => {
    const typed = {
      ...typedOf(config),
      max_workers: "1",
      scale_down_threshold: "25",
      emergency_threshold: "24",
    };
    expect(Object.keys(wrongIn(typed)).sort()).toEqual([
      "emergency_threshold",
      "max_workers",
      "scale_down_threshold",
    ]);
  });
  it("say what is no number before how numbers stand together", () => {
    const errors = wrongIn({ ...typedOf(config), scale_up_threshold: "many", scale_down_threshold: "30" });
    expect(Object.keys(errors)).toEqual(["scale_up_threshold"]);
  });
  it("send what differs and the version that it was made from", () => {
    const typed = { ...typedOf(config), max_workers: "20" };
    expect(changesOf(typed, config)).toEqual({ max_workers: 20, expected_version: 3 });
  });
  it("say what a change did", () => {
    const [only, ...rest] = difference(config, { ...config, version: 4, max_workers: 20 });
    expect(only).toContain("12 → 20");
    expect(rest).toEqual([]);
    expect(difference(null, undefined)).toEqual([]);
  });
});
