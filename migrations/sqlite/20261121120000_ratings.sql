-- Grades, versions of predictions, what is latest of a company, searching, and models that are brought along.

-- A tenant's master scale: grades by bands of the probability. A change is a new version; none is ever rewritten.
-- Without a tenant it is the platform's, for whoever has no scale of their own; without any the built-in one.
CREATE TABLE master_scales (
    id         BLOB PRIMARY KEY NOT NULL,
    tenant_id  BLOB REFERENCES tenants (id) ON DELETE RESTRICT,
    version    INTEGER NOT NULL,
    grades     TEXT NOT NULL, -- JSON array of {grade, upper}, best first; the last has no upper
    note       TEXT,
    created_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT master_scales_version_counts CHECK (version >= 1)
) STRICT;
CREATE UNIQUE INDEX master_scales_version ON master_scales (coalesce(tenant_id, x'00000000000000000000000000000000'), version);

ALTER TABLE annual_predictions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE annual_predictions ADD COLUMN grade TEXT; -- by the scale in force when it was scored
ALTER TABLE annual_predictions ADD COLUMN grade_scale_id BLOB REFERENCES master_scales (id) ON DELETE RESTRICT; -- null: built in
ALTER TABLE annual_predictions ADD COLUMN updated_by BLOB REFERENCES users (id) ON DELETE RESTRICT; -- who made this version, if not the creator

ALTER TABLE quarterly_predictions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE quarterly_predictions ADD COLUMN grade TEXT; -- by the scale in force when it was scored
ALTER TABLE quarterly_predictions ADD COLUMN grade_scale_id BLOB REFERENCES master_scales (id) ON DELETE RESTRICT; -- null: built in
ALTER TABLE quarterly_predictions ADD COLUMN updated_by BLOB REFERENCES users (id) ON DELETE RESTRICT; -- who made this version, if not the creator

UPDATE annual_predictions SET grade = CASE
        WHEN probability <= 0.0005 THEN 'A+'
        WHEN probability <= 0.001 THEN 'A'
        WHEN probability <= 0.002 THEN 'A-'
        WHEN probability <= 0.004 THEN 'B+'
        WHEN probability <= 0.008 THEN 'B'
        WHEN probability <= 0.016 THEN 'B-'
        WHEN probability <= 0.032 THEN 'C+'
        WHEN probability <= 0.064 THEN 'C'
        WHEN probability <= 0.128 THEN 'C-'
        ELSE 'D' END;
UPDATE quarterly_predictions SET grade = CASE
        WHEN ensemble_probability <= 0.0005 THEN 'A+'
        WHEN ensemble_probability <= 0.001 THEN 'A'
        WHEN ensemble_probability <= 0.002 THEN 'A-'
        WHEN ensemble_probability <= 0.004 THEN 'B+'
        WHEN ensemble_probability <= 0.008 THEN 'B'
        WHEN ensemble_probability <= 0.016 THEN 'B-'
        WHEN ensemble_probability <= 0.032 THEN 'C+'
        WHEN ensemble_probability <= 0.064 THEN 'C'
        WHEN ensemble_probability <= 0.128 THEN 'C-'
        ELSE 'D' END;

-- What an annual prediction was before it was scored again. Written once, never changed.
CREATE TABLE annual_prediction_versions (
    prediction_id BLOB NOT NULL REFERENCES annual_predictions (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    reporting_year INTEGER NOT NULL,
    reporting_quarter TEXT,
    long_term_debt_to_total_capital REAL,
    total_debt_to_ebitda REAL,
    net_income_margin REAL,
    ebit_to_interest_expense REAL,
    return_on_assets REAL,
    not_meaningful INTEGER NOT NULL,
    probability REAL NOT NULL,
    raw_probability REAL NOT NULL,
    risk_level TEXT NOT NULL,
    confidence REAL NOT NULL,
    grade TEXT,
    grade_scale_id BLOB REFERENCES master_scales (id) ON DELETE RESTRICT,
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    quality TEXT NOT NULL,
    scored_by BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    scored_at INTEGER NOT NULL,
    PRIMARY KEY (prediction_id, version)
) STRICT;

-- What a quarterly prediction was before it was scored again. Written once, never changed.
CREATE TABLE quarterly_prediction_versions (
    prediction_id BLOB NOT NULL REFERENCES quarterly_predictions (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    reporting_year INTEGER NOT NULL,
    reporting_quarter TEXT NOT NULL,
    total_debt_to_ebitda REAL,
    sga_margin REAL,
    long_term_debt_to_total_capital REAL,
    return_on_capital REAL,
    not_meaningful INTEGER NOT NULL,
    logistic_probability REAL,
    gbm_probability REAL,
    ensemble_probability REAL NOT NULL,
    raw_probability REAL NOT NULL,
    risk_level TEXT NOT NULL,
    confidence REAL NOT NULL,
    grade TEXT,
    grade_scale_id BLOB REFERENCES master_scales (id) ON DELETE RESTRICT,
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    quality TEXT NOT NULL,
    scored_by BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    scored_at INTEGER NOT NULL,
    PRIMARY KEY (prediction_id, version)
) STRICT;

-- What is latest of a company, of either kind: by period, then by when it was scored. Kept by whatever writes predictions.
ALTER TABLE companies ADD COLUMN latest_kind TEXT;
ALTER TABLE companies ADD COLUMN latest_prediction_id BLOB;
ALTER TABLE companies ADD COLUMN latest_year INTEGER;
ALTER TABLE companies ADD COLUMN latest_quarter TEXT;
ALTER TABLE companies ADD COLUMN latest_probability REAL;
ALTER TABLE companies ADD COLUMN latest_risk_level TEXT;
ALTER TABLE companies ADD COLUMN latest_grade TEXT;
ALTER TABLE companies ADD COLUMN latest_at INTEGER;
ALTER TABLE companies ADD COLUMN previous_probability REAL; -- of the period before, of the same kind
ALTER TABLE companies ADD COLUMN previous_grade TEXT;
ALTER TABLE companies ADD COLUMN annual_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN quarterly_count INTEGER NOT NULL DEFAULT 0;

UPDATE companies SET
    latest_kind = r.kind, latest_prediction_id = r.id, latest_year = r.reporting_year, latest_quarter = r.reporting_quarter,
    latest_probability = r.probability, latest_risk_level = r.risk_level, latest_grade = r.grade, latest_at = r.at,
    previous_probability = r.previous_probability, previous_grade = r.previous_grade,
    annual_count = (SELECT COUNT(*) FROM annual_predictions a WHERE a.company_id = companies.id),
    quarterly_count = (SELECT COUNT(*) FROM quarterly_predictions q WHERE q.company_id = companies.id)
FROM (SELECT p.*,
             ROW_NUMBER() OVER (PARTITION BY company_id ORDER BY reporting_year DESC, quarter DESC, at DESC, kind) AS n,
             LEAD(probability) OVER by_kind AS previous_probability, LEAD(grade) OVER by_kind AS previous_grade
      FROM (SELECT 'annual' AS kind, id, company_id, reporting_year, reporting_quarter,
                   coalesce(CAST(substr(reporting_quarter, 2, 1) AS INTEGER), 4) AS quarter, probability, risk_level, grade,
                   coalesce(updated_at, created_at) AS at FROM annual_predictions
            UNION ALL
            SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter,
                   coalesce(CAST(substr(reporting_quarter, 2, 1) AS INTEGER), 4), ensemble_probability, risk_level, grade,
                   coalesce(updated_at, created_at) FROM quarterly_predictions) p
      WINDOW by_kind AS (PARTITION BY company_id, kind ORDER BY reporting_year DESC, quarter DESC, at DESC)) r
WHERE r.company_id = companies.id AND r.n = 1;
CREATE INDEX companies_by_organization_name ON companies (organization_id, name, id);
CREATE INDEX companies_by_organization_probability ON companies (organization_id, latest_probability DESC, id DESC);
DROP INDEX companies_by_organization;
CREATE INDEX companies_by_organization ON companies (organization_id, created_at DESC, id DESC);
DROP INDEX companies_by_level;
CREATE INDEX companies_by_level ON companies (name, id) WHERE access_level = 'system';
-- For whoever sees all.
CREATE INDEX companies_by_name ON companies (name, id);
CREATE INDEX companies_by_age ON companies (created_at DESC, id DESC);

-- Lists are newest first and go on behind a row, so their indexes run the same way in both columns. What somebody made
-- is listed by them where it is personal; an analyst's rows of the organization would only stand in the way. By level
-- alone the system's rows are listed; with others in the index the planner takes it for somebody's personal rows.
DROP INDEX annual_predictions_by_organization;
CREATE INDEX annual_predictions_by_organization ON annual_predictions (organization_id, created_at DESC, id DESC);
DROP INDEX annual_predictions_by_creator;
CREATE INDEX annual_predictions_by_creator ON annual_predictions (created_by, created_at DESC, id DESC) WHERE access_level = 'personal';
DROP INDEX annual_predictions_by_level;
CREATE INDEX annual_predictions_by_level ON annual_predictions (access_level, created_at DESC, id DESC) WHERE access_level = 'system';
DROP INDEX quarterly_predictions_by_organization;
CREATE INDEX quarterly_predictions_by_organization ON quarterly_predictions (organization_id, created_at DESC, id DESC);
DROP INDEX quarterly_predictions_by_creator;
CREATE INDEX quarterly_predictions_by_creator ON quarterly_predictions (created_by, created_at DESC, id DESC) WHERE access_level = 'personal';
DROP INDEX quarterly_predictions_by_level;
CREATE INDEX quarterly_predictions_by_level ON quarterly_predictions (access_level, created_at DESC, id DESC) WHERE access_level = 'system';

-- Means by period are read from these alone; what is updated is rare, and its indexes small.
CREATE INDEX annual_predictions_figures
    ON annual_predictions (organization_id, reporting_year, reporting_quarter, access_level, probability);
CREATE INDEX annual_predictions_updated_by_creator ON annual_predictions (created_by, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX annual_predictions_updated_by_level ON annual_predictions (access_level, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX quarterly_predictions_figures
    ON quarterly_predictions (organization_id, reporting_year, reporting_quarter, access_level, ensemble_probability, logistic_probability);
CREATE INDEX quarterly_predictions_updated_by_creator ON quarterly_predictions (created_by, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX quarterly_predictions_updated_by_level ON quarterly_predictions (access_level, updated_at)
    WHERE updated_at IS NOT NULL;

-- Counts the changes of what an organization, a person (personal level) or the system (the zero id) owns: what was
-- worked out at one count is good until the next. Holds nothing of anybody's.
CREATE TABLE data_versions (
    owner   BLOB PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- What companies are searched by. Row-level security would keep the index of parts of words from being used, so
-- this table has none; searches join it with companies, which has.
CREATE TABLE company_search (
    id         INTEGER PRIMARY KEY NOT NULL,
    company_id BLOB NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    owner      BLOB NOT NULL, -- as in data_versions
    words      TEXT NOT NULL  -- symbol and name
) STRICT;
CREATE UNIQUE INDEX company_search_company ON company_search (company_id);

CREATE INDEX company_search_by_owner ON company_search (owner, words);
CREATE VIRTUAL TABLE company_search_fts USING fts5 (words, content='company_search', content_rowid='id', tokenize='trigram', columnsize=0);
CREATE TRIGGER company_search_fts_insert AFTER INSERT ON company_search BEGIN
    INSERT INTO company_search_fts (rowid, words) VALUES (NEW.id, NEW.words);
END;
CREATE TRIGGER company_search_fts_delete AFTER DELETE ON company_search BEGIN
    INSERT INTO company_search_fts (company_search_fts, rowid, words) VALUES ('delete', OLD.id, OLD.words);
END;
CREATE TRIGGER company_search_fts_update AFTER UPDATE OF words ON company_search BEGIN
    INSERT INTO company_search_fts (company_search_fts, rowid, words) VALUES ('delete', OLD.id, OLD.words);
    INSERT INTO company_search_fts (rowid, words) VALUES (NEW.id, NEW.words);
END;
CREATE TRIGGER company_search_insert AFTER INSERT ON companies BEGIN
    INSERT INTO company_search (company_id, owner, words)
    VALUES (NEW.id, CASE NEW.access_level WHEN 'organization' THEN NEW.organization_id WHEN 'personal' THEN NEW.created_by ELSE x'00000000000000000000000000000000' END, NEW.symbol || ' ' || NEW.name);
END;
CREATE TRIGGER company_search_update AFTER UPDATE OF symbol, name ON companies
    WHEN OLD.symbol <> NEW.symbol OR OLD.name <> NEW.name BEGIN
    UPDATE company_search SET words = NEW.symbol || ' ' || NEW.name WHERE company_id = NEW.id;
END;
INSERT INTO company_search (company_id, owner, words)
    SELECT id, CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                                 ELSE x'00000000000000000000000000000000' END, symbol || ' ' || name FROM companies;

-- Model bundles: those that came with a release, and those that somebody brought along. The files lie in the object store.
CREATE TABLE models (
    id             BLOB PRIMARY KEY NOT NULL,
    kind           TEXT NOT NULL,
    name           TEXT NOT NULL,
    version        TEXT NOT NULL,
    hash           TEXT NOT NULL, -- SHA-256 over the bundle's files
    file_key       TEXT NOT NULL, -- of the zip in the object store
    origin         TEXT NOT NULL,
    golden_rows    INTEGER NOT NULL,
    summary        TEXT NOT NULL, -- JSON: members, calibration, thresholds
    card           TEXT,
    imported_by    BLOB REFERENCES users (id) ON DELETE RESTRICT,
    created_at     INTEGER NOT NULL,
    CONSTRAINT models_kind_known CHECK (kind IN ('annual', 'quarterly')),
    CONSTRAINT models_origin_known CHECK (origin IN ('shipped', 'imported')),
    CONSTRAINT models_importer CHECK ((origin = 'imported') = (imported_by IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX models_hash ON models (hash);
CREATE INDEX models_by_kind ON models (kind, created_at DESC, id);

-- Which model is in use: of each kind the one with the highest number. Rows are added, never changed.
CREATE TABLE model_activations (
    id           BLOB PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    number       INTEGER NOT NULL,
    model_id     BLOB NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
    activated_by BLOB REFERENCES users (id) ON DELETE RESTRICT,
    reason       TEXT,
    created_at   INTEGER NOT NULL,
    CONSTRAINT model_activations_kind_known CHECK (kind IN ('annual', 'quarterly'))
) STRICT;
CREATE UNIQUE INDEX model_activations_number ON model_activations (kind, number);
