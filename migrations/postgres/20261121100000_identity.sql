-- Signing in, joining, archiving, keys for machines, and the log of who did what.

ALTER TABLE users ADD COLUMN joined_via_token boolean NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN whitelist_email text;
ALTER TABLE users ADD COLUMN password_changed_at timestamptz;
ALTER TABLE users ADD COLUMN must_change_password boolean NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN deleted_at timestamptz; -- a closed account: its address is freed, its data stays

-- An archived tenant or organization keeps its data and gives its names free.
ALTER TABLE tenants ADD COLUMN archived_at timestamptz;
ALTER TABLE organizations ADD COLUMN archived_at timestamptz;
ALTER TABLE organizations ADD COLUMN join_expires_at timestamptz; -- null: until it is replaced
DROP INDEX tenants_name;
DROP INDEX tenants_slug;
DROP INDEX organizations_name;
DROP INDEX organizations_slug;
CREATE UNIQUE INDEX tenants_name ON tenants (name) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX tenants_slug ON tenants (slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX tenants_domain ON tenants (domain) WHERE archived_at IS NULL;
-- Within a tenant: a name that is taken elsewhere would tell about somebody else's organizations.
CREATE UNIQUE INDEX organizations_name ON organizations (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), name)
    WHERE archived_at IS NULL;
CREATE UNIQUE INDEX organizations_slug ON organizations (slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX organizations_domain ON organizations (domain) WHERE archived_at IS NULL;

CREATE TABLE organization_member_whitelist (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email           text NOT NULL,
    added_by        uuid REFERENCES users (id) ON DELETE SET NULL,
    added_at        timestamptz NOT NULL,
    status          text NOT NULL DEFAULT 'active',
    CONSTRAINT organization_member_whitelist_email_lower CHECK (email = lower(email)),
    CONSTRAINT organization_member_whitelist_status_known CHECK (status IN ('active', 'inactive'))
);
CREATE UNIQUE INDEX organization_member_whitelist_email
    ON organization_member_whitelist (organization_id, email);

-- One sign-in: a refresh token that is used until it ends, and every access token made from it.
CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash  text NOT NULL,    -- SHA-256 of the refresh token, hexadecimal
    token_version integer NOT NULL, -- of the user when it began: raising the user's ends it
    address       text,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    refreshed_at  timestamptz,
    revoked_at    timestamptz
);
CREATE UNIQUE INDEX sessions_refresh_hash ON sessions (refresh_hash);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed sign-ins, by a hash of what was tried: known and unknown accounts look alike.
CREATE TABLE sign_in_failures (
    key          text PRIMARY KEY,
    failures     integer NOT NULL,
    locked_until timestamptz,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (updated_at);

CREATE TABLE password_resets (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash text,                 -- SHA-256; null until the mail goes out
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE UNIQUE INDEX password_resets_token_hash ON password_resets (token_hash);
CREATE INDEX password_resets_by_user ON password_resets (user_id, created_at);

CREATE TABLE api_keys (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL,      -- the key's beginning, to recognise it by
    key_hash     text NOT NULL,      -- SHA-256, hexadecimal
    permissions  text NOT NULL,      -- JSON array of names
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);

CREATE TABLE contact_messages (
    id           uuid PRIMARY KEY,
    reference_id text NOT NULL,
    name         text NOT NULL,
    email        text NOT NULL,
    subject      text NOT NULL,
    message      text NOT NULL,
    address      text,
    user_agent   text,
    created_at   timestamptz NOT NULL,
    sent_at      timestamptz,
    last_error   text
);
CREATE UNIQUE INDEX contact_messages_reference ON contact_messages (reference_id);

-- The audit log: one chain of hashes for each tenant and one for what belongs to none (the nil UUID).
CREATE TABLE audit_log (
    chain         uuid NOT NULL,
    seq           bigint NOT NULL,     -- 1, 2, 3 … within the chain
    at            timestamptz NOT NULL,
    tenant_id     uuid,                -- no references: an entry outlives what it speaks of
    actor_id      uuid,
    actor_email   text,
    actor_role    text,
    api_key_id    uuid,
    action        text NOT NULL,       -- `user.role.change`, `auth.sign_in`, …
    outcome       text NOT NULL,
    target_type   text,
    target_id     text,
    before_state  text,                -- JSON without secrets
    after_state   text,
    request_id    text,
    address       text,
    previous_hash text NOT NULL,
    hash          text NOT NULL,
    PRIMARY KEY (chain, seq),
    CONSTRAINT audit_log_outcome_known CHECK (outcome IN ('done', 'denied'))
);
CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, at);

-- Where each chain ends: locked by whoever writes the next entry.
CREATE TABLE audit_heads (
    chain uuid PRIMARY KEY,
    seq   bigint NOT NULL,
    hash  text NOT NULL
);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
