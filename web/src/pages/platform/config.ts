// The settings of scaling as a form: texts in, numbers out.
import type { ScalingConfig, ScalingConfigChange } from "$lib/api";
import { t } from "$lib/texts";

/** The settings in the order of the form, with the bounds that the server has for each. */
export const SETTINGS = [
  ["min_workers", 1, 1_000],
  ["max_workers", 1, 1_000],
  ["scale_up_threshold", 1, 1_000_000],
  ["scale_down_threshold", 0, 1_000_000],
  ["emergency_threshold", 1, 1_000_000],
  ["scale_up_cooldown", 0, 86_400],
  ["scale_down_cooldown", 0, 86_400],
] as const;
export type Setting = (typeof SETTINGS)[number][0];
export type Typed = Record<Setting, string>;

/** A whole number within bounds, or null. */
export function whole(text: string, least: number, most: number): number | null {
  if (!/^\s*\d{1,9}\s*$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

export function typedOf(config: ScalingConfig): Typed {
  return Object.fromEntries(SETTINGS.map(([name]) => [name, String(config[name])])) as Typed;
}

/** What is wrong, by setting; the server has the same rules. */
export function wrongIn(typed: Typed): Partial<Record<Setting, string>> {
  const errors: Partial<Record<Setting, string>> = {};
  for (const [name, least, most] of SETTINGS) {
    if (whole(typed[name], least, most) === null) errors[name] = t.platform.scaling.whole(least, most);
  }
  const rules = t.platform.scaling.rules;
  const value = (name: Setting) => Number(typed[name]);
  const broken = (name: Setting, other: Setting, is: boolean, text: string) => {
    if (is && !errors[name] && !errors[other]) errors[name] = text;
  };
  broken("max_workers", "min_workers", value("max_workers") < value("min_workers"), rules.max);
  const add = "scale_up_threshold" as const;
  broken("scale_down_threshold", add, value("scale_down_threshold") >= value(add), rules.down);
  broken("emergency_threshold", add, value("emergency_threshold") < value(add), rules.emergency);
  return errors;
}

/** What differs from the settings in force, with the version that it was made from; null where nothing does. */
export function changesOf(typed: Typed, config: ScalingConfig): ScalingConfigChange | null {
  const changed = SETTINGS.filter(([name]) => Number(typed[name]) !== config[name]);
  if (changed.length === 0) return null;
  return {
    ...Object.fromEntries(changed.map(([name]) => [name, Number(typed[name])])),
    expected_version: config.version,
  };
}

/** What a change did, in words, out of the two states that the audit log has. */
export function difference(before: unknown, after: unknown): string[] {
  const [was, is] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
  return SETTINGS.filter(([name]) => was?.[name] !== is?.[name]).map(([name]) =>
    t.platform.scaling.from(
      t.platform.scaling.fields[name]?.label ?? name,
      String(was?.[name] ?? "–"),
      String(is?.[name] ?? "–"),
    ),
  );
}
