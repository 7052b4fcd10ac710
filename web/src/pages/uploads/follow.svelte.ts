// Follows an upload as it goes: by server-sent events, and by asking now and then while these do not come.
import type { JobBrief, ServerEvent } from "$lib/api";
import { asProblem } from "$lib/api/problem";

/** Waits between tries to open the stream, in milliseconds; the last one is kept to. */
const WAITS = [500, 2_000, 5_000, 15_000];
/** No stream will come: signed out, not in sight, or gone. */
const FINAL = ["signed-out", "forbidden", "not-found"];

type Open = (path: string, signal: AbortSignal, lastId?: string) => AsyncIterable<ServerEvent>;

export class Follower {
  /** Whether events come in; while they do not, the screen asks by itself. */
  live = $state(false);
  #stop = new AbortController();

  constructor(
    private readonly id: string,
    private readonly onmove: (job: JobBrief) => void,
    private readonly open: Open,
    private readonly waits: readonly number[] = WAITS,
  ) {}

  stop(): void {
    this.#stop.abort();
    this.live = false;
  }

  /** Until the upload has ended or `stop` is called. */
  async run(): Promise<void> {
    let lastId: string | undefined;
    for (let tries = 0; !this.#stop.signal.aborted; tries++) {
      try {
        for await (const event of this.open(
          `/api/v1/predictions/jobs/${this.id}/events`,
          this.#stop.signal,
          lastId,
        )) {
          this.live = true;
          tries = 0;
          lastId = event.id;
          this.onmove(JSON.parse(event.data) as JobBrief);
          if (event.name === "end") return this.stop();
        }
        // Ended without an end: the server stops, or wants to know again who follows.
      } catch (thrown) {
        if (this.#stop.signal.aborted || FINAL.includes(asProblem(thrown).kind)) return this.stop();
      }
      this.live = false;
      await this.#pause(this.waits[Math.min(tries, this.waits.length - 1)] ?? 0);
    }
  }

  #pause(wait: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
