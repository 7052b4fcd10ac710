// All texts of the application. Another language is a file like en.ts, of type `Texts`, chosen here.
import { en } from "./en";

export type Texts = typeof en;
export const t: Texts = en;
