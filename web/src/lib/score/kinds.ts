// What the API has for each kind of statements.
import { api, ask, type Content } from "$lib/api";
import type { Kind, Prediction } from "./ratios";

export * from "./ratios";

/** One prediction with its explanation. */
export async function explained(kind: Kind, id: string, signal?: AbortSignal): Promise<Prediction> {
  const init = { params: { path: { id }, query: { explain: true } }, signal };
  const answer =
    kind === "annual"
      ? await ask(api.GET("/api/v1/predictions/annual/{id}", init))
      : await ask(api.GET("/api/v1/predictions/quarterly/{id}", init));
  return answer.prediction;
}

/** What the model in use is made of: thresholds, training ranges, members. */
export async function modelInUse(kind: Kind, signal?: AbortSignal): Promise<Content | null> {
  const query = { kind, limit: 100 };
  const { models } = await ask(api.GET("/api/v1/models", { params: { query }, signal }));
  const used = models.find((model) => model.in_use);
  if (!used) return null;
  const detail = await ask(api.GET("/api/v1/models/{id}", { params: { path: { id: used.id } }, signal }));
  return detail.content;
}
