// What every test gets: a server with its people and portfolios, and browsers of those people.
import { readFile } from "node:fs/promises";
import { test as plain, expect, type BrowserContext, type Page } from "@playwright/test";
import { logIn } from "./api";
import { Server, type Engine } from "./server";
import { makeWorld, type Person, type World } from "./world";

export interface Options {
  engine: Engine;
}
interface OfWorkers extends Options {
  server: Server;
  world: World;
}
interface OfTests {
  /** A browser of its own: signed in as a person, or as nobody. */
  browse: (person?: Person) => Promise<Page>;
  noticed: string[];
}

/** What must not happen on any screen, whatever a test is about. */
function watch(page: Page, noticed: string[]): void {
  page.on("pageerror", (error) => noticed.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|\[svelte\]|violat/i.test(message.text())) noticed.push(message.text());
  });
}

export const test = plain.extend<OfTests, OfWorkers>({
  engine: ["sqlite", { option: true, scope: "worker" }],
  server: [
    async ({ engine }, use) => {
      const server = await Server.start(engine);
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 180_000 },
  ],
  world: [async ({ server }, use) => use(await makeWorld(server)), { scope: "worker", timeout: 180_000 }],
  baseURL: async ({ server }, use) => use(server.base),
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names out of this pattern
  noticed: async ({}, use) => {
    const noticed: string[] = [];
    await use(noticed);
    expect(noticed, "errors in scripts and refusals of the Content-Security-Policy").toEqual([]);
  },
  browse: async ({ browser, server, contextOptions, noticed }, use, info) => {
    const opened: BrowserContext[] = [];
    await use(async (person) => {
      const origin = server.base;
      const kept = person
        ? [
            {
              name: "accunode.session",
              value: (await logIn(server, person.email, person.password)).refresh_token,
            },
          ]
        : [];
      const context = await browser.newContext({
        ...contextOptions,
        baseURL: origin,
        storageState: { cookies: [], origins: [{ origin, localStorage: kept }] },
      });
      opened.push(context);
      const page = await context.newPage();
      watch(page, noticed);
      return page;
    });
    if (info.status !== info.expectedStatus) {
      for (const page of opened.flatMap((context) => context.pages()))
        await info.attach("page", { body: await page.screenshot(), contentType: "image/png" });
      const body = await readFile(server.log).catch(() => Buffer.from("none"));
      await info.attach("log of the server", { body, contentType: "text/plain" });
    }
    for (const context of opened) await context.close();
  },
});

export { expect };

/** Signs in on the screen for it. */
export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
