-- A million predictions of 200,000 companies of 100 organizations of 50 tenants, as three years of use leave them:
-- rows of all organizations lie mixed, in the order of their making. Wants a migrated database with one account
-- (the super_admin), whose password everybody else gets too. Run as a superuser, whom row-level security lets pass.
\set ON_ERROR_STOP on
-- Companies of each organization, with five predictions each: `psql -v companies=…` makes it less for a try.
\if :{?companies}
\else
    \set companies 2000
\endif
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SELECT setseed(0.5);

-- Ids as the application makes them: time first.
CREATE FUNCTION pg_temp.id_of(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid $$;
CREATE FUNCTION pg_temp.grade_of(p double precision) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p <= 0.0005 THEN 'A+' WHEN p <= 0.001 THEN 'A' WHEN p <= 0.002 THEN 'A-' WHEN p <= 0.004 THEN 'B+'
                WHEN p <= 0.008 THEN 'B' WHEN p <= 0.016 THEN 'B-' WHEN p <= 0.032 THEN 'C+' WHEN p <= 0.064 THEN 'C'
                WHEN p <= 0.128 THEN 'C-' ELSE 'D' END $$;
CREATE FUNCTION pg_temp.risk_of(p double precision) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p < 0.02 THEN 'LOW' WHEN p < 0.05 THEN 'MEDIUM' WHEN p < 0.15 THEN 'HIGH' ELSE 'CRITICAL' END $$;

INSERT INTO tenants (id, name, slug, created_at)
SELECT gen_random_uuid(), 'Tenant ' || t, 'tenant-' || t, now() - interval '3 years' FROM generate_series(1, 50) t;
INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at)
SELECT gen_random_uuid(), t.id, 'Organization ' || o, t.slug || '-' || o, md5(random()::text), t.created_at
FROM tenants t, generate_series(1, 2) o;

CREATE TEMP TABLE hash AS SELECT password_hash FROM users LIMIT 1;
INSERT INTO users (id, email, username, password_hash, role, tenant_id, created_at)
SELECT gen_random_uuid(), 'admin@' || t.slug || '.example', 'admin-' || t.slug, password_hash, 'tenant_admin', t.id,
       t.created_at
FROM tenants t, hash;
INSERT INTO users (id, email, username, password_hash, role, tenant_id, organization_id, created_at)
SELECT gen_random_uuid(), 'member' || m || '@' || o.slug || '.example', 'member' || m || '-' || o.slug, password_hash,
       CASE m WHEN 0 THEN 'org_admin' ELSE 'org_member' END, o.tenant_id, o.id, o.created_at
FROM organizations o, generate_series(0, 3) m, hash;

-- Companies: 2,000 of each organization, each made by one of its people.
CREATE TEMP TABLE owners AS
SELECT o.id AS organization_id, row_number() OVER (ORDER BY o.slug) AS o, array_agg(u.id ORDER BY u.email) AS people
FROM organizations o JOIN users u ON u.organization_id = o.id GROUP BY o.id, o.slug;
INSERT INTO companies (id, symbol, name, market_cap, sector, access_level, organization_id, created_by, created_at)
SELECT pg_temp.id_of(at), symbol, name, 50 + 90000 * random() ^ 3, sector, 'organization', organization_id,
       people[1 + n % 4], at
FROM (SELECT w.organization_id, w.people, n,
             'C' || to_char(w.o, 'FM000') || to_char(n, 'FM0000') AS symbol,
             (ARRAY['Northern', 'Atlas', 'Blue River', 'Summit', 'Harbour', 'Meridian', 'Oak', 'Silver', 'Vertex',
                    'Union'])[1 + (n * 7 + w.o) % 10] || ' '
                 || (ARRAY['Energy', 'Foods', 'Steel', 'Software', 'Logistics', 'Pharma', 'Motors', 'Retail', 'Mining',
                           'Telecom', 'Chemicals', 'Paper'])[1 + (n * 5 + w.o) % 12] || ' ' || n AS name,
             (ARRAY['Energy', 'Materials', 'Industrials', 'Consumer Discretionary', 'Consumer Staples', 'Health Care',
                    'Information Technology', 'Communication Services', 'Utilities', 'Real Estate'])[1 + n % 10]
                 AS sector,
             now() - interval '3 years' * (0.9 + 0.1 * random()) AS at
      FROM owners w, generate_series(1, :companies) n) c
ORDER BY at;

-- Three annual predictions of each company and a fourth of every second one: 7,000 of each organization.
INSERT INTO annual_predictions (id, company_id, organization_id, access_level, created_by, reporting_year,
    long_term_debt_to_total_capital, total_debt_to_ebitda, net_income_margin, ebit_to_interest_expense,
    return_on_assets, probability, raw_probability, risk_level, grade, confidence, model_name, model_version,
    model_hash, created_at)
SELECT pg_temp.id_of(at), company_id, organization_id, 'organization', created_by, y, 100 * random(), 12 * random(),
       60 * random() - 20, 40 * random() - 5, 30 * random() - 10, p, p, pg_temp.risk_of(p), pg_temp.grade_of(p),
       0.5 + p / 2, 'seeded', '1', 'seeded', at
FROM (SELECT c.id AS company_id, c.organization_id, c.created_by, y, 0.0003 + 0.6 * random() ^ 5 AS p,
             make_timestamptz(y + 1, 1, 1, 0, 0, 0) + interval '300 days' * random() AS at
      FROM companies c, generate_series(2021, 2024) y
      WHERE y < 2024 OR right(c.symbol, 1) IN ('0', '2', '4', '6', '8')) p
ORDER BY at;

-- One quarterly prediction of each company and a second of every second one: 3,000 of each organization.
INSERT INTO quarterly_predictions (id, company_id, organization_id, access_level, created_by, reporting_year,
    reporting_quarter, total_debt_to_ebitda, sga_margin, long_term_debt_to_total_capital, return_on_capital,
    logistic_probability, gbm_probability, ensemble_probability, raw_probability, risk_level, grade, confidence,
    model_name, model_version, model_hash, created_at)
SELECT pg_temp.id_of(at), company_id, organization_id, 'organization', created_by, 2025, 'Q' || q, 12 * random(),
       50 * random(), 100 * random(), 30 * random() - 10, p, p, p, p, pg_temp.risk_of(p), pg_temp.grade_of(p),
       0.5 + p / 2, 'seeded', '1', 'seeded', at
FROM (SELECT c.id AS company_id, c.organization_id, c.created_by, q, 0.0003 + 0.6 * random() ^ 5 AS p,
             make_timestamptz(2025, 1 + 3 * q, 1, 0, 0, 0) + interval '60 days' * random() AS at
      FROM companies c, generate_series(1, 2) q
      WHERE q < 2 OR right(c.symbol, 1) IN ('1', '3', '5', '7', '9')) p
ORDER BY at;

-- What is latest of each company, as the application keeps it.
UPDATE companies SET latest_kind = r.kind, latest_prediction_id = r.id, latest_year = r.reporting_year,
    latest_quarter = r.reporting_quarter, latest_probability = r.probability, latest_risk_level = r.risk_level,
    latest_grade = r.grade, latest_at = r.at, previous_probability = r.previous_probability,
    previous_grade = r.previous_grade, annual_count = r.annual_count, quarterly_count = r.quarterly_count
FROM (SELECT p.*, row_number() OVER (PARTITION BY company_id
                      ORDER BY reporting_year DESC, quarter DESC, at DESC, kind, id) AS n,
             lead(probability) OVER by_kind AS previous_probability, lead(grade) OVER by_kind AS previous_grade,
             count(*) FILTER (WHERE kind = 'annual') OVER (PARTITION BY company_id) AS annual_count,
             count(*) FILTER (WHERE kind = 'quarterly') OVER (PARTITION BY company_id) AS quarterly_count
      FROM (SELECT 'annual' AS kind, id, company_id, reporting_year, reporting_quarter, 4 AS quarter, probability,
                   risk_level, grade, created_at AS at FROM annual_predictions
            UNION ALL
            SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter,
                   substr(reporting_quarter, 2, 1)::integer, ensemble_probability, risk_level, grade, created_at
            FROM quarterly_predictions) p
      WINDOW by_kind AS (PARTITION BY company_id, kind
                         ORDER BY reporting_year DESC, quarter DESC, at DESC, id)) r
WHERE r.company_id = companies.id AND r.n = 1;
INSERT INTO data_versions (owner, version, companies, annual_predictions, quarterly_predictions)
SELECT o.id, 1, (SELECT count(*) FROM companies c WHERE c.organization_id = o.id),
       (SELECT count(*) FROM annual_predictions p WHERE p.organization_id = o.id),
       (SELECT count(*) FROM quarterly_predictions p WHERE p.organization_id = o.id)
FROM organizations o;

-- The rows before that update go away, and the planner learns what there is.
VACUUM (FULL, ANALYZE) companies;
VACUUM (ANALYZE);
CHECKPOINT;
SELECT (SELECT count(*) FROM annual_predictions) AS annual, (SELECT count(*) FROM quarterly_predictions) AS quarterly,
       (SELECT count(*) FROM companies) AS companies, (SELECT count(*) FROM organizations) AS organizations,
       (SELECT count(*) FROM users) AS users, pg_size_pretty(pg_database_size(current_database())) AS size;
