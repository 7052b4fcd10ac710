// The navigation and the pages that the finder knows.
import Building2 from "@lucide/svelte/icons/building-2";
import Boxes from "@lucide/svelte/icons/boxes";
import Calculator from "@lucide/svelte/icons/calculator";
import Gauge from "@lucide/svelte/icons/gauge";
import LayoutDashboard from "@lucide/svelte/icons/layout-dashboard";
import Settings from "@lucide/svelte/icons/settings";
import SlidersHorizontal from "@lucide/svelte/icons/sliders-horizontal";
import Upload from "@lucide/svelte/icons/upload";
import type { Role } from "$lib/state/session.svelte";
import { t } from "$lib/texts";

export interface Place {
  href: string;
  label: string;
  icon: typeof Building2;
  group: "work" | "manage";
  least?: Role;
}

const nav = t.shell.nav;
export const places: Place[] = [
  { href: "/", label: nav.home, icon: LayoutDashboard, group: "work" },
  { href: "/companies", label: nav.companies, icon: Building2, group: "work" },
  { href: "/uploads", label: nav.uploads, icon: Upload, group: "work" },
  { href: "/score", label: nav.score, icon: Calculator, group: "work" },
  { href: "/what-if", label: nav.whatIf, icon: SlidersHorizontal, group: "work" },
  { href: "/models", label: nav.models, icon: Boxes, group: "manage" },
  { href: "/platform", label: nav.platform, icon: Gauge, group: "manage", least: "super_admin" },
  { href: "/settings", label: nav.settings, icon: Settings, group: "manage" },
];

/** Whether a place is the one, or holds the one, that is shown. */
export function holds(place: Place, path: string): boolean {
  return place.href === "/" ? path === "/" : path === place.href || path.startsWith(`${place.href}/`);
}
