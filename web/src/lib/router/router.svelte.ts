// Where the application is: path, parameters and query of the address bar. Filters live in the query, so that an
// address shows another person the same rows.
export interface Match<R> {
  route: R;
  params: Record<string, string>;
}

/** Compares a path with a pattern such as `/companies/:id`; the parameters when it fits. */
export function matches(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":")) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
}

type QueryValue = string | number | boolean | null | undefined;

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  query = $derived(new URLSearchParams(this.search));

  constructor() {
    addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#click(event));
  }

  /** Goes to an address of this application. */
  go(to: string, { replace = false } = {}): void {
    const url = new URL(to, location.origin);
    const same = url.pathname === location.pathname && url.search === location.search;
    history[replace || same ? "replaceState" : "pushState"](null, "", url.pathname + url.search + url.hash);
    const moved = url.pathname !== this.path;
    this.#read();
    if (url.hash) document.getElementById(url.hash.slice(1))?.scrollIntoView();
    else if (moved) scrollTo({ top: 0 });
  }

  /** Changes parts of the query and keeps the rest; empty values go. Replaces by default: "back" leaves the screen. */
  set(values: Record<string, QueryValue>, { replace = true } = {}): void {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === "" || value === false) query.delete(name);
      else query.set(name, String(value));
    }
    const text = query.toString();
    this.go(location.pathname + (text ? `?${text}` : ""), { replace });
  }

  text(name: string, otherwise = ""): string {
    return this.query.get(name) ?? otherwise;
  }

  number(name: string, otherwise: number): number {
    const value = Number(this.query.get(name) ?? Number.NaN);
    return Number.isInteger(value) && value > 0 ? value : otherwise;
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link?.href || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || isServerPath(url.pathname)) return;
    if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
    event.preventDefault();
    this.go(url.pathname + url.search + url.hash);
  }
}

/** Paths that the server answers itself. */
function isServerPath(path: string): boolean {
  return /^\/(api|docs|health|openapi\.json|redoc)(\/|$)/.test(path);
}

export const router = new Router();

/** A path of this application that may be gone to after signing in; nothing that leads elsewhere. */
export function safeReturn(to: string | null): string {
  return to && /^\/(?![/\\])/.test(to) && !isServerPath(to) && !to.startsWith("/sign-in") ? to : "/";
}
