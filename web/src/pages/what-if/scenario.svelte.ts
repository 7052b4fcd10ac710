// A base and what is changed of it.
import type { RatioValues } from "$lib/api";
import { RATIOS, ratioOf, type Kind, type Prediction } from "$lib/score/ratios";

export type Value = number | "NM" | null;
export type Values = Record<string, Value>;

export interface Span {
  low: number;
  high: number;
  step: number;
}

/** A step of 1, 2 or 5 times a power of ten, about two hundred of them in the span. */
export function stepOf(low: number, high: number): number {
  const rough = Math.max(high - low, 1e-9) / 200;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * 0.999) ?? 10;
  return Number((factor * power).toPrecision(1));
}

/** Where most companies are. What the models were trained on reaches so far that a slider would jump. */
const USUAL: Record<string, readonly [number, number]> = {
  long_term_debt_to_total_capital: [0, 120],
  total_debt_to_ebitda: [0, 15],
  net_income_margin: [-40, 40],
  ebit_to_interest_expense: [-5, 25],
  return_on_assets: [-30, 30],
  sga_margin: [0, 80],
  return_on_capital: [-30, 40],
};

/** Where a slider runs: the usual range, widened to hold the base. */
export function spanOf(name: string, base: Value): Span {
  let [low, high] = USUAL[name] ?? [-100, 100];
  if (typeof base === "number") {
    low = Math.min(low, base);
    high = Math.max(high, base);
  }
  const step = stepOf(low, high);
  const round = (x: number) => Number(x.toPrecision(12));
  return { low: round(Math.floor(low / step) * step), high: round(Math.ceil(high / step) * step), step };
}

export class Scenario {
  kind = $state<Kind>("annual");
  base = $state<Values>({});
  changes = $state<Values>({});

  get names(): readonly string[] {
    return RATIOS[this.kind];
  }

  begin(prediction: Prediction, kind: Kind): void {
    const effects = prediction.explanation?.ratios ?? [];
    const base: Values = {};
    for (const name of RATIOS[kind]) {
      const nm = effects.some((e) => e.ratio === name && e.state === "not_meaningful");
      base[name] = ratioOf(prediction, name) ?? (nm ? "NM" : null);
    }
    this.kind = kind;
    this.base = base;
    this.changes = {};
  }

  set(name: string, value: number): void {
    if (value === this.base[name]) this.reset(name);
    else this.changes[name] = value;
  }

  reset(name?: string): void {
    if (name === undefined) this.changes = {};
    else this.changes = Object.fromEntries(Object.entries(this.changes).filter(([key]) => key !== name));
  }

  get changed(): boolean {
    return Object.keys(this.changes).length > 0;
  }

  now(name: string): Value {
    return name in this.changes ? (this.changes[name] ?? null) : (this.base[name] ?? null);
  }

  /** For the API: each ratio of the kind in the base, what is changed alone in the changes. */
  get request(): { kind: Kind; base: RatioValues; changes: RatioValues } {
    return { kind: this.kind, base: { ...this.base }, changes: { ...this.changes } };
  }
}
