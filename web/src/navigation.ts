// The navigation and the pages that the finder knows.
import Building2 from "@lucide/svelte/icons/building-2";
import Boxes from "@lucide/svelte/icons/boxes";
import Calculator from "@lucide/svelte/icons/calculator";
import Landmark from "@lucide/svelte/icons/landmark";
import Gauge from "@lucide/svelte/icons/gauge";
import LayoutDashboard from "@lucide/svelte/icons/layout-dashboard";
import Network from "@lucide/svelte/icons/network";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import Settings from "@lucide/svelte/icons/settings";
import SlidersHorizontal from "@lucide/svelte/icons/sliders-horizontal";
import Upload from "@lucide/svelte/icons/upload";
import Users from "@lucide/svelte/icons/users";
import { session, type Role } from "$lib/state/session.svelte";
import { t } from "$lib/texts";

export interface Place {
  href: string;
  label: string;
  icon: typeof Building2;
  group: "work" | "manage";
  least?: Role;
}

/** Whoever runs one thing of a kind reads of the one, and comes to it at once. */
const oneOr = (many: Role, one: string, all: string) => (session.atLeast(many) ? all : one);
const nav = t.shell.nav;
export const places: Place[] = [
  { href: "/", label: nav.home, icon: LayoutDashboard, group: "work" },
  { href: "/companies", label: nav.companies, icon: Building2, group: "work" },
  { href: "/uploads", label: nav.uploads, icon: Upload, group: "work" },
  { href: "/score", label: nav.score, icon: Calculator, group: "work" },
  { href: "/what-if", label: nav.whatIf, icon: SlidersHorizontal, group: "work" },
  {
    href: "/admin/tenants",
    get label() {
      return oneOr("super_admin", t.tenants.own, t.tenants.title);
    },
    icon: Landmark,
    group: "manage",
    least: "tenant_admin",
  },
  {
    href: "/admin/organizations",
    get label() {
      return oneOr("tenant_admin", t.organizations.own, t.organizations.title);
    },
    icon: Network,
    group: "manage",
    least: "org_admin",
  },
  { href: "/admin/users", label: t.users.title, icon: Users, group: "manage", least: "org_admin" },
  { href: "/admin/audit", label: t.auditLog.title, icon: ScrollText, group: "manage", least: "tenant_admin" },
  { href: "/models", label: nav.models, icon: Boxes, group: "manage" },
  { href: "/platform", label: nav.platform, icon: Gauge, group: "manage", least: "super_admin" },
  { href: "/settings", label: nav.settings, icon: Settings, group: "manage" },
];

/** Whether a place is the one, or holds the one, that is shown. */
export function holds(place: Place, path: string): boolean {
  return place.href === "/" ? path === "/" : path === place.href || path.startsWith(`${place.href}/`);
}
