-- The role that the application works under. Several databases of one cluster may come here at once, and the
-- lock that migrations take is the database's own: whoever comes second finds the work done.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'accunode_app') THEN
        BEGIN
            CREATE ROLE accunode_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    -- SET ROLE asks for membership, which only superusers do without.
    IF session_user <> 'accunode_app' AND NOT pg_has_role(session_user, 'accunode_app', 'MEMBER') THEN
        BEGIN
            EXECUTE format('GRANT accunode_app TO %I', session_user);
        EXCEPTION WHEN unique_violation OR internal_error THEN
            NULL;
        END;
    END IF;
END
$$;
