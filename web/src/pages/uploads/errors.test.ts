import { describe, expect, it } from "vitest";
import { cellsOf, listOf } from "./errors";

describe("refused rows", () => {
  it("show the cells that the message is about", () => {
    const data = { company_symbol: "ACME", sector: "x", reporting_year: "20x3" };
    expect(cellsOf({ row: 2, error: "reporting_year: a year is expected", data })).toEqual([
      ["reporting_year", "20x3"],
    ]);
    expect(cellsOf({ row: 2, error: "there already", data })).toEqual([
      ["company_symbol", "ACME"],
      ["reporting_year", "20x3"],
    ]);
    expect(cellsOf({ row: 2, error: "sector is missing", data: { sector: "" } })).toEqual([]);
    expect(cellsOf({ row: 2, error: "too long", data: undefined })).toEqual([]);
  });

  it("are a list that a spreadsheet reads and does not run", () => {
    const errors = [
      { row: 2, error: 'said "no", twice' },
      { row: 1000, error: "=HYPERLINK(1)" },
      { row: 7, error: "-5" },
    ];
    expect(listOf(errors)).toBe(`row,error\r\n2,"said ""no"", twice"\r\n1000,'=HYPERLINK(1)\r\n7,-5\r\n`);
  });
});
