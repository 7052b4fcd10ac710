// A real server of the tests' own: on a free port, with its files in a temporary folder.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const binary = process.env.ACCUNODE_BIN ?? path.join(target, "debug", "accunode");

export type Engine = "sqlite" | "postgres";
export const administrator = { email: "root@example.com", firstPassword: "given at the start 1" };

export class Server {
  #process: ChildProcess | undefined;
  #database: string | undefined;
  readonly #key = randomBytes(32).toString("hex");

  private constructor(
    readonly engine: Engine,
    readonly folder: string,
    readonly port: number,
  ) {}

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get log(): string {
    return path.join(this.folder, "server.log");
  }

  static async start(engine: Engine, { workers = true } = {}): Promise<Server> {
    const folder = await mkdtemp(path.join(tmpdir(), "accunode-e2e-"));
    const server = new Server(engine, folder, await freePort());
    if (engine === "postgres") server.#database = await makeDatabase();
    await server.resume({ workers });
    return server;
  }

  /** Starts on the same port and data as before. */
  async resume({ workers = true } = {}): Promise<void> {
    const log = createWriteStream(this.log, { flags: "a" });
    const options = [
      "--data-dir",
      this.folder,
      "--port",
      String(this.port),
      ...(workers ? [] : ["--no-worker"]),
    ];
    const started = spawn(binary, ["serve", ...options], {
      env: {
        PATH: process.env.PATH,
        ACCUNODE_ADMIN_EMAIL: administrator.email,
        ACCUNODE_ADMIN_PASSWORD: administrator.firstPassword,
        ACCUNODE_PUBLIC_URL: this.base,
        ACCUNODE_RATE_LIMITS: "off",
        LOG_LEVEL: "warn",
        SECRET_KEY: this.#key,
        ...(this.#database ? { DATABASE_URL: this.#database } : {}),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.stdout.pipe(log, { end: false });
    started.stderr.pipe(log, { end: false });
    const failed = new Promise<never>((_, reject) => {
      started.once("error", reject);
      started.once("exit", (code) =>
        reject(new Error(`the server ended with code ${code}; see ${this.log}`)),
      );
    });
    failed.catch(() => undefined);
    process.once("exit", () => started.kill("SIGKILL"));
    this.#process = started;
    await Promise.race([this.#ready(), failed]);
  }

  /** Ends the server as an update would; its data stay. */
  async pause(): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await ended;
  }

  async stop(): Promise<void> {
    await this.pause();
    if (this.#database) await dropDatabase(this.#database);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The text of the newest mail to an address; null where there is none. */
  async mailTo(address: string): Promise<string | null> {
    const folder = path.join(this.folder, "mail");
    const names = await readdir(folder).catch(() => []);
    for (const name of names
      .filter((n) => n.endsWith(".eml"))
      .sort()
      .reverse()) {
      const mail = await readFile(path.join(folder, name), "utf8");
      if (new RegExp(`^To:.*${address}`, "im").test(mail))
        return mail.replaceAll("=\r\n", "").replaceAll("=3D", "=");
    }
    return null;
  }

  async #ready(): Promise<void> {
    for (const until = Date.now() + 30_000; Date.now() < until;) {
      const answer = await fetch(`${this.base}/health`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server does not answer; see ${this.log}`);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function sql(text: string): Promise<void> {
  const instance = process.env.ACCUNODE_TEST_POSTGRES_URL ?? "";
  await promisify(execFile)("psql", ["-qX", "-v", "ON_ERROR_STOP=1", instance, "-c", text]);
}

async function makeDatabase(): Promise<string> {
  const name = `e2e_${randomBytes(6).toString("hex")}`;
  await sql(`CREATE DATABASE ${name}`);
  const url = new URL(process.env.ACCUNODE_TEST_POSTGRES_URL ?? "");
  url.pathname = `/${name}`;
  return url.href;
}

const dropDatabase = (url: string) => sql(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
