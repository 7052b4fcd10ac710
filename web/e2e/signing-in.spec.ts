import { expect, signIn, test } from "./support/test";

test("an address that was given survives the sign-in", async ({ browse, world }) => {
  const page = await browse();
  await page.goto("/companies?risk_level=CRITICAL");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, world.analyst);
  await expect(page).toHaveURL("/companies?risk_level=CRITICAL");
  await expect(page.getByLabel("Risk level")).toHaveValue("CRITICAL");
  await expect(page.getByRole("table", { name: "Companies" }).getByRole("link").first()).toBeVisible();
});
