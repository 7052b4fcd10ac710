import { describe, expect, it } from "vitest";
import { asProblem, Problem, problemOf } from "./problem";

describe("answers that are no success", () => {
  it("shows the detail of plain errors", () => {
    const problem = problemOf(400, { detail: "Prediction already exists for ACME 2023" });
    expect(problem).toMatchObject({
      kind: "refused",
      message: "Prediction already exists for ACME 2023",
      passing: false,
    });
  });

  it("names the fields of validation errors, the first message of each", () => {
    const body = {
      success: false,
      message: "Please correct the marked fields",
      errors: [
        { field: "email", message: "Invalid email" },
        { field: "email", message: "second" },
        { field: "password", message: "Too short" },
        null,
      ],
    };
    const problem = problemOf(422, body);
    expect(problem.kind).toBe("invalid");
    expect(problem.fields).toEqual({ email: "Invalid email", password: "Too short" });
    expect(problem.message).toBe("Please correct the marked fields");
  });

  it("says how long to wait, from the body or the header", () => {
    const body = { error: "Rate limit exceeded", detail: "30 per 1 minute", retry_after: 42 };
    expect(problemOf(429, body)).toMatchObject({ kind: "too-often", retryAfter: 42 });
    expect(problemOf(429, body).message).toContain("42 seconds");
    expect(problemOf(429, null, new Headers({ "retry-after": "120" })).message).toContain("2 minutes");
    expect(problemOf(429, null).message).toContain("a moment");
  });

  it("keeps what failed inside to the server's log", () => {
    const problem = problemOf(500, { detail: "Internal server error" });
    expect(problem).toMatchObject({ kind: "failed", passing: true });
    expect(problem.message).not.toContain("Internal");
  });

  it.each([
    [401, "signed-out"],
    [403, "forbidden"],
    [404, "not-found"],
    [409, "conflict"],
    [413, "too-large"],
    [503, "unavailable"],
    [504, "unavailable"],
    [418, "refused"],
    [502, "failed"],
  ])("%i is %s", (status, kind) => expect(problemOf(status, null).kind).toBe(kind));

  it("survives bodies of any shape", () => {
    for (const body of [null, undefined, "text", 7, [], { detail: 3 }, { errors: "no" }]) {
      expect(problemOf(422, body).message).not.toBe("");
    }
  });
});

describe("what was thrown", () => {
  it("is offline where no answer came", () => {
    expect(asProblem(new TypeError("Failed to fetch"))).toMatchObject({
      kind: "offline",
      status: 0,
      passing: true,
    });
  });
  it("stays the problem that it is", () => {
    const problem = new Problem("conflict", "taken", 409);
    expect(asProblem(problem)).toBe(problem);
  });
});
