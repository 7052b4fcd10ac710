// What the platform's administrators look after.
import { readFile } from "node:fs/promises";
import { tile } from "./support/screen";
import { expect, test } from "./support/test";

test("super_admin: sees queue, workers and dead jobs", async ({ browse, world }) => {
  const page = await browse(world.platformAdmin);
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Platform" }).click();
  await expect(tile(page, "Waiting jobs")).toHaveText(/^\d+$/);
  await expect(tile(page, "Dead jobs")).toHaveText("0");
  const lanes = page.getByRole("table", { name: "Lanes" });
  for (const lane of ["High priority", "Medium priority", "Low priority"])
    await expect(lanes).toContainText(lane);
  await expect(page.getByRole("table", { name: "Workers" }).getByRole("row")).toHaveCount(2);
  await expect(page.getByText("No job has died")).toBeVisible();
  await page.getByRole("link", { name: "Health" }).click();
  await expect(page.getByText("Everything works")).toBeVisible();
});

test("super_admin: sees the models in use and their cards", async ({ browse, world }) => {
  const page = await browse(world.platformAdmin);
  await page.goto("/models");
  await expect(page.getByRole("heading", { name: "Annual statements" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Quarterly statements" })).toBeVisible();
  const all = page.getByRole("table", { name: "All models" });
  await expect(all.getByText("In use")).toHaveCount(2);
  await all.getByRole("link").first().click();
  await expect(page.getByText("SHA-256 of its files")).toBeVisible();
});

test("analyst: reads models, and may not change which are in use", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/models");
  await expect(page.getByRole("table", { name: "All models" }).getByText("In use")).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Import a model" })).toHaveCount(0);
});

test("super_admin: has the audit log checked and downloads a part of it", async ({ browse, world }) => {
  const page = await browse(world.platformAdmin);
  await page.goto("/admin/audit?action=tenant.");
  const table = page.getByRole("table", { name: "Audit log" });
  await expect(table).toContainText("Tenant made");
  await page.getByRole("button", { name: "Check" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("status")).toContainText(/intact/i);
  await dialog.getByRole("button", { name: "Close" }).click();

  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "As CSV" }).click();
  const file = await coming;
  const [header, ...lines] = (await readFile(await file.path(), "utf8")).trim().split(/\r?\n/);
  expect(header).toContain("hash");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toContain("tenant.");
});
