-- Jobs that belong together, what they did, who works on them, and what comes round by itself.

ALTER TABLE job ADD COLUMN group_id uuid;                       -- jobs that belong together
ALTER TABLE job ADD COLUMN started_at timestamptz;              -- when its last run began
ALTER TABLE job ADD COLUMN rows_done bigint NOT NULL DEFAULT 0; -- by its last run
CREATE INDEX job_group ON job (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX job_dead ON job (finished_at, id) WHERE status = 'dead';

-- The next job of each tenant in each lane is the first of its part of this index.
DROP INDEX job_ready;
CREATE INDEX job_ready ON job (priority, coalesce(tenant_key, ''), run_at, id) WHERE status = 'ready';
-- Whose turn it is: when a tenant's latest job began.
CREATE INDEX job_served ON job (coalesce(tenant_key, ''), started_at) WHERE started_at IS NOT NULL;
DROP INDEX job_running;
CREATE INDEX job_running ON job (lease_until) WHERE status = 'running';

-- Rows change several times within seconds: what they leave behind must not pile up in the indexes.
ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
                     autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 500);

CREATE TABLE workers (
    id          text PRIMARY KEY,
    host        text NOT NULL,
    pid         bigint NOT NULL,
    version     text NOT NULL,
    queues      text NOT NULL,              -- the lanes that it takes, separated by commas
    concurrency integer NOT NULL,
    busy        integer NOT NULL,
    jobs_done   bigint NOT NULL,
    rows_done   bigint NOT NULL,
    draining    boolean NOT NULL,
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);

CREATE TABLE schedules (
    name          text PRIMARY KEY,
    every_seconds bigint NOT NULL,
    next_run_at   timestamptz NOT NULL,
    last_run_at   timestamptz,
    last_job_id   uuid,
    CONSTRAINT schedules_every_positive CHECK (every_seconds >= 1)
);
