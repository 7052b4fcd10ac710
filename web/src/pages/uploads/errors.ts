// Refused rows: what to show of their cells, and as a file.
import type { RowError } from "$lib/api";

/** The cells that the message is about, else those that tell which row it is. */
export function cellsOf(error: RowError): [string, string][] {
  const cells = Object.entries(error.data ?? {}) as [string, string][];
  const named = cells.filter(([name]) => error.error.includes(name));
  const telling = cells.filter(([name]) => ["company_symbol", "reporting_year"].includes(name));
  return (named.length > 0 ? named : telling).filter(([, value]) => value !== "").slice(0, 3);
}

/** A cell as CSV. What a spreadsheet would take for a formula gets a quote before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function listOf(errors: RowError[]): string {
  const lines = errors.map((error) => `${error.row},${cell(error.error)}`);
  return ["row,error", ...lines, ""].join("\r\n");
}
