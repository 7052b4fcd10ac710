import { logIn } from "./support/api";
import { unique } from "./support/files";
import { administrator, Server } from "./support/server";
import { expect, signIn, test } from "./support/test";
import { makePerson } from "./support/world";

test("an address that was given survives the sign-in", async ({ browse, world }) => {
  const page = await browse();
  await page.goto("/companies?risk_level=CRITICAL");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, world.analyst);
  await expect(page).toHaveURL("/companies?risk_level=CRITICAL");
  await expect(page.getByLabel("Risk level")).toHaveValue("CRITICAL");
  await expect(page.getByRole("table", { name: "Companies" }).getByRole("link").first()).toBeVisible();
});

test("an address elsewhere is not gone to after the sign-in", async ({ browse, world }) => {
  const page = await browse();
  await page.goto("/sign-in?next=//example.com/");
  await signIn(page, world.lagoonAnalyst);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page).toHaveURL("/");
});

test("a wrong password is said, and the right one goes on from there", async ({ browse, world }) => {
  const page = await browse();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Enter your password.")).toBeVisible();
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await signIn(page, { email: world.personal.email, password: "not the right 1" });
  await expect(page.getByRole("alert")).toContainText(/password/i);
  await signIn(page, world.personal);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("somebody new registers on the way to an organization and joins it by its link", async ({
  browse,
  world,
}) => {
  const email = `${unique("new-analyst")}@example.com`;
  await world.api.post(`/organizations/${world.harbour.id}/whitelist`, { email });
  const page = await browse();
  await page.goto(`/join/${world.harbour.joinToken}`);
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Full name").fill("Nora New");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Password", { exact: true }).fill("long enough 1");
  await page.getByRole("button", { name: "Create account" }).click();

  await expect(page.getByText(`You are signed in as ${email}.`)).toBeVisible();
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByText(`Welcome to ${world.harbour.name}.`)).toBeVisible();
  await expect(page.getByRole("link", { name: /^Rated companies/ })).toBeVisible();
});

test("who is not on an organization's list is told so and stays outside", async ({ browse, world }) => {
  const stranger = await makePerson(world.api, "user");
  const page = await browse(stranger);
  await page.goto(`/join/${world.harbour.joinToken}`);
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByRole("alert")).toContainText("not on the organization's list");
});

test("a forgotten password is replaced by the link in the mail", async ({ browse, server, world }) => {
  const person = await makePerson(world.api, "user");
  const page = await browse();
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByRole("button", { name: "Send link" }).click();
  await expect(page.getByRole("status")).toContainText("a message is on its way");

  const linkIn = (mail: string | null) => /http\S+\/reset-password\?token=\S+/.exec(mail ?? "")?.[0] ?? "";
  await expect.poll(async () => linkIn(await server.mailTo(person.email))).not.toBe("");
  await page.goto(linkIn(await server.mailTo(person.email)));
  await page.getByLabel("New password", { exact: true }).fill("another horse 2");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Your password has been changed.")).toBeVisible();

  await signIn(page, person);
  await expect(page.getByRole("alert")).toContainText(/password/i);
  await signIn(page, { email: person.email, password: "another horse 2" });
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("signing out ends the session, here and on the server", async ({ browse, server, world }) => {
  const page = await browse(world.analyst);
  await page.goto("/companies");
  await expect(page.getByRole("heading", { name: "Companies" })).toBeVisible();
  const refresh = await page.evaluate(() => localStorage.getItem("accunode.session"));
  await page.getByRole("button", { name: /of the tests/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const answer = await fetch(`${server.base}/api/v1/auth/refresh`, {
    method: "POST",
    headers: { authorization: `Bearer ${refresh}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(answer.status).toBe(401);
});

test("the first administrator chooses a password before anything else", async ({ browser }) => {
  const fresh = await Server.start("sqlite");
  const context = await browser.newContext({ baseURL: fresh.base });
  try {
    const page = await context.newPage();
    await page.goto("/settings");
    await signIn(page, { email: administrator.email, password: administrator.firstPassword });
    await expect(page.getByRole("heading", { name: "Choose your own password" })).toBeVisible();
    await page.getByLabel("E-mail address").fill(administrator.email);
    await page.getByLabel("Current password", { exact: true }).fill(administrator.firstPassword);
    await page.getByLabel("New password", { exact: true }).fill("chosen by me 3");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
    await logIn(fresh, administrator.email, "chosen by me 3");
  } finally {
    await context.close();
    await fresh.stop();
  }
});
