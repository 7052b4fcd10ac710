-- How many workers there are to be: the settings that somebody chose, who looks after it, and what was done.

CREATE TABLE scaling (
    id                   INTEGER PRIMARY KEY NOT NULL DEFAULT 1,
    version              INTEGER NOT NULL DEFAULT 0,    -- how often the settings were changed
    -- None until somebody changes them: then the environment's count.
    min_workers          INTEGER,
    max_workers          INTEGER,
    scale_up_threshold   INTEGER,
    scale_down_threshold INTEGER,
    scale_up_cooldown    INTEGER,                        -- seconds
    scale_down_cooldown  INTEGER,                        -- seconds
    emergency_threshold  INTEGER,
    desired_workers      INTEGER,                        -- what was asked for last
    actions              INTEGER NOT NULL DEFAULT 0,     -- rises with each action: of two at once, one is done
    last_action          TEXT,
    last_action_at       INTEGER,
    leader               TEXT,                          -- the server that looks after it
    leader_until         INTEGER,
    turned_at            INTEGER,                   -- when that looked last
    CONSTRAINT scaling_one_row CHECK (id = 1),
    CONSTRAINT scaling_settings_whole
        CHECK ((version = 0) = (min_workers IS NULL) AND (version = 0) = (max_workers IS NULL)
           AND (version = 0) = (scale_up_threshold IS NULL) AND (version = 0) = (scale_down_threshold IS NULL)
           AND (version = 0) = (scale_up_cooldown IS NULL) AND (version = 0) = (scale_down_cooldown IS NULL)
           AND (version = 0) = (emergency_threshold IS NULL)),
    CONSTRAINT scaling_settings_fit
        CHECK (min_workers >= 1 AND max_workers >= min_workers AND scale_down_threshold >= 0
           AND scale_up_threshold > scale_down_threshold AND emergency_threshold >= scale_up_threshold
           AND scale_up_cooldown >= 0 AND scale_down_cooldown >= 0)
) STRICT;
INSERT INTO scaling (id) VALUES (1);

CREATE TABLE scaling_history (
    id           BLOB PRIMARY KEY NOT NULL,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL,
    from_workers INTEGER NOT NULL,
    to_workers   INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    priority     INTEGER NOT NULL,
    cost_impact  TEXT NOT NULL,
    scaler       TEXT NOT NULL,                         -- who carried it out
    requested_by BLOB,                                  -- none: the server itself
    outcome      TEXT NOT NULL,
    error        TEXT,
    CONSTRAINT scaling_history_action_known CHECK (action IN ('scale_up', 'scale_down')),
    CONSTRAINT scaling_history_outcome_known CHECK (outcome IN ('begun', 'done', 'failed'))
) STRICT;
CREATE INDEX scaling_history_newest ON scaling_history (at DESC, id DESC);
