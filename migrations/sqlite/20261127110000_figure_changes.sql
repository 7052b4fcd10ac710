-- What storing rows changed of its owner's figures: those that are kept (owner_figures) and the changes since come to the
-- present ones, so that not all rows of the owner need be read for them.

-- Which count of changes the present one follows: steps between two counts that nobody noted show as a gap.
ALTER TABLE data_versions ADD COLUMN before INTEGER NOT NULL DEFAULT 0;

CREATE TABLE figure_changes (
    owner   BLOB NOT NULL,    -- as in data_versions
    version INTEGER NOT NULL, -- the count of changes that it led to
    before  INTEGER NOT NULL, -- the count that it followed
    level   TEXT NOT NULL,
    lines   TEXT NOT NULL,    -- as in owner_figures; what became fewer is below zero, and movers replace those before
    PRIMARY KEY (owner, version),
    CONSTRAINT figure_changes_level_known CHECK (level IN ('personal', 'organization', 'system')),
    CONSTRAINT figure_changes_forward CHECK (before < version)
) STRICT;
