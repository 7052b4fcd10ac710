// What each role finds, and what is kept from it.
import { routes } from "../src/routes";
import { annualFile, annualRow, unique } from "./support/files";
import { column, tile } from "./support/screen";
import { expect, test } from "./support/test";
import { makePerson, type World } from "./support/world";

type Name = "personal" | "analyst" | "orgAdmin" | "tenantAdmin" | "platformAdmin";
const ROLES: { role: string; who: Name; title: string }[] = [
  { role: "user", who: "personal", title: "Personal account" },
  { role: "org_member", who: "analyst", title: "Analyst" },
  { role: "org_admin", who: "orgAdmin", title: "Organization administrator" },
  { role: "tenant_admin", who: "tenantAdmin", title: "Tenant administrator" },
  { role: "super_admin", who: "platformAdmin", title: "Platform administrator" },
];
const person = (world: World, who: Name) => world[who];

for (const [rank, { role, who, title }] of ROLES.entries()) {
  test(`${role}: what the navigation offers is open, what it does not offer is not`, async ({
    browse,
    world,
  }) => {
    const page = await browse(person(world, who));
    await page.goto("/settings");
    await expect(page.getByRole("definition").first()).toHaveText(title);
    const nav = page.getByRole("navigation", { name: "Main" });
    for (const name of [
      "Overview",
      "Companies",
      "Score a company",
      "What-if",
      "Portfolio upload",
      "Settings",
    ])
      await expect(nav.getByRole("link", { name, exact: true })).toBeVisible();

    const offered = await nav
      .getByRole("link")
      .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    const closed = routes.filter((route) => ROLES.findIndex((r) => r.role === route.least) > rank);
    for (const route of closed.filter((r) => !r.path.includes(":"))) {
      expect(offered).not.toContain(route.path);
      await page.goto(route.path);
      await expect(page.getByText("Not open to you").last()).toBeVisible();
    }
    for (const href of offered.filter((path) => path !== "/docs")) {
      await nav.locator(`a[href="${href}"]`).click();
      await expect(page.getByRole("main").getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.getByText("Not open to you")).toHaveCount(0);
      await expect(page.getByText("There is nothing here")).toHaveCount(0);
    }
  });
}

test("user: begins with nothing, uploads for themselves, and nobody else sees it", async ({
  browse,
  world,
}) => {
  const somebody = await makePerson(world.api, "user");
  const symbol = unique("MINE");
  const page = await browse(somebody);
  await page.goto("/");
  await expect(page.getByText("Nothing has been scored yet").first()).toBeVisible();
  await page.getByRole("link", { name: "Upload a portfolio" }).click();
  await page
    .locator("input[type=file]")
    .setInputFiles(annualFile("mine.csv", [annualRow(symbol, "Mine Alone")]));
  await page.getByRole("button", { name: "Upload and score" }).click();
  await expect(tile(page, "Stored")).toHaveText("1");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  await expect(tile(page, "Rated companies")).toHaveText("1");
  await page.getByRole("link", { name: /^Rated companies/ }).click();
  await page.getByRole("link", { name: /Mine Alone/ }).click();
  await expect(page.getByText("Personal", { exact: true })).toBeVisible();

  const other = await browse(world.analyst);
  await other.goto(`/companies?search=${symbol}`);
  await expect(other.getByText("No company matches")).toBeVisible();
});

test("tenant_admin: sees the portfolios of both organizations", async ({ browse, world }) => {
  const page = await browse(world.tenantAdmin);
  await page.goto("/companies?search=WOBB.X&access_level=organization");
  await expect(page.getByRole("link", { name: /Wobblestone Petroleum/ })).toHaveCount(2);
  await page.goto("/");
  await expect(page.getByRole("group", { name: "Portfolio" }).getByLabel("Tenant")).toBeChecked();
  await expect(tile(page, "Sectors")).toHaveText(/1[1-9]/);
});

test("super_admin: sees the system's portfolio, which organizations do not", async ({ browse, world }) => {
  const page = await browse(world.platformAdmin);
  await page.goto("/companies?search=WOBB.X&access_level=system");
  await page.getByRole("link", { name: /Wobblestone Petroleum/ }).click();
  await expect(page.getByText("System", { exact: true })).toBeVisible();
  const predictions = page.getByRole("table", { name: "Predictions" });
  await expect(predictions).toBeVisible();
  expect(await column(predictions, "Period")).toEqual(["2023 Q2 shown", "2023 Q1"]);

  const analyst = await browse(world.analyst);
  await analyst.goto("/companies?search=WOBB.X&access_level=system");
  await expect(analyst.getByText("No company matches")).toBeVisible();
});
