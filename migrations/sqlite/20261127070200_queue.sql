-- Jobs that belong together, what they did, who works on them, and what comes round by itself.

ALTER TABLE job ADD COLUMN group_id BLOB;                       -- jobs that belong together
ALTER TABLE job ADD COLUMN started_at INTEGER;                  -- when its last run began
ALTER TABLE job ADD COLUMN rows_done INTEGER NOT NULL DEFAULT 0; -- by its last run
CREATE INDEX job_group ON job (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX job_dead ON job (finished_at, id) WHERE status = 'dead';

-- The next job of each tenant in each lane is the first of its part of this index.
DROP INDEX job_ready;
CREATE INDEX job_ready ON job (priority, coalesce(tenant_key, ''), run_at, id) WHERE status = 'ready';
-- Whose turn it is: when a tenant's latest job began.
CREATE INDEX job_served ON job (coalesce(tenant_key, ''), started_at) WHERE started_at IS NOT NULL;
DROP INDEX job_running;
CREATE INDEX job_running ON job (lease_until) WHERE status = 'running';

CREATE TABLE workers (
    id          TEXT PRIMARY KEY NOT NULL,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    version     TEXT NOT NULL,
    queues      TEXT NOT NULL,              -- the lanes that it takes, separated by commas
    concurrency INTEGER NOT NULL,
    busy        INTEGER NOT NULL,
    jobs_done   INTEGER NOT NULL,
    rows_done   INTEGER NOT NULL,
    draining    INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE schedules (
    name          TEXT PRIMARY KEY NOT NULL,
    every_seconds INTEGER NOT NULL,
    next_run_at   INTEGER NOT NULL,
    last_run_at   INTEGER,
    last_job_id   BLOB,
    CONSTRAINT schedules_every_positive CHECK (every_seconds >= 1)
) STRICT;
