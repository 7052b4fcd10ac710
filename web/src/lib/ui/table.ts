import type { Snippet } from "svelte";

/** A column of a table. Columns with a rank go, the highest first, where the room is scarce. */
export interface Column<R> {
  key: string;
  label: string;
  /** The heading is there for screen readers alone. */
  quiet?: boolean;
  /** The server's name for sorting by it. */
  sort?: string;
  numeric?: boolean;
  /** 1 goes below 60 rem of width, 2 below 44 rem, 3 below 32 rem. */
  hide?: 1 | 2 | 3;
  cell: Snippet<[R]>;
}

export interface Sorting {
  by: string;
  order: "asc" | "desc";
}

/** The order after a click on a column: the other way round where it sorts already. */
export function nextSorting(now: Sorting, by: string, first: Sorting["order"] = "asc"): Sorting {
  if (now.by !== by) return { by, order: first };
  return { by, order: now.order === "asc" ? "desc" : "asc" };
}
