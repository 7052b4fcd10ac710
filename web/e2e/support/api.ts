// The API as the tests use it to set the scene; what is tested goes through the browser.
import { administrator, type Server } from "./server";

export const PASSWORD = "correct horse 1";

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers differ; each caller names what it reads
export type Answer = Record<string, any>;

async function call(
  base: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Answer> {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers["content-type"] = "application/json";
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers,
    body: form ? body : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

export async function logIn(server: Server, email: string, password = PASSWORD): Promise<Tokens> {
  return (await call(server.base, "POST", "/auth/login", undefined, { email, password })) as Tokens;
}

/** The API in the name of one person. */
export class Api {
  constructor(
    readonly server: Server,
    readonly token: string,
  ) {}

  static async as(server: Server, email: string, password = PASSWORD): Promise<Api> {
    return new Api(server, (await logIn(server, email, password)).access_token);
  }

  /** The first administrator, who has to choose a password before anything else. */
  static async firstAdministrator(server: Server): Promise<Api> {
    const { email, firstPassword } = administrator;
    const given = await Api.as(server, email, firstPassword);
    await given.post("/auth/change-password", { current_password: firstPassword, new_password: PASSWORD });
    return Api.as(server, email);
  }

  get(path: string): Promise<Answer> {
    return call(this.server.base, "GET", path, this.token);
  }
  post(path: string, body: unknown = {}): Promise<Answer> {
    return call(this.server.base, "POST", path, this.token, body);
  }
  patch(path: string, body: unknown): Promise<Answer> {
    return call(this.server.base, "PATCH", path, this.token, body);
  }

  /** Hands in a portfolio and waits until it is scored; the job. */
  async upload(kind: "annual" | "quarterly", name: string, content: string): Promise<Answer> {
    const form = new FormData();
    form.append("file", new Blob([content]), name);
    const { job_id } = await this.post(`/predictions/${kind}/bulk-upload-async`, form);
    for (const until = Date.now() + 150_000; Date.now() < until;) {
      const { job } = await this.get(`/predictions/jobs/${job_id}/status`);
      if (job.status === "completed") return job as Answer;
      if (job.status === "failed") throw new Error(`${name}: ${job.error_message}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} is not done in time`);
  }
}
