// What the screens of models read.
import { api, ask, type Activation, type Model } from "$lib/api";
import { KINDS, type Kind } from "$lib/score/ratios";
import { session } from "$lib/state/session.svelte";

export const nameOf = (model: Pick<Model, "name" | "version">) => `${model.name} ${model.version}`;
export const kindOf = (model: Pick<Model, "kind">): Kind => KINDS.find((k) => k === model.kind) ?? "annual";

/** The models in use; there are few of a kind, and what is in use may be old. */
export async function used(signal: AbortSignal): Promise<Model[]> {
  const { models } = await ask(api.GET("/api/v1/models", { params: { query: { limit: 100 } }, signal }));
  return models.filter((model) => model.in_use);
}

/** The last two changes of a kind: the one in force, and what was before. */
export async function changes(kind: Kind, signal: AbortSignal): Promise<Activation[]> {
  const query = { kind, limit: 2 };
  return (await ask(api.GET("/api/v1/models/activations", { params: { query }, signal }))).activations;
}

/** Whether bringing a model into use is offered, and why not where it is not. */
export function approval(model: Model): "offered" | "own" | "none" {
  if (model.in_use || session.role !== "super_admin") return "none";
  return model.imported_by === session.me?.id ? "own" : "offered";
}
