import { beforeAll, describe, expect, it, vi } from "vitest";

// The router reads the address bar when it is made; these functions do not.
beforeAll(() => {
  vi.stubGlobal("location", { pathname: "/", search: "", origin: "http://x" });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("document", { addEventListener: () => undefined });
});
const load = () => import("./router.svelte");

describe("patterns", () => {
  it("match whole paths and name their parts", async () => {
    const { matches } = await load();
    expect(matches("/companies/:id", "/companies/42")).toEqual({ id: "42" });
    expect(matches("/companies/:id", "/companies/a%2Fb")).toEqual({ id: "a/b" });
    expect(matches("/companies/:id", "/companies")).toBeNull();
    expect(matches("/companies", "/companies/42")).toBeNull();
    expect(matches("/", "/")).toEqual({});
    expect(matches("/companies/:id", "/companies/%E0%A4%A")).toBeNull();
  });
});

describe("where to go after signing in", () => {
  it("is within the application, whatever the address says", async () => {
    const { safeReturn } = await load();
    expect(safeReturn("/companies?risk_level=HIGH")).toBe("/companies?risk_level=HIGH");
    for (const bad of [
      null,
      "",
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "/api/v1",
      "/sign-in",
    ]) {
      expect(safeReturn(bad)).toBe("/");
    }
  });
});
