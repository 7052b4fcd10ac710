// The two tokens of a sign-in. The access token lives in memory alone; the refresh token is kept so that a reload or
// another tab stays signed in. No script but our own runs on these pages (Content-Security-Policy), and the server
// can end the session at any time.
import { problemOf } from "./problem";

const KEY = "accunode.session";
/** Renew this long before the access token ends, in milliseconds. */
const EARLY = 120_000;

let access: string | null = null;
let ends = 0;
let renewing: Promise<string | null> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let lost: () => void = () => undefined;

export interface TokenAnswer {
  access_token: string;
  expires_in: number;
  refresh_token?: string | null;
}

const refreshToken = () => localStorage.getItem(KEY);

/** Called when the session is over without anybody having signed out here. */
export function onLost(callback: () => void): void {
  lost = callback;
}

export function hasSession(): boolean {
  return refreshToken() !== null;
}

export function keep(token: TokenAnswer): void {
  access = token.access_token;
  ends = Date.now() + token.expires_in * 1000;
  if (token.refresh_token) localStorage.setItem(KEY, token.refresh_token);
  clearTimeout(timer);
  const wait = Math.max(ends - Date.now() - EARLY, 5_000);
  // A longer delay than the timer can hold would fire at once.
  timer = setTimeout(() => void renew().catch(() => undefined), Math.min(wait, 2 ** 31 - 1));
}

export function forget(): void {
  access = null;
  ends = 0;
  clearTimeout(timer);
  localStorage.removeItem(KEY);
}

/** The access token, renewed first where it is missing or over. Null without a session. */
export async function accessToken(): Promise<string | null> {
  if (access && Date.now() < ends - 5_000) return access;
  return hasSession() ? renew() : access;
}

/** A new access token by the refresh token; null, and the session given up, when the server refuses it. */
export function renew(): Promise<string | null> {
  renewing ??= ask().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function ask(): Promise<string | null> {
  const refresh = refreshToken();
  if (!refresh) return null;
  const response = await fetch("/api/v1/auth/refresh", {
    method: "POST",
    headers: { authorization: `Bearer ${refresh}`, "content-type": "application/json" },
    body: "{}",
  });
  if (response.status === 401 || response.status === 403) {
    // Another tab may have signed in anew in the meantime.
    if (refreshToken() === refresh) {
      forget();
      lost();
    }
    return null;
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, body, response.headers);
  // Somebody may have signed out while the answer was on its way.
  if (refreshToken() !== refresh) return null;
  keep(body as TokenAnswer);
  return access;
}

/** Tells when another tab signs out (`false`) or in (`true`). */
export function onOtherTab(callback: (signedIn: boolean) => void): void {
  addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    access = null;
    ends = 0;
    callback(hasSession());
  });
}
