// What this browser prefers: appearance, the folded navigation, rows per page.
type Theme = "auto" | "light" | "dark";

function read(name: string): string | null {
  return localStorage.getItem(`accunode.${name}`);
}

function write(name: string, value: string): void {
  localStorage.setItem(`accunode.${name}`, value);
}

class Prefs {
  #theme = $state<Theme>((["light", "dark"] as const).find((t) => t === read("theme")) ?? "auto");
  #folded = $state(read("folded") === "1");
  /** Counts changes of appearance, also those of the system, for charts that have to be drawn anew. */
  painted = $state(0);

  constructor() {
    this.#show();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.painted += 1));
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    write("theme", theme);
    this.#show();
    this.painted += 1;
  }

  get folded(): boolean {
    return this.#folded;
  }
  set folded(folded: boolean) {
    this.#folded = folded;
    write("folded", folded ? "1" : "0");
  }

  #show(): void {
    const root = document.documentElement;
    if (this.#theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = this.#theme;
  }
}

export const prefs = new Prefs();
