// What a portfolio file needs, looked at before it is sent. The server checks again, and everything else.
import { RATIOS, type Kind } from "$lib/score/ratios";

/** The columns of a kind, in the order of the template. */
export function columnsOf(kind: Kind): { needed: string[]; optional: string[] } {
  const needed = ["company_symbol", "company_name", "sector", "reporting_year"];
  if (kind === "quarterly") needed.push("reporting_quarter");
  const optional = kind === "annual" ? ["market_cap", "reporting_quarter"] : ["market_cap"];
  return { needed: [...needed, ...RATIOS[kind]], optional };
}

export function template(kind: Kind): string {
  const { needed, optional } = columnsOf(kind);
  return `${[...needed.slice(0, 4), ...optional, ...needed.slice(4)].join(",")}\n`;
}

/** What the server adds to a file of refused rows; it passes over both when the file comes back. */
export const REFUSAL = ["refused_row", "refused_because"];

/** The names in the first line of a CSV text, as the server reads them: trimmed, in lower case, without quotes. */
export function headerOf(text: string): string[] {
  const line = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0] ?? "";
  return line.split(",").map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim()
      .toLowerCase(),
  );
}

export interface ColumnCheck {
  missing: string[];
  twice: string[];
  /** Not read by the server. */
  ignored: string[];
  /** Whether this is a file of refused rows that was downloaded here. */
  mended: boolean;
  /** The other kind, where the file has all of its columns and not all of this one. */
  otherKind: Kind | null;
}

export function check(kind: Kind, header: string[]): ColumnCheck {
  const { needed, optional } = columnsOf(kind);
  const lacking = missing(kind, header);
  const other: Kind = kind === "annual" ? "quarterly" : "annual";
  const known = new Set([...needed, ...optional, ...REFUSAL]);
  return {
    missing: lacking,
    twice: needed.filter((name) => header.indexOf(name) !== header.lastIndexOf(name)),
    ignored: header.filter((name) => name !== "" && !known.has(name)),
    mended: header.includes("refused_because"),
    otherKind: lacking.length > 0 && missing(other, header).length === 0 ? other : null,
  };
}

export function missing(kind: Kind, header: string[]): string[] {
  return columnsOf(kind).needed.filter((name) => !header.includes(name));
}
