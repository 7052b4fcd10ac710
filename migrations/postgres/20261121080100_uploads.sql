-- Bulk uploads (the API calls them jobs) and the rows that they could not take.

CREATE TABLE bulk_upload_jobs (
    id                uuid PRIMARY KEY,
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    organization_id   uuid REFERENCES organizations (id) ON DELETE RESTRICT,
    tenant_id         uuid REFERENCES tenants (id) ON DELETE RESTRICT,
    access_level      text NOT NULL,
    job_type          text NOT NULL,
    status            text NOT NULL DEFAULT 'pending',
    original_filename text NOT NULL,
    file_key          text NOT NULL,
    file_size         bigint NOT NULL,
    file_sha256       text NOT NULL,
    total_rows        bigint,
    processed_rows    bigint NOT NULL DEFAULT 0,
    successful_rows   bigint NOT NULL DEFAULT 0,
    failed_rows       bigint NOT NULL DEFAULT 0,
    next_row          bigint NOT NULL DEFAULT 0, -- how many data rows are already committed: where to go on
    queue_priority    text NOT NULL,
    error_message     text,
    model_name        text,
    model_version     text,
    model_hash        text,
    created_at        timestamptz NOT NULL,
    started_at        timestamptz,
    completed_at      timestamptz,
    updated_at        timestamptz,
    CONSTRAINT bulk_upload_jobs_level_known CHECK (access_level IN ('personal', 'organization', 'system')),
    CONSTRAINT bulk_upload_jobs_level_owner
        CHECK ((access_level = 'organization') = (organization_id IS NOT NULL)),
    CONSTRAINT bulk_upload_jobs_type_known CHECK (job_type IN ('annual', 'quarterly')),
    CONSTRAINT bulk_upload_jobs_status_known
        CHECK (status IN ('pending', 'queued', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT bulk_upload_jobs_counters
        CHECK (file_size >= 0 AND successful_rows >= 0 AND failed_rows >= 0 AND next_row >= 0
               AND processed_rows = successful_rows + failed_rows)
);
CREATE INDEX bulk_upload_jobs_by_user ON bulk_upload_jobs (user_id, created_at DESC, id);
CREATE INDEX bulk_upload_jobs_by_organization ON bulk_upload_jobs (organization_id, created_at DESC, id);

CREATE TABLE bulk_upload_errors (
    job_id     uuid NOT NULL REFERENCES bulk_upload_jobs (id) ON DELETE CASCADE,
    row_number bigint NOT NULL, -- as a spreadsheet shows it: the header is row 1
    error      text NOT NULL,
    data       text,            -- JSON object of the row's cells as text
    PRIMARY KEY (job_id, row_number),
    CONSTRAINT bulk_upload_errors_row_positive CHECK (row_number >= 1)
);
