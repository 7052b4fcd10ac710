// What was seen of the queue while somebody looked: the server keeps no history of it.
import type { QueueState } from "$lib/api";

export interface Sample {
  at: number;
  waiting: number;
  rowsPerSecond: number;
}

/** Twenty minutes at a look every five seconds. */
const MOST = 240;

export function sampleOf(state: QueueState): Sample {
  const sum = (pick: (lane: QueueState["lanes"][number]) => number) =>
    state.lanes.reduce((all, lane) => all + pick(lane), 0);
  return {
    at: Date.parse(state.timestamp),
    waiting: sum((lane) => lane.ready),
    rowsPerSecond: sum((lane) => lane.rows_last_5_minutes) / 300,
  };
}

/** With one more, each moment once, the oldest gone. */
export function added(samples: readonly Sample[], sample: Sample, most = MOST): Sample[] {
  if (samples.some((known) => known.at === sample.at)) return [...samples];
  return [...samples, sample].slice(-most);
}

class Samples {
  all = $state.raw<Sample[]>([]);
  add(state: QueueState): void {
    this.all = added(this.all, sampleOf(state));
  }
}

/** Kept while the application is open, so that other tabs of the screen do not lose it. */
export const samples = new Samples();
