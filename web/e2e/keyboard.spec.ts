import { expect, test } from "./support/test";

test("without a mouse: sign in, find a company, open another from the list", async ({ browse, world }) => {
  const page = await browse();
  await page.goto("/sign-in");
  const keys = page.keyboard;
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await keys.press("Tab");
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await keys.type(world.lagoonAnalyst.email);
  await keys.press("Tab");
  await keys.type(world.lagoonAnalyst.password);
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();

  await keys.press("/");
  const finder = page.getByRole("combobox", { name: "Find a company or a page" });
  await expect(finder).toBeFocused();
  await keys.type("wobb");
  await expect(page.getByRole("option", { name: /Wobblestone Petroleum/ })).toHaveAttribute(
    "aria-selected",
    "true",
  );
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name: "Wobblestone Petroleum" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();

  await keys.press("Control+k");
  await keys.type("companies");
  await expect(page.getByRole("option", { selected: true })).toHaveText("Companies");
  await keys.press("Enter");
  const first = page.getByRole("table", { name: "Companies" }).getByRole("link").first();
  await expect(first).toBeVisible();
  const name = (await first.locator(".name").textContent()) ?? "";
  for (let i = 0; i < 40 && !(await first.evaluate((link) => link === document.activeElement)); i++)
    await keys.press("Tab");
  await expect(first).toBeFocused();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
});

test("what the finder has chosen stays chosen when companies arrive", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  const keys = page.keyboard;
  const chosen = page.getByRole("option", { selected: true });
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/companies/search**", async (route) => {
    await held;
    await route.continue();
  });
  await keys.press("Control+k");
  await keys.type("co");
  await keys.press("ArrowDown");
  await expect(chosen).toHaveText("Score a company");
  answer();
  await expect(page.getByRole("group", { name: "Companies" }).getByRole("option").first()).toBeVisible();
  await expect(chosen).toHaveText("Score a company");
  await keys.press("Enter");
  await expect(page.getByRole("heading", { name: "Score a company" })).toBeVisible();
});

test("the skip link leads past the navigation", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("a dialog holds the focus and gives it back", async ({ browse, world }) => {
  const page = await browse(world.lagoonAnalyst);
  await page.goto("/settings");
  const opener = page.getByRole("button", { name: "Sign out everywhere" });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Sign out on every device?" });
  await expect(dialog).toBeVisible();
  await expect(dialog.locator(":focus")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});
