import type { QueueState } from "$lib/api";
import { describe, expect, it } from "vitest";
import { added, sampleOf } from "./samples.svelte";

const lane = (ready: number, rows: number) => ({
  name: "x",
  ready,
  running: 0,
  done_last_5_minutes: 0,
  rows_last_5_minutes: rows,
});

describe("samples of the queue", () => {
  it("add the lanes up", () => {
    const state = {
      timestamp: "2026-01-01T00:00:05Z",
      lanes: [lane(2, 300), lane(3, 600)],
      workers: [],
      dead: 0,
    } satisfies QueueState;
    expect(sampleOf(state)).toEqual({ at: Date.UTC(2026, 0, 1, 0, 0, 5), waiting: 5, rowsPerSecond: 3 });
  });
  it("hold each moment once and only the newest", () => {
    const at = (n: number) => ({ at: n, waiting: n, rowsPerSecond: 0 });
    let all = [at(1)];
    all = added(all, at(1), 3);
    expect(all).toHaveLength(1);
    for (const n of [2, 3, 4]) all = added(all, at(n), 3);
    expect(all.map((s) => s.at)).toEqual([2, 3, 4]);
  });
});
