// What is typed on the screen for one score, and what the API is sent for it.
import { RATIOS, ratioOf, type Kind, type Prediction } from "$lib/score/ratios";
import { parseNumber } from "$lib/format/parse";
import { t } from "$lib/texts";

export type RatioState = "value" | "missing" | "nm";
export type RatioInput = number | "NM" | null;

export interface Typed {
  state: RatioState;
  text: string;
}

const YEAR = /^\d{4}$/;

export class ScoreForm {
  kind = $state<Kind>("annual");
  symbol = $state("");
  name = $state("");
  sector = $state("");
  cap = $state("");
  year = $state(String(new Date().getFullYear() - 1));
  quarter = $state("");
  ratios = $state<Record<string, Typed>>({});

  constructor() {
    const all = new Set<string>([...RATIOS.annual, ...RATIOS.quarterly]);
    for (const name of all) this.ratios[name] = { state: "value", text: "" };
  }

  get names(): readonly string[] {
    return RATIOS[this.kind];
  }

  /** Takes over the company and the ratios of a prediction. */
  fill(prediction: Prediction, kind: Kind): void {
    this.kind = kind;
    this.symbol = prediction.company_symbol;
    this.name = prediction.company_name;
    this.sector = prediction.sector;
    this.cap = prediction.market_cap?.toString() ?? "";
    this.year = prediction.reporting_year;
    this.quarter = prediction.reporting_quarter ?? "";
    const effects = prediction.explanation?.ratios ?? [];
    for (const name of RATIOS[kind]) {
      const value = ratioOf(prediction, name);
      const nm = effects.some((e) => e.ratio === name && e.state === "not_meaningful");
      if (value !== null) this.ratios[name] = { state: "value", text: String(value) };
      else this.ratios[name] = { state: nm ? "nm" : "missing", text: "" };
    }
  }

  /** Whether anything has been said about any ratio. */
  get begun(): boolean {
    return this.names.some((name) => {
      const typed = this.ratios[name];
      return typed !== undefined && (typed.state !== "value" || typed.text.trim() !== "");
    });
  }

  /** The ratios for the API; a value that is not there yet is missing. Null when something is no number. */
  get values(): Record<string, RatioInput> | null {
    const values: Record<string, RatioInput> = {};
    for (const name of this.names) {
      const typed = this.ratios[name];
      if (!typed || typed.state === "missing" || (typed.state === "value" && typed.text.trim() === "")) {
        values[name] = null;
      } else if (typed.state === "nm") values[name] = "NM";
      else {
        const value = parseNumber(typed.text);
        if (value === null) return null;
        values[name] = value;
      }
    }
    return values;
  }

  ratioErrors(): Record<string, string> {
    const errors: Record<string, string> = {};
    for (const name of this.names) {
      const typed = this.ratios[name];
      if (typed?.state === "value" && typed.text.trim() !== "" && parseNumber(typed.text) === null) {
        errors[name] = t.score.errors.ratio;
      }
    }
    return errors;
  }

  check(): Record<string, string | null> {
    const cap = parseNumber(this.cap);
    return {
      company_symbol: this.symbol.trim() ? null : t.score.errors.symbol,
      company_name: this.name.trim() ? null : t.score.errors.name,
      sector: this.sector.trim() ? null : t.score.errors.sector,
      market_cap: cap !== null && cap > 0 ? null : t.score.errors.marketCap,
      reporting_year: YEAR.test(this.year.trim()) ? null : t.score.errors.year,
      reporting_quarter: this.kind === "annual" || this.quarter ? null : t.common.required,
      ...this.ratioErrors(),
    };
  }

  get head() {
    return {
      company_symbol: this.symbol.trim(),
      company_name: this.name.trim(),
      sector: this.sector.trim(),
      market_cap: parseNumber(this.cap) ?? 0,
      reporting_year: this.year.trim(),
    };
  }
}
