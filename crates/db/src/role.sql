-- The roles that the application works under: one for whoever acts, and one for what several people store in one
-- transaction. Several databases of one cluster may come here at once, and the lock that migrations take is the
-- database's own: whoever comes second finds the work done.
DO $$
DECLARE
    made text;
BEGIN
    FOREACH made IN ARRAY ARRAY['accunode_app', 'accunode_batch'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = made) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', made);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        -- SET ROLE asks for membership, which only superusers do without.
        IF session_user <> made AND NOT pg_has_role(session_user, made, 'MEMBER') THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', made, session_user);
            EXCEPTION WHEN unique_violation OR internal_error THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;
