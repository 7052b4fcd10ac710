// What the screen of one company reads and does.
import { api, ask, type CompanyItem } from "$lib/api";
import { period } from "$lib/format";
import type { Kind, Prediction } from "$lib/score/kinds";
import { session } from "$lib/state/session.svelte";

export const periodOf = (p: Prediction) => period(p.reporting_year, p.reporting_quarter);

/** All predictions of a company of one kind, in the order of their periods. */
export async function predictionsOf(
  company: CompanyItem,
  kind: Kind,
  signal: AbortSignal,
): Promise<Prediction[]> {
  const query = { company_symbol: company.symbol, size: 1000 };
  // The system's rows stand in a list of their own; of an organization's, the platform's people ask by its id.
  const own = {
    ...query,
    organization_id: session.role === "super_admin" ? (company.organization_id ?? undefined) : undefined,
  };
  const system = company.access_level === "system";
  const annual = kind === "annual";
  const page = system
    ? annual
      ? await ask(api.GET("/api/v1/predictions/annual/system", { params: { query }, signal }))
      : await ask(api.GET("/api/v1/predictions/quarterly/system", { params: { query }, signal }))
    : annual
      ? await ask(api.GET("/api/v1/predictions/annual", { params: { query: own }, signal }))
      : await ask(api.GET("/api/v1/predictions/quarterly", { params: { query: own }, signal }));
  const rows: Prediction[] = page.predictions;
  // Symbols are found by a part of them, and others may have the same one.
  return rows
    .filter((p) => p.company_id === company.id)
    .sort((a, b) => periodOf(a).localeCompare(periodOf(b)));
}

export async function remove(kind: Kind, id: string): Promise<void> {
  const init = { params: { path: { id } } };
  if (kind === "annual") await ask(api.DELETE("/api/v1/predictions/annual/{id}", init));
  else await ask(api.DELETE("/api/v1/predictions/quarterly/{id}", init));
}

export async function rescore(kind: Kind, id: string): Promise<void> {
  const init = { params: { path: { id } } };
  if (kind === "annual") await ask(api.POST("/api/v1/predictions/annual/{id}/rescore", init));
  else await ask(api.POST("/api/v1/predictions/quarterly/{id}/rescore", init));
}

export async function versions(kind: Kind, id: string, signal?: AbortSignal) {
  const init = { params: { path: { id } }, signal };
  const answer =
    kind === "annual"
      ? await ask(api.GET("/api/v1/predictions/annual/{id}/versions", init))
      : await ask(api.GET("/api/v1/predictions/quarterly/{id}/versions", init));
  return answer.versions;
}

export async function peers(kind: Kind, id: string, signal?: AbortSignal) {
  const init = { params: { path: { id } }, signal };
  return kind === "annual"
    ? await ask(api.GET("/api/v1/predictions/annual/{id}/peers", init))
    : await ask(api.GET("/api/v1/predictions/quarterly/{id}/peers", init));
}

/** What is offered; the server has the last word. */
export const may = {
  change: (p: Prediction) => session.role === "super_admin" || p.created_by === session.me?.id,
  delete: (p: Prediction) =>
    may.change(p) || (p.access_level === "organization" && session.role === "org_admin"),
  manage: (c: CompanyItem) =>
    session.role === "super_admin" ||
    c.access_level === "personal" ||
    (c.access_level === "organization" && session.role === "org_admin"),
};
