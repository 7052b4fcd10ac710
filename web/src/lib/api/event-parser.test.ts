import { describe, expect, it } from "vitest";
import { EventParser } from "./event-parser";

const STREAM =
  ': hello\n\nid: 1-processing-5\nevent: progress\ndata: {"a":1}\n\nid: end\nevent: end\ndata: {"a":\ndata: 2}\n\n';
const EXPECTED = [
  { id: "1-processing-5", name: "progress", data: '{"a":1}' },
  { id: "end", name: "end", data: '{"a":\n2}' },
];

describe("a stream of events", () => {
  it("is the same however it is cut into pieces", () => {
    for (let size = 1; size <= STREAM.length; size++) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < STREAM.length; at += size)
        found.push(...parser.push(STREAM.slice(at, at + size)));
      expect(found, `pieces of ${size}`).toEqual(EXPECTED);
    }
  });

  it("may end its lines in any way", () => {
    const parser = new EventParser();
    expect(parser.push(STREAM.replaceAll("\n", "\r\n"))).toEqual(EXPECTED);
    const other = new EventParser();
    // A carriage return at the very end may be the first half of a line's end.
    expect([...other.push(STREAM.replaceAll("\n", "\r")), ...other.push("\n")]).toEqual(EXPECTED);
  });

  it("gives nothing for comments, ids alone and what is not complete", () => {
    const parser = new EventParser();
    expect(parser.push(": still here\n\nid: 7\n\nevent: progress\ndata: x\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ id: "7", name: "progress", data: "x" }]);
    expect(parser.push("data:y\nretry: 5\nodd\n\n")).toEqual([{ id: "7", name: "message", data: "y" }]);
  });
});
