// A scale being edited: limits as percent in text, and back to what the API takes.
import type { NewGrade, ScaleView } from "$lib/api";
import { parseNumber } from "$lib/format/parse";
import { t } from "$lib/texts";

export interface Row {
  id: number;
  grade: string;
  /** In percent, as typed; the last row's counts for nothing. */
  limit: string;
}

export const MOST = 30;
let next = 0;
export const row = (grade = "", limit = ""): Row => ({ id: next++, grade, limit });

/** Percent without the noise that floating point brings along: 0.07 % is 0.0007, not 0.0007000000000000001. */
const tidy = (n: number) => Number(n.toPrecision(12));
export const percentOf = (p: number) => String(tidy(p * 100));

export const rowsOf = (scale: ScaleView): Row[] =>
  scale.grades.map((g) => row(g.grade, g.upper == null ? "" : percentOf(g.upper)));

function limitOf(text: string): number {
  const percent = parseNumber(text);
  return percent === null ? Number.NaN : tidy(percent / 100);
}

export function gradesOf(rows: Row[]): NewGrade[] {
  return rows.map(({ grade, limit }, i) => ({
    grade: grade.trim(),
    upper: i === rows.length - 1 ? null : limitOf(limit),
  }));
}

/** What is wrong, by the names that the server has for the fields too. */
export function check(rows: Row[]): Record<string, string> {
  const words = t.grades.errors;
  const errors: Record<string, string> = {};
  if (rows.length < 2) errors.grades = words.few;
  if (rows.length > MOST) errors.grades = words.many;
  const seen = new Set<string>();
  let before = 0;
  for (const [i, { grade, upper }] of gradesOf(rows).entries()) {
    const name = grade.toLowerCase();
    if (grade === "" || [...grade].length > 10) errors[`grades[${i}].grade`] = words.name;
    else if (seen.has(name)) errors[`grades[${i}].grade`] = words.twice(grade);
    seen.add(name);
    if (upper == null) continue;
    if (!(upper > before && upper < 1)) errors[`grades[${i}].upper`] = words.limit(grade || String(i + 1));
    else before = upper;
  }
  return errors;
}

/** Where a band lies on a scale of powers of ten from 0.01 % to 100 %, as shares of its width. */
export function span(lower: number, upper: number | null | undefined): { from: number; width: number } {
  const at = (p: number) => (Math.log10(Math.min(Math.max(p, 1e-4), 1)) + 4) / 4;
  const from = at(lower);
  return { from, width: Math.max(at(upper ?? 1) - from, 0.005) };
}

/** The version that the next one of this tenant's, or the platform's, scale is made from. */
export function lastOf(versions: ScaleView[], tenant: string | undefined): number {
  const own = versions.filter((v) => v.origin !== "built_in" && (v.tenant_id ?? undefined) === tenant);
  return Math.max(0, ...own.map((v) => v.version));
}
