// The design tokens as the colours that charts need, and what all charts have in common.
import type { EChartsCoreOption } from "echarts/core";

export type ChartOption = EChartsCoreOption;

const NAMES = [
  "text",
  "muted",
  "line",
  "surface",
  "surface-2",
  "accent",
  "risk-low",
  "risk-medium",
  "risk-high",
  "risk-critical",
  "risk-low-soft",
  "risk-medium-soft",
  "risk-high-soft",
  "risk-critical-soft",
] as const;
export type Palette = Record<(typeof NAMES)[number], string>;

/** Custom properties hold light and dark at once; only a real element's colour tells which is in force. */
export function palette(): Palette {
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Palette;
  probe.remove();
  return colours;
}

const FONT = "Inter Variable, system-ui, sans-serif";

/** Tooltips are drawn inside of the SVG: HTML ones would need inline styles, which the policy forbids. */
export function tooltip(c: Palette, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    renderMode: "richText",
    backgroundColor: c.surface,
    borderColor: c.line,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { color: c.text, fontFamily: FONT, fontSize: 12 },
    ...more,
  };
}

export const textStyle = (c: Palette) => ({ fontFamily: FONT, fontSize: 11, color: c.muted });

/** An axis without decoration. */
export function axis(c: Palette, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    axisLine: { lineStyle: { color: c.line } },
    axisTick: { show: false },
    axisLabel: { ...textStyle(c), hideOverlap: true },
    splitLine: { lineStyle: { color: c.line, width: 1 } },
    ...more,
  };
}

export const calm = {
  animation: false,
  grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
};
