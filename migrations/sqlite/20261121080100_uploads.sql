-- Bulk uploads (the API calls them jobs) and the rows that they could not take.

CREATE TABLE bulk_upload_jobs (
    id                BLOB PRIMARY KEY NOT NULL,
    user_id           BLOB NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    organization_id   BLOB REFERENCES organizations (id) ON DELETE RESTRICT,
    tenant_id         BLOB REFERENCES tenants (id) ON DELETE RESTRICT,
    access_level      TEXT NOT NULL,
    job_type          TEXT NOT NULL,
    status            TEXT NOT NULL DEFAULT 'pending',
    original_filename TEXT NOT NULL,
    file_key          TEXT NOT NULL,
    file_size         INTEGER NOT NULL,
    file_sha256       TEXT NOT NULL,
    total_rows        INTEGER,
    processed_rows    INTEGER NOT NULL DEFAULT 0,
    successful_rows   INTEGER NOT NULL DEFAULT 0,
    failed_rows       INTEGER NOT NULL DEFAULT 0,
    next_row          INTEGER NOT NULL DEFAULT 0, -- how many data rows are already committed: where to go on
    queue_priority    TEXT NOT NULL,
    error_message     TEXT,
    model_name        TEXT,
    model_version     TEXT,
    model_hash        TEXT,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    completed_at      INTEGER,
    updated_at        INTEGER,
    CONSTRAINT bulk_upload_jobs_level_known CHECK (access_level IN ('personal', 'organization', 'system')),
    CONSTRAINT bulk_upload_jobs_level_owner
        CHECK ((access_level = 'organization') = (organization_id IS NOT NULL)),
    CONSTRAINT bulk_upload_jobs_type_known CHECK (job_type IN ('annual', 'quarterly')),
    CONSTRAINT bulk_upload_jobs_status_known
        CHECK (status IN ('pending', 'queued', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT bulk_upload_jobs_counters
        CHECK (file_size >= 0 AND successful_rows >= 0 AND failed_rows >= 0 AND next_row >= 0
               AND processed_rows = successful_rows + failed_rows)
) STRICT;
CREATE INDEX bulk_upload_jobs_by_user ON bulk_upload_jobs (user_id, created_at DESC, id);
CREATE INDEX bulk_upload_jobs_by_organization ON bulk_upload_jobs (organization_id, created_at DESC, id);

CREATE TABLE bulk_upload_errors (
    job_id     BLOB NOT NULL REFERENCES bulk_upload_jobs (id) ON DELETE CASCADE,
    row_number INTEGER NOT NULL, -- as a spreadsheet shows it: the header is row 1
    error      TEXT NOT NULL,
    data       TEXT,            -- JSON object of the row's cells as text
    PRIMARY KEY (job_id, row_number),
    CONSTRAINT bulk_upload_errors_row_positive CHECK (row_number >= 1)
) STRICT;
