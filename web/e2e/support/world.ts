// Who and what the tests begin with: a tenant with two organizations, people of every role, scored portfolios.
import { Api, PASSWORD, type Answer } from "./api";
import { sample, unique } from "./files";
import { administrator, type Server } from "./server";

export interface Person {
  email: string;
  password: string;
}
export interface Organization {
  id: string;
  name: string;
  joinToken: string;
}

export interface World {
  root: Person;
  api: Api;
  tenant: { id: string; name: string };
  /** Where tests write. */
  harbour: Organization;
  /** Where nobody writes, so that its figures are those of the sample. */
  lagoon: Organization;
  platformAdmin: Person;
  tenantAdmin: Person;
  orgAdmin: Person;
  analyst: Person;
  lagoonAnalyst: Person;
  personal: Person;
}

export async function makePerson(api: Api, role: string, place: Answer = {}): Promise<Person> {
  const email = `${unique(role.replace("_", "-"))}@example.com`;
  const name = `${role[0]?.toUpperCase()}${role.slice(1).replace("_", " ")} of the tests`;
  await api.post("/auth/admin/create-user", { email, password: PASSWORD, role, full_name: name, ...place });
  return { email, password: PASSWORD };
}

export async function makeOrganization(api: Api, tenant: string, name: string): Promise<Organization> {
  const made = await api.post("/organizations", { name, tenant_id: tenant });
  return { id: made.id, name, joinToken: made.join_token };
}

export async function makeWorld(server: Server): Promise<World> {
  const api = await Api.firstAdministrator(server);
  const tenantName = "Coastal Bank";
  const tenant = await api.post("/tenants", { name: tenantName });
  const harbour = await makeOrganization(api, tenant.id, "Harbour Credit");
  const lagoon = await makeOrganization(api, tenant.id, "Lagoon Risk");
  const inHarbour = { organization_id: harbour.id };
  const [platformAdmin, tenantAdmin, orgAdmin, analyst, lagoonAnalyst, personal] = await Promise.all([
    makePerson(api, "super_admin"),
    makePerson(api, "tenant_admin", { tenant_id: tenant.id }),
    makePerson(api, "org_admin", inHarbour),
    makePerson(api, "org_member", inHarbour),
    makePerson(api, "org_member", { organization_id: lagoon.id }),
    makePerson(api, "user"),
  ]);
  const [ofHarbour, ofLagoon] = await Promise.all([
    Api.as(server, orgAdmin.email),
    Api.as(server, lagoonAnalyst.email),
  ]);
  await Promise.all([
    ofHarbour.upload("annual", "portfolio_annual.csv", sample("annual")),
    ofHarbour.upload("quarterly", "portfolio_quarterly.csv", sample("quarterly")),
    ofLagoon.upload("annual", "portfolio_annual.csv", sample("annual")),
    api.upload("quarterly", "portfolio_quarterly.csv", sample("quarterly")),
  ]);
  return {
    root: { email: administrator.email, password: PASSWORD },
    api,
    tenant: { id: tenant.id, name: tenantName },
    harbour,
    lagoon,
    platformAdmin,
    tenantAdmin,
    orgAdmin,
    analyst,
    lagoonAnalyst,
    personal,
  };
}
