// The file that somebody is about to hand in: what is known of it, and its way to the server.
import { upload, type Accepted, type Trial } from "$lib/api";
import type { Kind } from "$lib/score/ratios";
import { t } from "$lib/texts";
import { check, headerOf, type ColumnCheck } from "./columns";

/** The header of a CSV file stands well within so many bytes. */
const HEAD = 65_536;

export class PortfolioFile {
  file = $state.raw<File | null>(null);
  header = $state.raw<string[] | null>(null);
  refusal = $state("");
  /** What would become of it, once the server has been asked. */
  trial = $state.raw<Trial | null>(null);
  /** How much has been sent, in percent. */
  sent = $state(0);
  #stop: AbortController | null = null;
  #key = "";

  async take(file: File): Promise<void> {
    this.file = file;
    this.header = null;
    this.trial = null;
    this.#key = random();
    const name = file.name.toLowerCase();
    if (name.endsWith(".xls")) this.refusal = t.uploads.xls;
    else if (!/\.(csv|xlsx)$/.test(name)) this.refusal = t.uploads.wrongType;
    else if (file.size === 0) this.refusal = t.uploads.empty;
    else this.refusal = "";
    if (this.refusal || !name.endsWith(".csv")) return;
    const header = headerOf(await file.slice(0, HEAD).text());
    // Another file may have been chosen meanwhile.
    if (this.file !== file) return;
    if (header.length === 1 && header[0]?.includes(";")) this.refusal = t.uploads.semicolons;
    else this.header = header;
  }

  /** What the header says; null where it is not known. */
  columns(kind: Kind): ColumnCheck | null {
    return this.header ? check(kind, this.header) : null;
  }

  /** Why it cannot be sent as it is. */
  trouble(kind: Kind): string {
    const columns = this.columns(kind);
    if (this.refusal || !columns) return this.refusal;
    if (columns.missing.length > 0) return t.uploads.columnsMissing(columns.missing.join(", "));
    return columns.twice.length > 0 ? t.uploads.columnsTwice(columns.twice.join(", ")) : "";
  }

  async try(kind: Kind): Promise<void> {
    this.trial = await this.#send<Trial>(`${path(kind)}?dry_run=true`);
  }

  /** Hands it in. Repeating it after a broken connection makes no second upload. */
  handIn(kind: Kind): Promise<Accepted> {
    return this.#send<Accepted>(path(kind), { "idempotency-key": `${this.#key}-${kind}` });
  }

  stop(): void {
    this.#stop?.abort();
  }

  async #send<T>(to: string, headers: Record<string, string> = {}): Promise<T> {
    if (!this.file) throw new TypeError("no file");
    this.sent = 0;
    this.#stop = new AbortController();
    const progress = (share: number) => (this.sent = share * 100);
    return upload<T>(to, this.file, { progress, headers, signal: this.#stop.signal });
  }
}

const path = (kind: Kind) => `/api/v1/predictions/${kind}/bulk-upload-async`;

/** Also where the page came by plain HTTP, where there is no `randomUUID`. */
function random(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
