// Server-sent events by fetch: the browser's EventSource sends no Authorization header.
import { raw } from "./client";
import { EventParser, type ServerEvent } from "./event-parser";

/** Hands out the events of a stream until it ends. `lastId` is the event that was received last. */
export async function* events(
  path: string,
  signal: AbortSignal,
  lastId?: string,
): AsyncGenerator<ServerEvent> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastId) headers["last-event-id"] = lastId;
  const response = await raw(path, { headers, signal });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
