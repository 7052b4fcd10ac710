import type { JobBrief } from "$lib/api";

export const running = (job: JobBrief) => ["pending", "queued", "processing"].includes(job.status);
export const stateOf = (job: JobBrief) => (job.cancelled ? "cancelled" : job.status);
export function toneOf(job: JobBrief): "good" | "warn" | "bad" | "accent" {
  if (job.status === "failed") return "bad";
  if (job.status !== "completed") return "accent";
  return job.failed_rows > 0 ? "warn" : "good";
}
