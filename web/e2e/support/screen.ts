// Finding things on screens that have no role of their own.
import type { Locator, Page } from "@playwright/test";

/** The figure of a tile by its label. */
export const tile = (page: Page, label: string): Locator =>
  page.locator(".tile", { has: page.getByText(label, { exact: true }) }).locator(".value");

/** The cells of a column of a table, by its heading. */
export async function column(table: Locator, heading: string): Promise<string[]> {
  const headings = await table.getByRole("columnheader").allTextContents();
  const at = headings.findIndex((text) => text.replace(/[↑↓]/, "").trim() === heading);
  const rows = table.getByRole("row").filter({ has: table.page().getByRole("cell") });
  const cells = await rows.evaluateAll((all, i) => all.map((row) => row.children[i]?.textContent ?? ""), at);
  return cells.map((text) => text.trim());
}

/** What a person reads as "2.34 %", as 2.34. */
export const percent = (text: string): number => Number(/-?[\d.]+/.exec(text)?.[0] ?? Number.NaN);
