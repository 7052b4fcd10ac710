// Every screen: its address, the part of the bundle that holds it, and who is offered it.
import type { Component } from "svelte";
import type { Role } from "$lib/state/session.svelte";

export interface Route {
  path: string;
  load: () => Promise<{ default: Component<{ params: Record<string, string> }> }>;
  /** Open to those who are not signed in. */
  open?: boolean;
  /** For those who are signed in: the lowest role that the screen is for. */
  least?: Role;
}

type Loaded = Awaited<ReturnType<Route["load"]>>;
/** Pages that take no parameters fit as well. */
const page = (load: () => Promise<unknown>) => load as () => Promise<Loaded>;

export const routes: Route[] = [
  { path: "/sign-in", open: true, load: page(() => import("$pages/auth/SignIn.svelte")) },
  { path: "/register", open: true, load: page(() => import("$pages/auth/Register.svelte")) },
  { path: "/forgot-password", open: true, load: page(() => import("$pages/auth/ForgotPassword.svelte")) },
  { path: "/reset-password", open: true, load: page(() => import("$pages/auth/ResetPassword.svelte")) },
  { path: "/join/:token", open: true, load: page(() => import("$pages/auth/Join.svelte")) },
  { path: "/", load: page(() => import("$pages/home/Home.svelte")) },
  { path: "/companies", load: page(() => import("$pages/companies/Companies.svelte")) },
  { path: "/companies/:id", load: page(() => import("$pages/companies/Company.svelte")) },
  { path: "/score", load: page(() => import("$pages/score/Score.svelte")) },
  { path: "/uploads", load: page(() => import("$pages/uploads/Uploads.svelte")) },
  { path: "/uploads/:id", load: page(() => import("$pages/uploads/Job.svelte")) },
  { path: "/what-if", load: page(() => import("$pages/what-if/WhatIf.svelte")) },
  {
    path: "/admin/tenants",
    least: "tenant_admin",
    load: page(() => import("$pages/tenants/Tenants.svelte")),
  },
  {
    path: "/admin/tenants/:id",
    least: "tenant_admin",
    load: page(() => import("$pages/tenants/Tenant.svelte")),
  },
  {
    path: "/admin/grade-scale",
    least: "super_admin",
    load: page(() => import("$pages/grades/PlatformScale.svelte")),
  },
  {
    path: "/admin/organizations",
    least: "org_admin",
    load: page(() => import("$pages/organizations/Organizations.svelte")),
  },
  {
    path: "/admin/organizations/:id",
    least: "org_admin",
    load: page(() => import("$pages/organizations/Organization.svelte")),
  },
  { path: "/admin/users", least: "org_admin", load: page(() => import("$pages/users/Users.svelte")) },
  { path: "/admin/users/:id", least: "org_admin", load: page(() => import("$pages/users/User.svelte")) },
  {
    path: "/admin/audit",
    least: "tenant_admin",
    load: page(() => import("$pages/audit-log/AuditLog.svelte")),
  },
  { path: "/models", load: page(() => import("$pages/models/Models.svelte")) },
  { path: "/models/:id", load: page(() => import("$pages/models/Model.svelte")) },
  { path: "/platform", least: "super_admin", load: page(() => import("$pages/platform/Queue.svelte")) },
  {
    path: "/platform/scaling",
    least: "super_admin",
    load: page(() => import("$pages/platform/Scaling.svelte")),
  },
  {
    path: "/platform/health",
    least: "super_admin",
    load: page(() => import("$pages/platform/Health.svelte")),
  },
  { path: "/settings", load: page(() => import("$pages/settings/Settings.svelte")) },
];
