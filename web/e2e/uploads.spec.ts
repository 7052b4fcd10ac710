import { readFile } from "node:fs/promises";
import { annualFile, annualRow, unique, workbook } from "./support/files";
import { column, tile } from "./support/screen";
import { expect, test } from "./support/test";

test(
  "a portfolio is uploaded and scored; refused rows are named",
  { tag: "@postgres" },
  async ({ browse, world }) => {
    const symbol = unique("UP");
    const page = await browse(world.analyst);
    await page.goto("/uploads");
    await page
      .locator("input[type=file]")
      .setInputFiles(
        annualFile("three good, two bad.csv", [
          annualRow(`${symbol}A`, "Uploaded First"),
          annualRow(`${symbol}A`, "Uploaded First", 2024),
          annualRow(`${symbol}B`, "Uploaded Second").replace("25,1.5", "lots,1.5"),
          annualRow(`${symbol}C`, "Uploaded Third"),
          annualRow(`${symbol}D`, "Uploaded Fourth", 12),
        ]),
      );
    await expect(page.getByText("All columns that are needed are there.")).toBeVisible();
    await page.getByRole("button", { name: "Upload and score" }).click();
    await expect(page.getByRole("heading", { name: "three good, two bad.csv" })).toBeVisible();
    await expect(tile(page, "Stored")).toHaveText("3");
    await expect(tile(page, "Refused")).toHaveText("2");
    await expect(page.getByText("Completed")).toBeVisible();

    // Rows are counted as a spreadsheet does: the header is the first.
    const refused = page.getByRole("table", { name: "Refused rows" });
    expect(await column(refused, "Row")).toEqual(["4", "6"]);
    await expect(refused).toContainText("'lots' is not a number");
    await expect(refused).toContainText("'12' is not a year");

    const download = async (name: string) => {
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download" }).click();
      await page.getByRole("menuitem", { name }).click();
      return (await readFile(await (await coming).path(), "utf8")).trim().split(/\r?\n/);
    };
    const results = await download("Results as CSV");
    expect(results).toHaveLength(4);
    for (const line of results.slice(1)) expect(line).toMatch(/Uploaded (First|Third)/);
    const mend = await download("Refused rows as CSV");
    expect(mend).toHaveLength(3);
    expect(mend[0]).toMatch(/refused_row,refused_because$/);

    await page.getByRole("link", { name: "All uploads" }).click();
    const row = page
      .getByRole("table", { name: "Uploads" })
      .getByRole("row", { name: /three good/ })
      .first();
    await expect(row).toContainText("3 / 5");
    await page.goto(`/companies?search=${symbol}`);
    await expect(page.getByText("2 companies")).toBeVisible();
  },
);

test("what cannot be scored is refused before it is sent", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/uploads");
  const choose = page.locator("input[type=file]");
  const send = page.getByRole("button", { name: "Upload and score" });
  const file = annualFile("short.csv", [annualRow("A", "A")]);
  const text = file.buffer.toString().replace("sector,", "branch,");
  await choose.setInputFiles({ ...file, buffer: Buffer.from(text) });
  await expect(page.getByRole("alert")).toContainText(/missing.*sector/);
  await expect(send).toBeDisabled();
  await choose.setInputFiles({
    name: "old.xls",
    mimeType: "application/vnd.ms-excel",
    buffer: Buffer.from("x"),
  });
  await expect(page.getByRole("alert")).toContainText("Save the file as XLSX");
  await expect(send).toBeDisabled();
  await choose.setInputFiles(file);
  await expect(send).toBeEnabled();
});

test("a file that the server refuses is said to be so, and another can be chosen", async ({
  browse,
  world,
}) => {
  const page = await browse(world.analyst);
  await page.goto("/uploads");
  const choose = page.locator("input[type=file]");
  await choose.setInputFiles({
    name: "not a workbook.xlsx",
    mimeType: "",
    buffer: Buffer.from("no zip at all"),
  });
  await page.getByRole("button", { name: "Upload and score" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL("/uploads");
  await choose.setInputFiles(annualFile("a workbook.csv", [annualRow(unique("AGAIN"), "Second Try")]));
  await page.getByRole("button", { name: "Upload and score" }).click();
  await expect(tile(page, "Stored")).toHaveText("1");
});

test("two people of one organization see the same upload, others do not", async ({ browse, world }) => {
  const name = `${unique("shared")}.csv`;
  const [page, colleague, outsider] = [
    await browse(world.analyst),
    await browse(world.orgAdmin),
    await browse(world.lagoonAnalyst),
  ];
  await page.goto("/uploads");
  await page
    .locator("input[type=file]")
    .setInputFiles(annualFile(name, [annualRow(unique("SHARED"), "Seen By Two")]));
  await page.getByRole("button", { name: "Upload and score" }).click();
  await expect(tile(page, "Stored")).toHaveText("1");
  await colleague.goto("/uploads");
  await colleague.getByRole("link", { name }).click();
  await expect(colleague).toHaveURL(page.url());
  await expect(tile(colleague, "Stored")).toHaveText("1");
  await outsider.goto(page.url());
  await expect(outsider.getByText("There is nothing here").last()).toBeVisible();
});

test("a workbook as customers send them is scored", async ({ browse, world }) => {
  test.skip(!workbook, "there is no such workbook beside the project");
  const page = await browse(world.personal);
  await page.goto("/uploads");
  await page.locator("input[type=file]").setInputFiles(workbook ?? "");
  await page.getByRole("button", { name: "Upload and score" }).click();
  await expect(tile(page, "Stored")).not.toHaveText("0", { timeout: 30_000 });
  await expect(page.getByText("Completed")).toBeVisible();
});
