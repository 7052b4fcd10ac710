-- The second wall around tenants, organizations, people and what is theirs; see the first policies for how it
-- works. It tells tenancies apart, not permissions.

-- The tenant that the actor belongs to, whatever their role.
CREATE FUNCTION app_tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
-- The audit chain that the actor writes to.
CREATE FUNCTION app_chain() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('app.tenant_id', true), '')::uuid,
                          '00000000-0000-0000-0000-000000000000') $$;

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['tenants', 'organizations', 'users', 'organization_member_whitelist',
                                   'sessions', 'password_resets', 'api_keys', 'sign_in_failures',
                                   'contact_messages', 'audit_log', 'audit_heads'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    END LOOP;
    -- What is one person's alone.
    FOREACH guarded IN ARRAY ARRAY['sessions', 'password_resets', 'api_keys'] LOOP
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I USING ((SELECT app_passes()) OR user_id = (SELECT app_user_id()))
            WITH CHECK ((SELECT app_passes()) OR user_id = (SELECT app_user_id()))
            $policy$, guarded || '_own', guarded);
    END LOOP;
    -- What is nobody's but the platform's.
    FOREACH guarded IN ARRAY ARRAY['sign_in_failures', 'contact_messages'] LOOP
        EXECUTE format('CREATE POLICY %1$I ON %2$I USING ((SELECT app_passes())) WITH CHECK ((SELECT app_passes()))',
                       guarded || '_platform', guarded);
    END LOOP;
END
$$;

CREATE POLICY tenants_read ON tenants FOR SELECT USING (
    (SELECT app_passes()) OR id = (SELECT app_tenant_id()));
CREATE POLICY tenants_insert ON tenants FOR INSERT WITH CHECK ((SELECT app_passes()));
CREATE POLICY tenants_update ON tenants FOR UPDATE USING (
    (SELECT app_passes()) OR id = (SELECT app_run_tenant_id()))
WITH CHECK ((SELECT app_passes()) OR id = (SELECT app_run_tenant_id()));
CREATE POLICY tenants_delete ON tenants FOR DELETE USING ((SELECT app_passes()));

CREATE POLICY organizations_read ON organizations FOR SELECT USING (
    (SELECT app_passes())
    OR id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id()));
CREATE POLICY organizations_insert ON organizations FOR INSERT WITH CHECK (
    (SELECT app_passes()) OR tenant_id = (SELECT app_run_tenant_id()));
CREATE POLICY organizations_update ON organizations FOR UPDATE USING (
    (SELECT app_passes())
    OR id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id()))
WITH CHECK (
    (SELECT app_passes())
    OR id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id()));
CREATE POLICY organizations_delete ON organizations FOR DELETE USING (
    (SELECT app_passes()) OR tenant_id = (SELECT app_run_tenant_id()));

-- People: oneself, the own organization's, those of the tenant that one runs; and who runs the own tenant.
CREATE POLICY users_read ON users FOR SELECT USING (
    (SELECT app_passes())
    OR id = (SELECT app_user_id())
    OR organization_id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id()))
    OR (role = 'tenant_admin' AND tenant_id = (SELECT app_tenant_id())));
CREATE POLICY users_insert ON users FOR INSERT WITH CHECK (
    (SELECT app_passes())
    OR organization_id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id()));
CREATE POLICY users_update ON users FOR UPDATE USING (
    (SELECT app_passes())
    OR id = (SELECT app_user_id())
    OR organization_id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())))
WITH CHECK (
    (SELECT app_passes())
    OR id = (SELECT app_user_id())
    OR organization_id = (SELECT app_organization_id())
    OR tenant_id = (SELECT app_run_tenant_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())));
CREATE POLICY users_delete ON users FOR DELETE USING ((SELECT app_passes()));

CREATE POLICY organization_member_whitelist_all ON organization_member_whitelist USING (
    (SELECT app_passes())
    OR organization_id = (SELECT app_organization_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())))
WITH CHECK (
    (SELECT app_passes())
    OR organization_id = (SELECT app_organization_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())));

-- Entries are written by whoever acts, into their own chain, and never changed: there is no policy for that.
CREATE POLICY audit_log_read ON audit_log FOR SELECT USING (
    (SELECT app_passes()) OR tenant_id = (SELECT app_run_tenant_id()));
CREATE POLICY audit_log_insert ON audit_log FOR INSERT WITH CHECK (
    (SELECT app_passes()) OR (actor_id = (SELECT app_user_id()) AND chain = (SELECT app_chain())));
CREATE POLICY audit_heads_all ON audit_heads USING (
    (SELECT app_passes()) OR chain = (SELECT app_chain()))
WITH CHECK ((SELECT app_passes()) OR chain = (SELECT app_chain()));
