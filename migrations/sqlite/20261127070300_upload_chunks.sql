-- Uploads by chunks: parts of a file that are scored and stored on their own, in any order, by any worker.

ALTER TABLE bulk_upload_jobs ADD COLUMN header TEXT;          -- JSON array of the file's columns
ALTER TABLE bulk_upload_jobs ADD COLUMN rows_key TEXT;        -- where the chunks lie: the file, or its rows unpacked
ALTER TABLE bulk_upload_jobs ADD COLUMN idempotency_key TEXT; -- as the sender called this submit
ALTER TABLE bulk_upload_jobs ADD COLUMN deleted_at INTEGER;   -- out of sight, and being taken away
CREATE UNIQUE INDEX bulk_upload_jobs_once ON bulk_upload_jobs (user_id, idempotency_key);

CREATE TABLE bulk_upload_chunks (
    job_id       BLOB NOT NULL REFERENCES bulk_upload_jobs (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    first_line   INTEGER NOT NULL, -- number of the line that it begins with, as a spreadsheet shows it
    row_count    INTEGER NOT NULL,
    byte_start   INTEGER NOT NULL,
    byte_end     INTEGER NOT NULL,
    state        TEXT NOT NULL DEFAULT 'waiting',
    successful   INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    committed_at INTEGER,
    PRIMARY KEY (job_id, position),
    CONSTRAINT bulk_upload_chunks_place
        CHECK (position >= 0 AND first_line >= 1 AND row_count >= 1 AND byte_start >= 0 AND byte_end > byte_start),
    CONSTRAINT bulk_upload_chunks_state_known CHECK (state IN ('waiting', 'committed')),
    CONSTRAINT bulk_upload_chunks_counters
        CHECK ((state = 'committed') = (committed_at IS NOT NULL)
               AND successful >= 0 AND failed >= 0
               AND successful + failed = CASE WHEN state = 'committed' THEN row_count ELSE 0 END)
) STRICT;

-- What was half done by the former way of working cannot go on in the new one. `next_row` is not used any more.
UPDATE bulk_upload_jobs
SET status = 'failed', error_message = 'Stopped by an update of the program: please hand the file in again',
    completed_at = COALESCE(updated_at, created_at)
WHERE status IN ('pending', 'queued', 'processing');
UPDATE job SET status = 'cancelled', finished_at = run_at, lease_until = NULL
WHERE kind = 'upload' AND status IN ('ready', 'running');
