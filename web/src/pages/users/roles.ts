// Which roles are offered. The rules are the server's; this keeps what it would refuse out of sight.
import { ROLES, type Role } from "$lib/state/session.svelte";
import { t } from "$lib/texts";

const rank = (role: string) => ROLES.indexOf(role as Role);
export const roleName = (role: string) => t.domain.roles[role] ?? role;
export const roleOptions = (roles: readonly string[]) =>
  roles.map((value) => ({ value, label: roleName(value) }));

/** What a role needs to belong to. */
export function needs(role: string): "organization" | "tenant" | null {
  if (role === "org_admin" || role === "org_member") return "organization";
  return role === "tenant_admin" ? "tenant" : null;
}

/** The roles that somebody can give to a new account, the usual one first. */
export function forNew(giver: Role): Role[] {
  if (giver === "org_admin") return ["org_member", "org_admin"];
  if (giver === "tenant_admin") return ["org_member", "org_admin", "tenant_admin", "user"];
  return giver === "super_admin" ? ["org_member", "org_admin", "tenant_admin", "user", "super_admin"] : [];
}

interface Person {
  id: string;
  role: string;
  organization_id?: string | null;
  tenant_id?: string | null;
}

/** The roles that somebody can have where they are, the present one among them. */
export function forChange(giver: Role, person: Person): Role[] {
  const fits: Record<Role, boolean> = {
    user: !person.organization_id,
    org_member: Boolean(person.organization_id),
    org_admin: Boolean(person.organization_id),
    tenant_admin: Boolean(person.tenant_id),
    super_admin: !person.organization_id && !person.tenant_id,
  };
  return ROLES.filter((role) => role === person.role || (fits[role] && rank(role) <= rank(giver)));
}

/** Whether somebody looks after this account: people of a lower role, and a platform administrator everybody. */
export function looksAfter(giver: Role, own: string | undefined, person: Person): boolean {
  if (person.id === own) return false;
  return giver === "super_admin" || (rank(giver) >= rank("org_admin") && rank(person.role) < rank(giver));
}
