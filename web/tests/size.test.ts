// What a browser has to fetch before the first screen, compressed, stays small; charts come later.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const dist = new URL("../dist/", import.meta.url);
const LIMIT = 250_000;

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
  isEntry?: boolean;
}

/** A chunk, its styles and all that it imports at once. */
function closure(manifest: Record<string, Chunk>, key: string, found = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const file of chunk.css ?? []) found.add(file);
  for (const next of chunk.imports ?? []) closure(manifest, next, found);
  return found;
}

const size = (file: string) => {
  const packed = new URL(`${file}.gz`, dist);
  const content = readFileSync(existsSync(packed) ? packed : new URL(file, dist));
  return content.length;
};

describe.skipIf(!existsSync(new URL("index.html", dist)))("the build (skipped where there is none)", () => {
  // Also run where the tests are skipped.
  const file = new URL("manifest.json", dist);
  const manifest = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as Record<string, Chunk>;
  const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry) ?? "";

  it.each([
    "src/pages/home/Home.svelte",
    "src/pages/companies/Companies.svelte",
    "src/pages/auth/SignIn.svelte",
  ])("%s loads within the limit", (screen) => {
    expect(manifest[screen], "the screen is part of the build").toBeDefined();
    const files = closure(manifest, screen, closure(manifest, entry));
    // One font file in the letters of the texts.
    const font = Object.values(manifest).find((c) => /inter-latin-wght/.test(c.file))?.file;
    if (font) files.add(font);
    const total = [...files].reduce((sum, file) => sum + size(file), 0);
    expect(total).toBeGreaterThan(20_000);
    expect(total).toBeLessThan(LIMIT);
    expect(
      [...files].some((file) => file.includes("engine")),
      "charts are loaded when needed",
    ).toBe(false);
  });

  it("has no inline script or style, which the policy would refuse", () => {
    const html = readFileSync(new URL("index.html", dist), "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  });
});
