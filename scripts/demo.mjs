// Starts AccuNode on the embedded database, uploads the sample portfolios over HTTP, and shows the result.
// `--check` ends after that; else the server stays until Ctrl-C. `--data DIR` and `--port N` as the server has.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    data: { type: "string", default: path.join(root, ".demo") },
    port: { type: "string", default: "8000" },
  },
});
const base = `http://127.0.0.1:${options.port}`;
const email = "admin@demo.example";
// Good for the first sign-in alone, at which it is changed; the new one is kept in the demo's folder.
const firstPassword = "demo-portfolio-1";
const passwordFile = path.join(options.data, "password");

function start() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  const binary = path.join(target, "debug", "accunode");
  const server = spawn(binary, ["serve", "--data-dir", options.data, "--port", options.port], {
    env: {
      ...process.env,
      DATABASE_URL: "",
      REDIS_URL: "",
      LOG_LEVEL: process.env.LOG_LEVEL ?? "warn",
      ACCUNODE_ADMIN_EMAIL: email,
      ACCUNODE_ADMIN_PASSWORD: firstPassword,
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  server.on("error", (error) => fail(`the server does not start: ${error.message}`));
  return server;
}

function fail(text) {
  console.error(`demo: ${text}`);
  server?.kill("SIGTERM");
  process.exit(1);
}

async function call(method, url, { token, json, form } = {}) {
  const headers = { "x-request-id": randomBytes(8).toString("hex") };
  if (token) headers.authorization = `Bearer ${token}`;
  if (json) headers["content-type"] = "application/json";
  const response = await fetch(base + url, { method, headers, body: json ? JSON.stringify(json) : form });
  const body = await response.json();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${JSON.stringify(body)}`);
  return body;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function ready() {
  for (let i = 0; i < 300; i++) {
    if (server.exitCode !== null) fail(`the server ended with code ${server.exitCode}; is the port free?`);
    try {
      return await call("GET", "/health");
    } catch {
      await sleep(100);
    }
  }
  fail("the server does not answer");
}

const logIn = (password) => call("POST", "/api/v1/auth/login", { json: { email, password } });

// Signs in with the kept password; at the first start with the one of the settings, to change it to the kept one.
async function signIn() {
  const kept = await readFile(passwordFile, "utf8").catch(() => null);
  const password = kept ?? process.env.ACCUNODE_DEMO_PASSWORD ?? `demo-1-${randomBytes(9).toString("base64url")}`;
  const known = kept && (await logIn(kept).catch(() => null));
  if (known) return { token: known.access_token, password };
  // Kept before it counts, so that a start that breaks off here can be repeated.
  await writeFile(passwordFile, password, { mode: 0o600 });
  const { access_token: token } = await logIn(firstPassword);
  const json = { current_password: firstPassword, new_password: password };
  await call("POST", "/api/v1/auth/change-password", { token, json });
  return { token: (await logIn(password)).access_token, password };
}

async function upload(token, kind) {
  const name = `portfolio_${kind}.csv`;
  const form = new FormData();
  form.append("file", new Blob([await readFile(path.join(root, "sample", name))]), name);
  const { job_id } = await call("POST", `/api/v1/predictions/${kind}/bulk-upload-async`, { token, form });
  for (;;) {
    const { job } = await call("GET", `/api/v1/predictions/jobs/${job_id}/status`, { token });
    if (job.status === "completed" || job.status === "failed") return job;
    await sleep(200);
  }
}

const percent = (p) => `${(p * 100).toFixed(2)} %`;

function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => String(r[i]).length)));
  for (const row of rows) console.log("  " + row.map((c, i) => String(c).padEnd(widths[i])).join("  "));
}

async function show(token, kind) {
  const probability = (p) => p.probability ?? p.ensemble_probability;
  const list = await call("GET", `/api/v1/predictions/${kind}/system?size=1000`, { token });
  const rows = list.predictions.sort((a, b) => probability(b) - probability(a));
  const count = (level) => rows.filter((r) => r.risk_level === level).length;
  const levels = ["LOW", "MEDIUM", "HIGH", "CRITICAL"].map((level) => `${count(level)} ${level}`);
  console.log(`\n${list.total} ${kind} predictions: ${levels.join(", ")}. The riskiest:`);
  table([
    ["symbol", "company", "period", "probability", "risk"],
    ...rows.slice(0, 8).map((r) => [
      r.company_symbol,
      r.company_name,
      [r.reporting_year, r.reporting_quarter].filter(Boolean).join(" "),
      percent(probability(r)),
      r.risk_level,
    ]),
  ]);
}

// Shows the page where somebody sits in front of a desktop; elsewhere its address is enough.
function openBrowser() {
  const openers = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] };
  const desktop = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const [command, ...rest] = openers[process.platform] ?? (desktop ? ["xdg-open"] : []);
  if (!command || !process.stdout.isTTY) return;
  const opener = spawn(command, [...rest, base], { stdio: "ignore", detached: true });
  opener.on("error", () => console.log("No browser could be opened: open the address above."));
  opener.unref();
}

let token, password;
const server = start();
process.on("SIGINT", () => server.kill("SIGTERM"));
process.on("SIGTERM", () => server.kill("SIGTERM"));
try {
  await ready();
  ({ token, password } = await signIn());
  const { pagination } = await call("GET", "/api/v1/predictions/jobs", { token });
  if (pagination.total === 0) {
    for (const kind of ["annual", "quarterly"]) {
      const job = await upload(token, kind);
      const { status, successful_rows: stored, failed_rows: refused } = job;
      console.log(`${job.original_filename}: ${status}, ${stored} rows stored, ${refused} refused`);
      if (status !== "completed" || refused > 0) fail(job.error_message ?? "rows of the sample were refused");
    }
  }
  for (const kind of ["annual", "quarterly"]) await show(token, kind);
} catch (error) {
  fail(error.message);
}
console.log(`\nAccuNode answers at ${base} (API documentation: ${base}/docs)`);
console.log(`Sign in as ${email} with the password ${password} (kept in ${passwordFile})`);
if (options.check) {
  server.kill("SIGTERM");
} else {
  console.log("Ctrl-C stops it; `rm -rf .demo` forgets the data.");
  openBrowser();
}
server.on("exit", (code) => process.exit(code ?? 0));
