-- Figures of each owner of data, as they were at one count of its changes (data_versions): whoever finds them old works
-- out that owner's anew, so that those of a tenant or of the whole platform are sums over few rows.
CREATE TABLE owner_figures (
    owner   BLOB PRIMARY KEY NOT NULL, -- as in data_versions
    level   TEXT NOT NULL,
    version INTEGER NOT NULL,          -- the count of changes that they hold for
    lines   TEXT NOT NULL,             -- a list of aggregates: of companies by sector, risk level and grade, of predictions by period
    CONSTRAINT owner_figures_level_known CHECK (level IN ('personal', 'organization', 'system'))
) STRICT;

-- Owners of data from before there were counters get one: figures are looked for where there is a counter.
INSERT INTO data_versions (owner, version)
    SELECT DISTINCT CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                    ELSE x'00000000000000000000000000000000' END, 1
    FROM companies WHERE true ON CONFLICT (owner) DO NOTHING;

-- They are read from these alone: who made a row last, too.
DROP INDEX IF EXISTS annual_predictions_figures;
CREATE INDEX annual_predictions_figures
    ON annual_predictions (organization_id, reporting_year, reporting_quarter, access_level, probability, created_by,
                           created_at, updated_at);
DROP INDEX IF EXISTS quarterly_predictions_figures;
CREATE INDEX quarterly_predictions_figures
    ON quarterly_predictions (organization_id, reporting_year, reporting_quarter, access_level, ensemble_probability,
                              logistic_probability, created_by, created_at, updated_at);
