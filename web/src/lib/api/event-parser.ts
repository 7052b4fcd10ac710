// Server-sent events, out of the text that they come in.
export interface ServerEvent {
  id: string;
  name: string;
  data: string;
}

/** Cuts a stream of text into its events. Comments, which keep silent streams open, are none. */
export class EventParser {
  #rest = "";
  #id = "";
  #name = "";
  #data: string[] = [];

  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.#id = value;
    else if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    return [];
  }

  #end(): ServerEvent[] {
    const event = { id: this.#id, name: this.#name || "message", data: this.#data.join("\n") };
    const some = this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    return some ? [event] : [];
  }
}
