// Files out of and into the server.
import { t } from "$lib/texts";
import { raw } from "./client";
import { Problem, problemOf } from "./problem";
import { accessToken } from "./tokens";

function nameIn(headers: Headers): string | null {
  return /filename="([^"]+)"/.exec(headers.get("content-disposition") ?? "")?.[1] ?? null;
}

/** Offers what is in memory as a file. */
export function offer(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Fetches a file of the API and offers it under the server's name for it, or `fallback`. */
export async function download(path: string, fallback: string): Promise<void> {
  const response = await raw(path);
  offer(await response.blob(), nameIn(response.headers) ?? fallback);
}

interface Sending {
  /** Called with the share of the file that is on its way. */
  progress?: (share: number) => void;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Sends a file and tells how much of it has gone, which `fetch` cannot. */
export async function upload<T>(
  path: string,
  file: File,
  { progress, headers: more = {}, signal }: Sending = {},
): Promise<T> {
  signal?.throwIfAborted();
  const token = await accessToken();
  const form = new FormData();
  form.append("file", file, file.name);
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    if (token) request.setRequestHeader("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(more)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress?.(event.loaded / event.total);
    };
    request.onerror = () => reject(new Problem("offline", t.problems.offline, 0));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response as T);
      const headers = new Headers({ "retry-after": request.getResponseHeader("retry-after") ?? "" });
      reject(problemOf(request.status, request.response, headers));
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
