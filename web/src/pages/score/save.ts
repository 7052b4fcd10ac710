// Stores what was typed: a new prediction, or another version of one.
import { api, ask, type NewAnnual, type NewQuarterly } from "$lib/api";
import type { Prediction } from "$lib/score/kinds";
import type { ScoreForm } from "./form.svelte";

export async function save(form: ScoreForm, id: string | null): Promise<Prediction> {
  const common = { ...form.head, ...form.values };
  if (form.kind === "annual") {
    const body = { ...common, reporting_quarter: form.quarter || null } as NewAnnual;
    const answer = id
      ? await ask(api.PUT("/api/v1/predictions/annual/{id}", { params: { path: { id } }, body }))
      : await ask(api.POST("/api/v1/predictions/annual", { body }));
    return answer.prediction;
  }
  const body = { ...common, reporting_quarter: form.quarter } as NewQuarterly;
  const answer = id
    ? await ask(api.PUT("/api/v1/predictions/quarterly/{id}", { params: { path: { id } }, body }))
    : await ask(api.POST("/api/v1/predictions/quarterly", { body }));
  return answer.prediction;
}
