// A form's doings: values are the screen's; this holds errors by field, whether it is under way, and what went wrong.
import { asProblem, type Problem } from "$lib/api";
import { toasts } from "$lib/ui/toasts.svelte";
import { t } from "$lib/texts";
import { tick } from "svelte";

export type Errors = Record<string, string | null | undefined | false>;

export class Form {
  errors = $state<Record<string, string>>({});
  busy = $state(false);
  problem = $state<Problem | null>(null);

  /** Sends when `check` finds nothing wrong. True when it went through. */
  async submit(check: () => Errors, send: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.problem = null;
    const found = Object.entries(check()).filter((entry): entry is [string, string] => Boolean(entry[1]));
    this.errors = Object.fromEntries(found);
    if (found.length > 0) {
      await this.#focus();
      return false;
    }
    this.busy = true;
    try {
      await send();
      return true;
    } catch (thrown) {
      this.problem = asProblem(thrown);
      this.errors = { ...this.problem.fields };
      await this.#focus();
      return false;
    } finally {
      this.busy = false;
    }
  }

  clear(field: string): void {
    if (this.errors[field]) {
      const { [field]: _, ...rest } = this.errors;
      this.errors = rest;
    }
  }

  async #focus(): Promise<void> {
    await tick();
    document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }
}

/** Does something outside of a form and tells when it fails. True when it went through. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done) toasts.good(done);
    return true;
  } catch (thrown) {
    toasts.bad(asProblem(thrown).message || t.problems.failed);
    return false;
  }
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Checks that forms share; null when fine. */
export const checks = {
  email: (text: string) => (EMAIL.test(text.trim()) ? null : t.auth.errors.email),
  password: (text: string) =>
    [...text].length >= 8 && /\p{L}/u.test(text) && /\p{Nd}/u.test(text) ? null : t.auth.errors.password,
  given: (text: string, message: string = t.common.required) => (text.trim() ? null : message),
};
