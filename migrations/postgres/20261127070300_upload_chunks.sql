-- Uploads by chunks: parts of a file that are scored and stored on their own, in any order, by any worker.

ALTER TABLE bulk_upload_jobs ADD COLUMN header text;          -- JSON array of the file's columns
ALTER TABLE bulk_upload_jobs ADD COLUMN rows_key text;        -- where the chunks lie: the file, or its rows unpacked
ALTER TABLE bulk_upload_jobs ADD COLUMN idempotency_key text; -- as the sender called this submit
ALTER TABLE bulk_upload_jobs ADD COLUMN deleted_at timestamptz; -- out of sight, and being taken away
CREATE UNIQUE INDEX bulk_upload_jobs_once ON bulk_upload_jobs (user_id, idempotency_key);

CREATE TABLE bulk_upload_chunks (
    job_id       uuid NOT NULL REFERENCES bulk_upload_jobs (id) ON DELETE CASCADE,
    position     bigint NOT NULL,
    first_line   bigint NOT NULL, -- number of the line that it begins with, as a spreadsheet shows it
    row_count    bigint NOT NULL,
    byte_start   bigint NOT NULL,
    byte_end     bigint NOT NULL,
    state        text NOT NULL DEFAULT 'waiting',
    successful   bigint NOT NULL DEFAULT 0,
    failed       bigint NOT NULL DEFAULT 0,
    committed_at timestamptz,
    PRIMARY KEY (job_id, position),
    CONSTRAINT bulk_upload_chunks_place
        CHECK (position >= 0 AND first_line >= 1 AND row_count >= 1 AND byte_start >= 0 AND byte_end > byte_start),
    CONSTRAINT bulk_upload_chunks_state_known CHECK (state IN ('waiting', 'committed')),
    CONSTRAINT bulk_upload_chunks_counters
        CHECK ((state = 'committed') = (committed_at IS NOT NULL)
               AND successful >= 0 AND failed >= 0
               AND successful + failed = CASE WHEN state = 'committed' THEN row_count ELSE 0 END)
);

-- Chunks follow their upload, as row errors do.
ALTER TABLE bulk_upload_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_upload_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY bulk_upload_chunks_read ON bulk_upload_chunks FOR SELECT USING (
    (SELECT app_passes()) OR EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.id = job_id));
DO $$
DECLARE
    own text := '(SELECT app_passes())
        OR EXISTS (SELECT 1 FROM bulk_upload_jobs j
                   WHERE j.id = job_id
                     AND (j.user_id = (SELECT app_user_id())
                          OR j.organization_id = (SELECT app_organization_id())))';
BEGIN
    EXECUTE format('CREATE POLICY bulk_upload_chunks_insert ON bulk_upload_chunks FOR INSERT WITH CHECK (%s)', own);
    EXECUTE format('CREATE POLICY bulk_upload_chunks_update ON bulk_upload_chunks FOR UPDATE
                    USING (%1$s) WITH CHECK (%1$s)', own);
    EXECUTE format('CREATE POLICY bulk_upload_chunks_delete ON bulk_upload_chunks FOR DELETE USING (%s)', own);
END
$$;

-- What was half done by the former way of working cannot go on in the new one. `next_row` is not used any more.
SELECT set_config('app.role', 'system', true);
UPDATE bulk_upload_jobs
SET status = 'failed', error_message = 'Stopped by an update of the program: please hand the file in again',
    completed_at = COALESCE(updated_at, created_at)
WHERE status IN ('pending', 'queued', 'processing');
UPDATE job SET status = 'cancelled', finished_at = run_at, lease_until = NULL
WHERE kind = 'upload' AND status IN ('ready', 'running');
