// What the audit log's screen makes of entries and filters.
import type { AuditEntry } from "$lib/api";
import { DASH } from "$lib/format";
import { t } from "$lib/texts";

export const NAMES = ["actor_email", "action", "outcome", "from", "to", "target_id", "tenant_id"] as const;
type Filters = Partial<Record<(typeof NAMES)[number], string>>;

/** The first moment of a day of the calendar, or of one some days later, in the browser's time zone. */
function startOf(day: string | undefined, later = 0): string | undefined {
  const [year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)$/
      .exec(day ?? "")
      ?.slice(1)
      .map(Number) ?? [];
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const moment = new Date(year, month - 1, date + later);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

/** The request's filters: days as moments, the last one whole. */
export function asked(filters: Filters) {
  return { ...filters, from: startOf(filters.from), to: startOf(filters.to, 1) };
}

export const actionName = (action: string) => t.auditLog.actions[action] ?? action;
export const outcomeName = (outcome: string) =>
  outcome === "done" ? t.auditLog.done : outcome === "denied" ? t.auditLog.denied : outcome;

export const keyOf = (entry: AuditEntry) => `${entry.tenant_id ?? ""}/${entry.seq}`;

type State = Record<string, unknown>;
const stateOf = (value: unknown): State =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as State) : {};

/** A name for what an entry is about, if its contents have one. */
export function targetName(entry: AuditEntry): string | null {
  for (const state of [stateOf(entry.after), stateOf(entry.before)])
    for (const field of ["name", "email", "full_name", "symbol", "original_filename", "company_symbol"]) {
      const value = state[field];
      if (typeof value === "string" && value !== "") return value;
    }
  return null;
}

export interface Change {
  field: string;
  before: string;
  after: string;
  changed: boolean;
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return DASH;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Field by field what an entry says: before, after, and whether they differ. Changes come first. */
export function changesOf(entry: AuditEntry): Change[] {
  const before = stateOf(entry.before);
  const after = stateOf(entry.after);
  const both = entry.before != null && entry.after != null;
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = fields.map((field) => {
    const [was, is] = [shown(before[field]), shown(after[field])];
    return { field, before: was, after: is, changed: both && was !== is };
  });
  return changes.sort((a, b) => Number(b.changed) - Number(a.changed));
}
