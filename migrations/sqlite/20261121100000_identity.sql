-- Signing in, joining, archiving, keys for machines, and the log of who did what.

ALTER TABLE users ADD COLUMN joined_via_token INTEGER NOT NULL DEFAULT FALSE CHECK (joined_via_token IN (0, 1));
ALTER TABLE users ADD COLUMN whitelist_email TEXT;
ALTER TABLE users ADD COLUMN password_changed_at INTEGER;
ALTER TABLE users ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT FALSE CHECK (must_change_password IN (0, 1));
ALTER TABLE users ADD COLUMN deleted_at INTEGER; -- a closed account: its address is freed, its data stays

-- An archived tenant or organization keeps its data and gives its names free.
ALTER TABLE tenants ADD COLUMN archived_at INTEGER;
ALTER TABLE organizations ADD COLUMN archived_at INTEGER;
ALTER TABLE organizations ADD COLUMN join_expires_at INTEGER; -- null: until it is replaced
DROP INDEX tenants_name;
DROP INDEX tenants_slug;
DROP INDEX organizations_name;
DROP INDEX organizations_slug;
CREATE UNIQUE INDEX tenants_name ON tenants (name) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX tenants_slug ON tenants (slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX tenants_domain ON tenants (domain) WHERE archived_at IS NULL;
-- Within a tenant: a name that is taken elsewhere would tell about somebody else's organizations.
CREATE UNIQUE INDEX organizations_name ON organizations (coalesce(tenant_id, x'00'), name)
    WHERE archived_at IS NULL;
CREATE UNIQUE INDEX organizations_slug ON organizations (slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX organizations_domain ON organizations (domain) WHERE archived_at IS NULL;

CREATE TABLE organization_member_whitelist (
    id              BLOB PRIMARY KEY NOT NULL,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email           TEXT NOT NULL,
    added_by        BLOB REFERENCES users (id) ON DELETE SET NULL,
    added_at        INTEGER NOT NULL,
    status          TEXT NOT NULL DEFAULT 'active',
    CONSTRAINT organization_member_whitelist_email_lower CHECK (email = lower(email)),
    CONSTRAINT organization_member_whitelist_status_known CHECK (status IN ('active', 'inactive'))
) STRICT;
CREATE UNIQUE INDEX organization_member_whitelist_email
    ON organization_member_whitelist (organization_id, email);

-- One sign-in: a refresh token that is used until it ends, and every access token made from it.
CREATE TABLE sessions (
    id            BLOB PRIMARY KEY NOT NULL,
    user_id       BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash  TEXT NOT NULL,    -- SHA-256 of the refresh token, hexadecimal
    token_version INTEGER NOT NULL, -- of the user when it began: raising the user's ends it
    address       TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    refreshed_at  INTEGER,
    revoked_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX sessions_refresh_hash ON sessions (refresh_hash);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed sign-ins, by a hash of what was tried: known and unknown accounts look alike.
CREATE TABLE sign_in_failures (
    key          TEXT PRIMARY KEY NOT NULL,
    failures     INTEGER NOT NULL,
    locked_until INTEGER,
    updated_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (updated_at);

CREATE TABLE password_resets (
    id         BLOB PRIMARY KEY NOT NULL,
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT,                 -- SHA-256; null until the mail goes out
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX password_resets_token_hash ON password_resets (token_hash);
CREATE INDEX password_resets_by_user ON password_resets (user_id, created_at);

CREATE TABLE api_keys (
    id           BLOB PRIMARY KEY NOT NULL,
    user_id      BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,      -- the key's beginning, to recognise it by
    key_hash     TEXT NOT NULL,      -- SHA-256, hexadecimal
    permissions  TEXT NOT NULL,      -- JSON array of names
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);

CREATE TABLE contact_messages (
    id           BLOB PRIMARY KEY NOT NULL,
    reference_id TEXT NOT NULL,
    name         TEXT NOT NULL,
    email        TEXT NOT NULL,
    subject      TEXT NOT NULL,
    message      TEXT NOT NULL,
    address      TEXT,
    user_agent   TEXT,
    created_at   INTEGER NOT NULL,
    sent_at      INTEGER,
    last_error   TEXT
) STRICT;
CREATE UNIQUE INDEX contact_messages_reference ON contact_messages (reference_id);

-- The audit log: one chain of hashes for each tenant and one for what belongs to none (the nil UUID).
CREATE TABLE audit_log (
    chain         BLOB NOT NULL,
    seq           INTEGER NOT NULL,     -- 1, 2, 3 … within the chain
    at            INTEGER NOT NULL,
    tenant_id     BLOB,                -- no references: an entry outlives what it speaks of
    actor_id      BLOB,
    actor_email   TEXT,
    actor_role    TEXT,
    api_key_id    BLOB,
    action        TEXT NOT NULL,       -- `user.role.change`, `auth.sign_in`, …
    outcome       TEXT NOT NULL,
    target_type   TEXT,
    target_id     TEXT,
    before_state  TEXT,                -- JSON without secrets
    after_state   TEXT,
    request_id    TEXT,
    address       TEXT,
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL,
    PRIMARY KEY (chain, seq),
    CONSTRAINT audit_log_outcome_known CHECK (outcome IN ('done', 'denied'))
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, at);

-- Where each chain ends: locked by whoever writes the next entry.
CREATE TABLE audit_heads (
    chain BLOB PRIMARY KEY NOT NULL,
    seq   INTEGER NOT NULL,
    hash  TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
