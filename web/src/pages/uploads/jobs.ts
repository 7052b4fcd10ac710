// What the screens of uploads know about an upload.
import type { JobBrief } from "$lib/api";
import { session } from "$lib/state/session.svelte";

export const running = (job: Pick<JobBrief, "status">) =>
  ["pending", "queued", "processing"].includes(job.status);
export const stateOf = (job: JobBrief) => (job.cancelled ? "cancelled" : job.status);
export function toneOf(job: JobBrief): "good" | "warn" | "bad" | "accent" | "neutral" {
  if (job.cancelled) return "neutral";
  if (job.status === "failed") return "bad";
  if (job.status !== "completed") return "accent";
  return job.failed_rows > 0 ? "warn" : "good";
}

/** What the list can be filtered by; what waits is `queued`, and `pending` is nothing any more. */
export const STATES = ["queued", "processing", "completed", "failed", "cancelled"] as const;

/** Whether cancelling and deleting are offered: one's own uploads, or those that one looks after. */
export function mayControl(owner: { user_id: string; organization_id?: string | null } | undefined): boolean {
  if (!owner) return false;
  if (session.role === "super_admin" || owner.user_id === session.me?.id) return true;
  return session.role === "org_admin" && owner.organization_id === session.me?.organization_id;
}
