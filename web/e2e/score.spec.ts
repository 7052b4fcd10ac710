import { Api } from "./support/api";
import { unique } from "./support/files";
import { column, percent } from "./support/screen";
import { expect, test } from "./support/test";

test(
  "the probability moves while one types, and is what gets saved",
  { tag: "@postgres" },
  async ({ browse, world }) => {
    const symbol = unique("LIVE");
    const page = await browse(world.analyst);
    await page.goto("/score");
    const live = page.getByRole("complementary", { name: "Probability of default" });
    await expect(live).toContainText("Enter ratios to see a probability.");
    const ratio = (name: string) => page.getByLabel(name, { exact: true });
    await ratio("Long-term debt / total capital").fill("20");
    await ratio("Total debt / EBITDA").fill("1.5");
    await ratio("Net income margin").fill("12");
    await ratio("EBIT / interest expense").fill("15");
    await ratio("Return on assets").fill("9");
    const figure = live.locator(".figure");
    await expect(figure).toContainText("Low");
    const sound = percent(await figure.innerText());

    await ratio("Return on assets").fill("-25");
    await expect.poll(async () => percent(await figure.innerText())).toBeGreaterThan(sound * 1.5);
    await page
      .getByRole("group", { name: /^Total debt \/ EBITDA: / })
      .getByText("Not meaningful", { exact: true })
      .click();
    await expect(ratio("Total debt / EBITDA")).toBeDisabled();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);

    // Without the company it is not saved; what is missing is said where it is missing.
    await page.getByRole("button", { name: "Save prediction" }).click();
    await expect(page.getByText("Enter the company's symbol, at most 20 characters.")).toBeVisible();
    await expect(page.getByLabel("Symbol")).toBeFocused();
    await page.getByLabel("Symbol").fill(symbol);
    await page.getByLabel("Company", { exact: true }).fill("Live Typing");
    await page.getByLabel("Sector").fill("Utilities");
    await page.getByLabel(/^Market capitalization/).fill("850");
    await page.getByLabel("Year").fill("2024");
    const shown = (await figure.innerText()).split("%")[0]?.trim() ?? "";
    await page.getByRole("button", { name: "Save prediction" }).click();

    await expect(page.getByText("The prediction for Live Typing, 2024, has been saved.")).toBeVisible();
    await expect(page.getByRole("heading", { name: "Live Typing", level: 1 })).toBeVisible();
    await expect(page.locator(".figure").first()).toContainText(`${shown} %`);
    const ebitda = page
      .getByRole("table", { name: "Ratios" })
      .getByRole("row", { name: /Total debt \/ EBITDA/ });
    await expect(ebitda).toContainText("Not meaningful");
  },
);

test("on a phone the probability stays in sight while one types", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/score");
  const bar = page.locator(".at-hand");
  await page.getByLabel("Long-term debt / total capital", { exact: true }).fill("20");
  await page.getByLabel("Return on assets", { exact: true }).fill("-25");
  const figure = page.locator(".live .figure");
  await expect(figure).toContainText("%");
  await expect(bar).toBeHidden();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByLabel("Return on assets", { exact: true }).fill("-20");
  await expect(bar).toBeInViewport();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect
    .poll(async () => percent(await bar.innerText()) === percent(await figure.innerText()))
    .toBe(true);
});

test("a prediction that is changed keeps its earlier version", async ({ browse, server, world }) => {
  const symbol = unique("EDIT");
  const api = await Api.as(server, world.analyst.email);
  const { prediction } = await api.post("/predictions/quarterly", {
    company_symbol: symbol,
    company_name: "Edited Twice",
    market_cap: 500,
    sector: "Materials",
    reporting_year: "2024",
    reporting_quarter: "Q2",
    total_debt_to_ebitda: 2,
    sga_margin: 15,
    long_term_debt_to_total_capital: 30,
    return_on_capital: 10,
  });
  const page = await browse(world.analyst);
  await page.goto(`/companies/${prediction.company_id}`);
  const predictions = page.getByRole("table", { name: "Predictions" });
  await predictions.getByRole("button", { name: "More actions: 2024 Q2" }).click();
  await page.getByRole("menuitem", { name: "Edit", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Change a prediction" })).toBeVisible();
  await expect(page.getByLabel("Symbol")).toHaveValue(symbol);
  await page.getByLabel("Return on capital", { exact: true }).fill("-30");
  await page.getByRole("button", { name: "Save as a new version" }).click();
  await expect(page.getByText("The prediction for Edited Twice, 2024 Q2, has been saved.")).toBeVisible();

  await predictions.getByRole("button", { name: "More actions: 2024 Q2" }).click();
  await page.getByRole("menuitem", { name: "All versions" }).click();
  const versions = page.getByRole("dialog").getByRole("table", { name: "All versions" });
  await expect(versions.getByRole("row")).toHaveCount(3);
  const [second, first] = (await column(versions, "Probability of default")).map(percent);
  expect(await column(versions, "Version")).toEqual([expect.stringMatching(/^2\s*current$/), "1"]);
  expect(second).toBeGreaterThan(first ?? Number.NaN);
});

test("what-if compares a scenario with the base and stores nothing", async ({ browse, server, world }) => {
  const api = await Api.as(server, world.lagoonAnalyst.email);
  const before = (await api.get("/predictions/annual?size=1")).total;
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/what-if");
  await page.getByLabel("Symbol or name").fill("wobb");
  await page.getByRole("link", { name: /Wobblestone Petroleum/ }).click();
  await expect(page.getByText("Wobblestone Petroleum, 2022 Q4")).toBeVisible();
  const [base, scenario] = [page.locator(".figure").nth(0), page.locator(".figure").nth(1)];
  await expect(base).toHaveText(/%/);
  const was = await base.innerText();
  await expect(scenario).toHaveText(was);
  await expect(page.getByText("Nothing has been changed yet.")).toBeVisible();

  await page.getByRole("slider", { name: "EBIT / interest expense" }).press("Home");
  await expect(scenario).not.toHaveText(was);
  await expect(base).toHaveText(was);
  expect(percent(await scenario.innerText())).toBeGreaterThan(percent(was));
  await page.getByRole("button", { name: "Reset all" }).click();
  await expect(scenario).toHaveText(was);

  // What would lift the riskiest by one grade: one ratio alone, taken over by a click.
  await page.getByRole("button", { name: "Begin with a company" }).click();
  await page.getByRole("main").getByRole("listitem").getByRole("link").first().click();
  await expect(scenario).toHaveText(await base.innerText());
  const wanted = await page.getByLabel("Reach", { exact: true }).locator("option:checked").innerText();
  await page
    .getByRole("table", { name: /What would reach/ })
    .getByRole("button", { name: /^Apply/ })
    .first()
    .click();
  await expect(page.locator(".figure + .row").nth(1)).toContainText(wanted.replace("Grade ", ""));
  expect((await api.get("/predictions/annual?size=1")).total).toBe(before);
});
