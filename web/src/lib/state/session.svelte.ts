// Who is signed in.
import { api, ask, asProblem, type Me, type Problem } from "$lib/api";
import * as tokens from "$lib/api/tokens";
import { router, safeReturn } from "$lib/router/router.svelte";
import { queries } from "./queries";

export const ROLES = ["user", "org_member", "org_admin", "tenant_admin", "super_admin"] as const;
export type Role = (typeof ROLES)[number];

type Status = "starting" | "out" | "in" | "must-change" | "unreachable";

class Session {
  status = $state<Status>("starting");
  me = $state<Me | null>(null);
  problem = $state<Problem | null>(null);
  /** Whether the session ended by itself, which the sign-in screen explains. */
  lost = $state(false);

  role = $derived<Role>(ROLES.find((role) => role === this.me?.role) ?? "user");

  constructor() {
    tokens.onLost(() => this.#out(true));
    tokens.onOtherTab((signedIn) => {
      if (!signedIn) this.#out(false);
      else void this.start();
    });
  }

  /** Whether the role is this one or above it. What one may is the server's to say; this decides what is offered. */
  atLeast(role: Role): boolean {
    return ROLES.indexOf(this.role) >= ROLES.indexOf(role);
  }

  /** Takes up a session that was kept, when the application opens. */
  async start(): Promise<void> {
    if (!tokens.hasSession()) {
      this.status = "out";
      return;
    }
    try {
      await this.reload();
      this.status = "in";
    } catch (thrown) {
      this.problem = asProblem(thrown);
      // A refused session is over; anything else may pass, and the session is kept.
      if (this.problem.kind === "signed-out") this.#out(true);
      else if (this.status === "starting") this.status = "unreachable";
    }
  }

  async reload(): Promise<void> {
    this.me = await ask(api.GET("/api/v1/users/me"));
  }

  async signIn(email: string, password: string): Promise<void> {
    const token = await ask(api.POST("/api/v1/auth/login", { body: { email, password } }));
    tokens.keep(token);
    this.lost = false;
    if (token.must_change_password) {
      this.status = "must-change";
      return;
    }
    await this.reload();
    this.status = "in";
  }

  /** Changes the own password. That ends every session, so it signs in anew with the new one. */
  async changePassword(email: string, current: string, next: string): Promise<void> {
    const body = { current_password: current, new_password: next };
    await ask(api.POST("/api/v1/auth/change-password", { body }));
    await this.signIn(email, next);
  }

  async signOut(everywhere = false): Promise<void> {
    const path = everywhere ? "/api/v1/auth/logout-all" : "/api/v1/auth/logout";
    const asked = ask(api.POST(path));
    // Signing out here works without the server; signing out everywhere does not.
    if (everywhere) await asked;
    else await asked.catch(() => undefined);
    tokens.forget();
    this.#out(false);
    router.go("/sign-in");
  }

  /** The address of the sign-in screen that leads back here. */
  signInPath(): string {
    const here = safeReturn(router.path + router.search);
    return here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`;
  }

  #out(lost: boolean): void {
    this.me = null;
    this.lost = lost;
    this.status = "out";
    queries.clear();
  }
}

export const session = new Session();
