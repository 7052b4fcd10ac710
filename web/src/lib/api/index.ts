export { api, ask, raw } from "./client";
export { events } from "./events";
export type { ServerEvent } from "./event-parser";
export { download, offer, upload } from "./files";
export { asProblem, Problem, type ProblemKind } from "./problem";
export type * from "./made/schema";
