import { expect, it, vi } from "vitest";

vi.mock("./router.svelte", () => ({ router: {} }));
const { filtersOf, flag } = await import("./filters");

it("reads the filters that the address has a value for, and no others", () => {
  const query = new URLSearchParams("search=bank&role=&page=2&other=x");
  expect(filtersOf(["search", "role"], query)).toEqual({ search: "bank" });
});

it("takes yes and no for what they are, and anything else for nothing", () => {
  expect(flag("true")).toBe(true);
  expect(flag("false")).toBe(false);
  expect(flag("maybe")).toBeUndefined();
  expect(flag(undefined)).toBeUndefined();
});
