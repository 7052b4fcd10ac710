// A password to begin with: letters and digits that are not taken for each other when read aloud or copied by hand.
const SIGNS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH = 16;

export function suggested(): string {
  for (;;) {
    const signs: string[] = [];
    while (signs.length < LENGTH) {
      const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
      // Bytes past the last whole run of the signs would make the first ones likelier.
      if (byte < 256 - (256 % SIGNS.length)) signs.push(SIGNS[byte % SIGNS.length] ?? "");
    }
    const password = signs.join("");
    if (/\d/.test(password) && /[a-zA-Z]/.test(password)) return password;
  }
}
