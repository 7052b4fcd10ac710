-- Customers, their departments and their people.

CREATE TABLE tenants (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    slug        text NOT NULL,
    domain      text,
    description text,
    logo_url    text,
    is_active   boolean NOT NULL DEFAULT TRUE,
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz
);
CREATE UNIQUE INDEX tenants_name ON tenants (name);
CREATE UNIQUE INDEX tenants_slug ON tenants (slug);

CREATE TABLE organizations (
    id                       uuid PRIMARY KEY,
    tenant_id                uuid REFERENCES tenants (id) ON DELETE RESTRICT,
    name                     text NOT NULL,
    slug                     text NOT NULL,
    domain                   text,
    description              text,
    logo_url                 text,
    is_active                boolean NOT NULL DEFAULT TRUE,
    allow_global_data_access boolean NOT NULL DEFAULT FALSE,
    join_token               text NOT NULL,
    join_enabled             boolean NOT NULL DEFAULT TRUE,
    default_role             text NOT NULL DEFAULT 'org_member',
    join_created_at          timestamptz,
    max_users                integer NOT NULL DEFAULT 500,
    created_by               uuid,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz,
    CONSTRAINT organizations_default_role_known
        CHECK (default_role IN ('super_admin', 'tenant_admin', 'org_admin', 'org_member', 'user')),
    CONSTRAINT organizations_max_users_positive CHECK (max_users >= 1)
);
CREATE UNIQUE INDEX organizations_name ON organizations (name);
CREATE UNIQUE INDEX organizations_slug ON organizations (slug);
CREATE UNIQUE INDEX organizations_join_token ON organizations (join_token);
CREATE INDEX organizations_tenant ON organizations (tenant_id);

CREATE TABLE users (
    id              uuid PRIMARY KEY,
    email           text NOT NULL,
    username        text NOT NULL,
    password_hash   text NOT NULL,
    full_name       text,
    role            text NOT NULL DEFAULT 'user',
    tenant_id       uuid REFERENCES tenants (id) ON DELETE RESTRICT,
    organization_id uuid REFERENCES organizations (id) ON DELETE RESTRICT,
    is_active       boolean NOT NULL DEFAULT TRUE,
    token_version   integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz,
    last_login      timestamptz,
    CONSTRAINT users_email_lower CHECK (email = lower(email)),
    CONSTRAINT users_role_known
        CHECK (role IN ('super_admin', 'tenant_admin', 'org_admin', 'org_member', 'user'))
);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_tenant ON users (tenant_id);
CREATE INDEX users_organization ON users (organization_id);

-- The first people come before the first tenants, so these two close the circle.
ALTER TABLE tenants ADD CONSTRAINT tenants_created_by_fkey
    FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE organizations ADD CONSTRAINT organizations_created_by_fkey
    FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL;
