-- What a stored row costs, again: what is kept twice goes.

-- One index for the lists and the figures of an organization in place of two.
DROP INDEX annual_predictions_figures;
DROP INDEX annual_predictions_by_organization;
CREATE INDEX annual_predictions_by_organization ON annual_predictions (organization_id, created_at DESC, id DESC)
    INCLUDE (reporting_year, reporting_quarter, probability, access_level, created_by, updated_at);
DROP INDEX quarterly_predictions_figures;
DROP INDEX quarterly_predictions_by_organization;
CREATE INDEX quarterly_predictions_by_organization ON quarterly_predictions (organization_id, created_at DESC, id DESC)
    INCLUDE (reporting_year, reporting_quarter, ensemble_probability, logistic_probability, access_level, created_by,
             updated_at);

-- The words of a company are found by the company; nothing asks for a number of their own.
ALTER TABLE company_search DROP COLUMN id;
ALTER TABLE company_search ADD CONSTRAINT company_search_company PRIMARY KEY USING INDEX company_search_company;

-- Whoever looks by creator looks for personal companies.
DROP INDEX companies_by_creator;
CREATE INDEX companies_by_creator ON companies (created_by, created_at DESC, id) WHERE access_level = 'personal';

-- How many rows each owner has, so that totals of lists are looked up: counting them anew after each change is more than
-- storing them, while a large file comes in. Like the counters they tell sizes and nothing else.
ALTER TABLE data_versions ADD COLUMN companies bigint NOT NULL DEFAULT 0;
ALTER TABLE data_versions ADD COLUMN annual_predictions bigint NOT NULL DEFAULT 0;
ALTER TABLE data_versions ADD COLUMN quarterly_predictions bigint NOT NULL DEFAULT 0;
SELECT set_config('app.role', 'system', true);
UPDATE data_versions SET companies = c.n
FROM (SELECT company_owner(access_level, organization_id, created_by) AS owner, COUNT(*) AS n FROM companies GROUP BY 1) c
WHERE c.owner = data_versions.owner;
UPDATE data_versions SET annual_predictions = p.n
FROM (SELECT company_owner(access_level, organization_id, created_by) AS owner, COUNT(*) AS n FROM annual_predictions
      GROUP BY 1) p
WHERE p.owner = data_versions.owner;
UPDATE data_versions SET quarterly_predictions = p.n
FROM (SELECT company_owner(access_level, organization_id, created_by) AS owner, COUNT(*) AS n FROM quarterly_predictions
      GROUP BY 1) p
WHERE p.owner = data_versions.owner;
