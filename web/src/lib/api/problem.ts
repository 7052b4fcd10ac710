// What goes wrong when asking the server, as one type that screens can show.
import { t } from "$lib/texts";

export type ProblemKind =
  | "offline"
  | "signed-out"
  | "forbidden"
  | "not-found"
  | "invalid"
  | "refused"
  | "conflict"
  | "too-large"
  | "too-often"
  | "unavailable"
  | "failed";

export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly kind: ProblemKind,
    message: string,
    /** 0 when no answer came. */
    readonly status: number,
    /** What is wrong by field, as the server names the fields. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** Seconds until another try makes sense. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request may well succeed later. */
  get passing(): boolean {
    return ["offline", "too-often", "unavailable", "failed"].includes(this.kind);
  }
}

const KINDS: Record<number, ProblemKind> = {
  400: "refused",
  401: "signed-out",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  413: "too-large",
  422: "invalid",
  429: "too-often",
  503: "unavailable",
  504: "unavailable",
};

function kindOf(status: number): ProblemKind {
  return KINDS[status] ?? (status >= 400 && status < 500 ? "refused" : "failed");
}

type Body = Record<string, unknown>;

function fieldsOf(body: Body): Record<string, string> {
  const fields: Record<string, string> = {};
  if (!Array.isArray(body.errors)) return fields;
  for (const entry of body.errors as Body[]) {
    const { field, message } = entry ?? {};
    if (typeof field === "string" && typeof message === "string") fields[field] ??= message;
  }
  return fields;
}

function secondsOf(body: Body, headers: Headers): number | null {
  const said = body.retry_after ?? headers.get("retry-after");
  const seconds = said === null || said === "" ? Number.NaN : Number(said);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : null;
}

/** Reads an answer that is not a success. `body` is what came, parsed where it was JSON. */
export function problemOf(status: number, body: unknown, headers: Headers = new Headers()): Problem {
  const kind = kindOf(status);
  const known: Body = typeof body === "object" && body !== null ? (body as Body) : {};
  const said = [known.detail, known.message].find((text) => typeof text === "string" && text !== "");
  const retryAfter = secondsOf(known, headers);
  if (kind === "too-often") return new Problem(kind, t.problems.tooOften(retryAfter), status, {}, retryAfter);
  if (kind === "failed") return new Problem(kind, t.problems.failed, status);
  const text = (said as string | undefined) ?? t.problems.byStatus(status);
  return new Problem(kind, text, status, fieldsOf(known), retryAfter);
}

/** Whatever was thrown, as a problem. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) return new Problem("offline", t.problems.offline, 0);
  return new Problem("failed", t.problems.failed, 0);
}
