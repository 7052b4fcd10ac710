-- Grades, versions of predictions, what is latest of a company, searching, and models that are brought along.

-- A tenant's master scale: grades by bands of the probability. A change is a new version; none is ever rewritten.
-- Without a tenant it is the platform's, for whoever has no scale of their own; without any the built-in one.
CREATE TABLE master_scales (
    id         uuid PRIMARY KEY,
    tenant_id  uuid REFERENCES tenants (id) ON DELETE RESTRICT,
    version    integer NOT NULL,
    grades     text NOT NULL, -- JSON array of {grade, upper}, best first; the last has no upper
    note       text,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT master_scales_version_counts CHECK (version >= 1)
);
CREATE UNIQUE INDEX master_scales_version ON master_scales (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), version);

ALTER TABLE annual_predictions ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE annual_predictions ADD COLUMN grade text; -- by the scale in force when it was scored
ALTER TABLE annual_predictions ADD COLUMN grade_scale_id uuid REFERENCES master_scales (id) ON DELETE RESTRICT; -- null: built in
ALTER TABLE annual_predictions ADD COLUMN updated_by uuid REFERENCES users (id) ON DELETE RESTRICT; -- who made this version, if not the creator

ALTER TABLE quarterly_predictions ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE quarterly_predictions ADD COLUMN grade text; -- by the scale in force when it was scored
ALTER TABLE quarterly_predictions ADD COLUMN grade_scale_id uuid REFERENCES master_scales (id) ON DELETE RESTRICT; -- null: built in
ALTER TABLE quarterly_predictions ADD COLUMN updated_by uuid REFERENCES users (id) ON DELETE RESTRICT; -- who made this version, if not the creator

-- Rows of before the grades get those of the built-in scale. The policies let the application's own work pass.
SELECT set_config('app.role', 'system', true);
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
    prediction_id uuid NOT NULL REFERENCES annual_predictions (id) ON DELETE CASCADE,
    version integer NOT NULL,
    reporting_year integer NOT NULL,
    reporting_quarter text,
    long_term_debt_to_total_capital double precision,
    total_debt_to_ebitda double precision,
    net_income_margin double precision,
    ebit_to_interest_expense double precision,
    return_on_assets double precision,
    not_meaningful integer NOT NULL,
    probability double precision NOT NULL,
    raw_probability double precision NOT NULL,
    risk_level text NOT NULL,
    confidence double precision NOT NULL,
    grade text,
    grade_scale_id uuid REFERENCES master_scales (id) ON DELETE RESTRICT,
    model_name text NOT NULL,
    model_version text NOT NULL,
    model_hash text NOT NULL,
    quality text NOT NULL,
    scored_by uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    scored_at timestamptz NOT NULL,
    PRIMARY KEY (prediction_id, version)
);

-- What a quarterly prediction was before it was scored again. Written once, never changed.
CREATE TABLE quarterly_prediction_versions (
    prediction_id uuid NOT NULL REFERENCES quarterly_predictions (id) ON DELETE CASCADE,
    version integer NOT NULL,
    reporting_year integer NOT NULL,
    reporting_quarter text NOT NULL,
    total_debt_to_ebitda double precision,
    sga_margin double precision,
    long_term_debt_to_total_capital double precision,
    return_on_capital double precision,
    not_meaningful integer NOT NULL,
    logistic_probability double precision,
    gbm_probability double precision,
    ensemble_probability double precision NOT NULL,
    raw_probability double precision NOT NULL,
    risk_level text NOT NULL,
    confidence double precision NOT NULL,
    grade text,
    grade_scale_id uuid REFERENCES master_scales (id) ON DELETE RESTRICT,
    model_name text NOT NULL,
    model_version text NOT NULL,
    model_hash text NOT NULL,
    quality text NOT NULL,
    scored_by uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    scored_at timestamptz NOT NULL,
    PRIMARY KEY (prediction_id, version)
);

-- What is latest of a company, of either kind: by period, then by when it was scored. Kept by whatever writes predictions.
ALTER TABLE companies ADD COLUMN latest_kind text;
ALTER TABLE companies ADD COLUMN latest_prediction_id uuid;
ALTER TABLE companies ADD COLUMN latest_year integer;
ALTER TABLE companies ADD COLUMN latest_quarter text;
ALTER TABLE companies ADD COLUMN latest_probability double precision;
ALTER TABLE companies ADD COLUMN latest_risk_level text;
ALTER TABLE companies ADD COLUMN latest_grade text;
ALTER TABLE companies ADD COLUMN latest_at timestamptz;
ALTER TABLE companies ADD COLUMN previous_probability double precision; -- of the period before, of the same kind
ALTER TABLE companies ADD COLUMN previous_grade text;
ALTER TABLE companies ADD COLUMN annual_count bigint NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN quarterly_count bigint NOT NULL DEFAULT 0;

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
                   coalesce(CAST(substr(reporting_quarter, 2, 1) AS integer), 4) AS quarter, probability, risk_level, grade,
                   coalesce(updated_at, created_at) AS at FROM annual_predictions
            UNION ALL
            SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter,
                   coalesce(CAST(substr(reporting_quarter, 2, 1) AS integer), 4), ensemble_probability, risk_level, grade,
                   coalesce(updated_at, created_at) FROM quarterly_predictions) p
      WINDOW by_kind AS (PARTITION BY company_id, kind ORDER BY reporting_year DESC, quarter DESC, at DESC)) r
WHERE r.company_id = companies.id AND r.n = 1;
CREATE INDEX companies_by_organization_name ON companies (organization_id, name, id);
CREATE INDEX companies_by_organization_probability ON companies (organization_id, latest_probability DESC NULLS LAST, id DESC);
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

-- Means by period are read from these alone. Row-level security looks at the level and the creator, so PostgreSQL
-- keeps those beside; what is updated is rare, and its indexes small.
CREATE INDEX annual_predictions_figures ON annual_predictions (organization_id, reporting_year, reporting_quarter)
    INCLUDE (probability, access_level, created_by);
CREATE INDEX annual_predictions_updated_by_creator ON annual_predictions (created_by, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX annual_predictions_updated_by_level ON annual_predictions (access_level, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX quarterly_predictions_figures ON quarterly_predictions (organization_id, reporting_year, reporting_quarter)
    INCLUDE (ensemble_probability, logistic_probability, access_level, created_by);
CREATE INDEX quarterly_predictions_updated_by_creator ON quarterly_predictions (created_by, updated_at)
    WHERE updated_at IS NOT NULL;
CREATE INDEX quarterly_predictions_updated_by_level ON quarterly_predictions (access_level, updated_at)
    WHERE updated_at IS NOT NULL;

-- Counts the changes of what an organization, a person (personal level) or the system (the zero id) owns: what was
-- worked out at one count is good until the next. Holds nothing of anybody's.
CREATE TABLE data_versions (
    owner   uuid PRIMARY KEY,
    version bigint NOT NULL
);

-- What companies are searched by. Row-level security would keep the index of parts of words from being used, so
-- this table has none; searches join it with companies, which has.
CREATE TABLE company_search (
    id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    owner      uuid NOT NULL, -- as in data_versions
    words      text NOT NULL  -- symbol and name
);
CREATE UNIQUE INDEX company_search_company ON company_search (company_id);

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE FUNCTION company_owner(access_level text, organization_id uuid, created_by uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE access_level WHEN 'organization' THEN organization_id WHEN 'personal' THEN created_by
                 ELSE '00000000-0000-0000-0000-000000000000'::uuid END $$;
INSERT INTO company_search (company_id, owner, words)
    SELECT id, company_owner(access_level, organization_id, created_by), lower(symbol || ' ' || name) FROM companies;
CREATE INDEX company_search_words ON company_search USING gin (words gin_trgm_ops);
CREATE INDEX company_search_by_owner ON company_search (owner, words text_pattern_ops);
CREATE FUNCTION company_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO company_search (company_id, owner, words)
    VALUES (NEW.id, company_owner(NEW.access_level, NEW.organization_id, NEW.created_by),
            lower(NEW.symbol || ' ' || NEW.name))
    ON CONFLICT (company_id) DO UPDATE SET owner = excluded.owner, words = excluded.words;
    RETURN NULL;
END
$$;
CREATE TRIGGER company_search_insert AFTER INSERT ON companies FOR EACH ROW EXECUTE FUNCTION company_search_keep();
CREATE TRIGGER company_search_update AFTER UPDATE OF symbol, name ON companies FOR EACH ROW
    WHEN (OLD.symbol IS DISTINCT FROM NEW.symbol OR OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION company_search_keep();

-- Model bundles: those that came with a release, and those that somebody brought along. The files lie in the object store.
CREATE TABLE models (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL,
    name           text NOT NULL,
    version        text NOT NULL,
    hash           text NOT NULL, -- SHA-256 over the bundle's files
    file_key       text NOT NULL, -- of the zip in the object store
    origin         text NOT NULL,
    golden_rows    bigint NOT NULL,
    summary        text NOT NULL, -- JSON: members, calibration, thresholds
    card           text,
    imported_by    uuid REFERENCES users (id) ON DELETE RESTRICT,
    created_at     timestamptz NOT NULL,
    CONSTRAINT models_kind_known CHECK (kind IN ('annual', 'quarterly')),
    CONSTRAINT models_origin_known CHECK (origin IN ('shipped', 'imported')),
    CONSTRAINT models_importer CHECK ((origin = 'imported') = (imported_by IS NOT NULL))
);
CREATE UNIQUE INDEX models_hash ON models (hash);
CREATE INDEX models_by_kind ON models (kind, created_at DESC, id);

-- Which model is in use: of each kind the one with the highest number. Rows are added, never changed.
CREATE TABLE model_activations (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    number       bigint NOT NULL,
    model_id     uuid NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
    activated_by uuid REFERENCES users (id) ON DELETE RESTRICT,
    reason       text,
    created_at   timestamptz NOT NULL,
    CONSTRAINT model_activations_kind_known CHECK (kind IN ('annual', 'quarterly'))
);
CREATE UNIQUE INDEX model_activations_number ON model_activations (kind, number);

-- The second wall, as for the other tables.
DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['master_scales', 'annual_prediction_versions', 'quarterly_prediction_versions',
                                   'models', 'model_activations'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    END LOOP;
    -- Models are the platform's: known to everybody who is known, changed by the platform alone.
    FOREACH guarded IN ARRAY ARRAY['models', 'model_activations'] LOOP
        EXECUTE format('CREATE POLICY %1$I ON %2$I FOR SELECT USING ((SELECT app_passes()) OR (SELECT app_user_id()) IS NOT NULL)',
                       guarded || '_read', guarded);
        EXECUTE format('CREATE POLICY %1$I ON %2$I FOR INSERT WITH CHECK ((SELECT app_passes()))',
                       guarded || '_insert', guarded);
    END LOOP;
    -- Earlier versions follow their prediction, whose own policies decide; nothing ever updates them.
    FOREACH guarded IN ARRAY ARRAY['annual', 'quarterly'] LOOP
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR SELECT USING (
                EXISTS (SELECT 1 FROM %3$I p WHERE p.id = prediction_id))
            $policy$, guarded || '_prediction_versions_read', guarded || '_prediction_versions', guarded || '_predictions');
        EXECUTE format($policy$
            CREATE POLICY %1$I ON %2$I FOR INSERT WITH CHECK (
                (SELECT app_passes())
                OR EXISTS (SELECT 1 FROM %3$I p WHERE p.id = prediction_id
                           AND ((p.access_level = 'personal' AND p.created_by = (SELECT app_user_id()))
                                OR (p.access_level = 'organization'
                                    AND p.organization_id = (SELECT app_organization_id())))))
            $policy$, guarded || '_prediction_versions_insert', guarded || '_prediction_versions', guarded || '_predictions');
    END LOOP;
END
$$;
CREATE POLICY master_scales_read ON master_scales FOR SELECT USING (
    (SELECT app_passes())
    OR tenant_id = (SELECT app_tenant_id())
    OR (tenant_id IS NULL AND (SELECT app_user_id()) IS NOT NULL));
CREATE POLICY master_scales_insert ON master_scales FOR INSERT WITH CHECK (
    (SELECT app_passes()) OR tenant_id = (SELECT app_run_tenant_id()));
