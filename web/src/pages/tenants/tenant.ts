import { t } from "$lib/texts";

/** What is wrong with a tenant's name; null when fine. */
export function properName(name: string): string | null {
  const length = [...name.trim()].length;
  return length >= 2 && length <= 100 ? null : t.tenants.errors.name;
}
