// Tests of the built application in a browser, against a real server: scripts/test-web.sh runs them.
import { defineConfig } from "@playwright/test";
import type { Options } from "./e2e/support/test";

const postgres = process.env.ACCUNODE_TEST_POSTGRES_URL;
if (!postgres) {
  if (process.env.ACCUNODE_REQUIRE_SERVICES) throw new Error("ACCUNODE_TEST_POSTGRES_URL is not set");
  // Workers read this file too; it is said once.
  if (!process.env.TEST_WORKER_INDEX)
    console.warn(
      "SKIPPED: the journeys on PostgreSQL (no ACCUNODE_TEST_POSTGRES_URL; see scripts/with-services.sh)",
    );
}

export default defineConfig<Options>({
  testDir: "e2e",
  outputDir: "e2e/results",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    screenshot: "only-on-failure",
    viewport: { width: 1360, height: 900 },
    actionTimeout: 10_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // As root there is no sandbox; the rest keeps the browser from asking the internet for anything.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "sqlite", use: { engine: "sqlite" } },
    // What the database could make a difference to.
    ...(postgres ? [{ name: "postgres", grep: /@postgres/, use: { engine: "postgres" as const } }] : []),
  ],
});
