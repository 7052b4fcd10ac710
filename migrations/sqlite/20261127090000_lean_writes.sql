-- One index for the lists and the figures of an organization in place of two: each row of a file costs less.
DROP INDEX annual_predictions_figures;
DROP INDEX annual_predictions_by_organization;
CREATE INDEX annual_predictions_by_organization
    ON annual_predictions (organization_id, created_at DESC, id DESC, reporting_year, reporting_quarter, probability,
                           access_level, created_by, updated_at);
DROP INDEX quarterly_predictions_figures;
DROP INDEX quarterly_predictions_by_organization;
CREATE INDEX quarterly_predictions_by_organization
    ON quarterly_predictions (organization_id, created_at DESC, id DESC, reporting_year, reporting_quarter,
                              ensemble_probability, logistic_probability, access_level, created_by, updated_at);

-- Whoever looks by creator looks for personal companies.
DROP INDEX companies_by_creator;
CREATE INDEX companies_by_creator ON companies (created_by, created_at DESC, id) WHERE access_level = 'personal';

-- How many rows each owner has, so that totals of lists are looked up: counting them anew after each change is more than
-- storing them, while a large file comes in. Like the counters they tell sizes and nothing else.
ALTER TABLE data_versions ADD COLUMN companies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE data_versions ADD COLUMN annual_predictions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE data_versions ADD COLUMN quarterly_predictions INTEGER NOT NULL DEFAULT 0;
UPDATE data_versions SET companies = r.n
FROM (SELECT CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                  ELSE x'00000000000000000000000000000000' END AS owner,
             COUNT(*) AS n FROM companies GROUP BY 1) r
WHERE r.owner = data_versions.owner;
UPDATE data_versions SET annual_predictions = r.n
FROM (SELECT CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                  ELSE x'00000000000000000000000000000000' END AS owner,
             COUNT(*) AS n FROM annual_predictions GROUP BY 1) r
WHERE r.owner = data_versions.owner;
UPDATE data_versions SET quarterly_predictions = r.n
FROM (SELECT CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                  ELSE x'00000000000000000000000000000000' END AS owner,
             COUNT(*) AS n FROM quarterly_predictions GROUP BY 1) r
WHERE r.owner = data_versions.owner;
