// The filters of a list, as they stand in the address and in the request.
import { router } from "./router.svelte";

/** Those of the names that the address has a value for. */
export function filtersOf<N extends string>(
  names: readonly N[],
  query: URLSearchParams = router.query,
): Partial<Record<N, string>> {
  const filters: Partial<Record<N, string>> = {};
  for (const name of names) {
    const value = query.get(name);
    if (value) filters[name] = value;
  }
  return filters;
}

/** A filter of yes and no; anything else in the address narrows nothing. */
export function flag(value: string | undefined): boolean | undefined {
  return value === "true" ? true : value === "false" ? false : undefined;
}

/** Takes the filters out of the address, and begins at the first page. */
export function clearFilters(names: readonly string[]): void {
  router.set({ ...Object.fromEntries(names.map((name) => [name, null])), page: null });
}
