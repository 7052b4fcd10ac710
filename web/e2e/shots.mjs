// Pictures of screens for looking at: `node e2e/shots.mjs --base URL --email … --password … [--only home,companies]`.
// Each screen in light and dark, and in both at 390 px, into e2e/screens/.
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";

const { values: o } = parseArgs({
  options: {
    base: { type: "string", default: "http://127.0.0.1:8000" },
    email: { type: "string", default: "admin@demo.example" },
    password: { type: "string", default: process.env.ACCUNODE_DEMO_PASSWORD ?? "" },
    only: { type: "string", default: "" },
    modes: { type: "string", default: "light,dark,small,small-dark" },
    chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
});

const call = async (path, options = {}) => {
  const response = await fetch(o.base + path, options);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
};
const json = (body) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const token = await call("/api/v1/auth/login", json({ email: o.email, password: o.password }));
const auth = { headers: { authorization: `Bearer ${token.access_token}` } };
const riskiest = await call("/api/v1/companies?limit=1&sort_by=probability&sort_order=desc", auth);
const jobs = await call("/api/v1/predictions/jobs", auth);
const refused = jobs.jobs.find((job) => job.failed_rows > 0 && job.successful_rows > 0);
const { models } = await call("/api/v1/models", auth);
const portfolio = (rows) => ({
  name: "portfolio.csv",
  mimeType: "text/csv",
  buffer: Buffer.from(
    "company_symbol,company_name,sector,reporting_year,long_term_debt_to_total_capital,total_debt_to_ebitda," +
      `net_income_margin,ebit_to_interest_expense,return_on_assets,note\n${rows}`,
  ),
});
const choose = (page, file) => page.locator("input[type=file]").setInputFiles(file);
const company = riskiest.items[0]?.id;
// Whoever runs no tenant has none in sight.
const tenants = await call("/api/v1/tenants?limit=100", auth).catch(() => ({ tenants: [] }));
const tenant = tenants.tenants.sort((a, b) => b.total_users_in_tenant - a.total_users_in_tenant)[0];
const organization = tenant?.organizations.sort((a, b) => b.total_users - a.total_users)[0];
const person = organization?.admin?.id ?? token.user?.id;
const press = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();

const screens = {
  "sign-in": { path: "/sign-in", out: true },
  register: { path: "/register", out: true },
  forgot: { path: "/forgot-password", out: true },
  reset: { path: "/reset-password?token=x", out: true },
  join: { path: "/join/abc", out: true },
  home: { path: "/" },
  companies: { path: "/companies" },
  nothing: { path: "/companies?search=zzzz" },
  company: { path: `/companies/${company}` },
  score: { path: "/score?kind=quarterly" },
  rescore: { path: `/score?kind=quarterly&from=${riskiest.items[0]?.latest?.prediction_id}` },
  uploads: { path: "/uploads" },
  job: { path: `/uploads/${jobs.jobs[0]?.id}` },
  chosen: { path: "/uploads", then: (page) => choose(page, portfolio("A,Alpha,Energy,2023,1,2,3,4,5,x\n")) },
  "wrong-kind": { path: "/uploads?kind=quarterly", then: (page) => choose(page, portfolio("")) },
  columns: { path: "/uploads", then: (page) => page.getByRole("button", { name: "Which columns?" }).click() },
  trial: {
    path: "/uploads",
    then: async (page) => {
      await choose(
        page,
        portfolio("A,Alpha,Energy,20x3,1,2,3,4,5,x\nB,Beta,,2023,1,2,3,4,5,x\nC,C,D,2023,1,2,3,4,5,\n"),
      );
      await page.getByRole("button", { name: "Check without storing" }).click();
      await page.waitForLoadState("networkidle");
    },
    whole: true,
  },
  refused: { path: `/uploads/${refused?.id}?risk=LOW` },
  delete: {
    path: `/uploads/${refused?.id}`,
    then: (page) => page.getByRole("button", { name: "Delete" }).click(),
  },
  models: { path: "/models" },
  model: { path: `/models/${models[0]?.id}` },
  import: { path: "/models", then: (page) => page.getByRole("button", { name: "Import a model" }).click() },
  platform: { path: "/platform" },
  scaling: { path: "/platform/scaling" },
  health: { path: "/platform/health" },
  "what-if": { path: "/what-if" },
  scenario: {
    path: `/what-if?kind=quarterly&from=${riskiest.items[0]?.latest?.prediction_id}`,
    then: async (page) => {
      for (const slider of await page.locator("input[type=range]").all()) await slider.press("PageDown");
      await page.waitForLoadState("networkidle");
    },
    whole: true,
  },
  settings: { path: "/settings" },
  tenants: { path: "/admin/tenants" },
  "new-tenant": { path: "/admin/tenants", then: press("New tenant") },
  tenant: { path: `/admin/tenants/${tenant?.id}` },
  "tenant-people": { path: `/admin/tenants/${tenant?.id}?tab=people` },
  "tenant-admins": { path: `/admin/tenants/${tenant?.id}?tab=admins` },
  "tenant-scale": { path: `/admin/tenants/${tenant?.id}?tab=scale` },
  "edit-scale": { path: `/admin/tenants/${tenant?.id}?tab=scale`, then: press("Edit the scale") },
  "platform-scale": { path: "/admin/grade-scale" },
  organizations: { path: "/admin/organizations" },
  "new-organization": { path: "/admin/organizations", then: press("New organization") },
  organization: { path: `/admin/organizations/${organization?.id}` },
  joining: { path: `/admin/organizations/${organization?.id}?tab=joining` },
  "add-addresses": {
    path: `/admin/organizations/${organization?.id}?tab=joining`,
    then: press("Add addresses"),
  },
  "system-data": { path: `/admin/organizations/${organization?.id}?tab=data` },
  "organization-details": { path: `/admin/organizations/${organization?.id}?tab=details` },
  users: { path: "/admin/users" },
  "no-users": { path: "/admin/users?search=zzzz" },
  "new-user": { path: "/admin/users", then: press("New account") },
  user: { path: `/admin/users/${person}` },
  audit: { path: "/admin/audit" },
  "audit-entry": {
    path: "/admin/audit",
    then: (page) =>
      page
        .getByRole("button", { name: /^Details/ })
        .first()
        .click(),
  },
  "audit-check": {
    path: "/admin/audit",
    then: (page) => press("Check the chain")(page).then(() => page.waitForLoadState("networkidle")),
  },
  "not-found": { path: "/nowhere" },
  finder: {
    path: "/companies",
    then: (page) => page.keyboard.press("/").then(() => page.keyboard.type("ot")),
  },
  drawer: {
    path: "/",
    then: (page) => page.locator('[aria-controls="navigation"]').click(),
    modes: ["small", "small-dark"],
  },
};
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const modes = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  small: { ...phone, colorScheme: "light" },
  "small-dark": { ...phone, colorScheme: "dark" },
};

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const browser = await chromium.launch({
  executablePath: o.chromium,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const folder = new URL("screens/", import.meta.url).pathname;
await mkdir(folder, { recursive: true });
let bad = 0;
for (const mode of o.modes.split(",")) {
  for (const [name, screen] of Object.entries(screens)) {
    if (o.only && !o.only.split(",").includes(name)) continue;
    if (screen.path.includes("undefined")) {
      console.log(`skipped: ${name}, which this server has nothing for`);
      continue;
    }
    if (screen.modes && !screen.modes.includes(mode)) continue;
    const context = await browser.newContext({ ...modes[mode], bypassCSP: false });
    if (!screen.out) {
      await context.addInitScript((t) => localStorage.setItem("accunode.session", t), token.refresh_token);
    }
    const page = await context.newPage();
    const say = (text) => {
      bad += 1;
      console.log(`${mode} ${name}: ${text}`);
    };
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && say(m.text()));
    page.on("pageerror", (e) => say(e.message));
    await page.goto(o.base + screen.path);
    await page.waitForLoadState("networkidle");
    await screen.then?.(page);
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${folder}${name}-${mode}.png`, fullPage: !screen.then || screen.whole });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) say(`is ${wide} px too wide`);
    // The policy of the pages forbids scripts from elsewhere; evaluating one from the tests is not a script tag.
    await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const v of violations)
      say(
        `axe ${v.id}: ${v.nodes
          .slice(0, 3)
          .map((n) => n.target + " " + (n.any[0]?.message ?? ""))
          .join(" | ")}`,
      );
    await context.close();
  }
}
await browser.close();
console.log(`${bad} remarks`);
