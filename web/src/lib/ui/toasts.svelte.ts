// Short messages in a corner: what was done, or why not.
export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
}

class Toasts {
  shown = $state<Toast[]>([]);
  #next = 1;

  good(text: string): void {
    this.#add("good", text, 5_000);
  }
  /** Stays until it is dismissed: an error must not vanish before it has been read. */
  bad(text: string): void {
    this.#add("bad", text, null);
  }
  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
  #add(tone: Toast["tone"], text: string, lasts: number | null): void {
    const id = this.#next++;
    this.shown = [...this.shown.filter((toast) => toast.text !== text).slice(-3), { id, tone, text }];
    if (lasts) setTimeout(() => this.dismiss(id), lasts);
  }
}

export const toasts = new Toasts();
