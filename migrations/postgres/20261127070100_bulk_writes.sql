-- Storing many rows at a time: what was done row by row is done statement by statement.

-- What companies and predictions refer to was looked up for each row and each reference: half of what a row cost. Now
-- each statement looks it up once, for all its rows, and holds it like a foreign key does until the transaction ends.
-- The functions look as the application itself (app.role) and give the actor's role back: they see what the actor may
-- not, and tell nothing of it.
ALTER TABLE companies DROP CONSTRAINT companies_organization_id_fkey, DROP CONSTRAINT companies_created_by_fkey;
ALTER TABLE company_search DROP CONSTRAINT company_search_company_id_fkey;
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['annual', 'quarterly'] LOOP
        EXECUTE format(
            'ALTER TABLE %1$s_predictions DROP CONSTRAINT %1$s_predictions_company_id_fkey,
                 DROP CONSTRAINT %1$s_predictions_organization_id_fkey, DROP CONSTRAINT %1$s_predictions_created_by_fkey,
                 DROP CONSTRAINT %1$s_predictions_bulk_upload_job_id_fkey,
                 DROP CONSTRAINT %1$s_predictions_grade_scale_id_fkey, DROP CONSTRAINT %1$s_predictions_updated_by_fkey',
            kind);
    END LOOP;
END
$$;

CREATE FUNCTION companies_refer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
DECLARE
    acting text := coalesce(current_setting('app.role', true), '');
    makers uuid[];
    places uuid[];
    held bigint;
BEGIN
    PERFORM set_config('app.role', 'system', true);
    SELECT array_agg(DISTINCT created_by), array_agg(DISTINCT organization_id) FILTER (WHERE organization_id IS NOT NULL)
    INTO makers, places FROM (SELECT DISTINCT created_by, organization_id FROM added) a;
    PERFORM 1 FROM users WHERE id = ANY (makers) FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held < cardinality(makers) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a company is made by nobody', CONSTRAINT = 'companies_created_by_fkey';
    END IF;
    PERFORM 1 FROM organizations WHERE id = ANY (places) FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held < cardinality(places) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a company is of no organization',
            CONSTRAINT = 'companies_organization_id_fkey';
    END IF;
    PERFORM set_config('app.role', acting, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER companies_refer AFTER INSERT ON companies REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION companies_refer();

-- A prediction belongs to whom its company belongs.
-- Its plan is kept, whatever number of rows it was first made for: companies are found by their ids, not by reading all.
CREATE FUNCTION predictions_refer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    acting text := coalesce(current_setting('app.role', true), '');
    named bigint;
    held bigint;
    makers uuid[];
    uploads uuid[];
    scales uuid[];
BEGIN
    PERFORM set_config('app.role', 'system', true);
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT company_id, company_owner(access_level, organization_id, created_by) AS owner, access_level FROM added
    ), there AS (
        SELECT 1 FROM asked a JOIN companies c ON c.id = a.company_id
        WHERE c.access_level = a.access_level
            AND company_owner(c.access_level, c.organization_id, c.created_by) = a.owner
        FOR KEY SHARE OF c
    )
    SELECT (SELECT count(*) FROM asked), (SELECT count(*) FROM there) INTO named, held;
    IF held < named THEN
        RAISE foreign_key_violation USING MESSAGE = 'a prediction is of no company of its owner',
            CONSTRAINT = TG_TABLE_NAME || '_company_id_fkey';
    END IF;
    SELECT array_agg(DISTINCT maker), array_agg(DISTINCT bulk_upload_job_id) FILTER (WHERE bulk_upload_job_id IS NOT NULL),
           array_agg(DISTINCT grade_scale_id) FILTER (WHERE grade_scale_id IS NOT NULL)
    INTO makers, uploads, scales
    FROM (SELECT DISTINCT created_by, updated_by, bulk_upload_job_id, grade_scale_id FROM added) a,
         LATERAL (SELECT created_by UNION ALL SELECT updated_by WHERE updated_by IS NOT NULL) m (maker);
    PERFORM 1 FROM users WHERE id = ANY (makers) FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held < cardinality(makers) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a prediction is made by nobody',
            CONSTRAINT = TG_TABLE_NAME || '_created_by_fkey';
    END IF;
    IF uploads IS NOT NULL THEN
        PERFORM 1 FROM bulk_upload_jobs WHERE id = ANY (uploads) FOR KEY SHARE;
        GET DIAGNOSTICS held = ROW_COUNT;
        IF held < cardinality(uploads) THEN
            RAISE foreign_key_violation USING MESSAGE = 'a prediction is of no upload',
                CONSTRAINT = TG_TABLE_NAME || '_bulk_upload_job_id_fkey';
        END IF;
    END IF;
    IF scales IS NOT NULL THEN
        PERFORM 1 FROM master_scales WHERE id = ANY (scales) FOR KEY SHARE;
        GET DIAGNOSTICS held = ROW_COUNT;
        IF held < cardinality(scales) THEN
            RAISE foreign_key_violation USING MESSAGE = 'a prediction is graded by no scale',
                CONSTRAINT = TG_TABLE_NAME || '_grade_scale_id_fkey';
        END IF;
    END IF;
    PERFORM set_config('app.role', acting, true);
    RETURN NULL;
END
$$;

-- The other direction: who or what is referred to stays, or takes along what is its own.
CREATE FUNCTION referred_to_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
DECLARE
    acting text := coalesce(current_setting('app.role', true), '');
    used boolean;
BEGIN
    PERFORM set_config('app.role', 'system', true);
    used := CASE TG_TABLE_NAME
        WHEN 'users' THEN
            EXISTS (SELECT 1 FROM companies WHERE created_by IN (SELECT id FROM removed))
            OR EXISTS (SELECT 1 FROM annual_predictions
                       WHERE created_by IN (SELECT id FROM removed) OR updated_by IN (SELECT id FROM removed))
            OR EXISTS (SELECT 1 FROM quarterly_predictions
                       WHERE created_by IN (SELECT id FROM removed) OR updated_by IN (SELECT id FROM removed))
        WHEN 'organizations' THEN
            EXISTS (SELECT 1 FROM companies WHERE organization_id IN (SELECT id FROM removed))
        ELSE
            EXISTS (SELECT 1 FROM annual_predictions WHERE grade_scale_id IN (SELECT id FROM removed))
            OR EXISTS (SELECT 1 FROM quarterly_predictions WHERE grade_scale_id IN (SELECT id FROM removed))
    END;
    IF used THEN
        RAISE foreign_key_violation USING MESSAGE = 'companies or predictions refer to what is deleted from ' || TG_TABLE_NAME;
    END IF;
    PERFORM set_config('app.role', acting, true);
    RETURN NULL;
END
$$;
CREATE FUNCTION companies_take_along() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
DECLARE
    acting text := coalesce(current_setting('app.role', true), '');
BEGIN
    PERFORM set_config('app.role', 'system', true);
    DELETE FROM company_search WHERE company_id IN (SELECT id FROM removed);
    DELETE FROM annual_predictions WHERE company_id IN (SELECT id FROM removed);
    DELETE FROM quarterly_predictions WHERE company_id IN (SELECT id FROM removed);
    PERFORM set_config('app.role', acting, true);
    RETURN NULL;
END
$$;
CREATE FUNCTION uploads_let_go() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
DECLARE
    acting text := coalesce(current_setting('app.role', true), '');
BEGIN
    PERFORM set_config('app.role', 'system', true);
    UPDATE annual_predictions SET bulk_upload_job_id = NULL WHERE bulk_upload_job_id IN (SELECT id FROM removed);
    UPDATE quarterly_predictions SET bulk_upload_job_id = NULL WHERE bulk_upload_job_id IN (SELECT id FROM removed);
    PERFORM set_config('app.role', acting, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER companies_take_along AFTER DELETE ON companies REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION companies_take_along();
CREATE TRIGGER bulk_upload_jobs_let_go AFTER DELETE ON bulk_upload_jobs REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION uploads_let_go();

-- Nothing ever changes an id, or whom a row belongs to; a foreign key would see it.
CREATE FUNCTION references_are_final() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE foreign_key_violation USING MESSAGE = 'ids, and what a company or prediction belongs to, are not changed'; END $$;
DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['users', 'organizations', 'master_scales'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_stay AFTER DELETE ON %1$s REFERENCING OLD TABLE AS removed
                        FOR EACH STATEMENT EXECUTE FUNCTION referred_to_stays()', named);
    END LOOP;
    FOREACH named IN ARRAY ARRAY['users', 'organizations', 'master_scales', 'bulk_upload_jobs', 'companies'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_ids_are_final AFTER UPDATE OF id ON %1$s FOR EACH ROW
                        WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION references_are_final()', named);
    END LOOP;
    CREATE TRIGGER companies_owner_is_final AFTER UPDATE OF access_level, organization_id, created_by ON companies
        FOR EACH ROW WHEN ((OLD.access_level, OLD.organization_id, OLD.created_by)
                           IS DISTINCT FROM (NEW.access_level, NEW.organization_id, NEW.created_by))
        EXECUTE FUNCTION references_are_final();
    FOREACH named IN ARRAY ARRAY['annual_predictions', 'quarterly_predictions'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_refer AFTER INSERT ON %1$s REFERENCING NEW TABLE AS added
                        FOR EACH STATEMENT EXECUTE FUNCTION predictions_refer()', named);
        EXECUTE format('CREATE TRIGGER %1$s_still_refer AFTER UPDATE ON %1$s REFERENCING NEW TABLE AS added
                        FOR EACH STATEMENT EXECUTE FUNCTION predictions_refer()', named);
    END LOOP;
END
$$;

-- Words of new companies, all at once. Changes of names stay row by row.
DROP TRIGGER company_search_insert ON companies;
CREATE FUNCTION company_search_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO company_search (company_id, owner, words)
    SELECT id, company_owner(access_level, organization_id, created_by), lower(symbol || ' ' || name) FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER company_search_insert AFTER INSERT ON companies REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION company_search_add();

-- Which upload said last what is known of a company, and by which of its rows: chunks of one file that are stored in any
-- order leave what the last row says.
ALTER TABLE companies ADD COLUMN known_upload uuid;
ALTER TABLE companies ADD COLUMN known_row bigint;
ALTER TABLE companies ADD COLUMN market_cap_row bigint;

-- Predictions of no upload need not stand in these.
DROP INDEX annual_predictions_by_upload;
CREATE INDEX annual_predictions_by_upload ON annual_predictions (bulk_upload_job_id, source_row)
    WHERE bulk_upload_job_id IS NOT NULL;
DROP INDEX quarterly_predictions_by_upload;
CREATE INDEX quarterly_predictions_by_upload ON quarterly_predictions (bulk_upload_job_id, source_row)
    WHERE bulk_upload_job_id IS NOT NULL;

-- What several people store in one transaction, under a role that may do nothing else. The transaction says who they
-- are: app.batch_places holds `user/organization` (or `user/`), app.batch_owners whose rows are in sight, and
-- app.batch_voices `user/chain`, who speaks in which chain of the audit log.
CREATE FUNCTION app_batch_places() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.batch_places', true), '')::text[] $$;
CREATE FUNCTION app_batch_owners() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.batch_owners', true), '')::uuid[] $$;
CREATE FUNCTION app_batch_voices() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.batch_voices', true), '')::text[] $$;
DO $$
DECLARE
    guarded text;
    company_in_reach text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['companies', 'annual_predictions', 'quarterly_predictions'] LOOP
        company_in_reach := CASE WHEN guarded = 'companies' THEN '' ELSE format(
            'AND EXISTS (SELECT 1 FROM companies c WHERE c.id = company_id AND c.access_level = %I.access_level)',
            guarded) END;
        EXECUTE format($policy$
            CREATE POLICY %1$s_batch_read ON %1$s FOR SELECT TO accunode_batch USING (
                company_owner(access_level, organization_id, created_by) = ANY ((SELECT app_batch_owners())::uuid[]))
            $policy$, guarded);
        EXECUTE format($policy$
            CREATE POLICY %1$s_batch_insert ON %1$s FOR INSERT TO accunode_batch WITH CHECK (
                access_level <> 'system'
                AND created_by::text || '/' || coalesce(organization_id::text, '') = ANY ((SELECT app_batch_places())::text[])
                %2$s)
            $policy$, guarded, company_in_reach);
    END LOOP;
END
$$;
CREATE POLICY companies_batch_update ON companies FOR UPDATE TO accunode_batch USING (
    company_owner(access_level, organization_id, created_by) = ANY ((SELECT app_batch_owners())::uuid[]));
CREATE POLICY organizations_batch_read ON organizations FOR SELECT TO accunode_batch USING (
    id = ANY ((SELECT app_batch_owners())::uuid[]));
CREATE POLICY audit_log_batch_insert ON audit_log FOR INSERT TO accunode_batch WITH CHECK (
    actor_id::text || '/' || chain::text = ANY ((SELECT app_batch_voices())::text[]));
CREATE POLICY audit_heads_batch ON audit_heads TO accunode_batch USING (
    chain::text = ANY (SELECT split_part(voice, '/', 2) FROM unnest((SELECT app_batch_voices())::text[]) voice));
