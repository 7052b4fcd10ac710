// What has been read from the server, kept for a short while so that going back and forth asks nothing anew.
import { Problem } from "$lib/api";
import { QueryClient } from "@tanstack/svelte-query";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 300_000,
      refetchOnWindowFocus: false,
      // Refusals stay refusals; what may pass is tried twice more, later each time.
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && error.passing && error.kind !== "too-often",
    },
  },
});

/** Forgets what begins with these keys, so that it is read anew where it is shown. */
export async function stale(...keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key] })));
}
