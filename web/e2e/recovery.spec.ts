// Servers come and go; the pages go on by themselves.
import { annualFile, annualRow } from "./support/files";
import { Server } from "./support/server";
import { tile } from "./support/screen";
import { expect, signIn, test } from "./support/test";
import { makeOrganization, makePerson } from "./support/world";
import { Api } from "./support/api";

test("an upload that a restart interrupts is finished, and every page that shows it goes on", async ({
  browser,
}) => {
  // A server whose workers sleep, so that the restart surely comes before the end.
  const server = await Server.start("sqlite", { workers: false });
  const context = await browser.newContext({ baseURL: server.base });
  const other = await browser.newContext({ baseURL: server.base });
  try {
    const api = await Api.firstAdministrator(server);
    const tenant = await api.post("/tenants", { name: "Interrupted" });
    const organization = await makeOrganization(api, tenant.id, "Interrupted too");
    const analyst = await makePerson(api, "org_member", { organization_id: organization.id });
    const colleague = await makePerson(api, "org_member", { organization_id: organization.id });

    const page = await context.newPage();
    await page.goto("/uploads");
    await signIn(page, analyst);
    const rows = Array.from({ length: 3000 }, (_, i) =>
      annualRow(`R${i >> 2}`, `Restarted ${i >> 2}`, 2020 + (i % 4)),
    );
    await page.locator("input[type=file]").setInputFiles(annualFile("interrupted.csv", rows));
    await page.getByRole("button", { name: "Upload and score" }).click();
    await expect(page.getByRole("heading", { name: "interrupted.csv" })).toBeVisible();
    await expect(page.getByRole("progressbar", { name: "interrupted.csv" })).toBeVisible();
    const watching = await other.newPage();
    await watching.goto(new URL(page.url()).pathname);
    await signIn(watching, colleague);
    await expect(watching.getByText("Waiting", { exact: true })).toBeVisible();

    await server.pause();
    await expect(page.getByRole("alert")).toContainText("The server cannot be reached.");
    await expect(page.getByRole("heading", { name: "interrupted.csv" })).toBeVisible();
    await server.resume({ workers: true });
    for (const one of [page, watching]) {
      await expect(tile(one, "Stored")).toHaveText("3,000", { timeout: 30_000 });
      await expect(tile(one, "Refused")).toHaveText("0");
      await expect(one.getByText("Completed")).toBeVisible();
      await expect(one.getByRole("alert")).toHaveCount(0);
    }
  } finally {
    await context.close();
    await other.close();
    await server.stop();
  }
});

test("an application that finds no server says so and tries again on demand", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.route("**/api/v1/auth/refresh", (route) => route.abort("connectionrefused"));
  await page.goto("/settings");
  await expect(page.getByRole("alert")).toContainText("The server cannot be reached.");
  await page.unroute("**/api/v1/auth/refresh");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});
