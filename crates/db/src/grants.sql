-- What the application's role may do, also with tables that later migrations of the same owner make.
DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO accunode_app', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO accunode_app', current_schema());
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO accunode_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I
                    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO accunode_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I
                    GRANT USAGE, SELECT ON SEQUENCES TO accunode_app', current_schema());
    -- The list of migrations is read (is the schema current?) and never written by the application.
    REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM accunode_app;
    -- The audit log is only ever added to.
    REVOKE UPDATE, DELETE ON audit_log FROM accunode_app;
    REVOKE DELETE ON audit_heads FROM accunode_app;
    -- What several people store together is new companies and predictions with their entries, and nothing else.
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO accunode_batch', current_schema());
    GRANT SELECT ON companies, annual_predictions, quarterly_predictions, organizations TO accunode_batch;
    GRANT INSERT ON companies, annual_predictions, quarterly_predictions, company_search, audit_log,
        figure_changes TO accunode_batch;
    GRANT UPDATE (latest_kind, latest_prediction_id, latest_year, latest_quarter, latest_probability,
                  latest_risk_level, latest_grade, latest_at, previous_probability, previous_grade, annual_count,
                  quarterly_count) ON companies TO accunode_batch;
    GRANT SELECT, INSERT, UPDATE ON data_versions, audit_heads TO accunode_batch;
END
$$;
