-- The second wall between tenants. The first is the predicate in each statement; this one catches the predicate
-- that somebody forgot. It tells tenancies apart, not permissions: who of an organization may do what is the
-- services' question.
--
-- Each transaction says who acts (app.user_id, app.organization_id, app.tenant_id, app.role). Unset settings
-- read as null, and null lets nothing through. The roles 'system' (cross-tenant work of the application itself)
-- and 'super_admin' pass.

CREATE FUNCTION app_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
CREATE FUNCTION app_organization_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.organization_id', true), '')::uuid $$;
-- The tenant that the actor runs; null for everybody who runs none.
CREATE FUNCTION app_run_tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN current_setting('app.role', true) = 'tenant_admin'
                      THEN nullif(current_setting('app.tenant_id', true), '')::uuid END $$;
CREATE FUNCTION app_passes() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('app.role', true), '') IN ('system', 'super_admin') $$;

-- Companies and predictions. Reading: system rows by everybody who is known, personal ones by their creator,
-- an organization's by its people and by whoever runs its tenant. Writing: the own and the organization's.
-- `(SELECT f())` is evaluated once for each statement, a plain call once for each row.
DO $$
DECLARE
    guarded text;
    company_in_reach text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['companies', 'annual_predictions', 'quarterly_predictions'] LOOP
        -- Nobody predicts on a company that they cannot see, or on one of another level.
        company_in_reach := CASE WHEN guarded = 'companies' THEN '' ELSE format(
            'AND EXISTS (SELECT 1 FROM companies c WHERE c.id = company_id AND c.access_level = %I.access_level)',
            guarded) END;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR SELECT USING (
                (SELECT app_passes())
                OR (access_level = 'system' AND (SELECT app_user_id()) IS NOT NULL)
                OR (access_level = 'personal' AND created_by = (SELECT app_user_id()))
                OR (access_level = 'organization'
                    AND (organization_id = (SELECT app_organization_id())
                         OR organization_id IN (SELECT o.id FROM organizations o
                                                WHERE o.tenant_id = (SELECT app_run_tenant_id())))))
            $policy$, guarded || '_read', guarded);
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR INSERT WITH CHECK (
                (SELECT app_passes())
                OR (created_by = (SELECT app_user_id())
                    AND (access_level = 'personal'
                         OR (access_level = 'organization'
                             AND organization_id = (SELECT app_organization_id())))
                    %3$s))
            $policy$, guarded || '_insert', guarded, company_in_reach);
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR UPDATE USING (
                (SELECT app_passes())
                OR (access_level = 'personal' AND created_by = (SELECT app_user_id()))
                OR (access_level = 'organization' AND organization_id = (SELECT app_organization_id())))
            WITH CHECK (
                (SELECT app_passes())
                OR (access_level = 'personal' AND created_by = (SELECT app_user_id()))
                OR (access_level = 'organization' AND organization_id = (SELECT app_organization_id())))
            $policy$, guarded || '_update', guarded);
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR DELETE USING (
                (SELECT app_passes())
                OR (access_level = 'personal' AND created_by = (SELECT app_user_id()))
                OR (access_level = 'organization' AND organization_id = (SELECT app_organization_id())))
            $policy$, guarded || '_delete', guarded);
    END LOOP;
END
$$;

-- Uploads: the own, those of the own organization, and (reading) those of the tenant that one runs.
ALTER TABLE bulk_upload_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_upload_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY bulk_upload_jobs_read ON bulk_upload_jobs FOR SELECT USING (
    (SELECT app_passes())
    OR user_id = (SELECT app_user_id())
    OR organization_id = (SELECT app_organization_id())
    OR organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())));
CREATE POLICY bulk_upload_jobs_insert ON bulk_upload_jobs FOR INSERT WITH CHECK (
    (SELECT app_passes())
    OR (user_id = (SELECT app_user_id())
        AND (access_level = 'personal'
             OR (access_level = 'organization' AND organization_id = (SELECT app_organization_id())))));
CREATE POLICY bulk_upload_jobs_update ON bulk_upload_jobs FOR UPDATE USING (
    (SELECT app_passes())
    OR (user_id = (SELECT app_user_id()) AND access_level = 'personal')
    OR organization_id = (SELECT app_organization_id()))
WITH CHECK (
    (SELECT app_passes())
    OR (user_id = (SELECT app_user_id()) AND access_level = 'personal')
    OR organization_id = (SELECT app_organization_id()));
CREATE POLICY bulk_upload_jobs_delete ON bulk_upload_jobs FOR DELETE USING (
    (SELECT app_passes())
    OR (user_id = (SELECT app_user_id()) AND access_level = 'personal')
    OR organization_id = (SELECT app_organization_id()));

-- Row errors follow their upload. The subqueries are themselves under the policies above; who runs a tenant
-- reads the errors of its uploads but does not write them. Nothing ever updates a row error.
ALTER TABLE bulk_upload_errors ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_upload_errors FORCE ROW LEVEL SECURITY;
CREATE POLICY bulk_upload_errors_read ON bulk_upload_errors FOR SELECT USING (
    (SELECT app_passes()) OR EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.id = job_id));
CREATE POLICY bulk_upload_errors_insert ON bulk_upload_errors FOR INSERT WITH CHECK (
    (SELECT app_passes())
    OR EXISTS (SELECT 1 FROM bulk_upload_jobs j
               WHERE j.id = job_id
                 AND (j.user_id = (SELECT app_user_id()) OR j.organization_id = (SELECT app_organization_id()))));
CREATE POLICY bulk_upload_errors_delete ON bulk_upload_errors FOR DELETE USING (
    (SELECT app_passes())
    OR EXISTS (SELECT 1 FROM bulk_upload_jobs j
               WHERE j.id = job_id
                 AND (j.user_id = (SELECT app_user_id()) OR j.organization_id = (SELECT app_organization_id()))));
