// Scales of small charts that need no library.

/** A number from one range into another, held inside of it. */
export function linear(
  from: readonly [number, number],
  to: readonly [number, number],
): (x: number) => number {
  const [a, b] = from;
  const [c, d] = to;
  return (x) => {
    if (!(b > a)) return (c + d) / 2;
    const share = Math.min(Math.max((x - a) / (b - a), 0), 1);
    return c + share * (d - c);
  };
}

/** The log-odds of a probability, held away from the ends. */
export function logit(p: number): number {
  const held = Math.min(Math.max(p, 1e-9), 1 - 1e-9);
  return Math.log(held / (1 - held));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export const LEVELS = ["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const;
export type Level = (typeof LEVELS)[number];

export function isLevel(text: string | null | undefined): text is Level {
  return LEVELS.includes(text as Level);
}

/** The points of a line through `values` in a box, as SVG wants them; nothing below two values. */
export function line(values: readonly number[], width: number, height: number, inset = 2): string {
  if (values.length < 2) return "";
  const x = linear([0, values.length - 1], [inset, width - inset]);
  const y = linear([Math.min(...values), Math.max(...values)], [height - inset, inset]);
  return values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}
