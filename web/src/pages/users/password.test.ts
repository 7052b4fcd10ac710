import { expect, it } from "vitest";
import { suggested } from "./password";

it("suggests passwords that follow the rule and differ", () => {
  const many = Array.from({ length: 200 }, suggested);
  for (const password of many) expect(password).toMatch(/^(?=.*\d)(?=.*[a-zA-Z])[a-zA-Z2-9]{16}$/);
  expect(new Set(many).size).toBe(many.length);
});
