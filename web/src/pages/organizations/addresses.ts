// E-mail addresses out of what somebody pastes: a line, a list, a column of a table, "Name <address>".
const ADDRESS = /^[^\s@<>"',;]+@[^\s@<>"',;]+\.[^\s@<>"',;]+$/;

export interface Pasted {
  /** In lower case, each once, in their order. */
  addresses: string[];
  /** What stands between separators and is no address. */
  wrong: string[];
}

export function addressesIn(text: string): Pasted {
  const addresses = new Set<string>();
  const wrong: string[] = [];
  // The name before an address in brackets is not an address that went wrong.
  const bare = text.replace(/(?:"[^"\n]*"|[^\n,;<>"]*)\s*<([^<>]*)>/g, " $1 ");
  for (const piece of bare.split(/[\s,;]+/)) {
    const word = piece.replace(/^["'(]+|["').]+$/g, "");
    if (!word) continue;
    if (ADDRESS.test(word)) addresses.add(word.toLowerCase());
    else wrong.push(word);
  }
  return { addresses: [...addresses], wrong };
}
