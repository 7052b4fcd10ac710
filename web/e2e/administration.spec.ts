// Looking after people and organizations.
import { Api } from "./support/api";
import { unique } from "./support/files";
import { tile } from "./support/screen";
import { expect, signIn, test } from "./support/test";
import { makeOrganization, makePerson } from "./support/world";

test("org_admin: puts an address on the list, and its owner joins by the link", async ({ browse, world }) => {
  const organization = await makeOrganization(world.api, world.tenant.id, unique("Joinable"));
  const admin = await makePerson(world.api, "org_admin", { organization_id: organization.id });
  const invited = await makePerson(world.api, "user");
  const page = await browse(admin);
  await page.goto("/");
  // Whoever runs one organization comes to it at once.
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Organization" }).click();
  await expect(page.getByRole("heading", { name: organization.name, level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Joining" }).click();
  const shown = await page.getByText(/\/join\/\S+$/).innerText();
  const link = shown.slice(shown.indexOf("http"));
  expect(new URL(link).pathname).toBe(`/join/${organization.joinToken}`);

  await page.getByRole("button", { name: "Add addresses" }).click();
  const dialog = page.getByRole("dialog", { name: "Add addresses" });
  await dialog.getByLabel("E-mail addresses").fill(`${invited.email}, not-an-address`);
  await dialog.getByRole("button", { name: "Add addresses" }).click();
  await expect(dialog.getByText("Not an address: not-an-address")).toBeVisible();
  await dialog.getByLabel("E-mail addresses").fill(`${invited.email}\nsomebody.else@example.com`);
  await dialog.getByRole("button", { name: "Add addresses" }).click();
  await expect(page.getByText("2 addresses have been added.")).toBeVisible();
  const list = page.getByRole("table", { name: "Addresses that may join" });
  await list.getByRole("button", { name: "Remove somebody.else@example.com" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(list.getByRole("row")).toHaveCount(2);
  await expect(list).toContainText(invited.email);

  const theirs = await browse(invited);
  await theirs.goto(link);
  await theirs.getByRole("button", { name: "Join" }).click();
  await expect(theirs.getByText(`Welcome to ${organization.name}.`)).toBeVisible();
  // What others change is seen by a reload at once; by itself within half a minute.
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.reload();
  await expect(page.getByRole("table", { name: "People" })).toContainText(invited.email);
});

test("org_admin: makes an account that can sign in, and switches it off again", async ({ browse, world }) => {
  const organization = await makeOrganization(world.api, world.tenant.id, unique("Staffed"));
  const admin = await makePerson(world.api, "org_admin", { organization_id: organization.id });
  const email = `${unique("made")}@example.com`;
  const page = await browse(admin);
  await page.goto(`/admin/organizations/${organization.id}`);
  await page.getByRole("button", { name: "New account" }).click();
  const dialog = page.getByRole("dialog", { name: "New account" });
  await dialog.getByLabel("E-mail address").fill(email);
  await dialog.getByLabel("Full name").fill("Mady Made");
  await dialog.getByLabel("First password", { exact: true }).fill("handed over 1");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText(`${email} can sign in now.`)).toBeVisible();

  const theirs = await browse();
  await theirs.goto("/settings");
  await signIn(theirs, { email, password: "handed over 1" });
  await expect(theirs.getByText(organization.name)).toBeVisible();

  await page
    .getByRole("table", { name: "People" })
    .getByRole("link", { name: /Mady Made/ })
    .click();
  await expect(page.getByRole("heading", { name: "Mady Made", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Switch off" }).click();
  await page
    .getByRole("dialog", { name: "Switch Mady Made off?" })
    .getByRole("button", { name: "Switch off" })
    .click();
  await expect(page.getByText("The account is switched off.")).toBeVisible();
  // What they ask for next is refused.
  await theirs.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Companies" }).click();
  await expect(theirs.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("tenant_admin: makes an organization and lets it see the system's companies", async ({
  browse,
  world,
}) => {
  const name = unique("Department");
  const page = await browse(world.tenantAdmin);
  await page.goto("/admin/organizations");
  await expect(page.getByRole("link", { name: world.lagoon.name })).toBeVisible();
  await page.getByRole("button", { name: "New organization" }).click();
  const dialog = page.getByRole("dialog", { name: "New organization" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByText("Use 2 to 100 characters.")).toBeVisible();
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByLabel("Most people").fill("3");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByText(`${name} has been made.`)).toBeVisible();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  await expect(tile(page, "Free places")).toHaveText(/^3/);

  await page.getByRole("link", { name: "System's data" }).click();
  await page.getByRole("switch", { name: /Share the system's companies/ }).click();
  await expect(page.getByRole("switch", { name: /Share the system's companies/ })).toBeChecked();
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const analyst = await makePerson(world.api, "org_member", { organization_id: id });
  const theirs = await browse(analyst);
  await theirs.goto("/companies?search=WOBB.X");
  await expect(theirs.getByRole("link", { name: /Wobblestone Petroleum/ })).toHaveCount(1);
});

test("tenant_admin: another tenant's organization is not there", async ({ browse, world }) => {
  const tenant = await world.api.post("/tenants", { name: unique("Far Away") });
  const organization = await makeOrganization(world.api, tenant.id, unique("Far Office"));
  const page = await browse(world.tenantAdmin);
  await page.goto(`/admin/organizations/${organization.id}`);
  await expect(page.getByText("There is nothing here").last()).toBeVisible();
  await page.goto("/admin/organizations");
  await expect(page.getByRole("link", { name: world.harbour.name })).toBeVisible();
  await expect(page.getByText(organization.name)).toHaveCount(0);
});

test("tenant_admin: the audit log tells what an administrator did", async ({ browse, server, world }) => {
  const organization = await makeOrganization(world.api, world.tenant.id, unique("Watched"));
  const admin = await makePerson(world.api, "org_admin", { organization_id: organization.id });
  const api = await Api.as(server, admin.email);
  await api.post(`/organizations/${organization.id}/whitelist`, { email: "watched@example.com" });
  const page = await browse(world.tenantAdmin);
  await page.goto(`/admin/audit?actor_email=${admin.email}&action=organization.`);
  const table = page.getByRole("table", { name: "Audit log" });
  await expect(table).toContainText("Address may join");
  await expect(table).toContainText(admin.email);
  await table
    .getByRole("button", { name: /^Details/ })
    .first()
    .click();
  await expect(page.getByRole("dialog")).toContainText("watched@example.com");
});
