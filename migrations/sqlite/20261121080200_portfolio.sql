-- Companies and their predictions. A company row belongs to one level and one owner, and so do its predictions.

CREATE TABLE companies (
    id              BLOB PRIMARY KEY NOT NULL,
    symbol          TEXT NOT NULL,
    name            TEXT NOT NULL,
    market_cap      REAL, -- millions
    sector          TEXT NOT NULL,
    access_level    TEXT NOT NULL,
    organization_id BLOB REFERENCES organizations (id) ON DELETE RESTRICT,
    created_by      BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER,
    CONSTRAINT companies_level_known CHECK (access_level IN ('personal', 'organization', 'system')),
    CONSTRAINT companies_level_owner CHECK ((access_level = 'organization') = (organization_id IS NOT NULL)),
    CONSTRAINT companies_market_cap_finite
        CHECK (market_cap BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308)
) STRICT;
CREATE UNIQUE INDEX companies_symbol_organization ON companies (organization_id, symbol)
    WHERE access_level = 'organization';
CREATE UNIQUE INDEX companies_symbol_personal ON companies (created_by, symbol)
    WHERE access_level = 'personal';
CREATE UNIQUE INDEX companies_symbol_system ON companies (symbol)
    WHERE access_level = 'system';
CREATE INDEX companies_by_organization ON companies (organization_id, created_at DESC, id);
CREATE INDEX companies_by_creator ON companies (created_by, created_at DESC, id);
CREATE INDEX companies_by_level ON companies (access_level, created_at DESC, id);

CREATE TABLE annual_predictions (
    id                              BLOB PRIMARY KEY NOT NULL,
    company_id                      BLOB NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    organization_id                 BLOB REFERENCES organizations (id) ON DELETE RESTRICT,
    access_level                    TEXT NOT NULL,
    created_by                      BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    reporting_year                  INTEGER NOT NULL,
    reporting_quarter               TEXT,
    long_term_debt_to_total_capital REAL,
    total_debt_to_ebitda            REAL,
    net_income_margin               REAL,
    ebit_to_interest_expense        REAL,
    return_on_assets                REAL,
    not_meaningful                  INTEGER NOT NULL DEFAULT 0, -- bit i: the i-th ratio is "not meaningful"
    probability                     REAL NOT NULL,
    raw_probability                 REAL NOT NULL,
    risk_level                      TEXT NOT NULL,
    confidence                      REAL NOT NULL,
    model_name                      TEXT NOT NULL,
    model_version                   TEXT NOT NULL,
    model_hash                      TEXT NOT NULL,
    quality                         TEXT NOT NULL DEFAULT '[]', -- JSON array of {field, code}
    bulk_upload_job_id              BLOB REFERENCES bulk_upload_jobs (id) ON DELETE SET NULL,
    source_row                      INTEGER, -- as a spreadsheet shows it: the header is row 1
    created_at                      INTEGER NOT NULL,
    updated_at                      INTEGER,
    CONSTRAINT annual_predictions_level_known
        CHECK (access_level IN ('personal', 'organization', 'system')),
    CONSTRAINT annual_predictions_level_owner
        CHECK ((access_level = 'organization') = (organization_id IS NOT NULL)),
    CONSTRAINT annual_predictions_year_known
        CHECK (reporting_year BETWEEN 1900 AND 2100),
    CONSTRAINT annual_predictions_quarter_known
        CHECK (reporting_quarter IN ('Q1', 'Q2', 'Q3', 'Q4')),
    CONSTRAINT annual_predictions_risk_known
        CHECK (risk_level IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    CONSTRAINT annual_predictions_probabilities
        CHECK (probability BETWEEN 0 AND 1
               AND raw_probability BETWEEN 0 AND 1
               AND confidence BETWEEN 0 AND 1),
    CONSTRAINT annual_predictions_not_meaningful_bits
        CHECK (not_meaningful BETWEEN 0 AND 31),
    CONSTRAINT annual_predictions_ratios_finite
        CHECK (long_term_debt_to_total_capital BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND total_debt_to_ebitda BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND net_income_margin BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND ebit_to_interest_expense BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND return_on_assets BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308)
) STRICT;
CREATE UNIQUE INDEX annual_predictions_period
    ON annual_predictions (company_id, reporting_year, coalesce(reporting_quarter, ''));
CREATE INDEX annual_predictions_by_organization ON annual_predictions (organization_id, created_at DESC, id);
CREATE INDEX annual_predictions_by_creator ON annual_predictions (created_by, created_at DESC, id);
CREATE INDEX annual_predictions_by_level ON annual_predictions (access_level, created_at DESC, id);
CREATE INDEX annual_predictions_by_upload ON annual_predictions (bulk_upload_job_id, source_row);

CREATE TABLE quarterly_predictions (
    id                              BLOB PRIMARY KEY NOT NULL,
    company_id                      BLOB NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    organization_id                 BLOB REFERENCES organizations (id) ON DELETE RESTRICT,
    access_level                    TEXT NOT NULL,
    created_by                      BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    reporting_year                  INTEGER NOT NULL,
    reporting_quarter               TEXT NOT NULL,
    total_debt_to_ebitda            REAL,
    sga_margin                      REAL,
    long_term_debt_to_total_capital REAL,
    return_on_capital               REAL,
    not_meaningful                  INTEGER NOT NULL DEFAULT 0, -- bit i: the i-th ratio is "not meaningful"
    logistic_probability            REAL,
    gbm_probability                 REAL,
    ensemble_probability            REAL NOT NULL,
    raw_probability                 REAL NOT NULL,
    risk_level                      TEXT NOT NULL,
    confidence                      REAL NOT NULL,
    model_name                      TEXT NOT NULL,
    model_version                   TEXT NOT NULL,
    model_hash                      TEXT NOT NULL,
    quality                         TEXT NOT NULL DEFAULT '[]', -- JSON array of {field, code}
    bulk_upload_job_id              BLOB REFERENCES bulk_upload_jobs (id) ON DELETE SET NULL,
    source_row                      INTEGER, -- as a spreadsheet shows it: the header is row 1
    created_at                      INTEGER NOT NULL,
    updated_at                      INTEGER,
    CONSTRAINT quarterly_predictions_level_known
        CHECK (access_level IN ('personal', 'organization', 'system')),
    CONSTRAINT quarterly_predictions_level_owner
        CHECK ((access_level = 'organization') = (organization_id IS NOT NULL)),
    CONSTRAINT quarterly_predictions_year_known
        CHECK (reporting_year BETWEEN 1900 AND 2100),
    CONSTRAINT quarterly_predictions_quarter_known
        CHECK (reporting_quarter IN ('Q1', 'Q2', 'Q3', 'Q4')),
    CONSTRAINT quarterly_predictions_risk_known
        CHECK (risk_level IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    CONSTRAINT quarterly_predictions_probabilities
        CHECK (logistic_probability BETWEEN 0 AND 1
               AND gbm_probability BETWEEN 0 AND 1
               AND ensemble_probability BETWEEN 0 AND 1
               AND raw_probability BETWEEN 0 AND 1
               AND confidence BETWEEN 0 AND 1),
    CONSTRAINT quarterly_predictions_not_meaningful_bits
        CHECK (not_meaningful BETWEEN 0 AND 15),
    CONSTRAINT quarterly_predictions_ratios_finite
        CHECK (total_debt_to_ebitda BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND sga_margin BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND long_term_debt_to_total_capital BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
               AND return_on_capital BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308)
) STRICT;
CREATE UNIQUE INDEX quarterly_predictions_period
    ON quarterly_predictions (company_id, reporting_year, coalesce(reporting_quarter, ''));
CREATE INDEX quarterly_predictions_by_organization ON quarterly_predictions (organization_id, created_at DESC, id);
CREATE INDEX quarterly_predictions_by_creator ON quarterly_predictions (created_by, created_at DESC, id);
CREATE INDEX quarterly_predictions_by_level ON quarterly_predictions (access_level, created_at DESC, id);
CREATE INDEX quarterly_predictions_by_upload ON quarterly_predictions (bulk_upload_job_id, source_row);
