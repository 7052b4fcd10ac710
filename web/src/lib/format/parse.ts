// Numbers as people type them.

/** A number; null when the text is none. A decimal comma is taken where no point stands beside it. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace(/[\u2212\u2013]/g, "-")
    .replace(/[\s\u00a0']/g, "");
  const pointed = /^-?\d+,\d+$/.test(plain) ? plain.replace(",", ".") : plain;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(pointed)) return null;
  const value = Number(pointed);
  return Number.isFinite(value) ? value : null;
}
