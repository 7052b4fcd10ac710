// Every screen of the route table, for the role that sees most of it: light, dark and small, with axe, and a picture.
// A route with a new kind of parameter says in NEEDS what stands for it; everything else comes from the table.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";
import { routes } from "../src/routes";
import { Api } from "./support/api";
import { expect, test } from "./support/test";
import type { World } from "./support/world";

interface Scene {
  world: World;
  /** Ids to put into addresses. */
  ids: Record<"company" | "prediction" | "job" | "model" | "user", string>;
}
interface Need {
  /** Part of the picture's name, where a route has more than one. */
  as?: string;
  address?: (scene: Scene) => string;
  /** Unless said: the organization's administrator, and the platform's where the route is for a higher role. */
  who?: (world: World) => World["analyst"];
}

const NEEDS: Record<string, Need[]> = {
  "/join/:token": [
    { address: ({ world }) => `/join/${world.lagoon.joinToken}`, who: (world) => world.personal },
  ],
  "/reset-password": [{ address: () => "/reset-password?token=x" }],
  "/companies": [{}, { as: "none", address: () => "/companies?search=nothing-like-it" }],
  "/companies/:id": [{ address: ({ ids }) => `/companies/${ids.company}` }],
  "/score": [{}, { as: "again", address: ({ ids }) => `/score?kind=annual&from=${ids.prediction}` }],
  "/uploads/:id": [{ address: ({ ids }) => `/uploads/${ids.job}` }],
  "/models/:id": [{ address: ({ ids }) => `/models/${ids.model}`, who: (world) => world.platformAdmin }],
  "/models": [{ who: (world) => world.platformAdmin }],
  // Whoever runs one organization is led to it; the list is for those above.
  "/admin/organizations": [{ who: (world) => world.platformAdmin }],
  "/admin/users": [{ who: (world) => world.platformAdmin }],
  "/admin/users/:id": [
    { address: ({ ids }) => `/admin/users/${ids.user}`, who: (world) => world.platformAdmin },
  ],
  "/what-if": [{}, { as: "scenario", address: ({ ids }) => `/what-if?kind=annual&from=${ids.prediction}` }],
};

for (const [path, tabs] of [
  ["/admin/tenants", ["people", "admins", "scale"]],
  ["/admin/organizations", ["joining", "data", "details"]],
] as const) {
  const address = ({ world }: Scene) =>
    `${path}/${path.includes("tenants") ? world.tenant.id : world.harbour.id}`;
  const who = (world: World) => world.platformAdmin;
  NEEDS[`${path}/:id`] = [
    { address, who },
    ...tabs.map((tab) => ({ as: tab, address: (scene: Scene) => `${address(scene)}?tab=${tab}`, who })),
  ];
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = fileURLToPath(new URL("screens/", import.meta.url));
mkdirSync(pictures, { recursive: true });

const nameOf = (path: string, as?: string) =>
  [path === "/" ? "home" : path.slice(1).replaceAll("/:", "-").replaceAll("/", "-"), as]
    .filter(Boolean)
    .join("-");

async function sceneOf(world: World): Promise<Scene> {
  const api = await Api.as(world.api.server, world.orgAdmin.email);
  const { items } = await api.get("/companies?limit=1&search=WOBB.X");
  const annual = await api.get("/predictions/annual?company_symbol=WOBB.X&size=1");
  const { jobs } = await api.get("/predictions/jobs?limit=1");
  const { models } = await api.get("/models");
  const { users } = await api.get("/users");
  const [model, user] = [models[0].id, users[0].id];
  return {
    world,
    ids: { company: items[0].id, prediction: annual.predictions[0].id, job: jobs[0].id, model, user },
  };
}

/** All that is read has come, and what moves has come to rest. */
async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveCount(0);
  await expect(
    page.locator("[aria-busy=true], .skeleton, .bone, [role=status]:text-is('Loading')"),
  ).toHaveCount(0);
  await expect(page.locator(".drawing:not(:has(svg))")).toHaveCount(0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((a) => a.finished));
  });
}

async function violations(page: Page, only?: string[]): Promise<string[]> {
  // Evaluated, not added as a script: the pages' policy would refuse that, and rightly so.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const options: RunOptions = { resultTypes: ["violations"], ...(only ? { runOnly: only } : {}) };
  const found = await page.evaluate((given) => {
    const { axe } = globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } };
    return axe.run(given);
  }, options);
  return found.violations.map(
    (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`,
  );
}

for (const route of routes) {
  for (const need of NEEDS[route.path] ?? [{}]) {
    const name = nameOf(route.path, need.as);
    test(`screen ${name}`, async ({ browse, world }) => {
      const address = need.address?.(await sceneOf(world)) ?? route.path;
      expect(address, `NEEDS has to say what stands for the parameter of ${route.path}`).not.toContain("/:");
      const above = route.least === "tenant_admin" || route.least === "super_admin";
      const usual = route.open ? undefined : above ? world.platformAdmin : world.orgAdmin;
      const page = await browse(need.who?.(world) ?? usual);
      await page.goto(address);
      await settled(page);
      await expect(page.getByText(/^(There is nothing here|Not open to you)$/)).toHaveCount(0);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await settled(page);
        // Between light and dark nothing but colours differs.
        const only = colorScheme === "dark" ? ["color-contrast"] : undefined;
        expect.soft(await violations(page, only), `axe, ${colorScheme}`).toEqual([]);
        await page.screenshot({ path: `${pictures}${name}-${colorScheme}.png`, fullPage: true });
      }
      await page.setViewportSize({ width: 390, height: 844 });
      await settled(page);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wider, "pixels that stand out on a telephone").toBeLessThanOrEqual(0);
    });
  }
}

const closed = routes.find((route) => route.least === "super_admin" && !route.path.includes(":"));
for (const [name, address] of [
  ["not-found", "/nowhere"],
  ...(closed ? [["not-open", closed.path]] : []),
] as const) {
  test(`screen ${name}`, async ({ browse, world }) => {
    const page = await browse(world.analyst);
    await page.goto(address ?? "");
    await settled(page);
    await expect(page.getByText(/^(There is nothing here|Not open to you)$/).last()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${pictures}${name}-light.png` });
  });
}
