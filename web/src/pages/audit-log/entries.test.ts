import type { AuditEntry } from "$lib/api";
import { describe, expect, it } from "vitest";
import { actionName, asked, changesOf, targetName } from "./entries";

/** The document says of the states no more than that they are objects. */
const entry = (states: { before?: object; after?: object }) =>
  ({
    seq: 1,
    at: "2024-05-01T10:00:00Z",
    action: "user.update",
    outcome: "done",
    hash: "0",
    ...states,
  }) as AuditEntry;

describe("filters of the request", () => {
  it("take days as moments of the browser's zone, the last one whole", () => {
    const { from, to } = asked({ from: "2024-02-28", to: "2024-02-29" });
    expect(from).toBe(new Date(2024, 1, 28).toISOString());
    expect(to).toBe(new Date(2024, 2, 1).toISOString());
  });
  it("leave out what is no day, and keep the rest", () => {
    expect(asked({ from: "yesterday", action: "user." })).toEqual({
      action: "user.",
      from: undefined,
      to: undefined,
    });
  });
});

describe("what an entry says", () => {
  it("is field by field what was and is, changes first", () => {
    const changes = changesOf(
      entry({ before: { name: "Old", active: true }, after: { name: "New", active: true } }),
    );
    expect(changes).toEqual([
      { field: "name", before: "Old", after: "New", changed: true },
      { field: "active", before: "true", after: "true", changed: false },
    ]);
  });
  it("has no changes where there is only one side", () => {
    expect(changesOf(entry({ after: { name: "New" } }))).toEqual([
      { field: "name", before: "–", after: "New", changed: false },
    ]);
    expect(changesOf(entry({}))).toEqual([]);
  });
  it("names what it is about", () => {
    expect(targetName(entry({ after: { role: "user", email: "a@x.org" } }))).toBe("a@x.org");
    expect(targetName(entry({ before: { name: "Gone" } }))).toBe("Gone");
    expect(targetName(entry({}))).toBeNull();
  });
  it("has a name for what was done, or its own word", () => {
    expect(actionName("user.create")).toBe("Account made");
    expect(actionName("something.new")).toBe("something.new");
  });
});
