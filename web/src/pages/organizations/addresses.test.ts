import { describe, expect, it } from "vitest";
import { addressesIn } from "./addresses";

describe("addresses out of what is pasted", () => {
  it("takes lines, commas, semicolons, tabs and blanks", () => {
    const text = "a@x.org, b@x.org;c@x.org\nd@x.org\te@x.org f@x.org\r\n";
    expect(addressesIn(text).addresses).toEqual([..."abcdef"].map((name) => `${name}@x.org`));
  });
  it("writes them in lower case and keeps each once", () => {
    expect(addressesIn("A@X.org a@x.ORG").addresses).toEqual(["a@x.org"]);
  });
  it("takes the address out of a name with brackets", () => {
    const { addresses, wrong } = addressesIn('Ada Archer <ada@x.org>, "Brook, Ben" <ben@x.org>');
    expect(addresses).toEqual(["ada@x.org", "ben@x.org"]);
    expect(wrong).toEqual([]);
  });
  it("names what is no address", () => {
    expect(addressesIn("ada@x.org nobody half@ @x.org ada@x")).toEqual({
      addresses: ["ada@x.org"],
      wrong: ["nobody", "half@", "@x.org", "ada@x"],
    });
  });
  it("finds nothing in nothing", () => {
    expect(addressesIn(" \n,; ")).toEqual({ addresses: [], wrong: [] });
  });
});
