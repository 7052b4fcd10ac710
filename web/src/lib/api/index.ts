export { api, ask, raw } from "./client";
export { download, offer, upload } from "./files";
export { asProblem, Problem, type ProblemKind } from "./problem";
export type * from "./made/schema";
