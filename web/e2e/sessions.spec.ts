// Sessions that end by themselves, and what is not open.
import { Api } from "./support/api";
import { expect, signIn, test } from "./support/test";
import { makePerson } from "./support/world";

test("when a session ends elsewhere, signing in leads back to the same place", async ({
  browse,
  server,
  world,
}) => {
  const person = await makePerson(world.api, "org_member", { organization_id: world.harbour.id });
  const page = await browse(person);
  await page.goto("/companies?risk_level=HIGH");
  await expect(page.getByRole("table", { name: "Companies" }).getByRole("link").first()).toBeVisible();

  await (await Api.as(server, person.email)).post("/auth/logout-all");
  await page.getByLabel("Risk level").selectOption("LOW");
  await expect(page.getByText("Your session is over.")).toBeVisible();
  await signIn(page, person);
  await expect(page).toHaveURL("/companies?risk_level=LOW");
  await expect(page.getByLabel("Risk level")).toHaveValue("LOW");
  await expect(page.getByRole("table", { name: "Companies" }).getByRole("link").first()).toBeVisible();
});

test("signing out in one tab signs out the others", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/companies");
  await expect(page.getByRole("heading", { name: "Companies" })).toBeVisible();
  const other = await page.context().newPage();
  await other.goto("/settings");
  await other.getByRole("button", { name: /of the tests/ }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a reload stays signed in", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/settings");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(page.getByText(world.harbour.name)).toBeVisible();
});

test("an address that leads nowhere says so", async ({ browse, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/nowhere/at/all");
  await expect(page.getByRole("heading", { name: "There is nothing here" }).first()).toBeVisible();
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("another organization's company is not there", async ({ browse, server, world }) => {
  const of = await Api.as(server, world.orgAdmin.email);
  const { items } = await of.get("/companies?limit=1");
  const page = await browse(world.lagoonAnalyst);
  await page.goto(`/companies/${items[0].id}`);
  await expect(page.getByRole("heading", { name: "There is nothing here" }).first()).toBeVisible();
  await expect(page.getByText(items[0].name)).toHaveCount(0);
});
