-- Customers, their departments and their people.

CREATE TABLE tenants (
    id          BLOB PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL,
    slug        TEXT NOT NULL,
    domain      TEXT,
    description TEXT,
    logo_url    TEXT,
    is_active   INTEGER NOT NULL DEFAULT TRUE CHECK (is_active IN (0, 1)),
    created_by  BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX tenants_name ON tenants (name);
CREATE UNIQUE INDEX tenants_slug ON tenants (slug);

CREATE TABLE organizations (
    id                       BLOB PRIMARY KEY NOT NULL,
    tenant_id                BLOB REFERENCES tenants (id) ON DELETE RESTRICT,
    name                     TEXT NOT NULL,
    slug                     TEXT NOT NULL,
    domain                   TEXT,
    description              TEXT,
    logo_url                 TEXT,
    is_active                INTEGER NOT NULL DEFAULT TRUE CHECK (is_active IN (0, 1)),
    allow_global_data_access INTEGER NOT NULL DEFAULT FALSE CHECK (allow_global_data_access IN (0, 1)),
    join_token               TEXT NOT NULL,
    join_enabled             INTEGER NOT NULL DEFAULT TRUE CHECK (join_enabled IN (0, 1)),
    default_role             TEXT NOT NULL DEFAULT 'org_member',
    join_created_at          INTEGER,
    max_users                INTEGER NOT NULL DEFAULT 500,
    created_by               BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER,
    CONSTRAINT organizations_default_role_known
        CHECK (default_role IN ('super_admin', 'tenant_admin', 'org_admin', 'org_member', 'user')),
    CONSTRAINT organizations_max_users_positive CHECK (max_users >= 1)
) STRICT;
CREATE UNIQUE INDEX organizations_name ON organizations (name);
CREATE UNIQUE INDEX organizations_slug ON organizations (slug);
CREATE UNIQUE INDEX organizations_join_token ON organizations (join_token);
CREATE INDEX organizations_tenant ON organizations (tenant_id);

CREATE TABLE users (
    id              BLOB PRIMARY KEY NOT NULL,
    email           TEXT NOT NULL,
    username        TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    full_name       TEXT,
    role            TEXT NOT NULL DEFAULT 'user',
    tenant_id       BLOB REFERENCES tenants (id) ON DELETE RESTRICT,
    organization_id BLOB REFERENCES organizations (id) ON DELETE RESTRICT,
    is_active       INTEGER NOT NULL DEFAULT TRUE CHECK (is_active IN (0, 1)),
    token_version   INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER,
    last_login      INTEGER,
    CONSTRAINT users_email_lower CHECK (email = lower(email)),
    CONSTRAINT users_role_known
        CHECK (role IN ('super_admin', 'tenant_admin', 'org_admin', 'org_member', 'user'))
) STRICT;
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_tenant ON users (tenant_id);
CREATE INDEX users_organization ON users (organization_id);
