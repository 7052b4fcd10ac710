// Numbers and dates for people. Locale and time zone are the browser's; texts are the catalogue's.
import { t } from "$lib/texts";

const LOCALE = "en";
export const DASH = "–";

type Maybe<T> = T | null | undefined;

const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

export function count(n: Maybe<number>): string {
  return n === null || n === undefined || !Number.isFinite(n) ? DASH : integer.format(n);
}

/** Digits behind the point so that small probabilities keep two that tell something. */
function percentDigits(percent: number): number {
  const size = Math.abs(percent);
  if (size === 0 || size >= 10) return 1;
  if (size >= 0.1) return 2;
  return size >= 0.01 ? 3 : 4;
}

/** A probability (0 to 1) as percent: 2.34 %, 14.2 %, 0.043 %. */
export function probability(p: Maybe<number>): string {
  if (p === null || p === undefined || !Number.isFinite(p)) return DASH;
  const percent = p * 100;
  return `${percent.toFixed(percentDigits(percent))} %`;
}

/** A share (0 to 1) as whole percent; below one half percent "< 1 %", so that something is not shown as nothing. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return DASH;
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.5) return "< 1 %";
  return `${Math.round(percent)} %`;
}

/** A difference of probabilities in percentage points, with its sign: +0.42 pp. */
export function points(difference: Maybe<number>): string {
  if (difference === null || difference === undefined || !Number.isFinite(difference)) return DASH;
  const value = difference * 100;
  const text = Math.abs(value).toFixed(Math.abs(value) >= 10 ? 1 : 2);
  if (Number(text) === 0) return "±0.00 pp";
  return `${value > 0 ? "+" : "−"}${text} pp`;
}

/** Significant digits without exponent: 7.42, 123, 0.035. */
export function decimal(value: Maybe<number>, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2).replace("-", "−");
  const whole = Math.floor(Math.log10(size)) + 1;
  const fraction = Math.min(Math.max(digits - whole, 0), 6);
  const text = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: fraction }).format(value);
  return text.replace("-", "−");
}

/** A contribution in log-odds, with its sign. */
export function signed(value: Maybe<number>, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value > 0 ? "+" : "−"}${text}`;
}

/** A ratio with its unit: 12.4 %, 7.4 ×. */
export function ratio(name: string, value: Maybe<number>): string {
  const text = decimal(value);
  const unit = t.domain.ratios[name]?.unit;
  return text === DASH || !unit ? text : `${text} ${unit}`;
}

export function ratioName(name: string): string {
  return t.domain.ratios[name]?.name ?? name.replaceAll("_", " ");
}

/** An amount in millions: $850 m, $12.3 bn, $1.2 tn. */
export function millions(amount: Maybe<number>): string {
  if (amount === null || amount === undefined || !Number.isFinite(amount)) return DASH;
  const size = Math.abs(amount);
  if (size >= 1e6) return `$${decimal(amount / 1e6)} tn`;
  if (size >= 1e3) return `$${decimal(amount / 1e3)} bn`;
  return `$${decimal(amount)} m`;
}

export function bytes(size: Maybe<number>): string {
  if (size === null || size === undefined || !Number.isFinite(size)) return DASH;
  const units = ["B", "kB", "MB", "GB"];
  let value = size;
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${decimal(value)} ${units[step] ?? ""}`;
}

export function seconds(value: Maybe<number>): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  if (value < 0.95) return `${Math.round(value * 1000)} ms`;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${decimal(value / 3600, 2)} h`;
}

/** 1st, 2nd, 43rd … for percentiles. */
export function ordinal(n: number): string {
  const whole = Math.round(n);
  const rule = new Intl.PluralRules(LOCALE, { type: "ordinal" }).select(whole);
  return `${whole}${{ one: "st", two: "nd", few: "rd", other: "th", many: "th", zero: "th" }[rule]}`;
}

/** 2023 Q4, or 2023. */
export function period(year: string | number, quarter?: Maybe<string>): string {
  return quarter ? `${year} ${quarter}` : String(year);
}

/** The server's times are UTC; some older clients send them without a zone. */
export function parseTime(text: Maybe<string>): Date | null {
  if (!text) return null;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const date = new Date(zoned);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function date(text: Maybe<string>): string {
  const at = parseTime(text);
  return at ? new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" }).format(at) : DASH;
}

export function dateTime(text: Maybe<string>): string {
  const at = parseTime(text);
  if (!at) return DASH;
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 hours ago". */
export function ago(text: Maybe<string>, now: number = Date.now()): string {
  const at = parseTime(text);
  if (!at) return DASH;
  const passed = (at.getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(passed) >= size) return format.format(Math.trunc(passed / size), unit);
  }
  return format.format(0, "minute") === "this minute" ? "just now" : format.format(0, "minute");
}
