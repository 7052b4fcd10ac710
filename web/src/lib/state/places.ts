// The names of the tenants and organizations in sight, for choosing one and for showing where somebody belongs. The
// own account names them without their people, which the lists bring along.
import { api, ask } from "$lib/api";

interface Named {
  id: string;
  name: string;
}
export interface Places {
  tenants: Named[];
  organizations: (Named & { tenant_id: string | null })[];
}

async function read(signal: AbortSignal): Promise<Places> {
  const me = await ask(api.GET("/api/v1/users/me", { signal }));
  const tenants: Named[] = me.tenants ?? (me.tenant ? [me.tenant] : []);
  const own = me.organizations ?? (me.organization ? [me.organization] : []);
  const organizations = me.tenants
    ? me.tenants.flatMap((t) => t.organizations.map((o) => ({ id: o.id, name: o.name, tenant_id: t.id })))
    : own.map((o) => ({ id: o.id, name: o.name, tenant_id: me.tenant?.id ?? null }));
  return { tenants, organizations };
}

/** Options for `createQuery`. Whatever makes or renames a place says `stale("places")`. */
export const placesQuery = () => ({
  queryKey: ["places"],
  queryFn: ({ signal }: { signal: AbortSignal }) => read(signal),
  staleTime: 120_000,
});

export const choices = (places: Named[] | undefined) =>
  (places ?? [])
    .map(({ id, name }) => ({ value: id, label: name }))
    .sort((a, b) => a.label.localeCompare(b.label));
