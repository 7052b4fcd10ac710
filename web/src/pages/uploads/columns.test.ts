import { describe, expect, it } from "vitest";
import { check, headerOf, missing, REFUSAL, template } from "./columns";

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

describe("the check of columns", () => {
  const header = headerOf(template("annual"));
  it("finds nothing in a template", () => {
    expect(check("annual", header)).toEqual({
      missing: [],
      twice: [],
      ignored: [],
      mended: false,
      otherKind: null,
    });
  });
  it("names what is there twice and what is not read", () => {
    const found = check("annual", [...header, "sector", "note", ""]);
    expect(found.twice).toEqual(["sector"]);
    expect(found.ignored).toEqual(["note"]);
  });
  it("knows a file of refused rows", () => {
    const found = check("annual", [...header, ...REFUSAL]);
    expect(found.mended).toBe(true);
    expect(found.ignored).toEqual([]);
  });
  it("says so when the file is one of the other kind", () => {
    expect(check("quarterly", header).otherKind).toBe("annual");
    expect(check("quarterly", ["sector"]).otherKind).toBe(null);
  });
});
