// Portfolio files.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./server";

export const sample = (kind: "annual" | "quarterly") =>
  readFileSync(path.join(root, `sample/portfolio_${kind}.csv`), "utf8");

/** A workbook as customers send them, where there is one. */
export const workbook = [path.join(root, "../shared/data/portfolio/annual_1.xlsx")].find(existsSync);

export const ANNUAL_HEADER =
  "company_symbol,company_name,market_cap,sector,reporting_year,long_term_debt_to_total_capital,total_debt_to_ebitda," +
  "net_income_margin,ebit_to_interest_expense,return_on_assets";

/** A file with one row for each line of what stands behind the company's symbol. */
export function annualFile(name: string, rows: string[]) {
  const content = [ANNUAL_HEADER, ...rows, ""].join("\n");
  return { name, mimeType: "text/csv", buffer: Buffer.from(content) };
}

export const annualRow = (symbol: string, company: string, year = 2023) =>
  `${symbol},${company},1200.5,Energy,${year},25,1.5,10,8,6`;

let made = 0;
/** A name that no other test uses: tests share a server. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${process.env.TEST_WORKER_INDEX ?? ""}-${made}`;
}
