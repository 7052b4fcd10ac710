import { t } from "$lib/texts";
import { toasts } from "./toasts.svelte";

/** Puts a text into the clipboard. Browsers refuse that on pages that did not come over TLS. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.good(t.common.copied);
  } catch {
    toasts.bad(t.common.copyRefused);
  }
}
