// One typed client for the whole API. Types come from docs/openapi.json (`npm run api`).
import createClient from "openapi-fetch";
import { asProblem, problemOf } from "./problem";
import type { paths } from "./made/schema";
import * as tokens from "./tokens";

/** Operations that nobody has to be signed in for. */
const OPEN = /\/auth\/(login|register|refresh|forgot-password|reset-password)$/;

async function send(request: Request): Promise<Response> {
  if (OPEN.test(new URL(request.url).pathname)) return fetch(request);
  const again = request.clone();
  const token = await tokens.accessToken();
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(request);
  if (response.status !== 401 || !tokens.hasSession()) return response;
  // The token may have been revoked before its time: one new one, one more try.
  const renewed = await tokens.renew();
  if (!renewed) return response;
  again.headers.set("authorization", `Bearer ${renewed}`);
  return fetch(again);
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a success; anything else is thrown as a `Problem`. */
export async function ask<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw asProblem(thrown);
  }
  if (!answer.response.ok) throw problemOf(answer.response.status, answer.error, answer.response.headers);
  return answer.data as T;
}

/** A request to any path of the API, for what openapi-fetch does not do: files and streams. */
export async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await send(new Request(new URL(path, location.origin), init)).catch((thrown: unknown) => {
    throw asProblem(thrown);
  });
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw problemOf(response.status, body, response.headers);
}
