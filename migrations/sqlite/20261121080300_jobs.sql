-- The queue: jobs that are leased, not locked, while they run.

CREATE TABLE job (
    id           BLOB PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    payload      TEXT NOT NULL,             -- JSON
    priority     INTEGER NOT NULL,         -- 0 high, 1 medium, 2 low
    tenant_key   TEXT,                      -- whose share of the workers it takes
    status       TEXT NOT NULL DEFAULT 'ready',
    attempts     INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    run_at       INTEGER NOT NULL,
    lease_until  INTEGER,
    lease_token  INTEGER NOT NULL DEFAULT 0, -- fencing token: rises with each claim
    worker       TEXT,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    CONSTRAINT job_priority_known CHECK (priority BETWEEN 0 AND 2),
    CONSTRAINT job_status_known CHECK (status IN ('ready', 'running', 'done', 'dead', 'cancelled')),
    CONSTRAINT job_attempts_positive CHECK (max_attempts >= 1 AND attempts >= 0),
    CONSTRAINT job_lease_while_running CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT job_finished_at_set
        CHECK ((status IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX job_ready ON job (kind, priority, run_at) WHERE status = 'ready';
CREATE INDEX job_running ON job (tenant_key, lease_until) WHERE status = 'running';
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
