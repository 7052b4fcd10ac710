-- How many workers there are to be: the settings that somebody chose, who looks after it, and what was done.

CREATE TABLE scaling (
    id                   smallint PRIMARY KEY DEFAULT 1,
    version              integer NOT NULL DEFAULT 0,    -- how often the settings were changed
    -- None until somebody changes them: then the environment's count.
    min_workers          bigint,
    max_workers          bigint,
    scale_up_threshold   bigint,
    scale_down_threshold bigint,
    scale_up_cooldown    bigint,                        -- seconds
    scale_down_cooldown  bigint,                        -- seconds
    emergency_threshold  bigint,
    desired_workers      bigint,                        -- what was asked for last
    actions              bigint NOT NULL DEFAULT 0,     -- rises with each action: of two at once, one is done
    last_action          text,
    last_action_at       timestamptz,
    leader               text,                          -- the server that looks after it
    leader_until         timestamptz,
    turned_at            timestamptz,                   -- when that looked last
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
);
INSERT INTO scaling (id) VALUES (1);

CREATE TABLE scaling_history (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    from_workers bigint NOT NULL,
    to_workers   bigint NOT NULL,
    reason       text NOT NULL,
    priority     smallint NOT NULL,
    cost_impact  text NOT NULL,
    scaler       text NOT NULL,                         -- who carried it out
    requested_by uuid,                                  -- none: the server itself
    outcome      text NOT NULL,
    error        text,
    CONSTRAINT scaling_history_action_known CHECK (action IN ('scale_up', 'scale_down')),
    CONSTRAINT scaling_history_outcome_known CHECK (outcome IN ('begun', 'done', 'failed'))
);
CREATE INDEX scaling_history_newest ON scaling_history (at DESC, id DESC);
