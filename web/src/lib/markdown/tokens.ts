// Of Markdown's parts what the components need to know.
import type { Token, Tokens } from "marked";

/** The heading's text as an address inside of the page. */
export function slug(text: string): string {
  return `s-${text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}`;
}

/** A link that may be followed; nothing that would run in the page. */
export function safeHref(href: string): string | null {
  return /^https?:\/\//i.test(href) ? href : null;
}

/** The text of inline parts without their marks. */
export function plain(tokens: Token[] | undefined): string {
  return (tokens ?? [])
    .map((token) =>
      "tokens" in token && token.tokens ? plain(token.tokens) : "text" in token ? String(token.text) : "",
    )
    .join("");
}

export const isNumber = (align: Tokens.Table["align"][number] | undefined) => align === "right";
