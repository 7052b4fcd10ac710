import { lexer } from "marked";
import { describe, expect, it } from "vitest";
import { plain, safeHref, slug } from "./tokens";

describe("Markdown of others", () => {
  it("leads to no address but the web's", () => {
    expect(safeHref("https://example.com/a")).toBe("https://example.com/a");
    for (const href of [
      "javascript:alert(1)",
      "JAVASCRIPT:x",
      "data:text/html,x",
      "//example.com",
      "/api",
      "",
    ])
      expect(safeHref(href), href).toBe(null);
  });
  it("gives headings an address", () => {
    expect(slug("Missing and not meaningful")).toBe("s-missing-and-not-meaningful");
    expect(slug("2 % – ?")).toBe("s-2");
  });
  it("is text without its marks", () => {
    const [heading] = lexer("## With **bold** and `code`");
    expect(plain(heading && "tokens" in heading ? heading.tokens : [])).toBe("With bold and code");
  });
});
