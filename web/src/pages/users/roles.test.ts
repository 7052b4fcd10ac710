import { describe, expect, it, vi } from "vitest";

vi.mock("$lib/state/session.svelte", () => ({
  ROLES: ["user", "org_member", "org_admin", "tenant_admin", "super_admin"],
}));
const { forChange, forNew, looksAfter, needs } = await import("./roles");

const member = { id: "m", role: "org_member", organization_id: "o", tenant_id: "t" };
const loner = { id: "l", role: "user" };

describe("roles for a new account", () => {
  it("are none above the giver's", () => {
    expect(forNew("org_admin")).not.toContain("tenant_admin");
    expect(forNew("tenant_admin")).not.toContain("super_admin");
    expect(forNew("super_admin")).toContain("super_admin");
    expect(forNew("org_member")).toEqual([]);
  });
  it("say what they need", () => {
    expect(needs("org_member")).toBe("organization");
    expect(needs("tenant_admin")).toBe("tenant");
    expect(needs("super_admin")).toBeNull();
  });
});

describe("roles for somebody who is there", () => {
  it("fit where they are", () => {
    expect(forChange("super_admin", member)).toEqual(["org_member", "org_admin", "tenant_admin"]);
    expect(forChange("super_admin", loner)).toEqual(["user", "super_admin"]);
    expect(forChange("org_admin", member)).toEqual(["org_member", "org_admin"]);
  });
  it("hold the present one even where it would not be given", () => {
    expect(forChange("org_admin", { ...member, role: "user" })).toContain("user");
  });
});

describe("looking after accounts", () => {
  it("is for higher roles, and never for the own", () => {
    expect(looksAfter("org_admin", "x", member)).toBe(true);
    expect(looksAfter("org_admin", "x", { ...member, role: "org_admin" })).toBe(false);
    expect(looksAfter("tenant_admin", "x", { ...member, role: "org_admin" })).toBe(true);
    expect(looksAfter("super_admin", "x", { id: "s", role: "super_admin" })).toBe(true);
    expect(looksAfter("super_admin", "m", member)).toBe(false);
    expect(looksAfter("org_member", "x", loner)).toBe(false);
  });
});
