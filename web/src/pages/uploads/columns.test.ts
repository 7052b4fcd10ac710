import { describe, expect, it } from "vitest";
import { headerOf, missing, template } from "./columns";

describe("the columns of a file", () => {
  it("are all in the template of their kind", () => {
    for (const kind of ["annual", "quarterly"] as const) {
      const names = headerOf(template(kind));
      expect(missing(kind, names)).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("are found whatever their case, order, quotes and byte order mark", () => {
    const header = headerOf('\uFEFF"Sector", COMPANY_SYMBOL ,company_name,reporting_year,x\r\n1,2');
    expect(header).toEqual(["sector", "company_symbol", "company_name", "reporting_year", "x"]);
    expect(missing("annual", header)).toContain("return_on_assets");
    expect(missing("annual", header)).not.toContain("sector");
  });

  it("need a quarter where statements are quarterly", () => {
    expect(missing("quarterly", [])).toContain("reporting_quarter");
    expect(missing("annual", [])).not.toContain("reporting_quarter");
  });
});
