-- Figures of each owner of data, as they were at one count of its changes (data_versions): whoever finds them old works
-- out that owner's anew, so that those of a tenant or of the whole platform are sums over few rows.
CREATE TABLE owner_figures (
    owner   uuid PRIMARY KEY, -- as in data_versions
    level   text NOT NULL,
    version bigint NOT NULL,  -- the count of changes that they hold for
    lines   jsonb NOT NULL,   -- a list of aggregates: of companies by sector, risk level and grade, of predictions by period
    CONSTRAINT owner_figures_level_known CHECK (level IN ('personal', 'organization', 'system'))
);

-- Who sees the rows sees their figures. They are written by the application's own work alone.
ALTER TABLE owner_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE owner_figures FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_figures_read ON owner_figures FOR SELECT USING (
    (SELECT app_passes())
    OR (level = 'system' AND (SELECT app_user_id()) IS NOT NULL)
    OR (level = 'personal' AND owner = (SELECT app_user_id()))
    OR (level = 'organization'
        AND (owner = (SELECT app_organization_id())
             OR owner IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())))));
CREATE POLICY owner_figures_insert ON owner_figures FOR INSERT WITH CHECK ((SELECT app_passes()));
CREATE POLICY owner_figures_update ON owner_figures FOR UPDATE USING ((SELECT app_passes()))
    WITH CHECK ((SELECT app_passes()));

-- Owners of data from before there were counters get one: figures are looked for where there is a counter.
SELECT set_config('app.role', 'system', true);
INSERT INTO data_versions (owner, version)
    SELECT DISTINCT company_owner(access_level, organization_id, created_by), 1 FROM companies
    ON CONFLICT (owner) DO NOTHING;

-- They are read from these alone: who made a row last, too.
DROP INDEX IF EXISTS annual_predictions_figures;
CREATE INDEX annual_predictions_figures ON annual_predictions (organization_id, reporting_year, reporting_quarter)
    INCLUDE (probability, access_level, created_by, created_at, updated_at);
DROP INDEX IF EXISTS quarterly_predictions_figures;
CREATE INDEX quarterly_predictions_figures ON quarterly_predictions (organization_id, reporting_year, reporting_quarter)
    INCLUDE (ensemble_probability, logistic_probability, access_level, created_by, created_at, updated_at);
