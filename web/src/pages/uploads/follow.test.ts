import type { JobBrief, ServerEvent } from "$lib/api";
import { Problem } from "$lib/api/problem";
import { describe, expect, it } from "vitest";
import { Follower } from "./follow.svelte";

const event = (name: string, id: string, processed: number): ServerEvent => ({
  id,
  name,
  data: JSON.stringify({ processed_rows: processed }),
});

/** Plays one script after the other, one for each time that the stream is opened. */
function stage(...scripts: (ServerEvent | Error)[][]) {
  const asked: (string | undefined)[] = [];
  const seen: number[] = [];
  async function* open(_: string, signal: AbortSignal, lastId?: string) {
    asked.push(lastId);
    for (const step of scripts[asked.length - 1] ?? []) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (step instanceof Error) throw step;
      yield step;
    }
  }
  const follower = new Follower("7", (job: JobBrief) => seen.push(job.processed_rows), open, [0]);
  return { follower, asked, seen };
}

describe("following an upload", () => {
  it("hands on every move and stops at the end", async () => {
    const s = stage([event("progress", "a", 1), event("progress", "b", 2), event("end", "end", 3)]);
    await s.follower.run();
    expect(s.seen).toEqual([1, 2, 3]);
    expect(s.asked).toEqual([undefined]);
    expect(s.follower.live).toBe(false);
  });

  it("comes back where it broke off, with what it has seen", async () => {
    const broken = new Problem("offline", "gone", 0);
    const s = stage([event("progress", "a", 1), broken], [broken], [event("end", "end", 3)]);
    await s.follower.run();
    expect(s.seen).toEqual([1, 3]);
    expect(s.asked).toEqual([undefined, "a", "a"]);
  });

  it("comes back when the stream just ends", async () => {
    const s = stage([event("progress", "a", 1)], [event("end", "end", 2)]);
    await s.follower.run();
    expect(s.seen).toEqual([1, 2]);
  });

  it("gives up where nothing will come", async () => {
    for (const kind of ["not-found", "forbidden", "signed-out"] as const) {
      const s = stage([new Problem(kind, "no", 404)], [event("end", "end", 1)]);
      await s.follower.run();
      expect(s.asked).toHaveLength(1);
      expect(s.seen).toEqual([]);
    }
  });

  it("stops when it is told to", async () => {
    const s = stage([], [], []);
    const done = s.follower.run();
    s.follower.stop();
    await done;
    expect(s.asked.length).toBeLessThan(3);
  });
});
