import { readFile } from "node:fs/promises";
import { Api } from "./support/api";
import { annualFile, annualRow, unique } from "./support/files";
import { column, percent, tile } from "./support/screen";
import { expect, test } from "./support/test";

test(
  "the overview shows the figures of one's organization",
  { tag: "@postgres" },
  async ({ browse, world }) => {
    const page = await browse(world.lagoonAnalyst);
    await page.goto("/");
    await expect(page.getByText(world.lagoon.name)).toBeVisible();
    // The sample: 60 companies of 11 sectors, 240 annual rows.
    await expect(tile(page, "Rated companies")).toHaveText("60");
    await expect(tile(page, "Predictions")).toHaveText("240");
    await expect(tile(page, "Sectors")).toHaveText("11");
    await expect(page.getByText("240 annual, 0 quarterly")).toBeVisible();
    await expect(page.getByRole("link", { name: "portfolio_annual.csv" })).toBeVisible();
    await page.getByRole("link", { name: /^Rated companies/ }).click();
    await expect(page.getByRole("heading", { name: "Companies" })).toBeVisible();
    await expect(page.getByText("60 companies")).toBeVisible();
  },
);

test(
  "filters and order of the list stand in its address",
  { tag: "@postgres" },
  async ({ browse, world }) => {
    const page = await browse(world.lagoonAnalyst);
    await page.goto("/companies");
    const table = page.getByRole("table", { name: "Companies" });
    await expect(page.getByText("60 companies")).toBeVisible();
    const riskiest = (await column(table, "Probability")).map(percent);
    expect(riskiest).toHaveLength(50);
    expect(riskiest).toEqual([...riskiest].sort((a, b) => b - a));

    await table.getByRole("button", { name: "Probability" }).click();
    await expect(page).toHaveURL("/companies?sort=probability&order=asc");
    await expect(table.locator("[aria-sort]")).toHaveAttribute("aria-sort", "ascending");
    await page.getByLabel("Sector").fill("Energy");
    await expect(page).toHaveURL(/sector=Energy/);
    await page.getByLabel("Risk level").selectOption("LOW");
    await expect(page).toHaveURL("/companies?sort=probability&order=asc&sector=Energy&risk_level=LOW");
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    const names = await column(table, "Company");
    expect(new Set(await column(table, "Sector"))).toEqual(new Set(["Energy"]));
    expect(new Set(await column(table, "Risk level"))).toEqual(new Set(["Low"]));
    const safest = (await column(table, "Probability")).map(percent);
    expect(safest).toEqual([...safest].sort((a, b) => a - b));

    // A colleague who is given the address sees the same rows.
    const other = await browse(world.lagoonAnalyst);
    await other.goto(page.url());
    const there = other.getByRole("table", { name: "Companies" });
    await expect(there.getByRole("link")).toHaveCount(names.length);
    expect(await column(there, "Company")).toEqual(names);
    await other.getByRole("button", { name: "Clear filters" }).click();
    await expect(other.getByText("60 companies")).toBeVisible();
  },
);

test("pages of the list can be gone through and back", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/companies?size=25");
  const links = page.getByRole("table", { name: "Companies" }).getByRole("link");
  await expect(page.getByText("1–25 of 60")).toBeVisible();
  const first = await links.first().textContent();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page).toHaveURL("/companies?size=25&page=2");
  await expect(page.getByText("26–50 of 60")).toBeVisible();
  await expect(links.first()).not.toHaveText(first ?? "");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(links).toHaveCount(10);
  await expect(page.getByRole("button", { name: "Next" })).toBeDisabled();
  await page.goBack();
  await page.goBack();
  await expect(links.first()).toHaveText(first ?? "");
});

test("what the filters leave is downloaded", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/companies?risk_level=HIGH");
  const rows = page.getByRole("table", { name: "Companies" }).getByRole("link");
  await expect(rows.first()).toBeVisible();
  const shown = await rows.count();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "As CSV" }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toMatch(/\.csv$/);
  const lines = (await readFile(await file.path(), "utf8")).trim().split(/\r?\n/).slice(1);
  expect(lines).toHaveLength(shown);
  for (const line of lines) expect(line).toContain("HIGH");
});

test("a list without a match offers a way back", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/companies");
  await page.getByLabel("Symbol or name").fill("no such company");
  await expect(page.getByText("No company matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(page.getByText("60 companies")).toBeVisible();
});

test("a company's page shows any of its periods", { tag: "@postgres" }, async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/companies?search=WOBB.X");
  await page.getByRole("link", { name: /Wobblestone Petroleum/ }).click();
  await expect(page.getByRole("heading", { name: "Wobblestone Petroleum", level: 1 })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Ratios: 2022 Q4" })).toBeVisible();
  await expect(page.getByRole("img", { name: /by period/i }).first()).toBeVisible();

  const predictions = page.getByRole("table", { name: "Predictions" });
  expect(await column(predictions, "Period")).toEqual(["2022 Q4 shown", "2021 Q4", "2020 Q4", "2019 Q4"]);
  await predictions.getByRole("button", { name: "2020 Q4", exact: true }).click();
  await expect(page).toHaveURL(/prediction=/);
  await expect(page.getByRole("heading", { name: "Ratios: 2020 Q4" })).toBeVisible();
  // Of 2020 the return on assets is a gap in the file.
  const missing = page.getByRole("table", { name: "Ratios" }).getByRole("row", { name: /Return on assets/ });
  await expect(missing).toContainText("Missing");
  const [, , at2020] = await column(predictions, "Probability of default");
  await expect(page.locator(".figure").first()).toContainText(at2020 ?? "nothing");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Ratios: 2020 Q4" })).toBeVisible();
});

test("charts have their colours where less motion is preferred", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/");
  const marks = page.locator(".drawing svg [stroke], .drawing svg [fill]");
  const colours = () =>
    marks.evaluateAll((all) => all.map((m) => m.getAttribute("stroke") ?? m.getAttribute("fill")));
  await expect.poll(async () => new Set(await colours()).size).toBeGreaterThan(3);
});

test("an organization's administrator changes and deletes a company", async ({ browse, server, world }) => {
  const symbol = unique("GONE");
  const file = annualFile("gone.csv", [annualRow(symbol, "Soon Gone"), annualRow(symbol, "Soon Gone", 2024)]);
  await (await Api.as(server, world.analyst.email)).upload("annual", file.name, file.buffer.toString());
  const page = await browse(world.orgAdmin);
  await page.goto(`/companies?search=${symbol}`);
  await page.getByRole("link", { name: /Soon Gone/ }).click();
  const more = page.getByRole("button", { name: "More actions", exact: true });
  await more.click();
  await page.getByRole("menuitem", { name: "Edit company" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit company" });
  await dialog.getByLabel("Company").fill("Gone at last");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Gone at last", level: 1 })).toBeVisible();

  await more.click();
  await page.getByRole("menuitem", { name: "Delete company" }).click();
  const question = page.getByRole("dialog", { name: "Delete company?" });
  await expect(question).toContainText("Gone at last goes, with 2 predictions");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("heading", { name: "Gone at last", level: 1 })).toBeVisible();
  await more.click();
  await page.getByRole("menuitem", { name: "Delete company" }).click();
  await question.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Gone at last has been deleted.")).toBeVisible();
  await expect(page).toHaveURL("/companies");
  await page.getByLabel("Symbol or name").fill(symbol);
  await expect(page.getByText("No company matches")).toBeVisible();
});
