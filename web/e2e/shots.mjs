// Pictures of screens for looking at: `node e2e/shots.mjs --base URL --email … --password … [--only home,companies]`.
// Each screen in light, dark and at 390 px, into e2e/screens/.
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
    modes: { type: "string", default: "light,dark,small" },
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
const company = riskiest.items[0]?.id;

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
  "not-found": { path: "/nowhere" },
  finder: {
    path: "/companies",
    then: (page) => page.keyboard.press("/").then(() => page.keyboard.type("ot")),
  },
  drawer: {
    path: "/",
    then: (page) => page.locator('[aria-controls="navigation"]').click(),
    modes: ["small"],
  },
};
const modes = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  small: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 },
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
